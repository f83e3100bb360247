/**
 * The attackers of the rules, each against the running gateway over the demo's network. All know the victim's number and, but for the owner of a
 * dead SIM, the victim's password; what they lack is what the rule asks for.
 */
import type { DemoCustomer } from '@hauberk/example-bank';
import type { BindOptions, SimBackend } from '@hauberk/sdk/bind';
import type { SimulatedWorld } from '@hauberk/simulator';
import type { BindingResult } from './binding-board.ts';
import { numberOf } from './number-desk.ts';
import {
  again,
  type BindingStage,
  bindOn,
  latestBuild,
  phoneFor,
  resultOf,
  type SimPhone,
  sendSms,
  start,
  type Told,
  tell,
} from './sim-phone.ts';
import { notRelieved } from './without-sim.ts';

/** An attacker. */
export interface Attacker {
  readonly kind: string;
  /** Rule or guard that declines it; more than one where a race decides. */
  readonly declinedBy: readonly string[];
  /** How many of the victim's three attempts of a day it uses up. */
  readonly tokens: number;
  /** The victim whose number is on the list of disconnected ones, or whose SIM was swapped yesterday; any when absent. */
  readonly wants?: 'disconnected' | 'swapped';
  /** Waits for the end of an attempt, beside the others. */
  readonly isSlow?: true;
  readonly run: (stage: BindingStage, victim: DemoCustomer) => Promise<BindingResult>;
}

const strangersNumber = '+919877777777';

const fromVictim = (phone: SimPhone, { to, text }: { readonly to: string; readonly text: string }): Promise<boolean> =>
  sendSms(phone, { from: numberOf(phone.customer), to, text });

const smsOf = ({ vmn = '', text = '' }: Told) => ({ to: vmn, text });

/** The rest of an attempt, as a client tells it that says what it likes. */
const claimDelivered = async (phone: SimPhone, { attempt }: Told): Promise<BindingResult> => {
  await tell(phone, { do: 'sent-item', attempt, state: 'delivered' });
  return resultOf(await tell(phone, { do: 'confirm', attempt }));
};

