/** A request as a migration scheme judges it, and what it says: the schemes that clients speak before they speak HB/1. */
import type { HeaderValues } from '@hauberk/channel';
import type { EpochMs, Result } from '@hauberk/primitives';
import type { DpopNonces } from './dpop-nonce.ts';

/** The schemes, as configuration, facts, metrics and reports name them. */
export type MigrationSchemeName = 'cavage-hmac' | 'sigv4' | 'dpop' | 'oauth-attestation';

/** Why a migration scheme refuses a request. */
export type MigrationReason =
  | 'migration.absent'
  | 'migration.malformed'
  | 'migration.key-unknown'
  | 'migration.algorithm'
  | 'migration.uncovered'
  | 'migration.digest'
  | 'migration.signature'
  | 'migration.claims'
  | 'migration.clock'
  | 'migration.nonce'
  | 'migration.fenced'
  | 'migration.replayed'
  | 'migration.register-full';

/** A request, whole. */
export interface MigrationRequest {
  readonly method: string;
  /** As on the request line, percent-encoded. */
  readonly path: string;
  /** With its question mark; `?` alone when there is none. */
  readonly query: string;
  /** `1.1` or `1.0`, for schemes that sign the request line. */
  readonly httpVersion: string;
  /** By lower-case name. */
  readonly headers: HeaderValues;
  /** Names and values in turn, as received. */
  readonly rawHeaders: readonly string[];
  readonly body: Uint8Array;
  readonly now: EpochMs;
  /** The gateway's nonces, for schemes whose proofs must carry one. */
  readonly nonces?: DpopNonces | undefined;
}

/** What a scheme found in a request that it accepts. */
export interface MigrationProof {
  /** Whose key it was: key id, or thumbprint of the key. Not for logs as it stands. */
  readonly keyId: string;
  /** What may be used once, unique within the scheme; undefined where this request may repeat. */
  readonly once: string | undefined;
  /** When it was made, by the client's clock; with a nonce, when that was issued. */
  readonly createdSeconds: number;
  /** What the body carried, where it came in signed chunks. */
  readonly payload?: Uint8Array;
}

/** One scheme with its keys. */
export interface MigrationVerifier {
  readonly scheme: MigrationSchemeName;
  /** Whether a request shows this scheme's credential at all. */
  readonly claims: (request: MigrationRequest) => boolean;
  /** Whether its proofs must carry a nonce of the gateway. */
  readonly demandsNonce?: boolean;
  readonly verify: (request: MigrationRequest) => Promise<Result<MigrationProof, MigrationReason>>;
}

/** The target as the request line has it. */
export const requestTarget = ({ path, query }: MigrationRequest): string => (query === '?' ? path : path + query);

/** The one value of a header; undefined when it is absent. */
export const headerOf = (request: MigrationRequest, name: string): string | undefined => {
  const value = request.headers[name];
  return typeof value === 'string' ? value : undefined;
};

/** Methods whose repetition changes nothing. */
export const isSafeMethod = (method: string): boolean => method === 'GET' || method === 'HEAD' || method === 'OPTIONS';

/** Which accepted requests may be used once only: all, those that change something, or none. */
export type OnceScope = 'all' | 'unsafe' | 'none';

/** Whether a request falls into the scope. */
export const isOnce = (scope: OnceScope, method: string): boolean =>
  scope === 'all' || (scope === 'unsafe' && !isSafeMethod(method));
