/**
 * Replies bound to their request: the base covers the status, the content and the request's own signature headers. Sealed replies use
 * 12 fresh random bytes as nonce, never the sequence number: whoever swallowed a reply could otherwise make a second one under one nonce.
 */
import { type EpochMs, type SyncCrypto, toBase64, toBase64Url, toEpochSeconds, utf8 } from '@hauberk/primitives';
import { type ChunkSealer, createChunkSealer, sealChunkZero } from './chunked-gateway.ts';
import { replyChunkLabel } from './key-schedule.ts';
import { header, tag } from './names.ts';
import {
  coveredReplyHeaders,
  type HeaderValues,
  type ReplyTag,
  replyBase,
  replySignatureParams,
} from './signature-base.ts';
import { contentDigestOf, type ReplyBinding } from './verified-request.ts';

/** A reply before protection. Header names are lower case. */
export interface PlainReply {
  readonly status: number;
  readonly headers: HeaderValues;
  readonly body: Uint8Array;
}

/** What protection adds and changes. */
export interface ProtectedReply {
  /** `signature-input`, `signature` and, for signed replies, `content-digest`. */
  readonly addedHeaders: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

const buildBase = (
  binding: ReplyBinding,
  reply: { readonly status: number; readonly headers: HeaderValues },
  declared: readonly string[],
  replyTag: ReplyTag,
  nonce: string | undefined,
  now: EpochMs,
): { readonly base: string; readonly input: string } => {
  const names = coveredReplyHeaders(replyTag, reply.headers, declared);
  const parameters = { created: toEpochSeconds(now), keyid: binding.sessionId, nonce, tag: replyTag };
  const signatureParams = replySignatureParams(names, parameters);
  const target = {
    status: reply.status,
    requestSignature: binding.requestSignature,
    requestSignatureInput: binding.requestSignatureInput,
  };
  return { base: replyBase(target, names, reply.headers, signatureParams), input: `hb=${signatureParams}` };
};

const signReply = (
  crypto: SyncCrypto,
  binding: ReplyBinding,
  reply: PlainReply,
  declared: readonly string[],
  now: EpochMs,
): ProtectedReply => {
  const digest = contentDigestOf(crypto.sha256(reply.body));
  const headers = { ...reply.headers, [header.contentDigest]: digest };
  const { base, input } = buildBase(
    binding,
    { status: reply.status, headers },
    declared,
    tag.signedReply,
    undefined,
    now,
  );
  const mac = crypto.macText(binding.keys.replyMac, base);
  const addedHeaders = {
    [header.contentDigest]: digest,
    [header.signatureInput]: input,
    [header.signature]: `hb=:${toBase64(mac)}:`,
  };
  return { addedHeaders, body: reply.body };
};

const sealReply = (
  crypto: SyncCrypto,
  binding: ReplyBinding,
  reply: PlainReply,
  declared: readonly string[],
  now: EpochMs,
): ProtectedReply => {
  const nonce = crypto.random(12);
  const { base, input } = buildBase(binding, reply, declared, tag.sealedReply, toBase64Url(nonce), now);
  const { ciphertext, tag: sealTag } = crypto.sealDetached(binding.keys.replyAead, nonce, reply.body, base);
  const addedHeaders = {
    [header.signatureInput]: input,
    [header.signature]: `hb=:${toBase64(sealTag)}:`,
  };
  return { addedHeaders, body: ciphertext };
};

/** Protects a one-shot reply as its request was: signed for signed, sealed for sealed and chunked. */
export const protectReply = (
  crypto: SyncCrypto,
  binding: ReplyBinding,
  reply: PlainReply,
  declaredHeaders: readonly string[],
  now: EpochMs,
): ProtectedReply =>
  binding.requestTag === tag.signed
    ? signReply(crypto, binding, reply, declaredHeaders, now)
    : sealReply(crypto, binding, reply, declaredHeaders, now);

/** Opens a chunked reply: the added headers go out with the head, the sealer makes each frame. Signed routes get sealed chunks too. */
export const protectChunkedReply = (
  crypto: SyncCrypto,
  binding: ReplyBinding,
  reply: { readonly status: number; readonly headers: HeaderValues },
  declaredHeaders: readonly string[],
  now: EpochMs,
): { readonly addedHeaders: Readonly<Record<string, string>>; readonly sealer: ChunkSealer } => {
  const nonce = toBase64Url(crypto.random(12));
  const { base: text, input } = buildBase(binding, reply, declaredHeaders, tag.chunkedReply, nonce, now);
  const base = utf8(text);
  const key = crypto.importAead(crypto.hkdfExpand(binding.keys.chunk, replyChunkLabel(crypto.sha256(base)), 32));
  const addedHeaders = {
    [header.signatureInput]: input,
    [header.signature]: `hb=:${toBase64(sealChunkZero(crypto, key, base))}:`,
  };
  return { addedHeaders, sealer: createChunkSealer(crypto, key) };
};
