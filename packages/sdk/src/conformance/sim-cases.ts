/** SIM, SMS, codes and the life of the session, from version 2 of the contract on; most need somebody who moves the phone. */
import { concat, equalBytes, utf8 } from '@hauberk/primitives';
import { bridgeLimits } from '../trusted/bridge-contract.ts';
import { sharedKeyRoutes } from '../trusted/sim-contract.ts';
import type { ConformanceCase } from './form-cases.ts';
import { bytesIn, type ConformanceLab, type ConformanceSim, ConformanceSkip, expect, type Raw, text } from './lab.ts';

const basics = ['simState', 'sendSms', 'simEvents'] as const;

/** The hands on a phone that has these methods, or a skip. */
const handsOn = async (lab: ConformanceLab, ...methods: readonly string[]): Promise<ConformanceSim> => {
  const { methods: named } = await lab.about();
  if (!methods.every((method) => named.includes(method))) throw new ConformanceSkip(`it has no ${methods.join()}`);
  if (lab.help.sim === undefined) throw new ConformanceSkip('nobody moves the phone');
  return lab.help.sim;
};

const isIos = async (lab: ConformanceLab): Promise<boolean> => (await lab.about()).platform === 'ios';
const listIn = (members: Raw, name: string): readonly Raw[] => (members[name] ?? []) as never;
const lastEvent = async (lab: ConformanceLab): Promise<number> => Number((await lab.result('simEvents', {}))['last']);
const eventsAfter = async (lab: ConformanceLab, after: number): Promise<readonly string[]> =>
  listIn(await lab.result('simEvents', { after }), 'events').map(({ what }) => String(what));

let messages = 0;
/** A text that nobody sent before. */
const words = (lab: ConformanceLab): string => {
  messages += 1;
  return `conformance ${messages} ${text(lab.help.crypto.random(9))} !#%()*+-./:;=?`;
};

/** Looks again and again, for networks take a moment; the last answer counts. */
const eventually = async (isSo: () => Promise<boolean>): Promise<boolean> => {
  for (let turn = 0; turn < 40; turn += 1) {
    if (await isSo()) return true;
    await new Promise((resolve) => setTimeout(resolve, 5 * turn));
  }
  return false;
};

const formCases: readonly ConformanceCase[] = [
  {
    name: 'sim-methods',
    rule: 'simState, sendSms and simEvents are there together or not at all; what hello does not name is unsupported.',
    run: async (lab) => {
      if ((await lab.version()) < 2) throw new ConformanceSkip('it is of version 1');
      const { methods } = await lab.about();
      const count = basics.filter((method) => methods.includes(method)).length;
      expect(count === 0 || count === basics.length, 'a part of SIM and SMS');
      const asked = {
        simState: {},
        sendSms: { to: '+919811111111', text: 'x' },
        sentItem: { to: '+919811111111', text: 'x' },
        readOtp: { digits: 8, waitMs: 0 },
        simEvents: {},
        signShared: { route: 'keychain-group', message: '' },
      } as const;
      for (const [method, params] of Object.entries(asked))
        if (!methods.includes(method)) await lab.refused(method as keyof typeof asked, params, 'unsupported');
    },
  },
  {
    name: 'sim-form',
    rule: 'Numbers, texts, slots and times outside of their form are refused before anything is sent.',
    run: async (lab) => {
      const { arrived } = await handsOn(lab, 'simState', 'sendSms');
      const before = (await arrived()).length;
      const [to, body] = ['+919811111111', 'x'];
      for (const number of ['', '919811111111', '+0198', '+91 98', 'tel:+9198', `+${'9'.repeat(16)}`])
        await lab.refused('sendSms', { to: number, text: body }, 'malformed');
      for (const slot of [-1, 0.5, '0', null]) await lab.refused('sendSms', { to, text: body, slot }, 'malformed');
      await lab.refused('sendSms', { to, text: body, slot: 8 }, 'too-large', 'malformed');
      await lab.refused('sendSms', { to, text: '' }, 'malformed');
      await lab.refused('sendSms', { to, text: 'x'.repeat(bridgeLimits.smsText + 1) }, 'too-large');
      await lab.refused('simState', { fresh: true }, 'malformed');
      await lab.refused('simEvents', { after: -1 }, 'malformed');
      expect((await arrived()).length === before, 'something was sent');
    },
  },
];

