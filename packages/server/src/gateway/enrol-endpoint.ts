/**
 * Enrolment as HTTP: a challenge first, then the evidence over it. A known device brings new evidence the same way, signed by the key that it is
 * bound by. A second key (`step-up`) and a successor of the first come through a protected request.
 */

import {
  type DeviceTable,
  type EnrolmentRequest,
  thumbprintInput,
  type VerifiedRequest,
  verifyEnrolment,
} from '@hauberk/channel';
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
import type { Appraise, AppraisedEvidence, AssertingKey } from '../device/appraise-enrolment.ts';
import type { AttestationStore } from '../storage/attestation-store.ts';
import type { Device, DeviceStore } from '../storage/device-store.ts';
import type { EnrolmentChallenges } from '../storage/enrolment-challenges.ts';
import type { Scope } from '../storage/scope.ts';
import type { StorageRefusal } from '../storage/storage-refusal.ts';
import { voidTickets } from './device-operations.ts';
import type { GatewayReply } from './gateway-reply.ts';
import type { UpstreamReply } from './idempotency.ts';
import { storageReason } from './idempotency.ts';
import { problemBody } from './problems.ts';
import type { Reason } from './reasons.ts';

/** What enrolment needs. */
export interface EnrolmentShell {
  readonly crypto: SyncCrypto;
  readonly devices: DeviceStore;
  readonly attestations: AttestationStore;
  readonly challenges: EnrolmentChallenges;
  readonly appraise: Appraise;
  /** The shared table, whose generations void tickets. */
  readonly table: DeviceTable;
  /** Whether this installation serves the organisation, app and service. */
  readonly serves: (organisation: string, app: string, service: string) => boolean;
  readonly now: () => EpochMs;
}

/** Largest enrolment: evidence of the largest kind. */
export const maxEnrolmentBytes = 131_072;

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

/** A judged request with what its evidence came to. */
interface Judged {
  readonly request: EnrolmentRequest;
  readonly thumbprint: string;
  readonly worth: AppraisedEvidence;
}

/** The device that a key is the identity of, with what vouches for it. */
interface Bound {
  readonly device: Device;
  readonly asserting: AssertingKey | undefined;
}

const thumbprintOf = ({ crypto }: EnrolmentShell, publicKey: Uint8Array): string =>
  toBase64Url(crypto.sha256(thumbprintInput(publicKey)));

/** Signature, scope and challenge; whatever follows knows that the holder of the key asks now. */
const judge = async (shell: EnrolmentShell, body: Uint8Array): Promise<Result<EnrolmentRequest, Reason>> => {
  const verified = verifyEnrolment(shell.crypto, fromUtf8(body) ?? '');
  if (!verified.ok) return verified;
  const { organisation, app, service, challenge } = verified.value;
  if (!shell.serves(organisation, app, service)) return refuse('enrol.scope');
  const consumed = await shell.challenges.consume({ organisation, app }, challenge, shell.now());
  if (consumed.ok) return verified;
  if (consumed.code.startsWith('storage-')) return refuse('storage.overloaded');
  return refuse('enrol.challenge', consumed.code);
};

const assertingKeyOf = async (
  shell: EnrolmentShell,
  scope: Scope,
  device: string,
): Promise<AssertingKey | undefined> => {
  const found = await shell.attestations.record(scope, device);
  const key = found?.record.keys.find(({ purpose }) => purpose === 'attestation');
  if (found === undefined || key === undefined) return undefined;
  const { counter, facts } = found.record.appraised;
  const value = counter?.key === key.thumbprint ? counter.value : 0;
  return { thumbprint: key.thumbprint, publicKey: key.publicKey, counter: value, facts };
};

const appraised = (
  shell: EnrolmentShell,
  request: EnrolmentRequest,
  bound: Bound | undefined,
): Result<Judged, Reason> => {
  const boundKey = bound === undefined ? undefined : request.publicKey;
  const worth = shell.appraise({ request, boundKey, asserting: bound?.asserting }, shell.now());
  if (!worth.ok) return worth;
  return accept({ request, thumbprint: thumbprintOf(shell, request.publicKey), worth: worth.value });
};

const enrolledReply = (status: number, device: Device, thumbprint: string): GatewayReply =>
  jsonReply(status, { deviceId: device.id, thumbprint, tier: device.tier });

const isStorageCode = (code: string): code is StorageRefusal => code.startsWith('storage-');

/** A new device; a known key answers the device that it has, unchanged. */
const enrolNew = async (shell: EnrolmentShell, request: EnrolmentRequest): Promise<Result<GatewayReply, Reason>> => {
  const judged = appraised(shell, request, undefined);
  if (!judged.ok) return judged;
  const { thumbprint, worth } = judged.value;
  const { tier, verdictReference } = worth.appraised;
  const scope = { organisation: request.organisation, app: request.app };
  const enrolled = await shell.devices.enrol(
    scope,
    { thumbprint, publicKey: request.publicKey, tier, verdictReference, ...worth },
    shell.now(),
  );
  if (!enrolled.ok)
    return isStorageCode(enrolled.code)
      ? refuse(storageReason(enrolled.code))
      : refuse('enrol.evidence', enrolled.code);
  const { device, created } = enrolled.value;
  // A device that was switched off does not come back by enrolling its old key again.
  if (!isActiveState(device.state)) return refuse('hello.device-revoked');
  return accept(enrolledReply(created ? 201 : 200, device, thumbprint));
};

