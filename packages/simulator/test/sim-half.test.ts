/** The SIM half of simulated phones: what honest ones answer, and that every trick is one. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TrustedError } from '@hauberk/sdk/trusted';
import {
  type OutgoingSms,
  type PhoneOptions,
  type SimTrick,
  simTrickWords,
  simulatedNetwork,
  simulatedPhone,
  simulatedWorld,
} from '../src/index.ts';

const world = simulatedWorld();
const [to, text] = ['+919000000010', 'Demo Bank phone check'];
const card = { number: '+919811111111', carrier: 'Jio' };

const phoneWith = (options: PhoneOptions = {}, kind: 'android' | 'iphone' | 'harmony' = 'android') => {
  const carried: OutgoingSms[] = [];
  const network = simulatedNetwork(async (sms) => {
    carried.push(sms);
    return true;
  });
  const phone = simulatedPhone(kind, { world, network, cards: [card], ...options });
  return { phone, network, carried, ...phone };
};

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'done',
    (error: unknown) => (error instanceof TrustedError ? error.code : String(error)),
  );

test('an SMS is sent, then delivered, and told of by number and text alone', async () => {
  const { backend, carried } = phoneWith();
  await backend.sendSms({ to, text });
  assert.deepEqual(carried, [{ from: card.number, to, text }]);
  await Promise.resolve();
  assert.deepEqual(await backend.sentItem({ to, text }), { state: 'delivered', slot: 0 });
  assert.deepEqual(await backend.sentItem({ to, text: 'something else' }), { state: 'absent' });
  assert.deepEqual(await backend.sentItem({ to: '+919000000017', text }), { state: 'absent' });
});

test('a network that acknowledges nothing leaves it at sent; a slot that is empty sends from no other', async () => {
  const network = simulatedNetwork(async () => Promise.reject(new Error('lost')));
  const { backend } = phoneWith({ network });
  await backend.sendSms({ to, text });
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal((await backend.sentItem({ to, text })).state, 'sent');
  assert.equal(await codeOf(backend.sendSms({ to, text, slot: 1 })), 'sms-failed');
});

test('a code is read from what comes after the call, when it is the only one, and with the user’s leave', async () => {
  const { backend, network, sim } = phoneWith();
  network.deliver(card.number, 'code 11111111');
  const reading = backend.readOtp({ digits: 8, waitMs: 20_000 });
  network.deliver(card.number, 'two codes 11111111 22222222');
  network.deliver(card.number, 'too long 123456789');
  network.deliver(card.number, 'Demo Bank code 33333333. Never forward.');
  assert.deepEqual(await reading, { code: '33333333' });
  assert.equal(await codeOf(backend.readOtp({ digits: 8, waitMs: 0 })), 'code-unavailable');
  const first = codeOf(backend.readOtp({ digits: 8, waitMs: 20_000 }));
  sim.consent(false);
  const second = codeOf(backend.readOtp({ digits: 8, waitMs: 20_000 }));
  network.deliver(card.number, 'code 44444444');
  assert.deepEqual([await first, await second], ['code-unavailable', 'user-cancelled']);
});

test('events are numbered and kept; after a kill, or when they are forgotten, the session counts as left', async () => {
  const { backend, sim } = phoneWith();
  assert.deepEqual(await backend.simEvents({}), { events: [], last: 0 });
  sim.leave();
  sim.airplane(true);
  sim.insert({ number: card.number });
  const { events, last } = await backend.simEvents({ after: 0 });
  assert.deepEqual(
    events.map(({ what }) => what),
    ['left', 'airplane-mode', 'sim-changed'],
  );
  assert.deepEqual((await backend.simEvents({ after: last })).events, []);
  for (let turn = 0; turn < 70; turn += 1) sim.leave('charge-notice');
  assert.deepEqual(
    (await backend.simEvents({ after: 1 })).events.map(({ what }) => what),
    ['left'],
  );
  sim.kill();
  assert.deepEqual((await backend.simEvents({ after: last })).events, [{ number: 0, what: 'left' }]);
});

test('iPhones see no SIM and read nothing, phones of HarmonyOS have no SIM half at all', async () => {
  const iphone = phoneWith({}, 'iphone');
  const { sim, slots, cellularWorks } = await iphone.backend.simState({});
  assert.deepEqual({ sim, slots, cellularWorks }, { sim: 'unknown', slots: [], cellularWorks: true });
  assert.deepEqual(await iphone.backend.sendSms({ to, text }), { awayMs: 1800 });
  assert.equal(await codeOf(iphone.backend.sentItem({ to, text })), 'unsupported');
  assert.equal(await codeOf(iphone.backend.readOtp({ digits: 8, waitMs: 0 })), 'unsupported');
  assert.equal(await codeOf(phoneWith({}, 'harmony').backend.simState({})), 'unsupported');
});

const tried: Readonly<Record<SimTrick, () => Promise<void>>> = {
  'forged-sim': async () => {
    const { backend } = phoneWith({ cards: [], simTricks: ['forged-sim'] });
    const { sim, airplane, cellularWorks } = await backend.simState({});
    assert.deepEqual({ sim, airplane, cellularWorks }, { sim: 'present', airplane: 'off', cellularWorks: true });
  },
  'unsent-sms': async () => {
    const { backend, carried, sim } = phoneWith({ simTricks: ['unsent-sms'] });
    await backend.sendSms({ to, text });
    assert.deepEqual([carried, sim.outbox()], [[], [text]]);
    assert.equal((await backend.sentItem({ to, text })).state, 'sent');
  },
  'hooked-sent-items': async () => {
    const { backend } = phoneWith({ simTricks: ['hooked-sent-items'] });
    assert.equal((await backend.sentItem({ to, text })).state, 'delivered');
  },
  'stolen-codes': async () => {
    const { backend, sim } = phoneWith({ simTricks: ['stolen-codes'] });
    const reading = backend.readOtp({ digits: 8, waitMs: 20_000 });
    sim.passOn('code 55555555');
    assert.deepEqual(await reading, { code: '55555555' });
  },
  'hidden-lifecycle': async () => {
    const { backend, sim } = phoneWith({ simTricks: ['hidden-lifecycle'] });
    sim.leave();
    assert.deepEqual((await backend.simEvents({ after: 0 })).events, []);
  },
  'rewound-composer': async () => {
    const { backend, sim } = phoneWith({ simTricks: ['rewound-composer'] }, 'iphone');
    sim.composer('send', 60_000);
    assert.deepEqual(await backend.sendSms({ to, text }), { awayMs: 900 });
  },
};

for (const [trick, run] of Object.entries(tried)) test(`${trick}: ${simTrickWords[trick as SimTrick]}`, run);

test('a cloned SIM gets what its original gets', () => {
  const original = phoneWith();
  const { network } = original;
  const clone = simulatedPhone('android', { world, network, cards: [card] });
  network.deliver(card.number, 'code 12345678');
  assert.deepEqual([original.sim.inbox(), clone.sim.inbox()], [['code 12345678'], ['code 12345678']]);
});
