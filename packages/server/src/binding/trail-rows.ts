/** The rows that tell operators what happened to an attempt. They are written with what they tell of, and nothing is decided by them. */
import {
  type AttemptEvent,
  type BindingAttempt,
  type BindingRequest,
  followed,
  type Step,
  type Trail,
  trailStep,
} from '@hauberk/binding';
import { type DurationMs, days, type EpochMs, epochMs } from '@hauberk/primitives';
import { newestFirst, type RowKey, type RowPut } from './binding-store.ts';

/** How long a trail is kept unless the configuration says otherwise. */
export const defaultTrailLife: DurationMs = days(7);

/** The row of an attempt's trail. */
export const trailKey = (attempt: string): RowKey<'trail'> => ({ kind: 'trail', id: attempt });

/** What came, without a number, a token or a code. */
export const noteOf = (event: AttemptEvent): string => {
  if (event.kind === 'sms') return `link ${event.sms.link}`;
  if (event.kind === 'left') return event.how;
  if (event.kind === 'request') return event.request.replaces ? 'replaces' : '';
  if (event.kind !== 'proof') return '';
  const { proof } = event;
  if (proof.kind === 'sent-item') return `sent item ${proof.state}`;
  if (proof.kind === 'otp') return `code ${proof.state}${proof.isRead ? ', read by the app' : ''}`;
  return proof.kind;
};

const put = (trail: Trail, life: DurationMs): RowPut => ({
  ...trailKey(trail.id),
  value: trail,
  expiresAtMs: epochMs(trail.startedAtMs + life),
});

/** The trail of an attempt begins, with or without a token. */
export const trailBegins = (
  begun: { readonly id: string; readonly vmn?: string | undefined; readonly note: string },
  { profile, number, device, way }: Pick<BindingRequest, 'profile' | 'number' | 'device' | 'way'>,
  step: Step,
  life: DurationMs,
  now: EpochMs,
): readonly RowPut[] => {
  const { id, vmn, note } = begun;
  const { platform, key, fingerprint } = device;
  const start: Trail = {
    id,
    platform,
    profile,
    number,
    device: { id: device.id, key, fingerprint },
    ...(vmn === undefined || vmn === '' ? {} : { vmn }),
    ...(way === undefined ? {} : { way }),
    startedAtMs: now,
    state: 'idle',
    steps: [],
  };
  const recent = `${newestFirst(now)} ${id}`;
  return [
    put(followed(start, trailStep(step, now, note)), life),
    { kind: 'recent', id: recent, value: { id: recent, attempt: id }, expiresAtMs: epochMs(now + life) },
  ];
};

/** One more step; nothing when it says what the last one said. A trail that an older program did not write begins here. */
export const trailGoesOn = (
  held: Trail | undefined,
  attempt: BindingAttempt,
  event: AttemptEvent,
  step: Step,
  life: DurationMs,
  now: EpochMs,
): readonly RowPut[] => {
  const { id, platform, profile, number, device, vmn, issuedAt, state } = attempt;
  const before = held ?? { id, platform, profile, number, device, vmn, startedAtMs: issuedAt.wallMs, state, steps: [] };
  const after = followed(before, trailStep(step, now, noteOf(event)));
  return after === before ? [] : [put(after, life)];
};
