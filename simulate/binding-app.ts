/** The bank's app on a phone, as it is built: it tells the truth of what it sees, whoever holds the phone. */
import type { ClientEvidence, CustomerFactor } from '@hauberk/binding';
import type { IssuedToken, TokenAsk } from '@hauberk/server';
import type { BindingWorld, Phone, SentState } from './binding-world.ts';

/** What happens around the app that it does not decide. */
export interface Surroundings {
  /** How the phone's own SMS travels; undefined when it never leaves the phone. */
  readonly ownSms: (token: IssuedToken) => Promise<unknown> | undefined;
  /** Whether the network reports deliveries, and whether the app may read codes. */
  readonly reportsDelivery: boolean;
  readonly readsCodes: boolean;
  /** The customer does something else after so long. */
  readonly leavesAfterMs?: number;
  /** The holder types a code that came to another phone. */
  readonly typedCode?: () => string | undefined;
  readonly onToken?: (token: IssuedToken) => void;
  /** How long until the app is opened on the last screen. */
  readonly confirmsAfterMs?: number;
}

/** How an attempt ended for the app. */
export interface AppEnd {
  readonly end: 'bound' | 'refused' | 'gave-up';
  readonly attempt: string | undefined;
  readonly code: string | undefined;
}

const pollMs = 2500;
const patienceMs = 60_000;

/** What the app says of its SIM and network. */
const evidenceOf = (phone: Phone): ClientEvidence => ({
  sim: phone.platform === 'ios' ? 'unknown' : 'present',
  airplane: 'off',
  path: 'cellular',
  cellularWorks: true,
  slot: 0,
  slotCarrier: phone.carrier,
});

/** The request of a phone for a profile. */
export const tokenAsk = (
  phone: Phone,
  profile: string,
  number: string,
  factor: CustomerFactor | undefined,
  over: Partial<TokenAsk> = {},
): TokenAsk => ({
  profile,
  number,
  device: {
    id: phone.id,
    key: phone.key,
    fingerprint: phone.fingerprint,
    platform: phone.platform,
    attested: phone.isGenuine ? { key: phone.key, isHardware: true, isVerifiedSystem: true } : undefined,
    claimed: { appVersion: 1, systemFamily: phone.platform, systemVersion: 17, patchLevel: 202610 },
  },
  evidence: evidenceOf(phone),
  network: 'mobile',
  factor,
  steppedUp: false,
  replaces: true,
  ...over,
});

interface Running {
  readonly world: BindingWorld;
  readonly phone: Phone;
  readonly around: Surroundings;
  readonly caller: { readonly attempt: string; readonly key: string };
  sent: SentState | undefined;
}

const send = async (running: Running, token: IssuedToken): Promise<void> => {
  const { around, world } = running;
  const carried = around.ownSms(token);
  running.sent = 'sent';
  // The report of the network exists only once our side has acknowledged the message.
  const answer = await carried;
  if (answer === undefined || !around.reportsDelivery) return;
  await world.time.sleep(700);
  running.sent = 'delivered';
};

const move = async (running: Running, next: string): Promise<void> => {
  const { world, phone, around, caller, sent } = running;
  const { service } = world;
  if (next === 'check-sent-item' || next === 'poll-sent-item')
    await service.reportSentItem(caller, { state: sent ?? 'absent', slot: 0 });
  else if (next === 'await-code') await service.requestCode(caller);
  else if (next === 'confirm') {
    await world.time.sleep(around.confirmsAfterMs ?? 0);
    await service.confirm(caller);
  } else if (next === 'read-code') {
    const [code] = phone.inbox;
    const typed = around.typedCode?.();
    if (!around.readsCodes) await service.reportCode(caller, 'unreadable');
    else if (code !== undefined) await service.reportCode(caller, { code, isRead: true });
    else if (typed !== undefined) await service.reportCode(caller, { code: typed, isRead: false });
  }
};

const follow = async (running: Running): Promise<AppEnd> => {
  const { world, around, caller } = running;
  const startedMs = world.time.nowMs;
  let hasLeft = false;
  while (world.time.nowMs - startedMs < patienceMs) {
    await world.time.sleep(pollMs);
    if (!hasLeft && around.leavesAfterMs !== undefined && world.time.nowMs - startedMs >= around.leavesAfterMs) {
      hasLeft = true;
      await world.service.reportLeft(caller, 'left');
    }
    const view = await world.service.status(caller);
    if (!view.ok) return { end: 'refused', attempt: caller.attempt, code: view.code };
    if (view.value.next === 'done') return { end: 'bound', attempt: caller.attempt, code: undefined };
    if (view.value.next === 'refused') return { end: 'refused', attempt: caller.attempt, code: view.value.code };
    await move(running, view.value.next);
  }
  return { end: 'gave-up', attempt: caller.attempt, code: undefined };
};

/** Runs one attempt of the app, from the request to its end. */
export const runApp = async (
  world: BindingWorld,
  phone: Phone,
  ask: TokenAsk,
  around: Surroundings,
): Promise<AppEnd> => {
  const asked = await world.service.requestToken(ask);
  if (!asked.ok) return { end: 'refused', attempt: undefined, code: asked.code };
  const token = asked.value;
  around.onToken?.(token);
  const caller = { attempt: token.attempt, key: phone.key };
  const running: Running = { world, phone, around, caller, sent: undefined };
  if (phone.platform === 'ios') {
    // An iPhone can read neither sent items nor codes; the operator looks at its connection instead.
    await world.time.sleep(1500);
    if (world.operatorSees(phone, ask.number)) await world.service.countProof(caller, 'number-verification');
  } else void send(running, token);
  return follow(running);
};
