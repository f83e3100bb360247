/**
 * The transition table and the one function that walks it. The first row whose state, event and condition fit is taken. The table is
 * data: the model that is checked (model/binding.pml) is written out of it.
 */
import { accept, type Refusal, type Result, refuse } from '@hauberk/primitives';
import type {
  AttemptEvent,
  AttemptEventKind,
  AttemptState,
  BindingAttempt,
  BindingWay,
  Guard,
  StepContext,
} from './attempt.ts';
import { type ConditionName, conditions, proofsAfter } from './conditions.ts';
import type { BindingCode, RuleId } from './rules.ts';

/** One row: in this state, on this event, if this holds, go there. */
export interface Transition {
  readonly from: AttemptState;
  readonly on: AttemptEventKind;
  /** Always, when absent. */
  readonly when?: ConditionName;
  readonly to: AttemptState;
  /** Why, for a row that refuses the event or ends the attempt. */
  readonly code?: BindingCode;
  readonly rule?: RuleId;
  /** The row is skipped without this guard. */
  readonly guard?: Guard;
}

type RowTail = Pick<Transition, 'rule' | 'guard'>;

const row =
  (from: AttemptState, on: AttemptEventKind) =>
  (when: ConditionName | undefined, to: AttemptState, code?: BindingCode, tail: RowTail = {}): Transition => ({
    from,
    on,
    to,
    ...(when === undefined ? {} : { when }),
    ...(code === undefined ? {} : { code }),
    ...tail,
  });

const request = row('idle', 'request');

/** Before a token exists. Whoever is blocked learns nothing else. */
const requestRows: readonly Transition[] = [
  request('device-blocked', 'blocked', 'binding.device-blocked', { rule: 'B09', guard: 'token-limit' }),
  request('token-limit', 'blocked', 'binding.device-blocked', { rule: 'B09', guard: 'token-limit' }),
  request('not-attested', 'declined', 'binding.not-attested', { guard: 'attestation' }),
  request('single-factor', 'declined', 'binding.single-factor', { rule: 'B22', guard: 'second-factor' }),
  request('factor-replayed', 'declined', 'binding.factor-replayed', { rule: 'B22', guard: 'second-factor' }),
  request('profile-limit', 'declined', 'binding.profile-limit', { rule: 'B16' }),
  request('busy', 'declined', 'binding.busy', { rule: 'B20' }),
  request('sim-missing', 'declined', 'binding.sim-missing', { rule: 'B01' }),
  request('airplane-mode', 'declined', 'binding.airplane-mode', { rule: 'B02' }),
  request('wrong-path', 'declined', 'binding.wrong-path', { rule: 'B03' }),
  request('app-outdated', 'declined', 'binding.app-outdated', { rule: 'B10' }),
  request('system-outdated', 'declined', 'binding.system-outdated', { rule: 'B24' }),
  request('not-registered', 'declined', 'binding.number-mismatch', { rule: 'B25', guard: 'number-match' }),
  request('number-revoked', 'declined', 'binding.number-revoked', { rule: 'B17', guard: 'revocation-list' }),
  request('number-risk', 'declined', 'binding.number-risk', { rule: 'B18' }),
  request('sim-swapped', 'declined', 'binding.sim-changed', { rule: 'B23', guard: 'swap-date' }),
  request('slot-mismatch', 'declined', 'binding.carrier-mismatch', { rule: 'B26' }),
  request(undefined, 'issued'),
];

const fenceAndTimer = (from: AttemptState, on: AttemptEventKind): readonly Transition[] => [
  row(from, on)('fence-changed', 'expired', 'binding.failover', { rule: 'B11', guard: 'fence' }),
  row(from, on)('late', 'expired', 'binding.expired', { rule: 'B11', guard: 'deadline' }),
];

const firstSms = row('issued', 'sms');

/** The first SMS with the token. */
const firstSmsRows: readonly Transition[] = [
  ...fenceAndTimer('issued', 'sms'),
  firstSms('untrusted-link', 'issued', 'binding.link-untrusted', { guard: 'trusted-link' }),
  firstSms('wrong-vmn', 'declined', 'binding.wrong-vmn', { rule: 'B14', guard: 'assigned-vmn' }),
  firstSms('number-differs', 'declined', 'binding.number-mismatch', { rule: 'B25', guard: 'number-match' }),
  firstSms('carrier-differs', 'declined', 'binding.carrier-mismatch', { rule: 'B26' }),
  firstSms('suffices', 'proven'),
  firstSms(undefined, 'seen'),
];