const stateCases: readonly ConformanceCase[] = [
  {
    name: 'sim-state',
    rule: 'simState says what is there now, in slots that differ, and names no number and no card.',
    run: async (lab) => {
      await handsOn(lab, 'simState');
      const state = await lab.result('simState', {});
      const slots = listIn(state, 'slots');
      expect(state['airplane'] !== 'on' && state['cellularWorks'] === true, 'airplane mode, or no cellular path');
      if (await isIos(lab)) return expect(state['sim'] === 'unknown' && slots.length === 0, 'iOS shows no SIM to apps');
      expect(state['sim'] === 'present' && slots.length > 0, 'the SIM is not told of');
      expect(new Set(slots.map(({ slot }) => slot)).size === slots.length, 'one slot twice');
      for (const { subscription } of slots)
        expect(!/\d{10}/.test(String(subscription)), 'a subscription that reads like a number or a card');
    },
  },
  {
    name: 'sim-airplane',
    rule: 'Airplane mode is told of, also while it lasts, and no SMS is sent in it.',
    run: async (lab) => {
      const hands = await handsOn(lab, 'simState');
      const last = await lastEvent(lab);
      await hands.airplane(true);
      try {
        const state = await lab.result('simState', {});
        expect(state['airplane'] !== 'off' || state['cellularWorks'] === false, 'airplane mode is not told of');
        await lab.refused('sendSms', { to: hands.to, text: words(lab) }, 'sms-failed');
        expect((await eventsAfter(lab, last)).includes('airplane-mode'), 'no event airplane-mode');
      } finally {
        await hands.airplane(false);
      }
      expect((await lab.result('simState', {}))['airplane'] !== 'on', 'airplane mode is told of after its end');
    },
  },
  {
    name: 'sim-absent',
    rule: 'A SIM that is taken out is gone at once: in the state, for sending, and as an event; another one is another subscription.',
    run: async (lab) => {
      const hands = await handsOn(lab, 'simState');
      const before = listIn(await lab.result('simState', {}), 'slots').map(({ subscription }) => subscription);
      const last = await lastEvent(lab);
      await hands.sim('out');
      const state = await lab.result('simState', {});
      await lab.refused('sendSms', { to: hands.to, text: words(lab) }, 'sms-failed');
      await hands.sim('other');
      const after = listIn(await lab.result('simState', {}), 'slots').map(({ subscription }) => subscription);
      const events = await eventsAfter(lab, last);
      expect(state['cellularWorks'] === false, 'the cellular path works without a SIM');
      if (await isIos(lab)) return;
      expect(state['sim'] === 'absent' && listIn(state, 'slots').length === 0, 'the SIM is still told of');
      expect(events.includes('sim-missing') && events.includes('sim-changed'), `events: ${events.join()}`);
      expect(!after.some((name) => before.includes(name)), 'another SIM has the same subscription');
    },
  },
];

