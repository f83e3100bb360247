/**
 * Step-up: a route that demands it answers the first request with a challenge; the repeated request carries the signature of a user-verified
 * step-up key over that challenge and this very transaction. The challenge is authenticated by a MAC (so nothing is stored per
 * challenge but 32 bits in the device's row), single use by compare-and-swap, and void after a restart.
 */
import {
  consumeChallenge,
  type DeviceTable,
  header,
  openChallenge,
  readStepUpAnswer,
  type Transaction,
  transactionBytes,
  type VerifiedRequest,
  verifyStepUp,
} from '@hauberk/channel';
import {
  accept,
  type Bytes,
  concat,
  type EpochMs,
  epochMs,
  equalBytes,
  type Result,
  refuse,
  type SecretKey,
  type SyncCrypto,
  toBase64Url,
  toEpochSeconds,
  utf8,
} from '@hauberk/primitives';
import type { DeviceStore } from '../storage/device-store.ts';
import type { Login } from '../storage/login-store.ts';
import { scopeOf } from './logins.ts';

const challengeSeconds = 120;

/** What step-up needs. */
export interface StepUpPorts {
  readonly crypto: SyncCrypto;
  /** In memory only, new at every start: a restart voids all challenges. */
  readonly challengeKey: SecretKey;
  readonly devices: DeviceTable;
  readonly deviceStore: DeviceStore;
}

/** Why a request is refused here. */
export type StepUpReason =
  | 'step-up.required'
  | 'step-up.malformed'
  | 'step-up.challenge'
  | 'step-up.key-unknown'
  | 'step-up.signature';

/** What the client needs to answer. */
export interface StepUpDemand {
  readonly challenge: string;
  readonly expiresAtMs: EpochMs;
  readonly customerId: string;
}

const transactionOf = (crypto: SyncCrypto, request: VerifiedRequest, login: Login | undefined): Transaction => ({
  deviceId: request.facts.deviceId,
  customerId: login?.customer ?? '',
  service: request.facts.service,
  target: request.target,
  bodyHash: crypto.sha256(request.body),
});

const macOf = (ports: StepUpPorts, clear: Bytes, deviceId: string, digest: Bytes): Bytes =>
  ports.crypto.mac(ports.challengeKey, concat(clear, utf8(deviceId), digest)).slice(0, 16);

const markOf = (challenge: Bytes): number => new DataView(challenge.buffer, challenge.byteOffset).getInt32(4) || 1;

/** Bytes of a challenge that may say what it was made for. */
const noteAt = 8;
/** Length of such a note. */
export const noteLength = 8;

/** Opens a challenge for this very transaction. `note` comes back with its answer: which event the challenge was made for. */
export const demandStepUp = (
  ports: StepUpPorts,
  request: VerifiedRequest,
  login: Login | undefined,
  now: EpochMs,
  note?: Uint8Array,
): StepUpDemand => {
  const { crypto } = ports;
  const expiresAt = toEpochSeconds(now) + challengeSeconds;
  const clear = concat(new Uint8Array(4), crypto.random(12));
  if (note !== undefined) clear.set(note.subarray(0, noteLength), noteAt);
  new DataView(clear.buffer).setUint32(0, expiresAt);
  const digest = crypto.sha256(transactionBytes(transactionOf(crypto, request, login)));
  const challenge = concat(clear, macOf(ports, clear, request.facts.deviceId, digest));
  openChallenge(ports.devices, request.facts.deviceRow, markOf(challenge), clear[15] ?? 0);
  return {
    challenge: toBase64Url(challenge),
    expiresAtMs: epochMs(expiresAt * 1000),
    customerId: login?.customer ?? '',
  };
};

/** Judges the answer that a request carries: own challenge, this transaction, unexpired, unused, signed by a step-up key of this device. Answers the challenge's note. */
export const checkStepUp = async (
  ports: StepUpPorts,
  request: VerifiedRequest,
  login: Login | undefined,
  now: EpochMs,
): Promise<Result<Uint8Array, StepUpReason>> => {
  const value = request.headers[header.stepUp];
  if (typeof value !== 'string') return refuse('step-up.required');
  const read = readStepUpAnswer(value);
  if (!read.ok) return refuse('step-up.malformed');
  const { challenge, keyThumbprint } = read.value;
  const transaction = transactionOf(ports.crypto, request, login);
  const digest = ports.crypto.sha256(transactionBytes(transaction));
  const clear = challenge.slice(0, 16);
  if (!equalBytes(macOf(ports, clear, request.facts.deviceId, digest), challenge.subarray(16)))
    return refuse('step-up.challenge', 'transaction');
  if (new DataView(clear.buffer).getUint32(0) < toEpochSeconds(now)) return refuse('step-up.challenge', 'expired');
  const keyed = await ports.deviceStore.findByThumbprint(scopeOf(request), toBase64Url(keyThumbprint), 'step-up');
  if (keyed === undefined || keyed.device.id !== request.facts.deviceId) return refuse('step-up.key-unknown');
  if (!verifyStepUp(ports.crypto, keyed.key.publicKey, read.value, transaction).ok) return refuse('step-up.signature');
  // Last of all: whoever consumes it has passed every other check, and nobody passes with it again.
  const consumed = consumeChallenge(ports.devices, request.facts.deviceRow, markOf(challenge));
  return consumed ? accept(clear.subarray(noteAt, noteAt + noteLength)) : refuse('step-up.challenge', 'used');
};
