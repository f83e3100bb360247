/**
 * Who a device is taken for, by the strongest evidence that it shows: the key that signed, the token that we issued, the aliases that others gave, the attributes;
 * otherwise it is somebody new. What is doubtful makes a new identity with a twin edge, never a merge.
 */
import { aliasSays, aliasVotes, judgeSource, newAlias, seeAlias } from './alias-map.ts';
import {
  type AliasName,
  type AliasRecord,
  aliasRowId,
  type FoundBy,
  type IdentityRecord,
  identityBounds,
  newIdentity,
  type Observation,
  type SourceRecord,
  type TwinEdge,
} from './identity-words.ts';

/** What a look-up by attributes came to, with ids in place of numbers; see `judgeFound`. */
export interface AttributeVerdict {
  readonly kind: 'same' | 'twin' | 'none';
  readonly identity?: string;
  readonly bits?: number;
}

/** What the record knows of an observation. */
export interface Known {
  /** Alias rows by id; those that are not there were never seen. */
  readonly aliases: ReadonlyMap<string, AliasRecord>;
  /** Sources by name. */
  readonly sources: ReadonlyMap<string, SourceRecord>;
  /** Identities that key, token, aliases and link name, by those ids, each as it is now: a merged one as the one that it was merged into. */
  readonly identities: ReadonlyMap<string, IdentityRecord>;
  readonly link: AttributeVerdict;
  /** Id of a new identity, should one be needed; the device's own where a key signed. */
  readonly fresh: string;
}

/** Who it is, and what changes in the record. */
export interface Resolution {
  readonly identity: IdentityRecord;
  readonly by: FoundBy;
  /** 0 to 1: 1 for a key. */
  readonly confidence: number;
  readonly isNew: boolean;
  readonly twin: TwinEdge | undefined;
  /** Aliases that meant somebody else until now, or mean nobody since they are shared. */
  readonly conflicts: readonly string[];
  readonly aliases: readonly AliasRecord[];
  readonly sources: ReadonlyMap<string, SourceRecord>;
}

/** Aliases must say together at least this much, and this much more than for anybody else. */
const aliasFrom = 0.7;
const aliasMargin = 0.3;
const tokenConfidence = 0.99;
const linkConfidence = 0.95;

interface Found {
  readonly identity: string;
  readonly by: FoundBy;
  readonly confidence: number;
}

const aliasOf = (name: AliasName, { aliases }: Known): AliasRecord => aliases.get(aliasRowId(name)) ?? newAlias(name);

const sourceOf = (name: string, { sources }: Known): SourceRecord => sources.get(name) ?? { agreed: 0, disagreed: 0 };

const votesOf = ({ aliases, atMs }: Observation, known: Known): readonly (readonly [string, number])[] =>
  aliasVotes(
    aliases.map((name) => aliasOf(name, known)),
    (name) => sourceOf(name, known),
    atMs,
    (identity) => known.identities.get(identity)?.id,
  );

/** Attributes that no update changes: where they differ, an alias has moved to another device. */
const fixedAttributes = ['model', 'screen', 'memory', 'cores'];

const contradicts = (identity: IdentityRecord | undefined, { attributes }: Observation): boolean =>
  fixedAttributes.filter((name) => {
    const [held, seen] = [identity?.attributes[name], attributes[name]];
    return held !== undefined && seen !== undefined && held !== seen;
  }).length >= 2;

const byAliases = (observation: Observation, known: Known): Found | undefined => {
  const [first, second] = votesOf(observation, known);
  if (first === undefined) return undefined;
  const [identity, confidence] = first;
  const isClear = confidence >= aliasFrom && confidence - (second?.[1] ?? 0) >= aliasMargin;
  return isClear && !contradicts(known.identities.get(identity), observation)
    ? { identity, by: 'alias', confidence }
    : undefined;
};

