/**
 * Merges and splits as events that can be undone. A merge hands the aliases of one identity to another and leaves the former as a pointer; a split takes aliases out into an
 * identity of their own; undoing hands back what the event handed over and is an event, too. Nothing is ever deleted.
 */
import { accept, type Result, refuse } from '@hauberk/primitives';
import { handAlias, holdAt } from './alias-map.ts';
import {
  type AliasRecord,
  aliasRowId,
  type IdentityEvent,
  type IdentityRecord,
  identityBounds,
} from './identity-words.ts';

/** Why nothing is changed. */
export type MergeCode =
  | 'identity-same'
  | 'identity-merged'
  | 'identity-full'
  | 'identity-uniform'
  | 'identity-alias'
  | 'identity-event'
  | 'identity-undone';

/** Who asks, why, when, and the id of the event. `isAutomatic`: nobody has looked at it. */
export interface ChangeBy {
  readonly event: string;
  readonly actor: string;
  readonly reason: string;
  readonly atMs: number;
  readonly isAutomatic?: boolean;
}

/** What a change writes. */
export interface IdentityChange {
  readonly identities: readonly IdentityRecord[];
  readonly aliases: readonly AliasRecord[];
  /** The event of this change, and the one that it undid. */
  readonly events: readonly IdentityEvent[];
}

const isHeldBy =
  (identity: string, atMs: number) =>
  (alias: AliasRecord): boolean =>
    holdAt(alias, atMs)?.identity === identity;

const noted = (identity: IdentityRecord, event: string): IdentityRecord => ({
  ...identity,
  events: [...identity.events, event].slice(-identityBounds.events),
});

const withAliases = (identity: IdentityRecord, rows: readonly string[]): IdentityRecord => ({
  ...identity,
  aliases: [...new Set([...identity.aliases, ...rows])],
});

const withoutAliases = (identity: IdentityRecord, rows: readonly string[]): IdentityRecord => ({
  ...identity,
  aliases: identity.aliases.filter((row) => !rows.includes(row)),
});

const eventOf = (
  kind: IdentityEvent['kind'],
  { event, actor, reason, atMs }: ChangeBy,
  rest: Pick<IdentityEvent, 'kept' | 'other' | 'aliases' | 'undoes'>,
): IdentityEvent => ({ id: event, kind, actor, reason, atMs, undoneBy: null, ...rest });

const withoutTwin = (identity: IdentityRecord, other: string): IdentityRecord => ({
  ...identity,
  twins: identity.twins.filter((twin) => twin.identity !== other),
});

/** Merges `gone` into `kept`. `aliases` are those of `gone`. What nobody has looked at never merges identities of a uniform class. */
export const mergeIdentities = (
  kept: IdentityRecord,
  gone: IdentityRecord,
  aliases: readonly AliasRecord[],
  by: ChangeBy,
): Result<IdentityChange, MergeCode> => {
  if (kept.id === gone.id) return refuse('identity-same');
  if (kept.mergedInto !== null || gone.mergedInto !== null) return refuse('identity-merged');
  if (by.isAutomatic === true && (kept.collision === 'uniform' || gone.collision === 'uniform'))
    return refuse('identity-uniform');
  const moving = aliases.filter(isHeldBy(gone.id, by.atMs));
  const rows = moving.map(aliasRowId);
  const next = withAliases(kept, rows);
  if (next.aliases.length > identityBounds.aliases) return refuse('identity-full');
  return accept({
    identities: [
      noted({ ...withoutTwin(next, gone.id), lastSeenMs: Math.max(kept.lastSeenMs, gone.lastSeenMs) }, by.event),
      noted({ ...withoutAliases(gone, rows), mergedInto: kept.id }, by.event),
    ],
    aliases: moving.map((alias) => handAlias(alias, kept.id, by.atMs)),
    events: [eventOf('merge', by, { kept: kept.id, other: gone.id, aliases: rows, undoes: null })],
  });
};

/** Takes aliases of an identity out into a new one, `other`. */
export const splitIdentity = (
  from: IdentityRecord,
  other: string,
  aliases: readonly AliasRecord[],
  by: ChangeBy,
): Result<IdentityChange, MergeCode> => {
  if (from.mergedInto !== null) return refuse('identity-merged');
  if (aliases.length === 0 || !aliases.every(isHeldBy(from.id, by.atMs))) return refuse('identity-alias');
  const rows = aliases.map(aliasRowId);
  // What the device shows was gathered under both: the new one begins without.
  const made: IdentityRecord = {
    id: other,
    createdAtMs: by.atMs,
    lastSeenMs: from.lastSeenMs,
    collision: from.collision,
    attributes: {},
    mergedInto: null,
    aliases: rows,
    twins: [],
    events: [],
  };
  return accept({
    identities: [noted(withoutAliases(from, rows), by.event), noted(made, by.event)],
    aliases: aliases.map((alias) => handAlias(alias, other, by.atMs)),
    events: [eventOf('split', by, { kept: from.id, other, aliases: rows, undoes: null })],
  });
};

/**
 * Undoes a merge or a split: aliases that it handed over, and that are still where it put them, go back. What was learnt since stays where it was learnt.
 */
export const undoChange = (
  event: IdentityEvent,
  kept: IdentityRecord,
  other: IdentityRecord,
  aliases: readonly AliasRecord[],
  by: ChangeBy,
): Result<IdentityChange, MergeCode> => {
  if (event.kind === 'undo') return refuse('identity-event', 'what was undone is done again by doing it');
  if (event.undoneBy !== null) return refuse('identity-undone');
  const isMerge = event.kind === 'merge';
  if (
    isMerge
      ? other.mergedInto !== kept.id || kept.mergedInto !== null
      : other.mergedInto !== null || kept.mergedInto !== null
  )
    return refuse('identity-merged');
  const [holder, back] = isMerge ? [kept, other] : [other, kept];
  const named = aliases.filter((alias) => event.aliases.includes(aliasRowId(alias)));
  const moving = named.filter(isHeldBy(holder.id, by.atMs));
  const rows = moving.map(aliasRowId);
  const returned = withAliases(back, rows);
  if (returned.aliases.length > identityBounds.aliases) return refuse('identity-full');
  const bereft = withoutAliases(holder, rows);
  const pair = isMerge ? [bereft, { ...returned, mergedInto: null }] : [returned, { ...bereft, mergedInto: kept.id }];
  return accept({
    identities: pair.map((identity) => noted(identity, by.event)),
    aliases: moving.map((alias) => handAlias(alias, back.id, by.atMs)),
    events: [
      eventOf('undo', by, { kept: event.kept, other: event.other, aliases: rows, undoes: event.id }),
      { ...event, undoneBy: by.event },
    ],
  });
};

/** Where a chain of merges ends, within a bound: a longer one is taken as it stands. */
export const canonicalIdentity = (
  id: string,
  find: (id: string) => IdentityRecord | undefined,
): IdentityRecord | undefined => {
  let identity = find(id);
  for (let hop = 0; hop < 16 && identity !== undefined && identity.mergedInto !== null; hop += 1)
    identity = find(identity.mergedInto) ?? identity;
  return identity;
};
