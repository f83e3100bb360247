/**
 * Keys of trusted services: a device in its session asks for a challenge, has a key made for it, and registers the key with its evidence. What the
 * evidence says, and not what was asked for, decides which statements of the key will be believed.
 */
import { type Evidence, isRawPoint, thumbprintInput, trustedKeyInput, type VerifiedRequest } from '@hauberk/channel';
import { type TrustedKeyPurpose, trustedKeyPurposes } from '@hauberk/device';
import {
  accept,
  type Bytes,
  fromBase64Url,
  fromUtf8,
  parseJson,
  type Result,
  refuse,
  toBase64Url,
  utf8,
} from '@hauberk/primitives';
import { z } from 'zod';
import type { AdmitKey, KeyProposal } from '../device/admit-key.ts';
import { challengeRoom } from '../storage/enrolment-challenges.ts';
import type { TrustedKeyStore } from '../storage/trusted-key-store.ts';
import type { EnrolmentShell } from './enrol-endpoint.ts';
import { storageReason, type UpstreamReply } from './idempotency.ts';
import type { Reason } from './reasons.ts';

/** What registering needs beside enrolment. */
export interface KeyShell extends Pick<EnrolmentShell, 'crypto' | 'challenges' | 'now'> {
  readonly trustedKeys: TrustedKeyStore;
  readonly admitKey: AdmitKey;
}

/** Largest registration: evidence of the largest kind. */
export const maxKeyBytes = 131_072;

/** A key with its evidence. */
export interface RegisterRequest {
  readonly do: 'register';
  readonly purpose: TrustedKeyPurpose;
  readonly nonce: Bytes;
  readonly publicKey: Bytes;
  readonly evidence: Evidence;
  readonly proof?: string | undefined;
}

/** What a device may ask here. */
export type KeyRequest = { readonly do: 'challenge'; readonly purpose: TrustedKeyPurpose } | RegisterRequest;

const bytes = (length: number) =>
  z
    .string()
    .max(256)
    .transform((text, issue) => {
      const read = fromBase64Url(text);
      if (read?.length === length) return read;
      issue.addIssue('must be base64url of its length');
      return z.NEVER;
    });

const purpose = z.enum(trustedKeyPurposes);

const evidence = z.union([
  z.strictObject({ kind: z.literal('software') }),
  z.strictObject({ kind: z.string().min(1).max(64), statement: z.string().min(1).max(65_536) }),
]);

const requestSchema: z.ZodType<KeyRequest> = z.discriminatedUnion('do', [
  z.strictObject({ do: z.literal('challenge'), purpose }),
  z.strictObject({
    do: z.literal('register'),
    purpose,
    nonce: bytes(32),
    publicKey: bytes(65).refine(isRawPoint),
    evidence,
    proof: z.string().min(1).max(16_384).optional(),
  }),
]);

/** Reads a request strictly; undefined when it is none. */
export const readKeyRequest = (body: Uint8Array): KeyRequest | undefined => {
  const parsed = parseJson(fromUtf8(body) ?? '');
  const judged = parsed.ok ? requestSchema.safeParse(parsed.value) : undefined;
  return judged?.success === true ? judged.data : undefined;
};

const jsonReply = (status: number, value: object): UpstreamReply => ({
  status,
  headers: ['content-type', 'application/json', 'cache-control', 'no-store, no-transform'],
  body: utf8(JSON.stringify(value)),
});

const challengeOf = (
  { crypto }: KeyShell,
  { deviceId, organisation, app, service }: VerifiedRequest['facts'],
  asked: TrustedKeyPurpose,
  nonce: Bytes,
): Bytes => crypto.sha256(trustedKeyInput({ nonce, deviceId, purpose: asked, organisation, app, service }));

const proposalOf = (shell: KeyShell, facts: VerifiedRequest['facts'], request: RegisterRequest): KeyProposal => {
  const { organisation, app, service } = facts;
  const { publicKey, nonce, proof } = request;
  return {
    organisation,
    app,
    service,
    purpose: request.purpose,
    publicKey,
    thumbprint: toBase64Url(shell.crypto.sha256(thumbprintInput(publicKey))),
    evidence: request.evidence,
    challenge: challengeOf(shell, facts, request.purpose, nonce),
    proof,
  };
};

const register = async (
  shell: KeyShell,
  facts: VerifiedRequest['facts'],
  request: RegisterRequest,
): Promise<Result<UpstreamReply, Reason>> => {
  const scope = { organisation: facts.organisation, app: facts.app };
  const now = shell.now();
  const consumed = await shell.challenges.consume(challengeRoom(scope, 'trusted-key'), request.nonce, now);
  if (!consumed.ok)
    return consumed.code.startsWith('storage-')
      ? refuse('storage.overloaded')
      : refuse('enrol.challenge', consumed.code);
  const admitted = shell.admitKey(proposalOf(shell, facts, request), now);
  if (!admitted.ok) return admitted;
  const kept = await shell.trustedKeys.register(scope, facts.deviceId, admitted.value, now);
  if (kept.ok) {
    const { thumbprint, purpose: kind, tier, userBinding } = kept.value;
    return accept(jsonReply(201, { thumbprint, purpose: kind, tier, userBinding }));
  }
  if (kept.code === 'device-unknown' || kept.code === 'device-not-enrolled') return refuse('hello.device-unknown');
  return kept.code === 'device-key-taken' || kept.code === 'device-keys-full'
    ? refuse('trusted-key.refused', kept.code)
    : refuse(storageReason(kept.code));
};

/** Answers a request about the keys of the session's device. */
export const serveKeys = async (
  shell: KeyShell,
  { facts, body }: VerifiedRequest,
): Promise<Result<UpstreamReply, Reason>> => {
  const request = readKeyRequest(body);
  if (request === undefined) return refuse('body.not-json');
  if (request.do === 'register') return register(shell, facts, request);
  const room = challengeRoom({ organisation: facts.organisation, app: facts.app }, 'trusted-key');
  const nonce = await shell.challenges.issue(room, shell.now());
  const challenge = challengeOf(shell, facts, request.purpose, nonce);
  return accept(jsonReply(200, { nonce: toBase64Url(nonce), challenge: toBase64Url(challenge) }));
};