const find = (observation: Observation, known: Known): Found | undefined => {
  const { device, token } = observation;
  if (device !== undefined) return { identity: known.identities.get(device)?.id ?? device, by: 'key', confidence: 1 };
  const issued = token === undefined ? undefined : known.identities.get(token);
  if (issued !== undefined) return { identity: issued.id, by: 'token', confidence: tokenConfidence };
  const alias = byAliases(observation, known);
  if (alias !== undefined) return alias;
  const { kind, identity } = known.link;
  const linked = kind !== 'same' || identity === undefined ? undefined : known.identities.get(identity);
  // Nobody is linked to a device that an alias of his own contradicts.
  if (linked === undefined || votesOf(observation, known).some(([voted]) => voted !== linked.id)) return undefined;
  return { identity: linked.id, by: 'link', confidence: linkConfidence };
};

/** Somebody else whom the evidence points to as well. */
const twinOf = (observation: Observation, known: Known, identity: string): TwinEdge | undefined => {
  const { link } = known;
  const linked = link.identity === undefined ? undefined : known.identities.get(link.identity)?.id;
  if (linked !== undefined && linked !== identity && link.kind !== 'none')
    return { identity: linked, bits: Math.round((link.bits ?? 0) * 10) / 10, atMs: observation.atMs };
  const voted = votesOf(observation, known).find(([each]) => each !== identity);
  // Odds of the vote, in bits.
  return voted === undefined
    ? undefined
    : {
        identity: voted[0],
        bits: Math.round(Math.log2(voted[1] / Math.max(1e-6, 1 - voted[1])) * 10) / 10,
        atMs: observation.atMs,
      };
};

/** The identity's twins with one more, the newest edge to each, no more than are kept. */
const withTwin = (twins: readonly TwinEdge[], twin: TwinEdge | undefined): readonly TwinEdge[] =>
  twin === undefined
    ? twins
    : [...twins.filter(({ identity }) => identity !== twin.identity), twin].slice(-identityBounds.twins);

const seenNow = (
  identity: IdentityRecord,
  { atMs, attributes, aliases, collision }: Observation,
  twin: TwinEdge | undefined,
): IdentityRecord => ({
  ...identity,
  lastSeenMs: Math.max(identity.lastSeenMs, atMs),
  collision,
  attributes: atMs >= identity.lastSeenMs ? { ...identity.attributes, ...attributes } : identity.attributes,
  aliases: [...new Set([...identity.aliases, ...aliases.map(aliasRowId)])].slice(-identityBounds.aliases),
  twins: withTwin(identity.twins, twin),
});

interface Seen {
  readonly aliases: readonly AliasRecord[];
  readonly conflicts: readonly string[];
  readonly sources: ReadonlyMap<string, SourceRecord>;
}

/** Aliases as they are after this sight. Only key and token judge a source: what it says itself is no witness for it. */
const seeAliases = (observation: Observation, known: Known, identity: string, by: FoundBy): Seen => {
  const aliases: AliasRecord[] = [];
  const conflicts: string[] = [];
  const sources = new Map<string, SourceRecord>();
  for (const name of observation.aliases) {
    const before = aliasOf(name, known);
    const source = sources.get(name.source) ?? sourceOf(name.source, known);
    const says = aliasSays(before, source, observation.atMs);
    const meant = says === undefined ? undefined : (known.identities.get(says.identity)?.id ?? says.identity);
    if (before.isShared || (meant !== undefined && meant !== identity)) conflicts.push(aliasRowId(name));
    if (meant !== undefined && (by === 'key' || by === 'token'))
      sources.set(name.source, judgeSource(source, meant === identity));
    aliases.push(seeAlias(before, identity, observation.atMs, by));
  }
  return { aliases, conflicts, sources };
};

/** Finds who it is. Pure: the caller loads what is known and writes what changed. */
export const resolveIdentity = (observation: Observation, known: Known): Resolution => {
  const found = find(observation, known);
  const id = found?.identity ?? known.fresh;
  const held = known.identities.get(id);
  const by = found?.by ?? 'new';
  const twin = twinOf(observation, known, id);
  return {
    identity: seenNow(held ?? newIdentity(id, observation), observation, twin),
    by,
    confidence: found?.confidence ?? (observation.device === undefined ? 0 : 1),
    isNew: held === undefined,
    twin,
    ...seeAliases(observation, known, id, by),
  };
};
