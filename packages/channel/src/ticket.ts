/**
 * The session ticket: sealed session state that the client carries, so that gateway nodes keep nothing but a window slot. A clear,
 * authenticated prefix (18 bytes, 24 characters) tells key, owner node and boot, for load balancers and for a cheap refusal.
 */
import {
  accept,
  type Bytes,
  concat,
  type EpochMs,
  epochMs,
  fromBase64Url,
  fromUtf8,
  type Result,
  refuse,
  type SecretKey,
  type SyncCrypto,
  toBase64Url,
  utf8,
} from '@hauberk/primitives';
import type { RequestReason } from './reasons.ts';
import type { SlotReference } from './session-table.ts';

/** Bytes of the clear prefix. */
export const ticketPrefixLength = 18;
const formatVersion = 1;
const nonceLength = 12;

/** Who may open tickets: each process run has its own boot number, each node its own id. */
export interface TicketOwner {
  /** 32-bit node id. */
  readonly node: number;
  /** Rises at every start of the node; tickets of an older boot are refused, for their windows are gone. */
  readonly boot: number;
}

/** A key that seals tickets; lives in memory only, never written, so a ticket's secrets die with it. */
export interface TicketKey {
  readonly id: number;
  readonly key: SecretKey;
}

/** The sealing keys of a node: tickets are sealed with `current`; those before it, and the next one, only open. */
export interface TicketKeyRing {
  readonly current: TicketKey;
  readonly alsoOpens: readonly TicketKey[];
}

/** What a ticket holds. The secrets are the derived request and reply keys: one HKDF a request would cost more than all the rest. */
export interface TicketState {
  readonly organisation: string;
  readonly app: string;
  readonly service: string;
  readonly sessionId: Bytes;
  readonly deviceId: Bytes;
  readonly tier: number;
  /** What hardware attested, in words; at most 256 characters without line breaks, empty when nothing was. */
  readonly attested: string;
  readonly session: SlotReference;
  /** The device's row in the shared device table, and the generation that revocation raises. */
  readonly deviceRow: number;
  readonly deviceGeneration: number;
  readonly expiresAtMs: EpochMs;
  readonly requestMac: Bytes;
  readonly requestAead: Bytes;
  readonly requestIv: Bytes;
  readonly replyMac: Bytes;
  readonly replyAead: Bytes;
  readonly chunk: Bytes;
}

/** The clear part of a ticket. */
export interface TicketPrefix {
  readonly keyId: number;
  readonly owner: TicketOwner;
}

const encodePrefix = (keyId: number, owner: TicketOwner): Bytes => {
  const bytes = new Uint8Array(ticketPrefixLength);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, formatVersion);
  view.setUint32(1, keyId);
  view.setUint32(5, owner.node);
  view.setBigUint64(9, BigInt(owner.boot));
  return bytes;
};

const fixedLength = 16 + 16 + 1 + 4 + 4 + 4 + 4 + 8 + 32 * 5 + 12;

const encodeState = (state: TicketState): Bytes => {
  const bytes = new Uint8Array(fixedLength);
  const view = new DataView(bytes.buffer);
  bytes.set(state.sessionId, 0);
  bytes.set(state.deviceId, 16);
  view.setUint8(32, state.tier);
  view.setUint32(33, state.session.slot);
  view.setInt32(37, state.session.generation);
  view.setUint32(41, state.deviceRow);
  view.setInt32(45, state.deviceGeneration);
  view.setFloat64(49, state.expiresAtMs);
  bytes.set(state.requestMac, 57);
  bytes.set(state.requestAead, 89);
  bytes.set(state.requestIv, 121);
  bytes.set(state.replyMac, 133);
  bytes.set(state.replyAead, 165);
  bytes.set(state.chunk, 197);
  return concat(bytes, utf8(`${state.organisation}\n${state.app}\n${state.service}\n${state.attested}`));
};

const decodeState = (bytes: Bytes): TicketState | undefined => {
  const names = bytes.length < fixedLength ? undefined : fromUtf8(bytes.subarray(fixedLength))?.split('\n');
  if (names?.length !== 4) return undefined;
  const [organisation = '', app = '', service = '', attested = ''] = names;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return {
    organisation,
    app,
    service,
    sessionId: bytes.subarray(0, 16),
    deviceId: bytes.subarray(16, 32),
    attested,
    tier: view.getUint8(32),
    session: { slot: view.getUint32(33), generation: view.getInt32(37) },
    deviceRow: view.getUint32(41),
    deviceGeneration: view.getInt32(45),
    expiresAtMs: epochMs(view.getFloat64(49)),
    requestMac: bytes.subarray(57, 89),
    requestAead: bytes.subarray(89, 121),
    requestIv: bytes.subarray(121, 133),
    replyMac: bytes.subarray(133, 165),
    replyAead: bytes.subarray(165, 197),
    chunk: bytes.subarray(197, 229),
  };
};

/** Seals a ticket. Nonces are random: at most 2^32 seals a key, far above what an hour can hold. */
export const sealTicket = (crypto: SyncCrypto, ring: TicketKeyRing, owner: TicketOwner, state: TicketState): string => {
  const prefix = encodePrefix(ring.current.id, owner);
  const nonce = crypto.random(nonceLength);
  return toBase64Url(concat(prefix, nonce, crypto.seal(ring.current.key, nonce, encodeState(state), prefix)));
};

/** Reads the clear prefix of decoded ticket bytes, unauthenticated: for routing and cheap refusals. */
export const readTicketPrefix = (bytes: Bytes): TicketPrefix | undefined => {
  if (bytes.length < ticketPrefixLength + nonceLength + 16 || bytes[0] !== formatVersion) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return { keyId: view.getUint32(1), owner: { node: view.getUint32(5), boot: Number(view.getBigUint64(9)) } };
};

const findKey = (ring: TicketKeyRing, id: number): SecretKey | undefined =>
  ring.current.id === id ? ring.current.key : ring.alsoOpens.find((key) => key.id === id)?.key;

/** Opens a ticket of this node and boot; expiry is judged here too. */
export const openTicket = (
  crypto: SyncCrypto,
  ring: TicketKeyRing,
  owner: TicketOwner,
  text: string,
  now: EpochMs,
): Result<TicketState, RequestReason> => {
  const bytes = text.length > 2048 ? undefined : fromBase64Url(text);
  const prefix = bytes === undefined ? undefined : readTicketPrefix(bytes);
  if (bytes === undefined || prefix === undefined) return refuse('request.ticket-malformed');
  if (prefix.owner.node !== owner.node) return refuse('request.ticket-node');
  if (prefix.owner.boot !== owner.boot) return refuse('request.ticket-boot');
  const key = findKey(ring, prefix.keyId);
  if (key === undefined) return refuse('request.ticket-key');
  const nonce = bytes.subarray(ticketPrefixLength, ticketPrefixLength + nonceLength);
  const sealed = bytes.subarray(ticketPrefixLength + nonceLength);
  const opened = crypto.open(key, nonce, sealed, bytes.subarray(0, ticketPrefixLength));
  const state = opened === undefined ? undefined : decodeState(opened);
  if (state === undefined) return refuse('request.ticket-seal');
  return state.expiresAtMs <= now ? refuse('request.ticket-expired') : accept(state);
};
