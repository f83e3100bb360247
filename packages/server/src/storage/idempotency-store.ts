/**
 * Idempotency: at most one execution per key. `started` is on the disk before the request is forwarded, `done` before its reply is
 * sealed. What lies between when the process or its thread dies is `unknown`, and stays so until somebody who can know says otherwise.
 */
import { createHash } from 'node:crypto';
import { type Bytes, type EpochMs, toBase64Url } from '@hauberk/primitives';
import type { Scope } from './scope.ts';
import type { Stored } from './storage-refusal.ts';

/** Whose key it is: another device or the next customer on the same one has its own. */
export interface IdempotencyKey {
  readonly device: string;
  /** Customer of the live login; empty without one. */
  readonly customer: string;
  readonly route: string;
  readonly key: string;
}

/** What the retry must repeat, and how long the outcome is kept. */
export interface IdempotencyRequest {
  /** base64url of the hash over method, path, query, service and plain body. */
  readonly fingerprint: string;
  readonly expiresAtMs: EpochMs;
  /** The route declares `idempotentUpstream`: an unknown outcome may be forwarded again. */
  readonly retryUnknown: boolean;
}

/** The right to finish an entry. A later attempt at the same key outdates it. */
export interface IdempotencyAttempt {
  readonly scope: Scope;
  readonly entry: string;
  readonly attempt: number;
}

/** What came of a request. Over the cap only status and digest are kept. */
export type IdempotencyOutcome =
  | { readonly kept: true; readonly status: number; readonly content: Bytes }
  | { readonly kept: false; readonly status: number; readonly digest: Bytes };

/** What `begin` found. Only `fresh` may forward. */
export type IdempotencyBegin =
  | { readonly state: 'fresh'; readonly attempt: IdempotencyAttempt; readonly again: boolean }
  | { readonly state: 'running' }
  | { readonly state: 'done'; readonly outcome: IdempotencyOutcome }
  | { readonly state: 'outcome-unknown' }
  | { readonly state: 'fingerprint-mismatch' };

/** An entry whose outcome nobody here knows, for operators. */
export interface UnknownOutcome {
  readonly entry: string;
  readonly device: string;
  readonly route: string;
  readonly startedAtMs: EpochMs;
}

/** What an operator found out about an unknown outcome. */
export type Settlement = 'executed' | 'not-executed';

/** The record of idempotency keys. */
export interface IdempotencyStore {
  begin(scope: Scope, key: IdempotencyKey, request: IdempotencyRequest, now: EpochMs): Stored<IdempotencyBegin>;
  /** Keeps the outcome; of a device that is no longer enrolled, only status and digest. False when the attempt no longer holds the entry: its outcome must then not be answered as the stored one. */
  finish(attempt: IdempotencyAttempt, outcome: IdempotencyOutcome, now: EpochMs): Stored<boolean>;
  /** The upstream timed out or reset: executed or not, nobody here knows. */
  markUnknown(attempt: IdempotencyAttempt, now: EpochMs): Stored<boolean>;
  /** Nothing reached the upstream: the key is free again. */
  release(attempt: IdempotencyAttempt): Stored<boolean>;
  listUnknown(scope: Scope, limit: number): Promise<readonly UnknownOutcome[]>;
  /** `executed` keeps the key used up without a stored outcome; `not-executed` frees it. */
  settle(scope: Scope, entry: string, settlement: Settlement, actor: string, now: EpochMs): Stored<boolean>;
}

/** The entry's name: a hash, so that the record does not hold customer ids or client-made keys. */
export const idempotencyEntry = (scope: Scope, key: IdempotencyKey): string =>
  toBase64Url(
    createHash('sha256')
      .update(
        JSON.stringify([
          'hb1/idempotency',
          scope.organisation,
          scope.app,
          key.device,
          key.customer,
          key.route,
          key.key,
        ]),
      )
      .digest(),
  );

/** Who runs an attempt: a start of the process, and one client (thread) of it. */
export interface AttemptOwner {
  readonly boot: number;
  readonly client: number;
}

/** What `begin` must know of an entry. */
export interface HeldEntry {
  readonly state: 'started' | 'done' | 'unknown';
  readonly fingerprint: string;
  readonly boot: number;
  readonly expiresAtMs: EpochMs;
}

/** What `begin` does with what it found. `insert`, `replace` and `retake` make a fresh attempt. */
export type BeginStep =
  | 'insert'
  | 'replace'
  | 'retake'
  | 'running'
  | 'done'
  | 'outcome-unknown'
  | 'fingerprint-mismatch';

/** Judges a `begin`. Only a finished entry is forgotten by time: an expired unknown one may still have been executed. */
export const judgeBegin = (
  held: HeldEntry | undefined,
  request: IdempotencyRequest,
  boot: number,
  now: EpochMs,
): BeginStep => {
  if (held === undefined) return 'insert';
  if (held.state === 'done' && held.expiresAtMs <= now) return 'replace';
  if (held.fingerprint !== request.fingerprint) return 'fingerprint-mismatch';
  if (held.state === 'done') return 'done';
  if (held.state === 'started' && held.boot === boot) return 'running';
  return request.retryUnknown ? 'retake' : 'outcome-unknown';
};
