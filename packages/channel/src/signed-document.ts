/**
 * The one form of everything that is signed and stored or sent as a whole: `payload.signature`, both strict base64url.
 * The signature is ECDSA P-256 over `context ‖ 0x00 ‖ ASCII(payload)`, so a document of one kind never passes as another.
 */
import {
  type AsyncCrypto,
  accept,
  type Bytes,
  concat,
  fromBase64Url,
  type PrivateKey,
  type Result,
  refuse,
  type SyncCrypto,
  toBase64Url,
  utf8,
} from '@hauberk/primitives';
import type { DocumentReason } from './reasons.ts';
import { type JsonObject, readJsonObject } from './shape.ts';

/** A document taken apart and not yet believed. */
export interface UnverifiedDocument {
  readonly payload: JsonObject;
  /** The bytes that the signature covers, context included. */
  readonly signedBytes: Bytes;
  readonly signature: Bytes;
}

const zero = /* @__PURE__ */ Uint8Array.of(0);

/** The bytes that a signature or a MAC under `contextName` covers. */
export const bytesUnderContext = (contextName: string, ...parts: readonly Uint8Array[]): Bytes =>
  concat(utf8(contextName), zero, ...parts);

/** Takes `payload.signature` apart; nothing in it is to be believed before the signature is checked. */
export const readDocument = (contextName: string, text: string): Result<UnverifiedDocument, DocumentReason> => {
  const dot = text.indexOf('.');
  if (dot < 1) return refuse('document.malformed');
  const payloadText = text.slice(0, dot);
  const payloadBytes = fromBase64Url(payloadText);
  const signature = fromBase64Url(text.slice(dot + 1));
  if (payloadBytes === undefined || signature?.length !== 64) return refuse('document.malformed');
  const payload = readJsonObject(payloadBytes);
  if (payload === undefined) return refuse('document.malformed');
  return accept({ payload, signedBytes: bytesUnderContext(contextName, utf8(payloadText)), signature });
};

const encodePayload = (payload: object): string => toBase64Url(utf8(JSON.stringify(payload)));

/** Signs a payload with a synchronous provider. */
export const signDocument = (crypto: SyncCrypto, key: PrivateKey, contextName: string, payload: object): string => {
  const text = encodePayload(payload);
  return `${text}.${toBase64Url(crypto.sign(key, bytesUnderContext(contextName, utf8(text))))}`;
};

/** Signs a payload with an asynchronous provider. */
export const signDocumentAsync = async (
  crypto: Pick<AsyncCrypto, 'sign'>,
  key: PrivateKey,
  contextName: string,
  payload: object,
): Promise<string> => {
  const text = encodePayload(payload);
  return `${text}.${toBase64Url(await crypto.sign(key, bytesUnderContext(contextName, utf8(text))))}`;
};
