/**
 * What is known of a request beside its event and the windows: what the channel verified, what was attested, what is in force. Every member may be
 * missing, and so are its facts then; nothing here is a default that flatters. The engine reads it and keeps nothing of it but facts in the record.
 */

/** What the channel made of the request: `none` when it came without any envelope, otherwise verified or why not. */
export const channelResults = ['verified', 'none', 'unsigned', 'stale', 'replayed', 'tampered', 'refused'] as const;
/** One of them. */
export type ChannelResult = (typeof channelResults)[number];

/** The channel's part. */
export interface ChannelContext {
  readonly result: ChannelResult;
  /** How the request was protected: `plain`, `signed`, `sealed`. */
  readonly mode?: 'plain' | 'signed' | 'sealed';
  /** The device's clock less ours, in milliseconds. */
  readonly clockSkewMs?: number;
}

/** The device's part. */
export interface DeviceContext {
  /** Number of the trust tier, 0 the lowest. */
  readonly tier?: number;
  /** Whether hardware attested the device's key. */
  readonly isAttested?: boolean;
  /** Whether the attested app (ids and signers) is one that is approved. */
  readonly isAppApproved?: boolean;
  /** `verified`, `self-signed`, `unverified`, `failed`, in small letters. */
  readonly bootState?: string;
  /** Whether the attested boot loader is locked. */
  readonly isLocked?: boolean;
  /** From the device's signals: 0 the worst, 100 the best. */
  readonly score?: number;
  /** The band of that score. */
  readonly band?: string;
}

/** Who the device is taken for. */
export interface IdentityContext {
  /** Confidence of the alias that led to the device, 0 to 1. */
  readonly aliasConfidence?: number;
  /** Whether the device may be another one that we know. */
  readonly isPossibleTwin?: boolean;
}

/** A cluster of devices that this one belongs to. */
export interface ClusterContext {
  readonly size: number;
  /** How many kinds of evidence hold it together. */
  readonly kinds: number;
  /** 0 to 1. */
  readonly score: number;
  readonly grade: string;
}

/** A signal in force. The caller leaves out what has expired. */
export interface SignalInForce {
  readonly code: string;
  readonly value: string | number | boolean;
  /** Who says so: `tee`, `system`, `web`, `server`… as the registry names sources. */
  readonly source: string;
  readonly ageMs: number;
}

/** See the top of the file. */
export interface DecisionContext {
  readonly channel?: ChannelContext;
  readonly device?: DeviceContext;
  /** State of the SIM and device binding, in the words of the binding machine. */
  readonly bindingState?: string;
  /** Undefined when nothing was ever reported; an empty list when checks ran and nothing is in force. */
  readonly signals?: readonly SignalInForce[];
  readonly cluster?: ClusterContext;
  readonly identity?: IdentityContext;
  /** Ids of decoys that were touched by this device or account. */
  readonly touchedTraps?: readonly string[];
}
