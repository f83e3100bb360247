/** The gateway's half of chunked messages: opening a request's chunks one by one, sealing a reply's chunks as they come. */
import { type Bytes, type EpochMs, type SecretKey, type SyncCrypto, utf8 } from '@hauberk/primitives';
import { chunkNonce, encodeChunkHeader, readChunkHeader } from './chunk.ts';
import { requestChunkLabel } from './key-schedule.ts';
import { mintChunked, type PendingRequest, type RequestRefusal, type VerifiedRequest } from './verified-request.ts';

/** Opens the frames of one chunked request, in order. */
export interface ChunkOpener {
  /** Opens one frame (header and ciphertext with tag apart); undefined when it is not the next authentic one, and ever after. */
  open(frameHeader: Uint8Array, sealed: Uint8Array): { readonly plaintext: Bytes; readonly final: boolean } | undefined;
}

const none = new Uint8Array(0);

const createOpener = (crypto: SyncCrypto, key: SecretKey): ChunkOpener => {
  let counter = 0;
  let ended = false;
  return {
    open(frameHeader, sealed) {
      const head = frameHeader.length === 4 ? readChunkHeader(frameHeader) : undefined;
      if (ended) return undefined;
      // Until a frame opens this message is over: after a lost frame the next one must not open in its place.
      ended = true;
      if (head === undefined || sealed.length !== head.plaintextLength + 16) return undefined;
      counter += 1;
      const plaintext = crypto.open(key, chunkNonce(counter, head.final), sealed, frameHeader);
      if (plaintext === undefined) return undefined;
      ended = head.final;
      return { plaintext, final: head.final };
    },
  };
};

/** A verified chunked request: its body is still to come, through the opener. */
export interface ChunkedRequest {
  readonly request: VerifiedRequest;
  readonly opener: ChunkOpener;
}

/** Verifies and claims a chunked request on its head; a body without its final frame must reset what was forwarded. */
export const openChunkedRequest = (
  crypto: SyncCrypto,
  pending: PendingRequest,
  now: EpochMs,
): { readonly ok: true; readonly value: ChunkedRequest } | RequestRefusal => {
  const base = utf8(pending.base);
  const label = requestChunkLabel(pending.parameters.sequence, crypto.sha256(base));
  const key = crypto.importAead(crypto.hkdfExpand(pending.keys.chunk, label, 32));
  const minted = mintChunked(
    pending,
    () => crypto.open(key, chunkNonce(0, false), pending.signature, base) !== undefined,
    now,
  );
  return minted.ok ? { ok: true, value: { request: minted.value, opener: createOpener(crypto, key) } } : minted;
};

/** Seals the frames of one chunked reply, in order. */
export interface ChunkSealer {
  /** One frame: header ‖ ciphertext ‖ tag. An empty, not final one is a heartbeat. At most 65,536 bytes of plaintext. */
  seal(plaintext: Uint8Array, final: boolean): Bytes;
}

/** A sealer under a per-message key; chunk 0 is already spent on the head. */
export const createChunkSealer = (crypto: SyncCrypto, key: SecretKey): ChunkSealer => {
  let counter = 0;
  return {
    seal(plaintext, final) {
      counter += 1;
      const frameHeader = encodeChunkHeader({ final, plaintextLength: plaintext.length });
      const sealed = crypto.seal(key, chunkNonce(counter, final), plaintext, frameHeader);
      const frame = new Uint8Array(4 + sealed.length);
      frame.set(frameHeader, 0);
      frame.set(sealed, 4);
      return frame;
    },
  };
};

/** The tag of the empty chunk 0 with the signature base as associated bytes: a chunked message's `Signature`. */
export const sealChunkZero = (crypto: SyncCrypto, key: SecretKey, base: Uint8Array): Bytes =>
  crypto.seal(key, chunkNonce(0, false), none, base);

/** When a chunked reply must end whatever happens: its session's expiry. */
export const streamDeadline = (request: VerifiedRequest): EpochMs => request.facts.expiresAtMs;
