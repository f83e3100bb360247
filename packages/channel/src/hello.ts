/**
 * The hello: what a client says first. `payload.signature` or `payload.signature.resumeTicket`, signed by the device key under
 * `hb1/hello`; the payload names the hash of the resume ticket, so the signature covers every byte.
 */
import { accept, type Bytes, type EpochMs, epochMs, type Result, refuse, toBase64Url } from '@hauberk/primitives';
import { context, protocolVersion } from './names.ts';
import type { HandshakeReason } from './reasons.ts';
import { booleanOf, bytesOf, countOf, hasOnly, type JsonObject, listOf, textEntry, textOf } from './shape.ts';
import { readDocument } from './signed-document.ts';
import { findSuite, type Suite } from './suites.ts';

/** What a hello says. */
export interface Hello {
  /** Suites in the client's order; the share belongs to the first, and the gateway uses that one or refuses. */
  readonly suites: readonly string[];
  readonly configHash: Bytes;
  readonly configKeyId: string;
  readonly organisation: string;
  readonly app: string;
  readonly service: string;
  readonly share: Bytes;
  /** RFC 7638 thumbprint of the device key. */
  readonly deviceThumbprint: Bytes;
  readonly resumeHash: Bytes | null;
  readonly early: boolean;
  /** The client's estimate of the server's time, or null when a gateway nonce proves freshness. */
  readonly createdMs: EpochMs | null;
  readonly nonce: string | null;
}

/** A hello as received, taken apart and not yet believed. */
export interface UnverifiedHello {
  readonly hello: Hello;
  readonly suite: Suite;
  readonly signedBytes: Bytes;
  readonly signature: Bytes;
  readonly resumeTicket: string | null;
  /** The exact text, which the transcript covers. */
  readonly text: string;
}

const members = [
  'v',
  'suites',
  'config',
  'kid',
  'organisation',
  'app',
  'service',
  'share',
  'device',
  'resume',
  'early',
  'createdMs',
  'nonce',
];

/** The payload of a hello, ready to be signed under `hb1/hello`. */
export const helloPayload = (hello: Hello): JsonObject => ({
  v: protocolVersion,
  suites: hello.suites,
  config: toBase64Url(hello.configHash),
  kid: hello.configKeyId,
  organisation: hello.organisation,
  app: hello.app,
  service: hello.service,
  share: toBase64Url(hello.share),
  device: toBase64Url(hello.deviceThumbprint),
  resume: hello.resumeHash === null ? null : toBase64Url(hello.resumeHash),
  early: hello.early,
  createdMs: hello.createdMs,
  nonce: hello.nonce,
});

const readNames = (payload: JsonObject) => {
  const configKeyId = textOf(payload, 'kid', 64);
  const organisation = textOf(payload, 'organisation', 64);
  const app = textOf(payload, 'app', 64);
  const service = textOf(payload, 'service', 64);
  if (configKeyId === undefined || organisation === undefined || app === undefined || service === undefined)
    return undefined;
  return { configKeyId, organisation, app, service };
};

/** Exactly one of `createdMs` and `nonce` is given; the other is null. */
const readFreshness = (payload: JsonObject) => {
  const created = payload['createdMs'] === null ? null : countOf(payload, 'createdMs');
  const nonce = payload['nonce'] === null ? null : textOf(payload, 'nonce', 128);
  if (created === undefined || nonce === undefined || (created === null) === (nonce === null)) return undefined;
  return { createdMs: created === null ? null : epochMs(created), nonce };
};

const readHelloPayload = (payload: JsonObject, suite: Suite): Hello | undefined => {
  const suites = listOf(payload, 'suites', textEntry, 16);
  const configHash = bytesOf(payload, 'config', 32);
  const share = bytesOf(payload, 'share', suite.shareLength);
  const deviceThumbprint = bytesOf(payload, 'device', 32);
  const resumeHash = payload['resume'] === null ? null : bytesOf(payload, 'resume', 32);
  const early = booleanOf(payload, 'early');
  const names = readNames(payload);
  const freshness = readFreshness(payload);
  if (suites === undefined || configHash === undefined || share === undefined || deviceThumbprint === undefined)
    return undefined;
  if (resumeHash === undefined || early === undefined || names === undefined || freshness === undefined)
    return undefined;
  return { suites, configHash, share, deviceThumbprint, resumeHash, early, ...names, ...freshness };
};

/** Takes a hello apart. */
export const readHello = (text: string): Result<UnverifiedHello, HandshakeReason> => {
  const [payloadText = '', signatureText = '', resumeTicket = null, ...rest] = text.split('.');
  if (rest.length > 0) return refuse('hello.malformed');
  const document = readDocument(context.hello, `${payloadText}.${signatureText}`);
  if (!document.ok) return refuse('hello.malformed', document.code);
  const { payload, signedBytes, signature } = document.value;
  if (payload['v'] !== protocolVersion || !hasOnly(payload, members))
    return refuse('hello.malformed', 'version or members');
  const first: unknown = Array.isArray(payload['suites']) ? payload['suites'][0] : undefined;
  const suite = typeof first === 'string' ? findSuite(first) : undefined;
  if (suite === undefined) return refuse('hello.suite');
  const hello = readHelloPayload(payload, suite);
  if (hello === undefined || (hello.resumeHash === null) !== (resumeTicket === null)) return refuse('hello.malformed');
  return accept({ hello, suite, signedBytes, signature, resumeTicket, text });
};
