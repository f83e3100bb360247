/** HB/1 requests for a load generator: complete messages as bytes, each with a sequence number that was never used. */
import {
  coveredRequestHeaders,
  type RequestTag,
  requestBase,
  requestComponents,
  requestSignatureParams,
  targetOf,
} from '@hauberk/channel';
import { nodeCrypto } from '@hauberk/crypto/node';
import { type Bytes, type PrivateKey, type SecretKey, toBase64, utf8 } from '@hauberk/primitives';

/** One session with its own counter. */
export interface LoadSession {
  readonly ticket: string;
  readonly keyId: string;
  readonly requestMac: SecretKey;
  readonly requestAead: SecretKey;
  readonly requestIv: Bytes;
  sequence: number;
}

/** How the requests of a corpus are protected; `ecdsa` is the variant that signs each one with the device key. */
export type LoadKind = 'plain' | 'signed' | 'sealed' | 'ecdsa';

/** What all requests of a corpus share. */
export interface LoadShape {
  readonly kind: LoadKind;
  readonly path: string;
  /** Adds a fresh `Idempotency-Key` to each request. */
  readonly idempotent?: boolean;
  /** Signs when the kind is `ecdsa`. */
  readonly deviceKey?: PrivateKey;
}

/** The logical service of every bench configuration. */
export const benchService = 'retail';

/** 1 KiB of JSON, as a payment with its device facts may have. */
export const benchBody: Bytes = utf8(
  JSON.stringify({ to: 'DE89370400440532013000', amount: '12.50', note: 'x'.repeat(957) }).padEnd(1024),
);

const digest = `sha-256=:${toBase64(nodeCrypto.sha256(benchBody))}:`;
const textBody = Buffer.from(benchBody);

let idempotencyKeys = 0;
const freshKey = (): string => {
  idempotencyKeys += 1;
  return `bench-${process.pid}-${idempotencyKeys}`;
};

const requestNonceOf = (iv: Bytes, sequence: number): Bytes => {
  const nonce = Uint8Array.from(iv);
  const view = new DataView(nonce.buffer);
  view.setUint32(8, view.getUint32(8) ^ sequence);
  return nonce;
};

/** Joins a head and a body into the bytes of one message. */
const message = (path: string, headers: Readonly<Record<string, string>>, body: Uint8Array): Buffer => {
  let head = `POST ${path} HTTP/1.1\r\nhost: api.bench.example\r\ncontent-length: ${body.length}\r\n`;
  for (const name in headers) head += `${name}: ${headers[name]}\r\n`;
  return Buffer.concat([Buffer.from(`${head}\r\n`, 'latin1'), body]);
};

interface Protection {
  readonly signature: Bytes;
  readonly body: Uint8Array;
}

const protect = (shape: LoadShape, session: LoadSession, base: Bytes): Protection => {
  if (shape.kind === 'signed') return { signature: nodeCrypto.mac(session.requestMac, base), body: textBody };
  if (shape.kind === 'ecdsa') {
    if (shape.deviceKey === undefined) throw new Error('requests of kind ecdsa need a device key');
    return { signature: nodeCrypto.sign(shape.deviceKey, base), body: textBody };
  }
  const nonce = requestNonceOf(session.requestIv, session.sequence);
  const sealed = nodeCrypto.seal(session.requestAead, nonce, benchBody, base);
  return { signature: sealed.subarray(-16), body: sealed.subarray(0, -16) };
};

/** The next request of a session. */
export const nextRequest = (shape: LoadShape, session: LoadSession | undefined): Buffer => {
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  if (shape.idempotent === true) headers['idempotency-key'] = freshKey();
  if (session === undefined) return message(shape.path, headers, textBody);
  session.sequence += 1;
  const requestTag: RequestTag = shape.kind === 'sealed' ? 'hb1s' : 'hb1';
  headers['hauberk-service'] = benchService;
  if (requestTag === 'hb1') headers['content-digest'] = digest;
  const names = coveredRequestHeaders(requestTag, headers, []);
  const parameters = {
    created: Math.floor(Date.now() / 1000),
    keyid: session.keyId,
    sequence: session.sequence,
    tag: requestTag,
  };
  const params = requestSignatureParams(requestComponents(names), parameters);
  const made = protect(shape, session, utf8(requestBase(targetOf('POST', shape.path), names, headers, params)));
  headers['hauberk-ticket'] = session.ticket;
  headers['signature-input'] = `hb=${params}`;
  headers['signature'] = `hb=:${toBase64(made.signature)}:`;
  return message(shape.path, headers, made.body);
};

/** `count` requests, round robin over the sessions, so that the sequence of each rises while many are under way. */
export const makeRequests = (shape: LoadShape, sessions: readonly LoadSession[], count: number): readonly Buffer[] => {
  const requests: Buffer[] = [];
  for (let index = 0; index < count; index += 1)
    requests.push(nextRequest(shape, shape.kind === 'plain' ? undefined : sessions[index % sessions.length]));
  return requests;
};