/** Any SMS after the first: the same one again, the same number again, or another number. */
const laterSmsRows = (from: AttemptState): readonly Transition[] => {
  const later = row(from, 'sms');
  return [
    later('redelivery', from),
    later('untrusted-link', from, 'binding.link-untrusted', { guard: 'trusted-link' }),
    later('other-number', 'declined', 'binding.two-numbers', { rule: 'B06', guard: 'one-number' }),
    // Without the guard above, another number is nobody's second SMS.
    later('other-number', from, 'binding.token-used', { rule: 'B12' }),
    later(undefined, 'declined', 'binding.second-sms', { rule: 'B07', guard: 'one-sms' }),
    later(undefined, from, 'binding.token-used', { rule: 'B12' }),
  ];
};

const leftRows = (from: AttemptState): readonly Transition[] => {
  const left = row(from, 'left');
  return [
    // Otherwise anybody who knows an attempt's id could end it.
    left('foreign-key', from, 'binding.foreign-device', { guard: 'own-key' }),
    // B04 excepts the system's own question whether an SMS may cost something.
    left('left-notice', from),
    left('left-composer', 'declined', 'binding.composer-slow', { rule: 'B05', guard: 'session' }),
    left('left-airplane', 'declined', 'binding.airplane-mode', { rule: 'B02', guard: 'session' }),
    left('left-sim', 'declined', 'binding.sim-missing', { rule: 'B01', guard: 'session' }),
    left(undefined, 'declined', 'binding.session-left', { rule: 'B04', guard: 'session' }),
    left(undefined, from),
  ];
};

/** Proofs, in the order of B15: sent item, polling, one-time code, refusal. */
const proofRows = (from: AttemptState): readonly Transition[] => {
  const proof = row(from, 'proof');
  return [
    ...fenceAndTimer(from, 'proof'),
    proof('foreign-key', from, 'binding.foreign-device', { guard: 'own-key' }),
    proof('unbelieved-proof', from, 'binding.not-attested', { guard: 'attestation' }),
    proof('slot-differs', 'declined', 'binding.carrier-mismatch', { rule: 'B26' }),
    proof('sent-absent', from, 'binding.unproven', { rule: 'B15' }),
    proof('undelivered', from, 'binding.unproven', { rule: 'B15', guard: 'delivery-report' }),
    proof('otp-unasked', from, 'binding.wrong-state'),
    proof('otp-tries-over', 'declined', 'binding.no-possession', { rule: 'B15' }),
    proof('otp-wrong', from, 'binding.unproven', { rule: 'B15' }),
    proof('otp-unreadable', 'declined', 'binding.no-possession', { rule: 'B15' }),
    proof('otp-typed', from, 'binding.unproven', { rule: 'B15', guard: 'otp-read' }),
    ...(from === 'proven' ? [] : [proof('suffices', 'proven')]),
    proof(undefined, from),
  ];
};

const confirmRows = (from: AttemptState): readonly Transition[] => {
  const confirm = row(from, 'confirm');
  return [
    ...fenceAndTimer(from, 'confirm'),
    confirm('foreign-key', from, 'binding.foreign-device', { guard: 'own-key' }),
    ...(from === 'proven' ? [] : [confirm(undefined, from, 'binding.unproven', { rule: 'B15', guard: 'possession' })]),
    confirm('bound-elsewhere', 'declined', 'binding.already-bound', { rule: 'B20', guard: 'one-binding' }),
    confirm(undefined, 'bound'),
  ];
};

const tickRows = (from: AttemptState): readonly Transition[] => [
  ...fenceAndTimer(from, 'tick'),
  row(from, 'tick')(undefined, from),
];

const otpSentRows: readonly Transition[] = [
  ...fenceAndTimer('seen', 'otp-sent'),
  row('seen', 'otp-sent')(undefined, 'seen'),
];

/** The table. */
export const transitions: readonly Transition[] = [
  ...requestRows,
  ...firstSmsRows,
  ...laterSmsRows('seen'),
  ...laterSmsRows('proven'),
  ...laterSmsRows('bound'),
  ...(['issued', 'seen', 'proven'] as const).flatMap(leftRows),
  ...(['issued', 'seen', 'proven'] as const).flatMap(proofRows),
  row('issued', 'confirm')(undefined, 'issued', 'binding.unproven', { rule: 'B15' }),
  ...(['seen', 'proven'] as const).flatMap(confirmRows),
  ...(['issued', 'seen', 'proven'] as const).flatMap(tickRows),
  ...otpSentRows,
  ...(['issued', 'seen', 'proven'] as const).map((from) =>
    row(from, 'superseded')(undefined, 'declined', 'binding.token-used', { rule: 'B12' }),
  ),
];

