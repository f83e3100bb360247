/** Counters: tokens of a device (B09) and attempts of a customer (B16). Kept by the store, judged here. */
import { type DurationMs, type EpochMs, epochMs } from '@hauberk/primitives';
import type { BindingPolicy } from './policy.ts';

/** What is counted under one name: a device id, an attested key, a fingerprint or a profile. */
export interface Tally {
  /** When each was counted, oldest first; at most as many as the limit. */
  readonly atMs: readonly EpochMs[];
  readonly blockedUntilMs: EpochMs;
}

/** Nothing counted. */
export const emptyTally: Tally = { atMs: [], blockedUntilMs: epochMs(0) };

const live = ({ atMs }: Tally, span: DurationMs, now: EpochMs): readonly EpochMs[] =>
  // An instant ahead of now was counted before the clock was set back: it still counts.
  atMs.filter((at) => now - at < span);

/** B09 over everything that names a device: blocked already, at its limit (the next token blocks), or free. */
export const judgeTokens = (
  tallies: readonly Tally[],
  policy: BindingPolicy,
  now: EpochMs,
): 'free' | 'at-limit' | 'blocked' => {
  if (tallies.some(({ blockedUntilMs }) => blockedUntilMs > now)) return 'blocked';
  const isAtLimit = tallies.some((tally) => live(tally, policy.blockFor, now).length >= policy.tokensPerDevice);
  return isAtLimit ? 'at-limit' : 'free';
};

/** B16. */
export const isOverAttempts = (tally: Tally, policy: BindingPolicy, now: EpochMs): boolean =>
  live(tally, policy.attemptsSpan, now).length >= policy.attemptsPerProfile;

/** One more. */
export const counted = (tally: Tally, span: DurationMs, now: EpochMs): Tally => ({
  ...tally,
  atMs: [...live(tally, span, now), now],
});

/** Blocked from now on. */
export const blocked = (tally: Tally, policy: BindingPolicy, now: EpochMs): Tally => ({
  ...tally,
  blockedUntilMs: epochMs(Math.max(tally.blockedUntilMs, now + policy.blockFor)),
});
