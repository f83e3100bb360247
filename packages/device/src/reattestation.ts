/** When a device must be vouched for anew. Evidence tells of the moment when it was made: the app, the system and our opinion go on. */
import { type DurationMs, type EpochMs, elapsed } from '@hauberk/primitives';
import type { AttestedFacts } from './attested-facts.ts';
import type { DeviceState } from './device-state.ts';

/** Why. `demanded`: an operator or a rule asked for it. */
export type ReattestationReason = 'demanded' | 'risk' | 'reinstated' | 'age' | 'app-update';

/** A demand that stands until it is met. */
export interface ReattestationDemand {
  readonly reason: ReattestationReason;
  readonly atMs: EpochMs;
}

/** What is known of the last appraisal. */
export interface LastAppraisal {
  readonly state: DeviceState;
  readonly appraised: { readonly facts: AttestedFacts };
  readonly attestedAtMs: EpochMs;
  readonly demand: ReattestationDemand | undefined;
}

/** The operator's rules. */
export interface ReattestationPolicy {
  /** Evidence of hardware counts for so long; for ever when undefined. */
  readonly maxAge: DurationMs | undefined;
  /** Whether a build may still be used. A build that evidence does not name is not asked for. */
  readonly isApproved: (facts: AttestedFacts) => boolean;
}

/**
 * Why the device must be vouched for anew now; undefined when it need not. Software evidence does not age: it says no more after a month than
 * on its first day.
 */
export const reattestationDue = (
  last: LastAppraisal,
  policy: ReattestationPolicy,
  now: EpochMs,
): ReattestationReason | undefined => {
  if (last.demand !== undefined) return last.demand.reason;
  if (last.state !== 'trusted') return undefined;
  if (!policy.isApproved(last.appraised.facts)) return 'app-update';
  return policy.maxAge !== undefined && elapsed(last.attestedAtMs, now) > policy.maxAge ? 'age' : undefined;
};

/** How new evidence relates to what is bound already. */
export interface EvidenceChain {
  /** Thumbprint of the key that the device was first bound by or, after rotations, of the key that it handed over to. */
  readonly boundKey: string;
  /** Thumbprint of the key whose signature stands under the new evidence; undefined when none verified. */
  readonly signedBy: string | undefined;
  /** What the last accepted evidence came from. */
  readonly platform: AttestedFacts['platform'];
}

/** Why evidence does not continue the device's own chain. */
export type ChainCode = 'reattest.not-chained' | 'reattest.platform';

/** New evidence counts only under the first bound key's signature, and a phone does not become another kind of phone. */
export const judgeChain = (chain: EvidenceChain, facts: AttestedFacts): ChainCode | undefined => {
  if (chain.signedBy !== chain.boundKey) return 'reattest.not-chained';
  const isOther = chain.platform !== 'other' && facts.platform !== 'other' && facts.platform !== chain.platform;
  return isOther ? 'reattest.platform' : undefined;
};
