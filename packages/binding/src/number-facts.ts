/** What is known of a number before it binds: revocation lists, fraud risk, the day of its last SIM swap (B17, B18, B23). */
import type { EpochMs } from '@hauberk/primitives';
import type { BindingPolicy, OnSilence } from './policy.ts';

/** Bands of the fraud risk indicator. */
export type RiskBand = 'low' | 'medium' | 'high' | 'very-high';

/** The facts, as providers answered; `silent` when one did not. */
export interface NumberFacts {
  readonly revocation: { readonly isListed: boolean; readonly asOfMs: EpochMs } | 'silent';
  readonly risk: RiskBand | 'silent';
  /** When the SIM of the number last changed. */
  readonly swappedAtMs: EpochMs | 'never' | 'silent';
}

/** What a fact means for an attempt: `step-up` asks for one more factor of the customer. */
export type NumberVerdict = 'clear' | 'step-up' | 'decline';

const meaning: Readonly<Record<OnSilence, NumberVerdict>> = {
  accept: 'clear',
  'step-up': 'step-up',
  decline: 'decline',
};

/** Whether the list is too old to be believed; the shell raises an alarm for it. */
export const isStaleList = ({ revocation }: NumberFacts, policy: BindingPolicy, now: EpochMs): boolean =>
  revocation === 'silent' || now - revocation.asOfMs > policy.listMaxAge;

/** B17: a listed number is declined even by an old list; an old list without it is as silent as none. */
export const judgeRevocation = (facts: NumberFacts, policy: BindingPolicy, now: EpochMs): NumberVerdict => {
  if (facts.revocation !== 'silent' && facts.revocation.isListed) return 'decline';
  return isStaleList(facts, policy, now) ? meaning[policy.onStaleList] : 'clear';
};

/** B18. */
export const judgeRisk = ({ risk }: NumberFacts, policy: BindingPolicy): NumberVerdict => {
  if (risk === 'silent') return meaning[policy.onRiskSilence];
  if (risk === 'very-high') return 'decline';
  return risk === 'low' ? 'clear' : 'step-up';
};

/** B23: a number that was moved to another SIM lately. A swap in the future is a broken provider, so it counts as one. */
export const judgeSwap = ({ swappedAtMs }: NumberFacts, policy: BindingPolicy, now: EpochMs): NumberVerdict => {
  if (swappedAtMs === 'silent') return meaning[policy.onSwapSilence];
  return swappedAtMs !== 'never' && now - swappedAtMs < policy.swapSpan ? 'decline' : 'clear';
};
