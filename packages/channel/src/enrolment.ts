/**
 * Enrolment: challenge first (single use, five minutes, fixed before the key exists), then evidence over
 * `challenge ‖ device key ‖ organisation ‖ app ‖ service`, signed by the new key under `hb1/enrol`.
 */
import {
  accept,
  type Bytes,
  concat,
  type Result,
  refuse,
  type SyncCrypto,
  toBase64Url,
  utf8,
} from '@hauberk/primitives';
import { isRawPoint, type KeyPurpose } from './device-key.ts';
import { context, protocolVersion } from './names.ts';
import type { ProofReason } from './reasons.ts';
import { bytesOf, hasOnly, isObject, type JsonObject, textOf } from './shape.ts';
import { readDocument } from './signed-document.ts';

/** One piece of evidence, in its text form. */
export interface StatedOpinion {
  readonly kind: string;
  readonly statement: string;
}

/** Evidence that a key is held where it says. `software` proves nothing beyond possession. */
export type Evidence =
  | { readonly kind: 'software' }
  /** `also`: second opinions beside it, e.g. of Play Integrity. */
  | (StatedOpinion & { readonly also?: readonly StatedOpinion[] });

/** Most second opinions beside a piece of evidence. */
const maxOpinions = 2;

/** What a device asks to be enrolled with. */
export interface EnrolmentRequest {
  readonly challenge: Bytes;
  readonly publicKey: Bytes;
  readonly purpose: KeyPurpose;
  readonly organisation: string;
  readonly app: string;
  readonly service: string;
  readonly evidence: Evidence;
  /** For a second key (`step-up`): the device that it joins, proved by a live session of that device. */
  readonly deviceId: string | null;
}

/**
 * The bytes whose SHA-256 a device's evidence is made for. The challenge is fixed before the key exists, so the evidence of an enrolment cannot
 * name the key here: it attests the key itself, or is bound to it a second time. Evidence of a known device names the key that it is bound by,
 * so that no other phone's evidence will do.
 */
export const evidenceInput = (
  asked: Pick<EnrolmentRequest, 'challenge' | 'organisation' | 'app' | 'service'>,
  boundKey: Uint8Array | undefined,
): Bytes =>
  concat(
    utf8(`${context.enrol}\u0000`),
    asked.challenge,
    boundKey ?? new Uint8Array(0),
    utf8(`${asked.organisation}\n${asked.app}\n${asked.service}`),
  );

const members = ['v', 'challenge', 'publicKey', 'purpose', 'organisation', 'app', 'service', 'evidence', 'deviceId'];

/** The payload of an enrolment, ready to be signed under `hb1/enrol` by the key that is being enrolled. */
export const enrolmentPayload = (request: EnrolmentRequest): JsonObject => ({
  v: protocolVersion,
  challenge: toBase64Url(request.challenge),
  publicKey: toBase64Url(request.publicKey),
  purpose: request.purpose,
  organisation: request.organisation,
  app: request.app,
  service: request.service,
  evidence: request.evidence,
  deviceId: request.deviceId,
});

const readOpinion = (value: unknown): StatedOpinion | undefined => {
  if (!isObject(value)) return undefined;
  const kind = textOf(value, 'kind', 64);
  const statement = textOf(value, 'statement', 65_536);
  return kind === undefined || statement === undefined ? undefined : { kind, statement };
};

const readOpinions = (value: unknown): readonly StatedOpinion[] | undefined => {
  if (!Array.isArray(value) || value.length === 0 || value.length > maxOpinions) return undefined;
  const read = value.map((each: unknown) =>
    isObject(each) && hasOnly(each, ['kind', 'statement']) ? readOpinion(each) : undefined,
  );
  return read.every((each) => each !== undefined) ? read : undefined;
};

const readEvidence = (value: unknown): Evidence | undefined => {
  if (!isObject(value)) return undefined;
  if (value['kind'] === 'software') return hasOnly(value, ['kind']) ? { kind: 'software' } : undefined;
  const opinion = hasOnly(value, ['kind', 'statement', 'also']) ? readOpinion(value) : undefined;
  if (opinion === undefined || !('also' in value)) return opinion;
  const also = readOpinions(value['also']);
  return also === undefined ? undefined : { ...opinion, also };
};

const readPayload = (payload: JsonObject): EnrolmentRequest | undefined => {
  const challenge = bytesOf(payload, 'challenge', 32);
  const publicKey = bytesOf(payload, 'publicKey', 65);
  const purpose = payload['purpose'];
  const organisation = textOf(payload, 'organisation', 64);
  const app = textOf(payload, 'app', 64);
  const service = textOf(payload, 'service', 64);
  const evidence = readEvidence(payload['evidence']);
  const deviceId = payload['deviceId'] === null ? null : textOf(payload, 'deviceId', 64);
  if (challenge === undefined || publicKey === undefined || !isRawPoint(publicKey)) return undefined;
  if (purpose !== 'identity' && purpose !== 'step-up') return undefined;
  if (organisation === undefined || app === undefined || service === undefined) return undefined;
  if (evidence === undefined || deviceId === undefined) return undefined;
  return { challenge, publicKey, purpose, organisation, app, service, evidence, deviceId };
};

/** Reads an enrolment and checks that the key signed it. The challenge is then consumed by the store, exactly once. */
export const verifyEnrolment = (crypto: SyncCrypto, text: string): Result<EnrolmentRequest, ProofReason> => {
  const document = readDocument(context.enrol, text);
  if (!document.ok) return refuse('enrol.malformed', document.code);
  const { payload, signedBytes, signature } = document.value;
  const request = payload['v'] === protocolVersion && hasOnly(payload, members) ? readPayload(payload) : undefined;
  if (request === undefined) return refuse('enrol.malformed');
  return crypto.verify(request.publicKey, signedBytes, signature) ? accept(request) : refuse('enrol.signature');
};