/** Where an attempt stands once it is over. */
const untilOver = async (phone: SimPhone, { attempt }: Told): Promise<BindingResult> => {
  for (;;) {
    const told = await tell(phone, { do: 'status', attempt });
    if (!['issued', 'seen', 'proven'].includes(told.state) || phone.stage.signal.aborted) return resultOf(told);
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
};

/** The attacker's own SIM is in the attacker's phone. */
const strangersCard = { number: strangersNumber, carrier: 'Demo Mobile' };

/** As soon as the app has a token, the victim’s phone sends it: alone, or beside this one. */
const sentByVictim =
  (phone: SimPhone, isOnlyVictim: boolean) =>
  (honest: SimBackend): SimBackend => ({
    ...honest,
    sendSms: async (message) => {
      await fromVictim(phone, message);
      return isOnlyVictim ? {} : honest.sendSms(message);
    },
  });

/** Talked into it, the victim sends the text from their own phone; this one never sent it, and its inbox gets no code. */
const forwardedToken: Attacker['run'] = async (stage, victim) => {
  const phone = await phoneFor(stage, victim, 'android', { cards: [strangersCard] });
  return bindOn(phone, { sim: sentByVictim(phone, true) });
};

const malwareHooked: Attacker['run'] = async (stage, victim) => {
  const phone = await phoneFor(stage, victim, 'script');
  const token = await start(phone);
  if (token.state !== 'issued') return resultOf(token);
  await fromVictim(phone, smsOf(token));
  return claimDelivered(phone, token);
};

/** The attacker's own phone is kept from the network: it tried, and nothing was delivered. The code goes to the victim's. */
const malwareGenuine: Attacker['run'] = async (stage, victim) => {
  const phone = await phoneFor(stage, victim, 'android', { cards: [strangersCard], simTricks: ['unsent-sms'] });
  return bindOn(phone, { sim: sentByVictim(phone, false) });
};

/** Replies are rewritten on their way to the app, which then shows what is not so. */
const replyManipulated: Attacker['run'] = async (stage, victim) => {
  const phone = await phoneFor(stage, victim, 'android', { simTricks: ['unsent-sms'] });
  let real: Told = { state: '' };
  const rewritten: BindOptions['hauberk'] = {
    connect: phone.hauberk.connect,
    fetch: async (input, init) => {
      const reply = await phone.hauberk.fetch(input, init);
      const told = (await reply.json()) as Told;
      if (told['text'] !== undefined) return new Response(JSON.stringify(told));
      real = told;
      // First that everything is proven, and once the app has confirmed, that it is bound.
      const forged =
        told['code'] === undefined ? { state: 'proven', next: 'confirm' } : { state: 'bound', next: 'done' };
      return new Response(JSON.stringify(forged));
    },
  };
  const told = await bindOn(phone, { hauberk: rewritten });
  if (told.state !== 'bound') return told;
  // The app says bound; what counts is what the gateway said.
  return resultOf({ ...real, state: real.state === 'bound' ? 'bound' : 'declined' });
};

/** Everything as an honest customer would; what is wrong is known elsewhere. */
const ordinary: Attacker['run'] = async (stage, victim) => bindOn(await phoneFor(stage, victim));

const twoNumbers: Attacker['run'] = async (stage, victim) => {
  const phone = await phoneFor(stage, victim);
  const token = await start(phone);
  await Promise.all([fromVictim(phone, smsOf(token)), sendSms(phone, { from: strangersNumber, ...smsOf(token) })]);
  return untilOver(phone, token);
};

const wrongNumber: Attacker['run'] = async (stage, victim) => {
  const phone = await phoneFor(stage, victim);
  const token = await start(phone);
  await sendSms(phone, { from: strangersNumber, ...smsOf(token) });
  return untilOver(phone, token);
};

const parallelSessions: Attacker['run'] = async (stage, victim) => {
  const [first, second] = [await phoneFor(stage, victim), await phoneFor(stage, victim)];
  const token = await start(first);
  const refused = resultOf(await start(second));
  await tell(first, { do: 'left', attempt: token['attempt'], how: 'left' });
  return refused;
};

const fourthToken: Attacker['run'] = async (stage, victim) => {
  let phone = await phoneFor(stage, victim);
  for (let token = 1; token <= 3; token += 1) {
    await start(phone);
    phone = await again(phone);
  }
  return resultOf(await start(phone));
};

const toOther =
  (choose: (others: readonly string[]) => string | undefined): Attacker['run'] =>
  async (stage, victim) => {
    const phone = await phoneFor(stage, victim);
    const token = await start(phone);
    const to = choose(stage.vmns.filter((vmn) => vmn !== token['vmn'])) ?? '';
    await fromVictim(phone, { ...smsOf(token), to });
    return untilOver(phone, token);
  };

const spoofedSender: Attacker['run'] = async (stage, victim) => {
  const phone = await phoneFor(stage, victim);
  const token = await start(phone);
  await sendSms(phone, { from: numberOf(victim), ...smsOf(token) }, stage.links.bulk);
  return untilOver(phone, token);
};

const lateSms: Attacker['run'] = async (stage, victim) => {
  const phone = await phoneFor(stage, victim);
  const token = await start(phone);
  const over = await untilOver(phone, token);
  await fromVictim(phone, smsOf(token));
  const after = await claimDelivered(phone, token);
  return after.state === 'bound' ? after : over;
};

/** The same makers, another build of the app: genuine, approved, and no longer the one that binds. */
const olderBuild = (makers: SimulatedWorld): SimulatedWorld => ({
  ...makers,
  app: { ...makers.app, versionCode: latestBuild - 1 },
});

const oldApp: Attacker['run'] = async (stage, victim) =>
  bindOn(await phoneFor(stage, victim, 'android', { world: olderBuild(stage.makers) }));

const directCalls: Attacker['run'] = async (stage, victim) => {
  const phone = await phoneFor(stage, victim);
  const token = await start(phone);
  const told = await claimDelivered(phone, token);
  await tell(phone, { do: 'left', attempt: token['attempt'], how: 'left' });
  return told.state === 'bound' ? told : { ...told, state: 'declined' };
};

/** Every kind, in the order in which they come. */
export const attackers: readonly Attacker[] = [
  { kind: 'late SMS', declinedBy: ['B11'], tokens: 1, isSlow: true, run: lateSms },
  { kind: 'spoofed sender', declinedBy: ['B11'], tokens: 1, isSlow: true, run: spoofedSender },
  { kind: 'forwarded token', declinedBy: ['B15'], tokens: 1, run: forwardedToken },
  { kind: 'malware, hooked phone', declinedBy: ['attestation'], tokens: 0, run: malwareHooked },
  { kind: 'malware, real phone', declinedBy: ['B15'], tokens: 1, run: malwareGenuine },
  { kind: 'replies rewritten', declinedBy: ['B15'], tokens: 1, run: replyManipulated },
  { kind: 'dead SIM', declinedBy: ['B17'], tokens: 0, wants: 'disconnected', run: ordinary },
  { kind: 'swapped SIM', declinedBy: ['B23'], tokens: 0, wants: 'swapped', run: ordinary },
  { kind: 'password elsewhere', declinedBy: ['own-key'], tokens: 1, run: notRelieved },
  { kind: 'two numbers', declinedBy: ['B06', 'B25'], tokens: 1, run: twoNumbers },
  { kind: 'wrong number', declinedBy: ['B25'], tokens: 1, run: wrongNumber },
  { kind: 'parallel sessions', declinedBy: ['B20'], tokens: 1, run: parallelSessions },
  { kind: 'fourth token', declinedBy: ['B09'], tokens: 3, run: fourthToken },
  { kind: 'wrong VMN', declinedBy: ['B14'], tokens: 1, run: toOther((others) => others.at(-1)) },
  {
    kind: 'guessed VMN',
    declinedBy: ['B14'],
    tokens: 1,
    run: toOther((others) => others[Math.floor(Math.random() * others.length)]),
  },
  { kind: 'old app', declinedBy: ['B10'], tokens: 0, run: oldApp },
  { kind: 'calls without the app', declinedBy: ['B15'], tokens: 1, run: directCalls },
];
