/**
 * From received bytes to a `VerifiedRequest`, a value that nothing else can mint. Order (design section 4): peek at the window, verify,
 * claim, then age. A refusal before or at the claim is always unbound: only the call that claimed the sequence number holds a `ReplyBinding`.
 */
import {
  accept,
  type Bytes,
  type EpochMs,
  epochMs,
  epochSeconds,
  fromBase64,
  type Refusal,
  type Result,
  refuse,
  type SyncCrypto,
  toBase64,
  toEpochSeconds,
} from '@hauberk/primitives';
import { type DeviceTable, generationOf } from './device-table.ts';
import type { ProtectionMode } from './gateway-config.ts';
import { requestNonce } from './key-schedule.ts';
import { header, maxAheadSeconds, tag } from './names.ts';
import type { OpenedTickets } from './opened-tickets.ts';
import type { RequestReason } from './reasons.ts';
import { isSequence } from './replay-window.ts';
import type { SessionKeys } from './session-keys.ts';
import { claimInSlot, isSlot, peekSlot, type SessionTable } from './session-table.ts';
import {
  coveredRequestHeaders,
  type HeaderValues,
  type RequestParameters,
  type RequestTarget,
  readSignatureInput,
  readSignatureValue,
  requestBase,
  requestComponents,
} from './signature-base.ts';
import type { TicketKeyRing, TicketOwner, TicketState } from './ticket.ts';

/** What a gateway thread needs to verify requests. */
export interface ChannelGateway {
  readonly crypto: SyncCrypto;
  readonly owner: TicketOwner;
  readonly openedTickets: OpenedTickets;
  /** Read at every use: the keys rotate. */
  readonly ticketKeys: () => TicketKeyRing;
  readonly sessions: SessionTable;
  readonly devices: DeviceTable;
}

/** What the matched route demands of a request. */
export interface RouteDemand {
  readonly service: string;
  /** `signed` accepts sealed too: sealing protects more. */
  readonly mode: Exclude<ProtectionMode, 'plain'>;
  /** Whether requests of this route may come as a stream of sealed chunks. */
  readonly chunked: boolean;
  readonly coveredHeaders: readonly string[];
  readonly publicQuery: readonly string[];
  /** Oldest `created` accepted at arrival, in seconds; at most 600. */
  readonly maxAgeSeconds: number;
}

/** A request head as it arrived. Single-valued headers only: the listener refused duplicates. */
export interface ArrivedHead {
  readonly target: RequestTarget;
  readonly headers: HeaderValues;
  /** When the head was complete; the age is judged against this. */
  readonly arrivedAt: EpochMs;
}

declare const bindingMark: unique symbol;
declare const verifiedMark: unique symbol;

/** The right to answer a request in a way that its client believes: held only by the call that claimed its sequence number. */
export interface ReplyBinding {
  readonly [bindingMark]: true;
  readonly sessionId: string;
  readonly keys: SessionKeys;
  readonly requestSignature: string;
  readonly requestSignatureInput: string;
  readonly requestTag: RequestParameters['tag'];
}

/** Verified facts of the session behind a request. */
export interface SessionFacts {
  readonly organisation: string;
  readonly app: string;
  readonly service: string;
  readonly sessionId: string;
  /** The device's random id, base64url. */
  readonly deviceId: string;
  readonly tier: number;
  /** What hardware attested of the device, in words; empty when nothing was. */
  readonly attested: string;
  readonly deviceRow: number;
  readonly deviceGeneration: number;
  readonly expiresAtMs: EpochMs;
}

/** A request that passed every check of the channel. Forwarding, deciding and binding accept nothing else. */
export interface VerifiedRequest {
  readonly [verifiedMark]: true;
  readonly facts: SessionFacts;
  readonly target: RequestTarget;
  readonly headers: HeaderValues;
  /** The plain body; empty for chunked requests, whose body comes through `ChunkOpener`. */
  readonly body: Uint8Array;
  readonly tag: RequestParameters['tag'];
  readonly sequence: number;
  readonly createdMs: EpochMs;
  readonly binding: ReplyBinding;
  /** Whether it came as early data, without forward secrecy. */
  readonly early: boolean;
}

/** A refusal; `binding` is there exactly when this call claimed the sequence number, and may then be used for a bound problem. */
export interface RequestRefusal extends Refusal<RequestReason> {
  readonly binding?: ReplyBinding;
}

/** A head that is well formed and whose ticket opened; nothing in it is verified. */
export interface PendingRequest {
  readonly head: ArrivedHead;
  readonly keys: SessionKeys;
  readonly facts: SessionFacts;
  readonly parameters: RequestParameters;
  readonly base: string;
  readonly signature: Bytes;
  readonly maxAgeSeconds: number;
  readonly early: boolean;
  /** Claims the sequence number; called once, after verification. */
  readonly claim: (now: EpochMs) => Result<ReplyBindingParts, RequestReason>;
}

