/** The conditions of the transition table: named predicates, so that the table is data and the model checker has the same names. */
import type { AttemptEvent, BindingAttempt, BindingRequest, StepContext, TokenSms } from './attempt.ts';
import { isAttested, isInAirplaneMode, isOldApp, isOldSystem, isWrongPath, lacksSim } from './device-evidence.ts';
import { isIndependentFactor } from './factors.ts';
import { passed } from './instant.ts';
import { judgeRevocation, judgeRisk, judgeSwap, type NumberVerdict } from './number-facts.ts';
import { clientProofs, type ProofKind, suffice } from './possession.ts';
import { isOverAttempts, judgeTokens } from './tally.ts';

type RequestConditionName =
  | 'device-blocked'
  | 'token-limit'
  | 'profile-limit'
  | 'not-attested'
  | 'sim-missing'
  | 'airplane-mode'
  | 'wrong-path'
  | 'app-outdated'
  | 'system-outdated'
  | 'single-factor'
  | 'factor-replayed'
  | 'not-registered'
  | 'number-revoked'
  | 'number-risk'
  | 'sim-swapped'
  | 'slot-mismatch'
  | 'busy';

type SmsConditionName =
  | 'redelivery'
  | 'untrusted-link'
  | 'wrong-vmn'
  | 'number-differs'
  | 'carrier-differs'
  | 'other-number';

type ProofConditionName =
  | 'foreign-key'
  | 'unbelieved-proof'
  | 'slot-differs'
  | 'sent-absent'
  | 'undelivered'
  | 'otp-unasked'
  | 'otp-typed'
  | 'otp-wrong'
  | 'otp-tries-over'
  | 'otp-unreadable'
  | 'suffices';

type OtherConditionName =
  | 'fence-changed'
  | 'late'
  | 'left-notice'
  | 'left-composer'
  | 'left-airplane'
  | 'left-sim'
  | 'bound-elsewhere';

/** The name of a condition. */
export type ConditionName = RequestConditionName | SmsConditionName | ProofConditionName | OtherConditionName;

/** Whether something holds for an event of an attempt. */
export type Condition = (attempt: BindingAttempt | undefined, event: AttemptEvent, context: StepContext) => boolean;

const ofRequest =
  (test: (request: BindingRequest, context: StepContext) => boolean): Condition =>
  (_attempt, event, context) =>
    event.kind === 'request' && test(event.request, context);

const ofSms =
  (test: (sms: TokenSms, attempt: BindingAttempt, context: StepContext) => boolean): Condition =>
  (attempt, event, context) =>
    event.kind === 'sms' && attempt !== undefined && test(event.sms, attempt, context);

/** A device without a SIM shows none: it is bound by what is bound already, and its attempt has no token that an SMS could carry. */
const usesSim = ({ way }: BindingRequest): boolean => way !== 'bound-device' && way !== 'passkey';

const isUnmet = (verdict: NumberVerdict, { steppedUp }: BindingRequest): boolean =>
  verdict === 'decline' || (verdict === 'step-up' && !steppedUp);

/**
 * The same physical SMS once more: an SMSC redelivers when our answer was late, under the same id or, where links name none, with the
 * same source and VMN within a short span.
 */
const isRedelivery = (sms: TokenSms, { sms: first }: BindingAttempt, { policy }: StepContext): boolean =>
  first !== undefined &&
  sms.source === first.source &&
  sms.vmn === first.vmn &&
  sms.link === first.link &&
  (sms.messageId === ''
    ? first.messageId === '' && Math.abs(sms.receivedAtMs - first.receivedAtMs) <= policy.redeliverySpan
    : sms.messageId === first.messageId);

/** A carrier under its name; number portability leaves it empty or names the old one, which links say by leaving it out. */
const isOtherCarrier = (one: string | undefined, other: string | undefined): boolean =>
  one !== undefined && other !== undefined && one !== '' && other !== '' && one.toLowerCase() !== other.toLowerCase();

/** The proofs once this event is counted. */
export const proofsAfter = (attempt: BindingAttempt, event: AttemptEvent): readonly ProofKind[] => {
  const added = ((): ProofKind | undefined => {
    if (event.kind === 'sms') return 'sms-mo';
    if (event.kind !== 'proof') return undefined;
    const { proof } = event;
    if (proof.kind === 'sent-item') return proof.state === 'absent' ? undefined : 'sent-item';
    if (proof.kind === 'otp') return proof.state === 'right' ? 'otp-read' : undefined;
    return proof.kind;
  })();
  return added === undefined || attempt.proofs.includes(added) ? attempt.proofs : [...attempt.proofs, added];
};

const isClientProof = (event: AttemptEvent): boolean =>
  event.kind === 'proof' &&
  (event.proof.kind === 'otp' || (clientProofs as readonly string[]).includes(event.proof.kind));

