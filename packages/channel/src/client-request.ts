/** The client's half of a request: sign or seal it with a sequence number that is used exactly once. */
import { type AsyncCrypto, type Bytes, concat, toBase64, utf8 } from '@hauberk/primitives';
import { chunkNonce, encodeChunkHeader } from './chunk.ts';
import type { ClientKeys } from './client-handshake.ts';
import type { ConfigRoute } from './gateway-config.ts';
import { requestChunkLabel, requestNonce } from './key-schedule.ts';
import { header, tag } from './names.ts';
import {
  coveredRequestHeaders,
  type RequestTag,
  type RequestTarget,
  requestBase,
  requestComponents,
  requestSignatureParams,
} from './signature-base.ts';

/** A request before protection. Header names are lower case; `hauberk-service` and `content-digest` are added here. */
export interface OutgoingRequest {
  readonly target: RequestTarget;
  readonly headers: Readonly<Record<string, string>>;
  readonly service: string;
  readonly route: Pick<ConfigRoute, 'coveredHeaders'>;
}

/** Where in its session a request stands. */
export interface RequestSlot {
  /** Used once and never again under these keys. */
  readonly sequence: number;
  /** Server time in whole seconds. */
  readonly created: number;
}

/** What the reply's verification needs of its request. */
export interface SentRequest {
  readonly signature: string;
  readonly signatureInput: string;
  readonly tag: RequestTag;
}

/** A request ready to be sent. */
export interface ProtectedRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  readonly sent: SentRequest;
}

const buildBase = (
  keys: ClientKeys,
  request: OutgoingRequest,
  headers: Readonly<Record<string, string>>,
  slot: RequestSlot,
  requestTag: RequestTag,
) => {
  const names = coveredRequestHeaders(requestTag, headers, request.route.coveredHeaders);
  const parameters = { created: slot.created, keyid: keys.keyId, sequence: slot.sequence, tag: requestTag };
  const params = requestSignatureParams(requestComponents(names), parameters);
  return { base: utf8(requestBase(request.target, names, headers, params)), input: `hb=${params}` };
};

const finish = (
  headers: Readonly<Record<string, string>>,
  body: Uint8Array,
  input: string,
  signature: Bytes,
  requestTag: RequestTag,
): ProtectedRequest => {
  const sent = { signature: `hb=:${toBase64(signature)}:`, signatureInput: input, tag: requestTag };
  const added = { [header.signatureInput]: sent.signatureInput, [header.signature]: sent.signature };
  return { headers: { ...headers, ...added }, body, sent };
};

/** Signs a request: readable on the way, unchangeable. */
export const signRequest = async (
  crypto: AsyncCrypto,
  keys: ClientKeys,
  request: OutgoingRequest,
  body: Uint8Array,
  slot: RequestSlot,
): Promise<ProtectedRequest> => {
  const digest = `sha-256=:${toBase64(await crypto.sha256(body))}:`;
  const headers = { ...request.headers, [header.service]: request.service, [header.contentDigest]: digest };
  const { base, input } = buildBase(keys, request, headers, slot, tag.signed);
  return finish(headers, body, input, await crypto.mac(keys.requestMac, base), tag.signed);
};

/** Seals a request: its body is unreadable and its head unchangeable. */
export const sealRequest = async (
  crypto: AsyncCrypto,
  keys: ClientKeys,
  request: OutgoingRequest,
  body: Uint8Array,
  slot: RequestSlot,
): Promise<ProtectedRequest> => {
  const headers = { ...request.headers, [header.service]: request.service };
  const { base, input } = buildBase(keys, request, headers, slot, tag.sealed);
  const sealed = await crypto.seal(keys.requestAead, requestNonce(keys.requestIv, slot.sequence), body, base);
  const split = sealed.length - 16;
  return finish(headers, sealed.subarray(0, split), input, sealed.subarray(split), tag.sealed);
};

/** A chunked request: the head goes out at once, then each chunk as a frame; the last one is final. */
export interface ChunkedOutgoing {
  readonly head: ProtectedRequest;
  /** One frame for at most 65,536 bytes of plaintext. */
  readonly sealChunk: (plaintext: Uint8Array, final: boolean) => Promise<Bytes>;
}

/** Seals a request whose body comes piece by piece. */
export const sealChunkedRequest = async (
  crypto: AsyncCrypto,
  keys: ClientKeys,
  request: OutgoingRequest,
  slot: RequestSlot,
): Promise<ChunkedOutgoing> => {
  const headers = { ...request.headers, [header.service]: request.service };
  const { base, input } = buildBase(keys, request, headers, slot, tag.chunked);
  const label = requestChunkLabel(slot.sequence, await crypto.sha256(base));
  const key = await crypto.importAead(await crypto.hkdfExpand(keys.chunk, label, 32));
  const none = new Uint8Array(0);
  const head = finish(headers, none, input, await crypto.seal(key, chunkNonce(0, false), none, base), tag.chunked);
  let counter = 0;
  const sealChunk = async (plaintext: Uint8Array, final: boolean): Promise<Bytes> => {
    counter += 1;
    const frameHeader = encodeChunkHeader({ final, plaintextLength: plaintext.length });
    return concat(frameHeader, await crypto.seal(key, chunkNonce(counter, final), plaintext, frameHeader));
  };
  return { head, sealChunk };
};
