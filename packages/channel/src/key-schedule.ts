/**
 * From shared secrets to session keys. HKDF-SHA256 (RFC 5869): salt = transcript hash, key material = the shared secrets,
 * one label a key. The transcript holds every byte of the hello (signature and resume ticket included) and the answer's core.
 */
import { type AsyncCrypto, type Bytes, concat, type SyncCrypto, utf8 } from '@hauberk/primitives';

/** The secrets of one session, raw. `iv` is 12 bytes, all others are 32. */
export interface SessionSecrets {
  readonly requestMac: Bytes;
  readonly requestAead: Bytes;
  readonly requestIv: Bytes;
  readonly replyMac: Bytes;
  readonly replyAead: Bytes;
  readonly chunk: Bytes;
  readonly finished: Bytes;
  readonly exporter: Bytes;
}

const labels: readonly (readonly [keyof SessionSecrets, string, number])[] = [
  ['requestMac', 'hb1 request-mac', 32],
  ['requestAead', 'hb1 request-aead', 32],
  ['requestIv', 'hb1 request-iv', 12],
  ['replyMac', 'hb1 reply-mac', 32],
  ['replyAead', 'hb1 reply-aead', 32],
  ['chunk', 'hb1 chunk', 32],
  ['finished', 'hb1 finished', 32],
  ['exporter', 'hb1 exporter', 32],
];

const newline = /* @__PURE__ */ utf8('\n');

/** The bytes whose SHA-256 is the transcript hash. */
export const transcriptOf = (hello: string, answerCore: string): Bytes =>
  concat(utf8(hello), newline, utf8(answerCore));

const named = (values: readonly Bytes[]): SessionSecrets =>
  Object.fromEntries(labels.map(([name], index) => [name, values[index]])) as unknown as SessionSecrets;

/** Session secrets from the transcript hash and both shared secrets (with the config key first). */
export const deriveSecrets = (
  crypto: SyncCrypto,
  transcriptHash: Uint8Array,
  ...shared: readonly Uint8Array[]
): SessionSecrets => {
  const pseudoRandomKey = crypto.hkdfExtract(transcriptHash, concat(...shared));
  return named(labels.map(([, label, length]) => crypto.hkdfExpand(pseudoRandomKey, utf8(label), length)));
};

/** The same derivation with an asynchronous provider. */
export const deriveSecretsAsync = async (
  crypto: AsyncCrypto,
  transcriptHash: Uint8Array,
  ...shared: readonly Uint8Array[]
): Promise<SessionSecrets> => {
  const pseudoRandomKey = await crypto.hkdfExtract(transcriptHash, concat(...shared));
  return named(
    await Promise.all(labels.map(([, label, length]) => crypto.hkdfExpand(pseudoRandomKey, utf8(label), length))),
  );
};

/** The 64-bit big-endian form of a sequence number. */
export const sequenceBytes = (sequence: number): Bytes => {
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, Math.floor(sequence / 2 ** 32));
  view.setUint32(4, sequence >>> 0);
  return bytes;
};

/** AEAD nonce of a sealed request: IV xor the sequence number, right-aligned (RFC 8446 section 5.3). Unique since a sequence number is used once. */
export const requestNonce = (iv: Uint8Array, sequence: number): Bytes => {
  const nonce = new Uint8Array(iv);
  let rest = sequence;
  for (let index = nonce.length - 1; rest > 0; index -= 1) {
    nonce[index] = (nonce[index] ?? 0) ^ (rest % 256);
    rest = Math.floor(rest / 256);
  }
  return nonce;
};

/** Label of the per-message key of a chunked request: the sequence number and the hash of its signature base. */
export const requestChunkLabel = (sequence: number, baseHash: Uint8Array): Bytes =>
  concat(utf8('hb1 request-chunk'), sequenceBytes(sequence), baseHash);

/** Label of the per-message key of a chunked reply; its base holds a fresh nonce and the request's signature. */
export const replyChunkLabel = (baseHash: Uint8Array): Bytes => concat(utf8('hb1 reply-chunk'), baseHash);