const requestConditions: Readonly<Record<RequestConditionName, Condition>> = {
  'device-blocked': ofRequest(
    (_, { deviceTallies, policy, now }) => judgeTokens(deviceTallies, policy, now.wallMs) === 'blocked',
  ),
  'token-limit': ofRequest(
    (_, { deviceTallies, policy, now }) => judgeTokens(deviceTallies, policy, now.wallMs) === 'at-limit',
  ),
  'profile-limit': ofRequest((_, { profileTally, policy, now }) => isOverAttempts(profileTally, policy, now.wallMs)),
  'not-attested': ofRequest(({ device }) => !isAttested(device)),
  'sim-missing': ofRequest((request) => usesSim(request) && lacksSim(request.device.platform, request.evidence)),
  'airplane-mode': ofRequest((request) => usesSim(request) && isInAirplaneMode(request.evidence)),
  'wrong-path': ofRequest(
    (request) => usesSim(request) && isWrongPath(request.device.platform, request.evidence, request.network),
  ),
  'app-outdated': ofRequest(({ device }, { policy }) => isOldApp(device, policy)),
  'system-outdated': ofRequest(({ device }, { policy }) => isOldSystem(device, policy)),
  'single-factor': ofRequest(({ factor }) => factor === undefined || !isIndependentFactor(factor)),
  'factor-replayed': ofRequest(({ isFactorReplayed }) => isFactorReplayed),
  'not-registered': ofRequest(({ number, registered }) => registered !== number),
  'number-revoked': ofRequest((request, { policy, now }) =>
    isUnmet(judgeRevocation(request.facts, policy, now.wallMs), request),
  ),
  'number-risk': ofRequest((request, { policy }) => isUnmet(judgeRisk(request.facts, policy), request)),
  'sim-swapped': ofRequest((request, { policy, now }) =>
    isUnmet(judgeSwap(request.facts, policy, now.wallMs), request),
  ),
  'slot-mismatch': ofRequest(
    ({ slot, carrier, evidence }) =>
      (slot !== undefined && evidence.slot !== undefined && slot !== evidence.slot) ||
      isOtherCarrier(carrier, evidence.slotCarrier),
  ),
  busy: ofRequest((_, { isBusy }) => isBusy),
};

const smsConditions: Readonly<Record<SmsConditionName, Condition>> = {
  redelivery: ofSms(isRedelivery),
  'untrusted-link': ofSms(({ isTrustedLink }) => !isTrustedLink),
  'wrong-vmn': ofSms(({ vmn }, attempt) => vmn !== attempt.vmn),
  'number-differs': ofSms(({ source }, { number }) => source !== number),
  'carrier-differs': ofSms(({ carrier }, attempt) => isOtherCarrier(carrier, attempt.carrier)),
  'other-number': ofSms(({ source }, { sms }) => sms !== undefined && source !== sms.source),
};

const isOtp = (event: AttemptEvent, state: string): boolean =>
  event.kind === 'proof' && event.proof.kind === 'otp' && event.proof.state === state;

const proofConditions: Readonly<Record<ProofConditionName, Condition>> = {
  'foreign-key': (attempt, event) => 'key' in event && event.key !== attempt?.device.key,
  'unbelieved-proof': (attempt, event) => isClientProof(event) && attempt?.proofs.includes('attestation') !== true,
  'slot-differs': (attempt, event) =>
    event.kind === 'proof' &&
    event.proof.kind === 'sent-item' &&
    event.proof.slot !== undefined &&
    attempt?.slot !== undefined &&
    event.proof.slot !== attempt.slot,
  'sent-absent': (_, event) =>
    event.kind === 'proof' && event.proof.kind === 'sent-item' && event.proof.state === 'absent',
  undelivered: (_, event) => event.kind === 'proof' && event.proof.kind === 'sent-item' && event.proof.state === 'sent',
  'otp-unasked': (attempt, event) =>
    event.kind === 'proof' &&
    event.proof.kind === 'otp' &&
    event.proof.state !== 'unreadable' &&
    attempt?.otp === undefined,
  'otp-typed': (_, event) =>
    isOtp(event, 'right') && event.kind === 'proof' && event.proof.kind === 'otp' && !event.proof.isRead,
  'otp-wrong': (_, event) => isOtp(event, 'wrong'),
  'otp-tries-over': (attempt, event, { policy }) =>
    isOtp(event, 'wrong') && (attempt?.otp?.tries ?? 0) + 1 >= policy.otpTries,
  'otp-unreadable': (_, event) => isOtp(event, 'unreadable'),
  suffices: (attempt, event, { policy }) =>
    attempt !== undefined && suffice(policy.sufficient, 'bind', proofsAfter(attempt, event)),
};

const how = (event: AttemptEvent): string | undefined => (event.kind === 'left' ? event.how : undefined);

const otherConditions: Readonly<Record<OtherConditionName, Condition>> = {
  'fence-changed': (attempt, _, { now }) => attempt !== undefined && attempt.issuedAt.fence !== now.fence,
  late: (attempt, _, { now, policy }) => attempt !== undefined && passed(attempt.issuedAt, now) > policy.timer,
  'left-notice': (_, event) => how(event) === 'charge-notice',
  'left-composer': (_, event) => how(event) === 'composer-slow',
  'left-airplane': (_, event) => how(event) === 'airplane-mode',
  'left-sim': (_, event) => how(event) === 'sim-missing',
  'bound-elsewhere': (attempt, _, { isBoundElsewhere }) => isBoundElsewhere && attempt?.replaces !== true,
};

/** Every condition under its name. */
export const conditions: Readonly<Record<ConditionName, Condition>> = {
  ...requestConditions,
  ...smsConditions,
  ...proofConditions,
  ...otherConditions,
};
