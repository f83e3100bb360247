/** Two independent factors, one of them dynamic (B22). */

/** What kind of thing a factor shows. */
export type FactorKind = 'knowledge' | 'inherence' | 'possession';

/** A factor of the customer that the bank verified for this attempt, beside the possession of the SIM. */
export interface CustomerFactor {
  readonly kind: FactorKind;
  /** What would have to be compromised to have it: two factors of one channel are one. */
  readonly channel: 'sim' | 'secret' | 'body' | 'device-key' | 'external';
  /** Names this one use of it; a second attempt with the same is a replay. */
  readonly use: string;
}

/** The SIM proof itself as a factor: possession, through the SIM, new each time by its token. */
const simFactor = { kind: 'possession', channel: 'sim' } as const;

/** Whether a factor is of another kind than the SIM proof and does not come through the SIM. */
export const isIndependentFactor = (factor: CustomerFactor): boolean =>
  factor.kind !== simFactor.kind && factor.channel !== simFactor.channel && factor.use !== '';
