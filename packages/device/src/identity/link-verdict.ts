/** What a score means: the same device, perhaps the same, or somebody new. The prior is that each of the identities known is as likely as any other. */
import type { CollisionClass } from './identity-words.ts';
import type { LinkFound } from './link-index.ts';
import type { LinkModel } from './link-model.ts';

/** What a look-up came to. */
export type FoundVerdict =
  | { readonly kind: 'same'; readonly identity: number; readonly bits: number; readonly margin: number }
  | { readonly kind: 'twin'; readonly identity: number; readonly bits: number; readonly margin: number }
  | { readonly kind: 'none' };

/** Bits from which somebody is worth a twin edge: as likely the same as not. */
const twinFrom = 0;

/** Judges the best candidate among so many identities. Both demands of the class must be met, the score and the margin; otherwise it is a twin at most. */
export const judgeFound = (
  model: LinkModel,
  found: LinkFound,
  known: number,
  collision: CollisionClass,
): FoundVerdict => {
  if (found.best < 0) return { kind: 'none' };
  const bits = found.bits - Math.log2(Math.max(1, known));
  const margin = found.bits - found.second;
  if (bits < twinFrom) return { kind: 'none' };
  const demand = model.demands[collision];
  const isSame = demand !== undefined && bits >= demand.bits && margin >= demand.margin;
  return { kind: isSame ? 'same' : 'twin', identity: found.best, bits, margin };
};
