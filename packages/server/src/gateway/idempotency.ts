/**
 * Idempotency on routes that declare it: at most one execution per device, customer, route and key. The mark `started` is on the disk before
 * the request is forwarded and the outcome before the reply is sealed; what is not known is said to be unknown, never guessed.
 */
import { header, type VerifiedRequest } from '@hauberk/channel';
import {
  accept,
  after,
  type Bytes,
  concat,
  type EpochMs,
  fromUtf8,
  type Result,
  refuse,
  type SyncCrypto,
  toBase64Url,
  utf8,
} from '@hauberk/primitives';
import type { GuardedStore, StorageGuardRefusal } from '../overload/guarded-store.ts';
import type { IdempotencyAttempt, IdempotencyOutcome } from '../storage/idempotency-store.ts';
import type { Login } from '../storage/login-store.ts';
import type { ForwardOutcome } from './forward.ts';
import { scopeOf } from './logins.ts';
import type { Route } from './route.ts';

/** Why a request is refused here. */
export type IdempotencyReason =
  | 'idempotency.key-required'
  | 'idempotency.key-malformed'
  | 'idempotency.mismatch'
  | 'idempotency.running'
  | 'idempotency.outcome-unknown'
  | 'idempotency.not-kept'
  | StorageReason;

/** The storage's refusals under their names in the table of problems. */
export type StorageReason = 'storage.overloaded' | 'storage.full' | 'storage.closed' | 'storage.slow' | 'storage.open';

const storageReasons: Readonly<Record<StorageGuardRefusal, StorageReason>> = {
  'storage-overloaded': 'storage.overloaded',
  'storage-full': 'storage.full',
  'storage-closed': 'storage.closed',
  'storage-slow': 'storage.slow',
  'storage-open': 'storage.open',
};

/** A storage refusal as a reason. */
export const storageReason = (refusal: StorageGuardRefusal): StorageReason => storageReasons[refusal];

/** The same for a code that may be something else. */
export const storageReasonOf = (code: string): StorageReason | undefined =>
  Object.hasOwn(storageReasons, code) ? storageReasons[code as StorageGuardRefusal] : undefined;

/** A plain upstream reply: what is stored and what is sealed. */
export interface UpstreamReply {
  readonly status: number;
  /** Flat list of names and values, as the upstream sent them, already cleaned. */
  readonly headers: readonly string[];
  readonly body: Uint8Array;
}

/** What idempotency needs. */
export interface IdempotencyPorts {
  readonly crypto: SyncCrypto;
  readonly store: GuardedStore;
}

/** Printable ASCII, 8 to 128 characters: long enough that no two customers meet by chance. */
const keyForm = /^[\x21-\x7e]{8,128}$/;

/** Without a login the credential tells customers of one device apart; kept as a hash only. */
const credentialOwner = (crypto: SyncCrypto, request: VerifiedRequest): string => {
  const { authorization, cookie } = request.headers;
  const shown = JSON.stringify([authorization ?? null, cookie ?? null]);
  return `credential:${toBase64Url(crypto.sha256(utf8(shown)))}`;
};

const fingerprintOf = (crypto: SyncCrypto, request: VerifiedRequest): string => {
  const { method, path, query } = request.target;
  const head = utf8(JSON.stringify([method, path, query, request.facts.service]));
  return toBase64Url(crypto.sha256(concat(head, crypto.sha256(request.body))));
};

const encodeOutcome = (reply: UpstreamReply): Bytes => {
  const head = utf8(JSON.stringify(reply.headers));
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, head.length);
  return concat(length, head, reply.body);
};

const decodeOutcome = (status: number, content: Bytes): UpstreamReply => {
  const length = new DataView(content.buffer, content.byteOffset).getUint32(0);
  const headers: string[] = JSON.parse(fromUtf8(content.subarray(4, 4 + length)) ?? '[]');
  return { status, headers, body: content.subarray(4 + length) };
};