const smsCases: readonly ConformanceCase[] = [
  {
    name: 'send-sms',
    rule: 'Exactly the text is sent, once, and nothing else; iOS says how long the composer had the screen.',
    run: async (lab) => {
      const hands = await handsOn(lab, 'sendSms');
      const before = (await hands.arrived()).length;
      const message = words(lab);
      hands.composer?.('send', 1500);
      const sent = await lab.result('sendSms', { to: hands.to, text: message });
      expect(await eventually(async () => (await hands.arrived()).length > before), 'nothing arrived');
      const arrived = (await hands.arrived()).slice(before);
      expect(arrived.length === 1 && arrived[0] === message, 'another text, or more than one');
      const away = sent['awayMs'];
      if (await isIos(lab)) expect(Number(away) >= 1500, `awayMs ${String(away)} after 1500 ms`);
      else expect(away === undefined, 'awayMs without a composer');
    },
  },
  {
    name: 'send-slot',
    rule: 'A slot that is not there sends from no other one.',
    run: async (lab) => {
      const hands = await handsOn(lab, 'sendSms');
      if (await isIos(lab)) throw new ConformanceSkip('the composer knows no slots');
      const message = words(lab);
      await lab.refused('sendSms', { to: hands.to, text: message, slot: 7 }, 'sms-failed');
      await lab.refused('sendSms', { to: hands.to, text: message, slot: 6 }, 'sms-failed');
      expect(!(await hands.arrived()).includes(message), 'it was sent from another slot');
    },
  },
  {
    name: 'composer-cancelled',
    rule: 'Who cancels the composer sends nothing, and the app is told.',
    run: async (lab) => {
      const hands = await handsOn(lab, 'sendSms');
      if (hands.composer === undefined) throw new ConformanceSkip('it has no composer');
      const message = words(lab);
      hands.composer('cancel', 700);
      await lab.refused('sendSms', { to: hands.to, text: message }, 'user-cancelled');
      hands.composer('send', 700);
      expect(!(await hands.arrived()).includes(message), 'it was sent all the same');
    },
  },
  {
    name: 'permission',
    rule: 'A user who refuses is told of as that: denied, or blocked; nothing is sent, and no SIM is denied in its place.',
    run: async (lab) => {
      const hands = await handsOn(lab, 'sendSms');
      if (await isIos(lab)) throw new ConformanceSkip('the composer needs no permission');
      const message = words(lab);
      try {
        hands.permission('denied');
        await lab.refused('sendSms', { to: hands.to, text: message }, 'permission-denied');
        hands.permission('blocked');
        await lab.refused('sendSms', { to: hands.to, text: message }, 'permission-blocked');
        const answer = await lab.answer('simState', {});
        const isHonest = 'code' in answer ? answer.code === 'permission-blocked' : answer.result['sim'] !== 'absent';
        expect(isHonest, 'without a permission the SIM is said to be absent');
      } finally {
        hands.permission('granted');
      }
      expect(!(await hands.arrived()).includes(message), 'it was sent all the same');
    },
  },
  {
    name: 'sent-item',
    rule: 'An SMS of the app is told of by number and text, as delivered after the network’s report; of any other there is nothing.',
    run: async (lab) => {
      const hands = await handsOn(lab, 'sentItem');
      const [message, other] = [words(lab), words(lab)];
      await lab.result('sendSms', { to: hands.to, text: message });
      const stateOf = async (to: string, body: string) => (await lab.result('sentItem', { to, text: body }))['state'];
      const isDelivered = await eventually(async () => (await stateOf(hands.to, message)) === 'delivered');
      expect(isDelivered, 'a delivered SMS is not told of');
      expect((await stateOf(hands.to, other)) === 'absent', 'a text that was never sent is told of');
      expect((await stateOf(hands.nowhere, message)) === 'absent', 'a number that got nothing is told of');
    },
  },
  {
    name: 'sent-item-undelivered',
    rule: 'Without the network’s report an SMS is sent, and never delivered.',
    run: async (lab) => {
      const hands = await handsOn(lab, 'sentItem');
      const message = words(lab);
      await lab.result('sendSms', { to: hands.nowhere, text: message });
      for (let turn = 0; turn < 5; turn += 1) {
        const { state } = await lab.result('sentItem', { to: hands.nowhere, text: message });
        expect(state === 'sent', `${String(state)} instead of sent`);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    },
  },
];

const longestWaitMs = 3000;

/** Has the bridge listen; what it says, once it says it. It gets a moment to begin. */
const listen = async (lab: ConformanceLab, waitMs = longestWaitMs) => {
  const answer = lab.answer('readOtp', { digits: 8, waitMs });
  const said = answer.then((each): unknown => ('code' in each ? each.code : each.result['code']));
  said.catch(() => undefined);
  await new Promise((resolve) => setTimeout(resolve, 30));
  return { said };
};

const otpCases: readonly ConformanceCase[] = [
  {
    name: 'read-otp',
    rule: 'A code is read from what comes after the call, when a message has exactly one run of that many digits.',
    run: async (lab) => {
      const hands = await handsOn(lab, 'readOtp');
      await hands.receive('Bank code 11111111');
      const reading = await listen(lab);
      await hands.receive('Bank codes 22222222 and 33333333');
      await hands.receive('Bank reference 444444444');
      await hands.receive('Bank code 55555555. Never forward.');
      const said = await reading.said;
      expect(said === '55555555', `${String(said)} instead of the code`);
    },
  },
  {
    name: 'read-otp-late',
    rule: 'When no code comes in time, or a newer call listens, there is none.',
    run: async (lab) => {
      const hands = await handsOn(lab, 'readOtp');
      const none = await listen(lab, 0);
      expect((await none.said) === 'code-unavailable', 'a code that never came');
      const [older, newer] = [await listen(lab), await listen(lab)];
      await hands.receive('Bank code 66666666');
      const said = [await older.said, await newer.said];
      expect(said[0] === 'code-unavailable' && said[1] === '66666666', `two calls: ${said.join()}`);
    },
  },
  {
    name: 'read-otp-declined',
    rule: 'A user who does not let the app read keeps the code.',
    run: async (lab) => {
      const hands = await handsOn(lab, 'readOtp');
      hands.consent(false);
      const reading = await listen(lab);
      await hands.receive('Bank code 77777777');
      const said = await reading.said;
      hands.consent(true);
      expect(said === 'user-cancelled', `${String(said)} instead of user-cancelled`);
    },
  },
];

const eventCases: readonly ConformanceCase[] = [
  {
    name: 'sim-events',
    rule: 'Leaving the app is kept, in order, with numbers that rise by one, and told until the caller counts further.',
    run: async (lab) => {
      const hands = await handsOn(lab, 'simEvents');
      const last = await lastEvent(lab);
      expect((await eventsAfter(lab, last)).length === 0, 'events after the last one');
      await hands.leave();
      await hands.leave();
      const told = await lab.result('simEvents', { after: last });
      const numbers = listIn(told, 'events').map(({ number }) => Number(number));
      const whats = listIn(told, 'events').map(({ what }) => what);
      expect(whats.filter((what) => what === 'left').length === 2, `left twice: ${whats.join()}`);
      expect(
        numbers.every((number, index) => number === last + 1 + index) && told['last'] === numbers.at(-1),
        `numbers ${numbers.join()} after ${last}, and last ${String(told['last'])}`,
      );
      expect((await eventsAfter(lab, last)).length === numbers.length, 'they were told once and forgotten');
      expect((await eventsAfter(lab, last + 1)).length === numbers.length - 1, 'the caller’s count is not heeded');
    },
  },
  {
    name: 'sim-events-lost',
    rule: 'A caller from before a kill counts further than the bridge, and is told that the session was left.',
    run: async (lab) => {
      await handsOn(lab, 'simEvents');
      const events = await eventsAfter(lab, (await lastEvent(lab)) + 1000);
      expect(events.length === 1 && events[0] === 'left', `events: ${events.join() || 'none'}`);
    },
  },
];

const sharedCases: readonly ConformanceCase[] = [
  {
    name: 'shared-key',
    rule: 'The shared key stays one key, and signs joint proofs of its own route and nothing else.',
    run: async (lab) => {
      if (!(await lab.about()).methods.includes('signShared')) throw new ConformanceSkip('it shares no key');
      const proof = concat(utf8('hb1/link\u0000'), lab.help.crypto.random(40));
      const [first, second] = [await sharedBy(lab, text(proof)), await sharedBy(lab, text(proof))];
      expect(equalBytes(bytesIn(first, 'publicKey'), bytesIn(second, 'publicKey')), 'another key at each call');
      const isSigned = await lab.isSigned(bytesIn(first, 'publicKey'), proof, bytesIn(first, 'signature'));
      expect(isSigned, 'the signature does not verify');
      const other = concat(utf8('hb1/enrol\u0000'), lab.help.crypto.random(40));
      for (const route of sharedKeyRoutes)
        await lab.refused('signShared', { route, message: text(other) }, 'use-mismatch', 'unsupported');
    },
  },
];

/** The answer by the one route that the phone has. */
const sharedBy = async (lab: ConformanceLab, message: string): Promise<Raw> => {
  const answers = await Promise.all(sharedKeyRoutes.map((route) => lab.answer('signShared', { route, message })));
  const results = answers.flatMap((answer) => ('result' in answer ? [answer.result] : []));
  const others = answers.flatMap((answer) => ('code' in answer ? [answer.code] : []));
  expect(
    others.every((code) => code === 'unsupported'),
    `a route that is not there: ${others.join()}`,
  );
  const [only] = results;
  expect(only !== undefined && results.length === 1, `${results.length} routes on one phone`);
  return only;
};

/** The cases. */
export const simCases: readonly ConformanceCase[] = [
  ...formCases,
  ...stateCases,
  ...smsCases,
  ...otpCases,
  ...eventCases,
  ...sharedCases,
];
