/** What decisions are told of an identity. */
import { aliasVotes } from './alias-map.ts';
import type { AliasRecord, IdentityRecord, SourceRecord } from './identity-words.ts';

/** See the top of the file. */
export interface IdentityFacts {
  /** Whether it may be another one that we know. */
  readonly isPossibleTwin: boolean;
  /** How surely its aliases, together, lead to it: 0 to 1. Undefined when none does. */
  readonly aliasConfidence?: number;
}

/** What is known of an identity besides its own row. */
export interface IdentityAround {
  /** Its aliases. */
  readonly aliases: readonly AliasRecord[];
  /** Sources of those by name; one that is not there has no past. */
  readonly sources: ReadonlyMap<string, SourceRecord>;
  /** Identities of its twin edges that were merged into it since: edges to them say nothing. */
  readonly absorbed: ReadonlySet<string>;
}

/** What decisions are told of an identity at an instant. Pure. */
export const identityFacts = (
  { id, twins }: IdentityRecord,
  { aliases, sources, absorbed }: IdentityAround,
  atMs: number,
): IdentityFacts => {
  const votes = aliasVotes(
    aliases,
    (name) => sources.get(name) ?? { agreed: 0, disagreed: 0 },
    atMs,
    (meant) => (meant === id ? id : undefined),
  );
  const [own] = votes;
  return {
    isPossibleTwin: twins.some(({ identity }) => identity !== id && !absorbed.has(identity)),
    ...(own === undefined ? {} : { aliasConfidence: own[1] }),
  };
};
