/** The client's half of a reply: only what is bound to this very request is believed. */
import {
  type AsyncCrypto,
  accept,
  type Bytes,
  concat,
  fromBase64,
  fromBase64Url,
  type Result,
  refuse,
  toBase64,
  utf8,
} from '@hauberk/primitives';
import { chunkNonce, readChunkHeader } from './chunk.ts';
import type { ClientKeys } from './client-handshake.ts';
import type { SentRequest } from './client-request.ts';
import { replyChunkLabel } from './key-schedule.ts';
import { header, tag } from './names.ts';
import type { ReplyReason } from './reasons.ts';
import {
  coveredReplyHeaders,
  type ReplyParameters,
  readReplyParameters,
  readSignatureValue,
  replyBase,
  replySignatureParams,
} from './signature-base.ts';

/** A reply as received. Header names are lower case. */
export interface ReceivedReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
}

/** A reply head whose signature headers are well formed and name this session and this mode; nothing in it is verified. */
interface ReplyHead {
  readonly parameters: ReplyParameters;
  readonly base: Bytes;
  readonly signature: Bytes;
}

const expectedTag = (sent: SentRequest, replyTag: ReplyParameters['tag']): boolean =>
  replyTag === tag.chunkedReply || replyTag === (sent.tag === tag.signed ? tag.signedReply : tag.sealedReply);

/** Whether a reply claims to be bound at all; one that does not is a transport failure and never lowers the mode. */
export const isBoundReply = (reply: ReceivedReply): boolean =>
  reply.headers[header.signature] !== undefined && reply.headers[header.signatureInput] !== undefined;

const readHead = (
  keys: ClientKeys,
  sent: SentRequest,
  reply: ReceivedReply,
  declared: readonly string[],
): Result<ReplyHead, ReplyReason> => {
  const input = reply.headers[header.signatureInput];
  const signatureText = readSignatureValue(reply.headers[header.signature] ?? '');
  if (input === undefined || signatureText === undefined) return refuse('reply.unbound');
  const parameters = readReplyParameters(input);
  const signature = fromBase64(signatureText);
  if (parameters === undefined || signature === undefined) return refuse('reply.malformed');
  if (!expectedTag(sent, parameters.tag)) return refuse('reply.malformed', 'tag');
  if (parameters.keyid !== keys.keyId) return refuse('reply.signature', 'keyid');
  if (parameters.tag === tag.signedReply && reply.headers[header.contentDigest] === undefined)
    return refuse('reply.malformed');
  const names = coveredReplyHeaders(parameters.tag, reply.headers, declared);
  const params = replySignatureParams(names, parameters);
  if (input !== `hb=${params}`) return refuse('reply.malformed', 'components');
  const target = { status: reply.status, requestSignature: sent.signature, requestSignatureInput: sent.signatureInput };
  return accept({ parameters, signature, base: utf8(replyBase(target, names, reply.headers, params)) });
};

const openSigned = async (
  crypto: AsyncCrypto,
  keys: ClientKeys,
  head: ReplyHead,
  reply: ReceivedReply,
  body: Uint8Array,
): Promise<Result<Uint8Array, ReplyReason>> => {
  if (!(await crypto.verifyMac(keys.replyMac, head.base, head.signature))) return refuse('reply.signature');
  const digest = `sha-256=:${toBase64(await crypto.sha256(body))}:`;
  return reply.headers[header.contentDigest] === digest ? accept(body) : refuse('reply.digest');
};

const openSealed = async (
  crypto: AsyncCrypto,
  keys: ClientKeys,
  head: ReplyHead,
  body: Uint8Array,
): Promise<Result<Uint8Array, ReplyReason>> => {
  const nonce = fromBase64Url(head.parameters.nonce ?? '');
  if (nonce?.length !== 12 || head.signature.length !== 16) return refuse('reply.malformed', 'nonce');
  const plain = await crypto.open(keys.replyAead, nonce, concat(body, head.signature), head.base);
  return plain === undefined ? refuse('reply.seal') : accept(plain);
};

/** Opens a one-shot reply. */
export const openReply = async (
  crypto: AsyncCrypto,
  keys: ClientKeys,
  sent: SentRequest,
  reply: ReceivedReply,
  body: Uint8Array,
  declaredHeaders: readonly string[],
): Promise<Result<Uint8Array, ReplyReason>> => {
  const head = readHead(keys, sent, reply, declaredHeaders);
  if (!head.ok) return head;
  if (head.value.parameters.tag === tag.chunkedReply) return refuse('reply.malformed', 'chunked');
  return head.value.parameters.tag === tag.signedReply
    ? openSigned(crypto, keys, head.value, reply, body)
    : openSealed(crypto, keys, head.value, body);
};

/** Whether a reply comes as chunks; `openChunkedReply` is then the way. */
export const isChunkedReply = (reply: ReceivedReply): boolean =>
  readReplyParameters(reply.headers[header.signatureInput] ?? '')?.tag === tag.chunkedReply;

/** Opens the frames of a chunked reply, in order. The end without a final frame is a transport failure. */
export interface ReplyChunkOpener {
  open(
    frameHeader: Uint8Array,
    sealed: Uint8Array,
  ): Promise<{ readonly plaintext: Bytes; readonly final: boolean } | undefined>;
}

/** Verifies the head of a chunked reply and answers what opens its frames. */
export const openChunkedReply = async (
  crypto: AsyncCrypto,
  keys: ClientKeys,
  sent: SentRequest,
  reply: ReceivedReply,
  declaredHeaders: readonly string[],
): Promise<Result<ReplyChunkOpener, ReplyReason>> => {
  const head = readHead(keys, sent, reply, declaredHeaders);
  if (!head.ok) return head;
  const { parameters, base, signature } = head.value;
  if (parameters.tag !== tag.chunkedReply) return refuse('reply.malformed', 'not chunked');
  const key = await crypto.importAead(
    await crypto.hkdfExpand(keys.chunk, replyChunkLabel(await crypto.sha256(base)), 32),
  );
  if ((await crypto.open(key, chunkNonce(0, false), signature, base)) === undefined) return refuse('reply.seal');
  let counter = 0;
  let ended = false;
  const open: ReplyChunkOpener['open'] = async (frameHeader, sealed) => {
    const frame = frameHeader.length === 4 ? readChunkHeader(frameHeader) : undefined;
    if (ended) return undefined;
    // Until a frame opens this message is over: after a lost frame the next one must not open in its place.
    ended = true;
    if (frame === undefined || sealed.length !== frame.plaintextLength + 16) return undefined;
    counter += 1;
    const plaintext = await crypto.open(key, chunkNonce(counter, frame.final), sealed, frameHeader);
    if (plaintext === undefined) return undefined;
    ended = frame.final;
    return { plaintext, final: frame.final };
  };
  return accept({ open });
};