/** What a step came to. `code` is there when the event was refused or ended the attempt. */
export interface Step {
  readonly row: Transition;
  readonly to: AttemptState;
  readonly code: BindingCode | undefined;
  readonly rule: RuleId | undefined;
}

/** Rows by state and event, in the order of the table. */
const byStateAndEvent = Map.groupBy(transitions, ({ from, on }) => `${from} ${on}`);

/** The first row that fits. Events that no row awaits in a state are refused and change nothing. */
export const findTransition = (
  attempt: BindingAttempt | undefined,
  event: AttemptEvent,
  context: StepContext,
): Result<Step, 'binding.wrong-state'> => {
  const from = attempt?.state ?? 'idle';
  for (const each of byStateAndEvent.get(`${from} ${event.kind}`) ?? []) {
    if (each.guard !== undefined && context.without?.has(each.guard) === true) continue;
    if (each.when === undefined || conditions[each.when](attempt, event, context))
      return accept({ row: each, to: each.to, code: each.code, rule: each.rule });
  }
  return wrongState(from, event);
};

const wrongState = (from: AttemptState, event: AttemptEvent): Refusal<'binding.wrong-state'> =>
  refuse('binding.wrong-state', `${event.kind} in ${from}`);

const remembered = (attempt: BindingAttempt, event: AttemptEvent, step: Step): Partial<BindingAttempt> => {
  if (event.kind === 'otp-sent') return { otp: { hash: event.hash, tries: 0 } };
  // The first SMS is kept; a redelivery is the same one.
  if (event.kind === 'sms' && attempt.state === 'issued' && step.code === undefined)
    return { sms: event.sms, proofs: proofsAfter(attempt, event) };
  if (event.kind !== 'proof') return {};
  const { proof } = event;
  const proofs = step.code === undefined ? proofsAfter(attempt, event) : attempt.proofs;
  if (step.code === 'binding.foreign-device' || step.code === 'binding.not-attested') return {};
  if (proof.kind === 'sent-item') return { proofs, sentItem: proof.state, polls: attempt.polls + 1 };
  if (proof.kind === 'otp' && proof.state === 'wrong' && attempt.otp !== undefined)
    return { otp: { ...attempt.otp, tries: attempt.otp.tries + 1 } };
  return { proofs };
};

/** The attempt after a step that was found for it; the very same one when nothing changed. */
export const applyStep = (attempt: BindingAttempt, event: AttemptEvent, step: Step): BindingAttempt => {
  const news = remembered(attempt, event, step);
  if (step.to === attempt.state && Object.keys(news).length === 0) return attempt;
  const code = step.to !== attempt.state && step.code !== undefined ? { code: step.code } : {};
  return { ...attempt, ...news, state: step.to, ...code };
};

/** What the client is told to do next; the branch of B15 follows from what the attempt remembers. */
export type NextMove =
  | 'send-sms'
  | 'check-sent-item'
  | 'poll-sent-item'
  | 'await-code'
  | 'verify-number'
  | 'await-approval'
  | 'show-passkey'
  | 'read-code'
  | 'confirm'
  | 'done'
  | 'refused';

/** How possession is shown first, by the way that was chosen. */
const firstMove: Readonly<Record<BindingWay, NextMove>> = {
  sms: 'send-sms',
  number: 'verify-number',
  'bound-device': 'await-approval',
  passkey: 'show-passkey',
};

/** The next move of an attempt. */
export const nextMove = (attempt: BindingAttempt, { polls }: StepContext['policy']): NextMove => {
  switch (attempt.state) {
    case 'idle':
    case 'issued':
      return firstMove[attempt.way ?? 'sms'];
    case 'seen':
      if (attempt.otp !== undefined) return 'read-code';
      if (attempt.sentItem === 'unasked') return 'check-sent-item';
      return attempt.sentItem === 'sent' && attempt.polls < polls ? 'poll-sent-item' : 'await-code';
    case 'proven':
      return 'confirm';
    case 'bound':
      return 'done';
    case 'declined':
    case 'expired':
    case 'blocked':
      return 'refused';
  }
};
