/** The words of identity: what a request shows of its device, and what the record keeps of an identity, an alias and a change of either. */

/**
 * How alike devices of a kind are to whoever only sees their attributes. `uniform` (every iPhone of a model, Safari, browsers that resist
 * fingerprints) is never linked by attributes, whatever the score.
 */
export const collisionClasses = ['distinct', 'similar', 'uniform'] as const;
/** One of them. */
export type CollisionClass = (typeof collisionClasses)[number];

/** The class of a device by what it says of itself. Unknown is `uniform`: a doubt never merges. */
export const collisionClassOf = (platform: string, browser: string): CollisionClass => {
  if (platform === 'ios') return 'uniform';
  if (platform === 'android' || platform === 'harmony') return browser === '' ? 'distinct' : 'similar';
  return ['chrome', 'edge', 'opera', 'samsung'].includes(browser) ? 'similar' : 'uniform';
};

/** An id that somebody else gave: by source (`fingerprint-vendor`, `legacy-app`, …) and as a keyed hash, never as it is. */
export interface AliasName {
  readonly source: string;
  readonly digest: string;
}

/** What a request shows of its device. */
export interface Observation {
  readonly atMs: number;
  /** Id of the enrolled device whose key signed. */
  readonly device?: string;
  /** Identity in the storage token that we issued, verified by the caller. */
  readonly token?: string;
  readonly aliases: readonly AliasName[];
  /** Name → digest or bucket, as the link model names them. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly collision: CollisionClass;
}

/** On what an alias is held by an identity, or an identity was found. */
export type FoundBy = 'key' | 'token' | 'alias' | 'link' | 'new' | 'operator';

/** An interval in which an alias meant an identity. */
export interface AliasHold {
  readonly identity: string;
  readonly fromMs: number;
  /** The last time that it was seen there. */
  readonly lastMs: number;
  /** Since when it means another one; null while it holds. */
  readonly untilMs: number | null;
  readonly seen: number;
  readonly by: FoundBy;
}

/** An alias. */
export interface AliasRecord extends AliasName {
  /** In the order of time. */
  readonly holds: readonly AliasHold[];
  /** It went to and fro between identities: it stands for none of them. */
  readonly isShared: boolean;
}

/** Somebody who may be the same, but not surely enough. */
export interface TwinEdge {
  readonly identity: string;
  /** Bits of evidence for being the same, beyond those needed to be as likely as not. */
  readonly bits: number;
  readonly atMs: number;
}

/** An identity: what the server takes for one device. Its id is the server's, never made from what the device shows. */
export interface IdentityRecord {
  readonly id: string;
  readonly createdAtMs: number;
  readonly lastSeenMs: number;
  readonly collision: CollisionClass;
  readonly attributes: Readonly<Record<string, string>>;
  /** The identity that it is taken for now. */
  readonly mergedInto: string | null;
  /** Rows of its aliases, see `aliasRowId`. */
  readonly aliases: readonly string[];
  readonly twins: readonly TwinEdge[];
  /** Changes of what it is, newest last, see `IdentityEvent`. */
  readonly events: readonly string[];
}

/** A merge, a split, or the undoing of one. */
export interface IdentityEvent {
  readonly id: string;
  readonly kind: 'merge' | 'split' | 'undo';
  /** The identity that stays, or that aliases were taken from. */
  readonly kept: string;
  /** The identity that was merged away, or that a split made. */
  readonly other: string;
  /** Rows of aliases that moved. */
  readonly aliases: readonly string[];
  readonly actor: string;
  readonly reason: string;
  readonly atMs: number;
  /** The event that this one undoes. */
  readonly undoes: string | null;
  /** The event that undid this one. */
  readonly undoneBy: string | null;
}

/** How often a source's ids agreed with a device key or token, and how often not. */
export interface SourceRecord {
  readonly agreed: number;
  readonly disagreed: number;
}

/** Kind of row → what it holds. */
export interface IdentityRows {
  readonly identity: IdentityRecord;
  readonly alias: AliasRecord;
  readonly event: IdentityEvent;
  readonly source: SourceRecord;
}

/** Most aliases, twins and events that one identity keeps, and holds that an alias keeps. */
export const identityBounds = { aliases: 64, twins: 16, events: 64, holds: 16 } as const;

/** Row of an alias. */
export const aliasRowId = ({ source, digest }: AliasName): string => `${source}:${digest}`;

/** Whether a source is named right: 1 to 32 characters. */
export const isAliasSource = (source: string): boolean => /^[a-z][a-z0-9.-]{0,31}$/.test(source);

/** A new identity. */
export const newIdentity = (id: string, { atMs, collision, attributes }: Observation): IdentityRecord => ({
  id,
  createdAtMs: atMs,
  lastSeenMs: atMs,
  collision,
  attributes,
  mergedInto: null,
  aliases: [],
  twins: [],
  events: [],
});
