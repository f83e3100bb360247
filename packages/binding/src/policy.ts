/** The numbers that an operator may tighten, with defaults that are the rules' own. */
import { type AmountMinor, type DurationMs, days, hours, parseAmountMinor, seconds } from '@hauberk/primitives';
import { defaultSufficientProofs, type SufficientProofs } from './possession.ts';

/** Platforms that rules tell apart. */
export type Platform = 'android' | 'ios';

/** The least operating system of a family. */
export interface SystemFloor {
  readonly family: string;
  readonly platform: Platform;
  /** Major version. */
  readonly leastVersion: number;
  /** YYYYMM of the security patches; 0 for none asked. */
  readonly leastPatchLevel: number;
}

/** What to do when a provider of number facts is silent or its list too old. */
export type OnSilence = 'decline' | 'step-up' | 'accept';

/** The policy of an app. */
export interface BindingPolicy {
  /** B11; at most 45 s. */
  readonly timer: DurationMs;
  /** B05. */
  readonly composerLimit: DurationMs;
  /** B09. */
  readonly tokensPerDevice: number;
  readonly blockFor: DurationMs;
  /** B16. */
  readonly attemptsPerProfile: number;
  readonly attemptsSpan: DurationMs;
  /** B10: the build number that registers. */
  readonly latestApp: Readonly<Record<Platform, number>>;
  /** B24. */
  readonly systems: readonly SystemFloor[];
  /** B15: how often the sent item is asked for again before the one-time code, and how many wrong codes end it. */
  readonly polls: number;
  readonly otpTries: number;
  /** B17. */
  readonly listMaxAge: DurationMs;
  readonly onStaleList: OnSilence;
  /** B18. */
  readonly onRiskSilence: OnSilence;
  /** B23: a number whose SIM was swapped within this span does not bind. */
  readonly swapSpan: DurationMs;
  readonly onSwapSilence: OnSilence;
  readonly sufficient: SufficientProofs;
  /** B07: how far apart two copies of one physical SMS may be when the link names no message id. */
  readonly redeliverySpan: DurationMs;
  /** B19. */
  readonly coolingSpan: DurationMs;
  readonly coolingLimit: AmountMinor;
  /** B21. */
  readonly inactiveAfter: DurationMs;
  /** Trust relief: how long after its last use a bound device logs in without a new proof. */
  readonly reliefSpan: DurationMs;
}

const amount = (minor: number): AmountMinor => {
  const read = parseAmountMinor(minor);
  if (!read.ok) throw new RangeError('no amount');
  return read.value;
};

/** The rules' own numbers. */
export const defaultBindingPolicy: BindingPolicy = {
  timer: seconds(45),
  composerLimit: seconds(5),
  tokensPerDevice: 3,
  blockFor: hours(24),
  attemptsPerProfile: 3,
  attemptsSpan: hours(24),
  latestApp: { android: 1, ios: 1 },
  systems: [
    { family: 'android', platform: 'android', leastVersion: 10, leastPatchLevel: 0 },
    { family: 'ios', platform: 'ios', leastVersion: 16, leastPatchLevel: 0 },
  ],
  polls: 3,
  otpTries: 3,
  listMaxAge: days(7),
  onStaleList: 'decline',
  onRiskSilence: 'step-up',
  swapSpan: days(3),
  onSwapSilence: 'step-up',
  sufficient: defaultSufficientProofs,
  redeliverySpan: seconds(10),
  coolingSpan: hours(24),
  coolingLimit: amount(500_000),
  inactiveAfter: days(365),
  reliefSpan: days(90),
};

/** Longest timer that the rules allow. */
export const longestTimer: DurationMs = seconds(45);

/** What is wrong with a policy, in words; undefined when nothing is. A policy may be stricter than the rules, never laxer. */
export const policyFault = (policy: BindingPolicy): string | undefined => {
  if (policy.timer <= 0 || policy.timer > longestTimer) return 'timer must be above 0 and at most 45 s';
  if (policy.composerLimit > seconds(5)) return 'composerLimit is at most 5 s';
  if (policy.tokensPerDevice < 1 || policy.tokensPerDevice > 3) return 'tokensPerDevice is 1 to 3';
  if (policy.blockFor < hours(24)) return 'blockFor is at least 24 h';
  if (policy.attemptsPerProfile < 1 || policy.attemptsPerProfile > 3) return 'attemptsPerProfile is 1 to 3';
  if (policy.attemptsSpan < hours(24)) return 'attemptsSpan is at least 24 h';
  if (policy.listMaxAge > days(7)) return 'listMaxAge is at most 7 days';
  if (policy.inactiveAfter > days(365)) return 'inactiveAfter is at most 365 days';
  if (policy.sufficient.bind.some((set) => set.length === 0)) return 'an empty set of proofs would prove nothing';
  return undefined;
};