/** What a device was refused for goes into its own history: whoever reads it sees a copied phone try. */
const noteRefusal = async (shell: EnrolmentShell, scope: Scope, device: string, code: string): Promise<void> => {
  const entry = { kind: 'refused', atMs: shell.now(), actor: 'gateway', reason: code.slice(0, 256), facts: undefined };
  await shell.attestations.note(scope, device, { ...entry, kind: 'refused' });
};

/** New evidence of a known device, signed by the key that it is bound by. */
const attestAgain = async (shell: EnrolmentShell, request: EnrolmentRequest): Promise<Result<GatewayReply, Reason>> => {
  const scope = { organisation: request.organisation, app: request.app };
  const thumbprint = thumbprintOf(shell, request.publicKey);
  const keyed = await shell.devices.findByThumbprint(scope, thumbprint, 'identity');
  if (keyed === undefined || keyed.device.id !== request.deviceId) return refuse('hello.device-unknown');
  const { device } = keyed;
  if (!isActiveState(device.state)) return refuse('hello.device-revoked');
  const judged = appraised(shell, request, { device, asserting: await assertingKeyOf(shell, scope, device.id) });
  if (!judged.ok) {
    await noteRefusal(shell, scope, device.id, `${judged.code} ${judged.detail ?? ''}`.trim());
    return judged;
  }
  const { worth } = judged.value;
  const kept = await shell.attestations.attest(scope, device.id, { ...worth, signedBy: thumbprint }, shell.now());
  if (!kept.ok) {
    if (isStorageCode(kept.code)) return refuse(storageReason(kept.code));
    await noteRefusal(shell, scope, device.id, kept.code);
    return refuse('enrol.chain', kept.code);
  }
  voidTickets(shell.table, kept.value, shell.now());
  return accept(enrolledReply(200, kept.value, thumbprint));
};

/** What enrolment answers; the detail is for the log alone. */
export interface EnrolmentAnswer {
  readonly reply: GatewayReply;
  readonly reason: Reason | 'ok';
  readonly detail?: string;
}

/** Enrols a device by its identity key, or takes new evidence of one. */
export const serveEnrolment = async (
  shell: EnrolmentShell,
  body: Uint8Array,
  instance: string,
): Promise<EnrolmentAnswer> => {
  const judged = await judge(shell, body);
  const kept = !judged.ok
    ? judged
    : judged.value.purpose !== 'identity'
      ? refuse<Reason>('enrol.evidence', 'purpose')
      : await (judged.value.deviceId === null ? enrolNew : attestAgain)(shell, judged.value);
  return kept.ok
    ? { reply: kept.value, reason: 'ok' }
    : {
        reply: problemBody(kept.code, { execution: 'none', instance }),
        reason: kept.code,
        detail: kept.detail ?? '',
      };
};

/** The identity key hands over to another one of the same worth, inside a session that the old one opened. */
const rotateKey = async (
  shell: EnrolmentShell,
  request: EnrolmentRequest,
  { deviceId, tier }: VerifiedRequest['facts'],
): Promise<Result<UpstreamReply, Reason>> => {
  const judged = appraised(shell, request, undefined);
  if (!judged.ok) return judged;
  const { thumbprint, worth } = judged.value;
  if (worth.appraised.tier < tier) return refuse('enrol.chain', 'a lower tier');
  const scope = { organisation: request.organisation, app: request.app };
  const record = (await shell.attestations.record(scope, deviceId))?.record;
  const old = record?.keys.find(({ purpose }) => purpose === 'identity')?.thumbprint;
  if (old === undefined) return refuse('hello.device-unknown');
  const successor = { thumbprint, publicKey: request.publicKey, signedBy: [old, thumbprint] };
  const rotated = await shell.attestations.rotate(scope, deviceId, successor, shell.now());
  if (!rotated.ok)
    return isStorageCode(rotated.code) ? refuse(storageReason(rotated.code)) : refuse('enrol.chain', rotated.code);
  // The successor's own evidence is what counts from now on: App Attest asserts with the key that came with it, not with the old one's.
  const kept = await shell.attestations.attest(scope, deviceId, { ...worth, signedBy: thumbprint }, shell.now());
  const device = kept.ok ? kept.value : rotated.value;
  voidTickets(shell.table, device, shell.now());
  return accept(jsonReply(200, { deviceId, thumbprint, tier: device.tier }));
};

/** Adds a step-up key to the device whose session asks for it, or lets its identity key hand over. */
export const enrolOwnKey = async (
  shell: EnrolmentShell,
  verified: VerifiedRequest,
): Promise<Result<UpstreamReply, Reason>> => {
  const judged = await judge(shell, verified.body);
  if (!judged.ok) return judged;
  const request = judged.value;
  const { purpose, deviceId, organisation, app, publicKey } = request;
  const { facts } = verified;
  if (deviceId !== facts.deviceId) return refuse('enrol.evidence', 'device');
  if (organisation !== facts.organisation || app !== facts.app) return refuse('enrol.scope');
  if (purpose === 'identity') return rotateKey(shell, request, facts);
  // What approves is worth no less than what says hello, where the app asks for hardware.
  const worth = appraised(shell, request, undefined);
  if (!worth.ok) return worth;
  const { thumbprint } = worth.value;
  const key = { thumbprint, purpose, publicKey };
  const added = await shell.devices.addKey({ organisation, app }, facts.deviceId, key, shell.now());
  if (added.ok) return accept(jsonReply(201, { deviceId: facts.deviceId, thumbprint, tier: facts.tier }));
  if (isStorageCode(added.code)) return refuse('storage.overloaded');
  return refuse('enrol.evidence', added.code);
};
