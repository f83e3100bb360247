/** From a step of the table to the rows that it changes. */
import {
  type AttemptEvent,
  applyStep,
  type Binding,
  type BindingAttempt,
  type BindingCode,
  type BindingEnd,
  bindingOf,
  ended,
  findTransition,
  inheritedPasskeys,
  isLive,
  type ServerInstant,
  type Step,
  type StepContext,
} from '@hauberk/binding';
import { type DurationMs, type EpochMs, epochMs, hours, type Result } from '@hauberk/primitives';
import type { AuditRecord } from '../audit/audit-log.ts';
import type { RowKey, RowPut } from './binding-store.ts';
import type { LoadedRows } from './binding-transaction.ts';
import { defaultTrailLife, trailGoesOn, trailKey } from './trail-rows.ts';

/** How long attempts, tokens and SMS are remembered: for as long as a second SMS may still undo a binding. */
export const remembered = (now: EpochMs): EpochMs => epochMs(now + hours(24));

/** The locks of an attempt. */
export const lockKeys = ({
  profile,
  number,
}: Pick<BindingAttempt, 'profile' | 'number'>): readonly RowKey<'lock'>[] => [
  { kind: 'lock', id: `profile ${profile}` },
  { kind: 'lock', id: `number ${number}` },
];

/** The rows that any event of an attempt may look at. */
export const attemptKeys = (attempt: BindingAttempt): readonly RowKey[] => [
  ...lockKeys(attempt),
  { kind: 'binding', id: attempt.profile },
  trailKey(attempt.id),
  { kind: 'passkey', id: attempt.profile },
];

/** What happened to an attempt, for the audit log. */
export const auditOf = (
  attempt: string,
  event: AttemptEvent['kind'],
  { row, to, code, rule }: Pick<Step, 'row' | 'to' | 'code' | 'rule'>,
): AuditRecord => ({
  actor: 'binding',
  action: `binding.${to}`,
  subject: attempt,
  facts: { from: row.from, to, event, code: code ?? '', rule: rule ?? '' },
});

const isEnd = (state: BindingAttempt['state']): boolean => !['idle', 'issued', 'seen', 'proven'].includes(state);

const releasedLocks = (attempt: BindingAttempt, rows: LoadedRows): readonly RowPut[] =>
  lockKeys(attempt)
    .filter(({ id }) => rows.find('lock', id)?.attempt === attempt.id)
    .map(({ id }) => ({ kind: 'lock', id, value: undefined }));

/** What a binding that ends leaves behind. */
export const endPuts = (binding: Binding, why: BindingEnd, now: EpochMs): readonly RowPut[] => [
  { kind: 'binding', id: binding.profile, value: ended(binding, why, now) },
];

/** What ends with a step, to be told once it is durable. */
export interface EndedBinding {
  readonly binding: Binding;
  readonly why: BindingEnd;
}

/** Keeps an end until it is told. */
export const untold = ({ binding, why }: EndedBinding): RowPut => ({
  kind: 'ended',
  id: binding.id,
  value: { id: binding.id, profile: binding.profile, key: binding.key, why },
});

/** A step with everything that it changes. */
export interface PlannedStep {
  readonly step: Step;
  readonly attempt: BindingAttempt;
  readonly puts: readonly RowPut[];
  readonly audit: readonly AuditRecord[];
  readonly ended: EndedBinding | undefined;
}

const boundPuts = (
  attempt: BindingAttempt,
  key: string,
  rows: LoadedRows,
  now: EpochMs,
): Pick<PlannedStep, 'puts' | 'ended'> => {
  const { profile } = attempt;
  const previous = rows.find('binding', profile);
  const held = rows.find('passkey', profile);
  const passkeys = inheritedPasskeys(previous, held, attempt);
  return {
    puts: [
      { kind: 'binding', id: profile, value: bindingOf(attempt, now, key) },
      ...(held === undefined ? [] : [{ kind: 'passkey', id: profile, value: passkeys } as const]),
    ],
    ended: isLive(previous) && previous.key !== key ? { binding: previous, why: 'replaced' } : undefined,
  };
};

const undonePuts = (
  attempt: BindingAttempt,
  binding: Binding | undefined,
  code: BindingCode | undefined,
  now: EpochMs,
): Pick<PlannedStep, 'puts' | 'ended'> => {
  if (!isLive(binding) || binding.id !== attempt.id) return { puts: [], ended: undefined };
  const why = code === 'binding.second-sms' ? 'second-sms' : 'two-numbers';
  return { puts: endPuts(binding, why, now), ended: { binding, why } };
};

const bindingChange = (
  before: BindingAttempt,
  after: BindingAttempt,
  event: AttemptEvent,
  rows: LoadedRows,
  now: EpochMs,
): Pick<PlannedStep, 'puts' | 'ended'> => {
  if (before.state === after.state) return { puts: [], ended: undefined };
  const present = rows.find('binding', before.profile);
  if (after.state === 'bound') return boundPuts(after, 'key' in event ? event.key : after.device.key, rows, now);
  return before.state === 'bound' ? undonePuts(after, present, after.code, now) : { puts: [], ended: undefined };
};

/** Takes an event to the table and tells what changes. Expects `attemptKeys` to be loaded. */
export const planStep = (
  attempt: BindingAttempt,
  event: AttemptEvent,
  context: Pick<StepContext, 'policy' | 'without'> & { readonly trailLife?: DurationMs | undefined },
  rows: LoadedRows,
  now: ServerInstant,
): Result<PlannedStep, 'binding.wrong-state'> => {
  const present = rows.find('binding', attempt.profile);
  const found = findTransition(attempt, event, {
    ...context,
    now,
    deviceTallies: [],
    profileTally: { atMs: [], blockedUntilMs: epochMs(0) },
    isBusy: false,
    isBoundElsewhere: isLive(present) && present.key !== attempt.device.key,
  });
  if (!found.ok) return found;
  const step = found.value;
  const next = applyStep(attempt, event, step);
  const change = bindingChange(attempt, next, event, rows, now.wallMs);
  const isNews = next !== attempt || step.code !== undefined;
  const { trailLife = defaultTrailLife } = context;
  const trail = isNews ? trailGoesOn(rows.find('trail', attempt.id), attempt, event, step, trailLife, now.wallMs) : [];
  const puts: readonly RowPut[] =
    next === attempt
      ? trail
      : [
          ...trail,
          { kind: 'attempt', id: next.id, value: next, expiresAtMs: remembered(attempt.issuedAt.wallMs) },
          ...(isEnd(next.state) ? releasedLocks(next, rows) : []),
          ...change.puts,
          ...(change.ended === undefined ? [] : [untold(change.ended)]),
        ];
  const audit = next.state === attempt.state ? [] : [auditOf(next.id, event.kind, step)];
  return { ok: true, value: { step, attempt: next, puts, audit, ended: change.ended } };
};
