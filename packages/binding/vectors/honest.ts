/** An honest customer's request, and a walk through the table: what tests start from and change one thing of. */
import {
  type AttemptEvent,
  applyStep,
  type BindingAttempt,
  type BindingCode,
  type BindingRequest,
  type ClientEvidence,
  defaultBindingPolicy,
  emptyTally,
  findTransition,
  type Platform,
  type RequestingDevice,
  type ServerInstant,
  type StepContext,
  type TokenSms,
} from '@hauberk/binding';
import { durationMs, epochMs } from '@hauberk/primitives';

/** An instant to count from. */
export const start: ServerInstant = { wallMs: epochMs(1_800_000_000_000), monotonicMs: durationMs(5000), fence: 1 };

/** So many milliseconds after the start, on both clocks. */
export const after = (ms: number, over: Partial<ServerInstant> = {}): ServerInstant => ({
  ...start,
  wallMs: epochMs(start.wallMs + ms),
  monotonicMs: durationMs(start.monotonicMs + ms),
  ...over,
});

/** An attested device. */
export const honestDevice = (platform: Platform, over: Partial<RequestingDevice> = {}): RequestingDevice => ({
  id: 'device-1',
  key: 'key-1',
  fingerprint: 'print-1',
  platform,
  attested: { key: over.key ?? 'key-1', isHardware: true, isVerifiedSystem: true },
  claimed: { appVersion: 1, systemFamily: platform, systemVersion: 17, patchLevel: 202610 },
  ...over,
});

/** What an honest client sees. */
export const honestEvidence = (platform: Platform): ClientEvidence => ({
  sim: platform === 'android' ? 'present' : 'unknown',
  airplane: 'off',
  path: 'cellular',
  cellularWorks: true,
  slot: 0,
  slotCarrier: 'Jio',
});

/** An honest request. */
export const honestRequest = (over: Partial<BindingRequest> = {}, platform: Platform = 'android'): BindingRequest => ({
  profile: 'alice',
  number: 'number-a',
  registered: 'number-a',
  device: honestDevice(platform),
  evidence: honestEvidence(platform),
  network: 'mobile',
  carrier: 'Jio',
  slot: 0,
  factor: { kind: 'knowledge', channel: 'secret', use: 'pin-1' },
  isFactorReplayed: false,
  steppedUp: false,
  facts: { revocation: { isListed: false, asOfMs: start.wallMs }, risk: 'low', swappedAtMs: 'never' },
  replaces: false,
  ...over,
});

/** The SMS that an honest phone sends. */
export const honestSms = (over: Partial<TokenSms> = {}): TokenSms => ({
  link: 'link-1',
  messageId: 'm-1',
  source: 'number-a',
  vmn: '+919000000001',
  receivedAtMs: epochMs(start.wallMs + 4000),
  carrier: 'Jio',
  isTrustedLink: true,
  ...over,
});

/** A context with nothing around. */
export const context = (over: Partial<StepContext> = {}): StepContext => ({
  now: start,
  policy: defaultBindingPolicy,
  deviceTallies: [],
  profileTally: emptyTally,
  isBusy: false,
  isBoundElsewhere: false,
  ...over,
});

/** An attempt that was issued a token. */
export const issuedAttempt = (over: Partial<BindingAttempt> = {}): BindingAttempt => ({
  id: 'attempt-1',
  state: 'issued',
  platform: 'android',
  profile: 'alice',
  number: 'number-a',
  device: { id: 'device-1', key: 'key-1', fingerprint: 'print-1' },
  vmn: '+919000000001',
  carrier: 'Jio',
  slot: 0,
  issuedAt: start,
  replaces: false,
  proofs: ['attestation'],
  sentItem: 'unasked',
  polls: 0,
  ...over,
});

/** Where an event leads an attempt. */
export interface Walked {
  readonly attempt: BindingAttempt;
  /** Of the last event. */
  readonly code: BindingCode | undefined;
}

/** Walks events, each so many milliseconds after the start. */
export const walk = (
  attempt: BindingAttempt,
  events: readonly (readonly [ms: number, event: AttemptEvent])[],
  over: Partial<StepContext> = {},
): Walked => {
  let walked: Walked = { attempt, code: undefined };
  for (const [ms, event] of events) {
    const found = findTransition(walked.attempt, event, context({ now: after(ms), ...over }));
    walked = found.ok
      ? { attempt: applyStep(walked.attempt, event, found.value), code: found.value.code }
      : { attempt: walked.attempt, code: found.code };
  }
  return walked;
};

/** What the table says to a request. */
export const judgeRequest = (
  request: BindingRequest,
  over: Partial<StepContext> = {},
): { readonly to: string; readonly code: BindingCode | undefined } => {
  const found = findTransition(undefined, { kind: 'request', request }, context(over));
  if (!found.ok) throw new Error('a request is always judged');
  return { to: found.value.to, code: found.value.code };
};

/** The events of an honest run. */
export const smsArrives: AttemptEvent = { kind: 'sms', sms: honestSms() };
export const delivered: AttemptEvent = {
  kind: 'proof',
  key: 'key-1',
  proof: { kind: 'sent-item', state: 'delivered', slot: 0 },
};
export const confirmed: AttemptEvent = { kind: 'confirm', key: 'key-1' };