/** What a claim yields for the reply. */
export interface ReplyBindingParts {
  readonly sessionId: string;
  readonly keys: SessionKeys;
  /** The facts of the session that the claim itself opened; only early data has them here. */
  readonly facts?: SessionFacts;
}

const single = (headers: HeaderValues, name: string): string | undefined => {
  const value = headers[name];
  return typeof value === 'string' ? value : undefined;
};

const allowsTag = (demand: RouteDemand, requestTag: RequestParameters['tag']): boolean => {
  if (requestTag === tag.chunked) return demand.chunked;
  return requestTag === tag.sealed || demand.mode === 'signed';
};

/** Every query parameter of a sealed request must be declared public: the query travels readable. */
const hasOnlyPublicQuery = (query: string, declared: readonly string[]): boolean =>
  query.length <= 1 ||
  query
    .slice(1)
    .split('&')
    .every((pair) => declared.includes(pair.split('=', 1)[0] ?? ''));

/** The parsed signature headers of a head that meets the route's demand. */
export interface ReadProtection {
  readonly parameters: RequestParameters;
  readonly base: string;
  readonly signature: Bytes;
}

/** Reads and judges the signature headers against the route: mode, service, components, query. */
export const readProtection = (head: ArrivedHead, demand: RouteDemand): Result<ReadProtection, RequestReason> => {
  const { headers, target } = head;
  const input = single(headers, header.signatureInput);
  const signatureValue = single(headers, header.signature);
  if (input === undefined || signatureValue === undefined) return refuse('request.unsigned');
  const read = readSignatureInput(input);
  const signatureText = readSignatureValue(signatureValue);
  const signature = signatureText === undefined ? undefined : fromBase64(signatureText);
  if (read === undefined || signature === undefined) return refuse('request.malformed');
  const { parameters } = read;
  if (signature.length !== (parameters.tag === tag.signed ? 32 : 16)) return refuse('request.malformed');
  if (!isSequence(parameters.sequence)) return refuse('request.sequence-exhausted');
  if (!allowsTag(demand, parameters.tag)) return refuse('request.mode');
  if (single(headers, header.service) !== demand.service) return refuse('request.service');
  const names = coveredRequestHeaders(parameters.tag, headers, demand.coveredHeaders);
  if (read.components !== requestComponents(names)) return refuse('request.components');
  // A header that came more than once has no one value to cover; the listener refuses those too.
  if (names.some((name) => typeof headers[name] !== 'string')) return refuse('request.malformed');
  // The mode of the route, not of the message, decides: a signed request to a signed route may carry any query.
  if (demand.mode === 'sealed' && !hasOnlyPublicQuery(target.query, demand.publicQuery))
    return refuse('request.query-not-public');
  return accept({ parameters, base: requestBase(target, names, headers, read.signatureParams), signature });
};

const claimReason = (verdict: 'gone' | 'replayed' | 'too-old'): RequestReason => {
  if (verdict === 'gone') return 'request.session-gone';
  return verdict === 'replayed' ? 'request.replayed' : 'request.too-old-sequence';
};

const isRevoked = (gateway: ChannelGateway, state: TicketState): boolean =>
  generationOf(gateway.devices, state.deviceRow) !== state.deviceGeneration;

const checkSession = (gateway: ChannelGateway, state: TicketState, sequence: number): Result<true, RequestReason> => {
  if (!isSlot(gateway.sessions, state.session.slot)) return refuse('request.session-gone');
  if (isRevoked(gateway, state)) return refuse('request.revoked');
  const verdict = peekSlot(gateway.sessions, state.session, sequence);
  return verdict === 'fresh' ? accept(true) : refuse(claimReason(verdict));
};

/** First half: everything that the head alone tells. Call it before reading the body. */
export const readProtectedHead = (
  gateway: ChannelGateway,
  head: ArrivedHead,
  demand: RouteDemand,
): Result<PendingRequest, RequestReason> => {
  const protection = readProtection(head, demand);
  if (!protection.ok) return protection;
  const ticketText = single(head.headers, header.ticket);
  if (ticketText === undefined) return refuse('request.unsigned');
  const opened = gateway.openedTickets.open(gateway.owner, gateway.ticketKeys(), ticketText, head.arrivedAt);
  if (!opened.ok) return opened;
  const { state, facts, keys } = opened.value;
  const { parameters } = protection.value;
  if (facts.service !== demand.service) return refuse('request.service');
  if (facts.sessionId !== parameters.keyid) return refuse('request.keyid');
  const session = checkSession(gateway, state, parameters.sequence);
  if (!session.ok) return session;
  const claim = (now: EpochMs): Result<ReplyBindingParts, RequestReason> => {
    // Again: a body may arrive long after its head, and a revocation in between must count.
    if (isRevoked(gateway, state)) return refuse('request.revoked');
    const verdict = claimInSlot(gateway.sessions, state.session, parameters.sequence, toEpochSeconds(now));
    if (verdict !== 'fresh') return refuse(claimReason(verdict));
    return accept({ sessionId: facts.sessionId, keys });
  };
  return accept({
    head,
    keys,
    facts,
    ...protection.value,
    maxAgeSeconds: demand.maxAgeSeconds,
    early: false,
    claim,
  });
};

