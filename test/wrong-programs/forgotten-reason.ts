/** A table over all reasons misses none. */
import type { ProofReason } from '@hauberk/channel';

// expect TS2739
export const outer: Readonly<Record<ProofReason, number>> = {
  'enrol.malformed': 400,
  'enrol.challenge': 403,
  'enrol.signature': 403,
  'enrol.scope': 403,
  'enrol.evidence': 403,
  'step-up.malformed': 400,
};