/** Names an operation: the same for every retry of a keyed request, and for nothing else. Undefined without a key that counts. */
export const operationOf = (
  crypto: SyncCrypto,
  route: Route,
  request: VerifiedRequest,
  login: Login | undefined,
): Bytes | undefined => {
  const key = keyOf(route, request);
  if (!key.ok || key.value === undefined) return undefined;
  const { deviceId, organisation, app } = request.facts;
  const owner = login?.customer ?? credentialOwner(crypto, request);
  // The body belongs to it: another payment under the key of one that was refused is another operation.
  const named = [organisation, app, deviceId, owner, route.id, key.value, fingerprintOf(crypto, request)];
  return crypto.sha256(utf8(JSON.stringify(named)));
};

/** Either the right to forward, or the stored answer of the first execution. */
export type IdempotencyStart =
  | { readonly kind: 'forward'; readonly attempt: IdempotencyAttempt | undefined }
  | { readonly kind: 'stored'; readonly reply: UpstreamReply };

const keyOf = (route: Route, request: VerifiedRequest): Result<string | undefined, IdempotencyReason> => {
  if (route.idempotency.demand === 'none') return accept(undefined);
  const value = request.headers[header.idempotencyKey];
  if (value === undefined) {
    return route.idempotency.demand === 'required' ? refuse('idempotency.key-required') : accept(undefined);
  }
  return typeof value === 'string' && keyForm.test(value) ? accept(value) : refuse('idempotency.key-malformed');
};

/** Marks the request as started, or finds out what became of it before. */
export const beginIdempotent = async (
  ports: IdempotencyPorts,
  route: Route,
  request: VerifiedRequest,
  login: Login | undefined,
  now: EpochMs,
): Promise<Result<IdempotencyStart, IdempotencyReason>> => {
  const key = keyOf(route, request);
  if (!key.ok) return key;
  if (key.value === undefined) return accept({ kind: 'forward', attempt: undefined });
  const identity = {
    device: request.facts.deviceId,
    customer: login?.customer ?? credentialOwner(ports.crypto, request),
    route: route.id,
    key: key.value,
  };
  const demand = {
    fingerprint: fingerprintOf(ports.crypto, request),
    expiresAtMs: after(now, route.idempotency.life),
    retryUnknown: route.idempotency.upstreamIsIdempotent,
  };
  const begun = await ports.store.begin(scopeOf(request), identity, demand, now);
  if (!begun.ok) return refuse(storageReason(begun.code));
  switch (begun.value.state) {
    case 'fresh':
      return accept({ kind: 'forward', attempt: begun.value.attempt });
    case 'running':
      return refuse('idempotency.running');
    case 'outcome-unknown':
      return refuse('idempotency.outcome-unknown');
    case 'fingerprint-mismatch':
      return refuse('idempotency.mismatch');
    case 'done':
      return begun.value.outcome.kept
        ? accept({ kind: 'stored', reply: decodeOutcome(begun.value.outcome.status, begun.value.outcome.content) })
        : refuse('idempotency.not-kept', String(begun.value.outcome.status));
  }
};

const outcomeOf = (crypto: SyncCrypto, route: Route, reply: UpstreamReply): IdempotencyOutcome => {
  const { status, body } = reply;
  return body.length > route.idempotency.outcomeCapBytes
    ? { kept: false, status, digest: crypto.sha256(body) }
    : { kept: true, status, content: encodeOutcome(reply) };
};

/**
 * Keeps what came of a forwarded request, before anybody is told. When the outcome cannot be kept it stays `started`, which reads as unknown
 * after a restart; the refusal says unknown as well.
 */
export const settleIdempotent = async (
  ports: IdempotencyPorts,
  route: Route,
  attempt: IdempotencyAttempt | undefined,
  outcome: ForwardOutcome,
  now: EpochMs,
): Promise<Result<true, IdempotencyReason>> => {
  if (attempt === undefined) return accept(true);
  if (outcome.kind === 'not-sent') {
    const released = await ports.store.release(attempt);
    return released.ok ? accept(true) : refuse(storageReason(released.code));
  }
  if (outcome.kind === 'unknown') {
    const marked = await ports.store.markUnknown(attempt, now);
    return marked.ok ? accept(true) : refuse(storageReason(marked.code));
  }
  const finished = await ports.store.finish(attempt, outcomeOf(ports.crypto, route, outcome), now);
  if (!finished.ok) return refuse(storageReason(finished.code));
  return finished.value ? accept(true) : refuse('idempotency.outcome-unknown', 'outdated attempt');
};
