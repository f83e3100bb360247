/**
 * Aliases: ids of others, each with the intervals in which it meant an identity. Many aliases may mean one identity; one alias means at most one at an instant. An
 * alias that goes to and fro means none. How far a source is believed follows from how often its ids agreed with device keys and tokens.
 */
import {
  type AliasHold,
  type AliasName,
  type AliasRecord,
  type FoundBy,
  identityBounds,
  type SourceRecord,
} from './identity-words.ts';

/** Moves to another identity after which an alias stands for none. */
const sharedAfter = 4;
/** Agreements and disagreements that a source without a past is thought to have. */
const prior = { agreed: 9, disagreed: 1 };

/** How far a source is believed, 0 to 1. */
export const sourceConfidence = ({ agreed, disagreed }: SourceRecord): number =>
  (agreed + prior.agreed) / (agreed + disagreed + prior.agreed + prior.disagreed);

/** The source after one of its ids agreed, or not, with a key or token. */
export const judgeSource = (source: SourceRecord, agrees: boolean): SourceRecord => ({
  agreed: source.agreed + (agrees ? 1 : 0),
  disagreed: source.disagreed + (agrees ? 0 : 1),
});

/** An alias that was never seen. */
export const newAlias = ({ source, digest }: AliasName): AliasRecord => ({
  source,
  digest,
  holds: [],
  isShared: false,
});

/** The hold of an alias at an instant. */
export const holdAt = ({ holds }: AliasRecord, atMs: number): AliasHold | undefined =>
  holds.findLast(({ fromMs, untilMs }) => fromMs <= atMs && (untilMs === null || atMs < untilMs));

const moved = (alias: AliasRecord, hold: AliasHold): AliasRecord => {
  const closed = alias.holds.map((each) => (each.untilMs === null ? { ...each, untilMs: hold.fromMs } : each));
  // Two holds of an operator's doing do not make an alias suspicious.
  const moves = [...closed, hold].filter(({ by }) => by !== 'operator').length - 1;
  return {
    ...alias,
    holds: [...closed, hold].slice(-identityBounds.holds),
    isShared: alias.isShared || moves >= sharedAfter,
  };
};

/** The alias after it was seen with an identity. One that is seen with another from now on means that one; what is older than the newest hold changes no hold but the one it falls into. */
export const seeAlias = (alias: AliasRecord, identity: string, atMs: number, by: FoundBy): AliasRecord => {
  const newest = alias.holds.at(-1);
  if (newest !== undefined && atMs < newest.fromMs) {
    const past = holdAt(alias, atMs);
    if (past === undefined || past.identity !== identity) return alias;
    const seen = { ...past, seen: past.seen + 1, lastMs: Math.max(past.lastMs, atMs) };
    return { ...alias, holds: alias.holds.map((each) => (each === past ? seen : each)) };
  }
  if (newest !== undefined && newest.untilMs === null && newest.identity === identity) {
    const seen = { ...newest, seen: newest.seen + 1, lastMs: Math.max(newest.lastMs, atMs) };
    return { ...alias, holds: [...alias.holds.slice(0, -1), seen] };
  }
  return moved(alias, { identity, fromMs: atMs, lastMs: atMs, untilMs: null, seen: 1, by });
};

/** The alias handed to an identity by an operator's merge or split. It may have been shared: a person has looked at it. */
export const handAlias = (alias: AliasRecord, identity: string, atMs: number): AliasRecord =>
  moved(
    { ...alias, isShared: false },
    { identity, fromMs: atMs, lastMs: atMs, untilMs: null, seen: 0, by: 'operator' },
  );

/** What an alias says at an instant: the identity that it means and how far that is believed. */
export const aliasSays = (
  alias: AliasRecord,
  source: SourceRecord,
  atMs: number,
): { readonly identity: string; readonly confidence: number } | undefined => {
  const hold = alias.isShared ? undefined : holdAt(alias, atMs);
  return hold === undefined ? undefined : { identity: hold.identity, confidence: sourceConfidence(source) };
};

/**
 * What aliases say together at an instant: for each identity that they mean, one less the chance that every one of its sources is wrong, the surest first. Each source counts once. `meant` says whom
 * a hold's identity is taken for now; undefined leaves it out.
 */
export const aliasVotes = (
  aliases: readonly AliasRecord[],
  sourceOf: (name: string) => SourceRecord,
  atMs: number,
  meant: (identity: string) => string | undefined,
): readonly (readonly [string, number])[] => {
  const doubts = new Map<string, Map<string, number>>();
  for (const alias of aliases) {
    const says = aliasSays(alias, sourceOf(alias.source), atMs);
    const identity = says === undefined ? undefined : meant(says.identity);
    if (says === undefined || identity === undefined) continue;
    const ofIdentity = doubts.get(identity) ?? new Map<string, number>();
    ofIdentity.set(alias.source, Math.min(ofIdentity.get(alias.source) ?? 1, 1 - says.confidence));
    doubts.set(identity, ofIdentity);
  }
  return [...doubts]
    .map(
      ([identity, bySource]) => [identity, 1 - [...bySource.values()].reduce((left, each) => left * each, 1)] as const,
    )
    .sort(([left, one], [right, other]) => other - one || (left < right ? -1 : 1));
};
