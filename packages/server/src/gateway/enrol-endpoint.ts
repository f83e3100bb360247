/** Enrolment as HTTP: a challenge first, then the evidence over it. A second key (`step-up`) comes through a protected request. */

import { type EnrolmentRequest, thumbprintInput, type VerifiedRequest, verifyEnrolment } from '@hauberk/channel';
import { isActiveState } from '@hauberk/device';
import {
  accept,
  type EpochMs,
  fromUtf8,
  parseJson,
  type Result,
  refuse,
  type SyncCrypto,
  toBase64Url,
  utf8,
} from '@hauberk/primitives';
import type { DeviceStore } from '../storage/device-store.ts';
import type { EnrolmentChallenges } from '../storage/enrolment-challenges.ts';
import type { GatewayReply } from './gateway-reply.ts';
import type { UpstreamReply } from './idempotency.ts';
import { storageReason } from './idempotency.ts';
import { problemBody } from './problems.ts';
import type { Reason } from './reasons.ts';

/** What enrolment needs. */
export interface EnrolmentShell {
  readonly crypto: SyncCrypto;
  readonly devices: DeviceStore;
  readonly challenges: EnrolmentChallenges;
  /** Whether this installation serves the organisation, app and service. */
  readonly serves: (organisation: string, app: string, service: string) => boolean;
  readonly now: () => EpochMs;
}

/** Largest enrolment: evidence of the largest kind. */
export const maxEnrolmentBytes = 131_072;

/** The tier that software evidence earns: possession of a key, nothing more. */
const softwareTier = 0;

const jsonReply = (status: number, value: object): GatewayReply => ({
  status,
  headers: ['content-type', 'application/json', 'cache-control', 'no-store, no-transform'],
  body: utf8(JSON.stringify(value)),
});

const textMember = (value: unknown, name: string): string => {
  const member = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
  return typeof member === 'string' ? member : '';
};

/** Issues a challenge: 32 bytes, five minutes, single use. */
export const serveChallenge = async (
  shell: EnrolmentShell,
  body: Uint8Array,
  instance: string,
): Promise<{ readonly reply: GatewayReply; readonly reason: Reason | 'ok' }> => {
  const parsed = parseJson(fromUtf8(body) ?? '');
  const asked = parsed.ok ? parsed.value : undefined;
  const organisation = textMember(asked, 'organisation');
  const app = textMember(asked, 'app');
  if (!shell.serves(organisation, app, textMember(asked, 'service'))) {
    return { reply: problemBody('enrol.scope', { execution: 'none', instance }), reason: 'enrol.scope' };
  }
  const challenge = await shell.challenges.issue({ organisation, app }, shell.now());
  return { reply: jsonReply(200, { challenge: toBase64Url(challenge) }), reason: 'ok' };
};

const judge = async (shell: EnrolmentShell, body: Uint8Array): Promise<Result<EnrolmentRequest, Reason>> => {
  const verified = verifyEnrolment(shell.crypto, fromUtf8(body) ?? '');
  if (!verified.ok) return verified;
  const { organisation, app, service, challenge, evidence } = verified.value;
  if (!shell.serves(organisation, app, service)) return refuse('enrol.scope');
  if (evidence.kind !== 'software') return refuse('enrol.evidence', evidence.kind);
  const consumed = await shell.challenges.consume({ organisation, app }, challenge, shell.now());
  if (consumed.ok) return verified;
  if (consumed.code.startsWith('storage-')) return refuse('storage.overloaded');
  return refuse('enrol.challenge', consumed.code);
};

const keep = async (shell: EnrolmentShell, request: EnrolmentRequest): Promise<Result<GatewayReply, Reason>> => {
  const { organisation, app, publicKey } = request;
  const thumbprint = toBase64Url(shell.crypto.sha256(thumbprintInput(publicKey)));
  const enrolment = { thumbprint, publicKey, tier: softwareTier, verdictReference: 'software' };
  const enrolled = await shell.devices.enrol({ organisation, app }, enrolment, shell.now());
  if (!enrolled.ok)
    return enrolled.code === 'device-key-taken'
      ? refuse('enrol.evidence', enrolled.code)
      : refuse(storageReason(enrolled.code));
  const { device, created } = enrolled.value;
  // A device that was switched off does not come back by enrolling its old key again.
  if (!isActiveState(device.state)) return refuse('hello.device-revoked');
  return accept(jsonReply(created ? 201 : 200, { deviceId: device.id, thumbprint, tier: device.tier }));
};

/** Enrols a device by its identity key. */
export const serveEnrolment = async (
  shell: EnrolmentShell,
  body: Uint8Array,
  instance: string,
): Promise<{ readonly reply: GatewayReply; readonly reason: Reason | 'ok' }> => {
  const judged = await judge(shell, body);
  const isIdentity = judged.ok && judged.value.purpose === 'identity' && judged.value.deviceId === null;
  const kept = !judged.ok
    ? judged
    : isIdentity
      ? await keep(shell, judged.value)
      : refuse<Reason>('enrol.evidence', 'purpose');
  return kept.ok
    ? { reply: kept.value, reason: 'ok' }
    : { reply: problemBody(kept.code, { execution: 'none', instance }), reason: kept.code };
};

/** Adds a step-up key to the device whose session asks for it. */
export const enrolStepUpKey = async (
  shell: EnrolmentShell,
  request: VerifiedRequest,
): Promise<Result<UpstreamReply, Reason>> => {
  const judged = await judge(shell, request.body);
  if (!judged.ok) return judged;
  const { purpose, deviceId, organisation, app, publicKey } = judged.value;
  const { facts } = request;
  if (purpose !== 'step-up' || deviceId !== facts.deviceId) return refuse('enrol.evidence', 'purpose');
  if (organisation !== facts.organisation || app !== facts.app) return refuse('enrol.scope');
  const thumbprint = toBase64Url(shell.crypto.sha256(thumbprintInput(publicKey)));
  const added = await shell.devices.addKey(
    { organisation, app },
    facts.deviceId,
    { thumbprint, purpose, publicKey },
    shell.now(),
  );
  if (added.ok) return accept(jsonReply(201, { deviceId: facts.deviceId, thumbprint, tier: facts.tier }));
  if (added.code.startsWith('storage-')) return refuse('storage.overloaded');
  return refuse('enrol.evidence', added.code);
};