/** Judges `created` against the arrival of the complete head. */
export const checkAge = (
  arrivedAt: EpochMs,
  created: number,
  maxAgeSeconds: number,
): Result<true, 'request.clock-late' | 'request.clock-ahead'> => {
  const age = toEpochSeconds(arrivedAt) - created;
  if (age > maxAgeSeconds) return refuse('request.clock-late');
  return age < -maxAheadSeconds ? refuse('request.clock-ahead') : accept(true);
};

/** Claims, then ages, then mints. The caller has verified the MAC or opened the AEAD. */
const mint = (
  pending: PendingRequest,
  body: Uint8Array,
  now: EpochMs,
): Result<VerifiedRequest, RequestReason> | RequestRefusal => {
  const claimed = pending.claim(now);
  if (!claimed.ok) return claimed;
  const { sessionId, keys, facts = pending.facts } = claimed.value;
  const binding = {
    sessionId,
    keys,
    requestSignature: single(pending.head.headers, header.signature) ?? '',
    requestSignatureInput: single(pending.head.headers, header.signatureInput) ?? '',
    requestTag: pending.parameters.tag,
  } as ReplyBinding;
  const age = checkAge(pending.head.arrivedAt, pending.parameters.created, pending.maxAgeSeconds);
  if (!age.ok) return { ...age, binding };
  return accept({
    facts,
    target: pending.head.target,
    headers: pending.head.headers,
    body,
    tag: pending.parameters.tag,
    sequence: pending.parameters.sequence,
    createdMs: epochMs(epochSeconds(pending.parameters.created) * 1000),
    binding,
    early: pending.early,
  } as VerifiedRequest);
};

/** The `Content-Digest` value of a body (RFC 9530): one algorithm, one spelling. */
export const contentDigestOf = (hash: Uint8Array): string => `sha-256=:${toBase64(hash)}:`;

const verifySigned = (
  crypto: SyncCrypto,
  pending: PendingRequest,
  body: Uint8Array,
): Result<Uint8Array, RequestReason> => {
  if (single(pending.head.headers, header.contentDigest) !== contentDigestOf(crypto.sha256(body)))
    return refuse('request.digest');
  return crypto.verifyMacText(pending.keys.requestMac, pending.base, pending.signature)
    ? accept(body)
    : refuse('request.signature');
};

const openSealed = (
  crypto: SyncCrypto,
  pending: PendingRequest,
  body: Uint8Array,
): Result<Uint8Array, RequestReason> => {
  const nonce = requestNonce(pending.keys.requestIv, pending.parameters.sequence);
  const seal = { ciphertext: body, tag: pending.signature };
  const plain = crypto.openDetached(pending.keys.requestAead, nonce, seal, pending.base);
  return plain === undefined ? refuse('request.seal') : accept(plain);
};

/** Second half, for signed and sealed requests: verifies the whole body, claims the sequence number, judges the age. */
export const verifyRequest = (
  crypto: SyncCrypto,
  pending: PendingRequest,
  body: Uint8Array,
  now: EpochMs,
): { readonly ok: true; readonly value: VerifiedRequest } | RequestRefusal => {
  if (pending.parameters.tag === tag.chunked) return refuse('request.mode');
  const verified =
    pending.parameters.tag === tag.signed ? verifySigned(crypto, pending, body) : openSealed(crypto, pending, body);
  return verified.ok ? mint(pending, verified.value, now) : verified;
};

/**
 * Second half where a proxy keeps the body to itself: method, path, query and headers are verified, the digest among them, but nobody compares
 * it with a body. Signed requests only; what comes out has an empty body, and its user must say so.
 */
export const verifyUnseenBody = (
  crypto: SyncCrypto,
  pending: PendingRequest,
  now: EpochMs,
): { readonly ok: true; readonly value: VerifiedRequest } | RequestRefusal => {
  if (pending.parameters.tag !== tag.signed) return refuse('request.mode');
  if (!crypto.verifyMacText(pending.keys.requestMac, pending.base, pending.signature))
    return refuse('request.signature');
  return mint(pending, new Uint8Array(0), now);
};

/** Second half for chunked requests, on the head alone: chunk 0 is verified by `verifyHead`, then the sequence number is claimed. */
export const mintChunked = (
  pending: PendingRequest,
  verifyHead: (pending: PendingRequest) => boolean,
  now: EpochMs,
): { readonly ok: true; readonly value: VerifiedRequest } | RequestRefusal => {
  if (pending.parameters.tag !== tag.chunked) return refuse('request.mode');
  return verifyHead(pending) ? mint(pending, new Uint8Array(0), now) : refuse('request.seal');
};
