/**
 * The resume ticket: lets a known device skip re-attestation, and holds no secret. Sealed under keys from the KeyProvider that all nodes
 * share and that survive restarts. A full hello, device-key signature included, goes with it: stolen from storage it is worth nothing.
 */
import {
  accept,
  type Bytes,
  concat,
  type EpochMs,
  epochMs,
  fromBase64Url,
  type Result,
  refuse,
  type SyncCrypto,
  toBase64Url,
  utf8,
} from '@hauberk/primitives';
import type { HandshakeReason } from './reasons.ts';
import { bytesOf, countOf, type JsonObject, readJsonObject, textOf } from './shape.ts';
import type { TicketKeyRing } from './ticket.ts';

/** What a resume ticket says. */
export interface ResumeState {
  readonly organisation: string;
  readonly app: string;
  readonly service: string;
  readonly deviceId: Bytes;
  readonly tier: number;
  /** Names the verdict that the tier rests on. */
  readonly verdictReference: string;
  readonly deviceGeneration: number;
  /** The node that issued it: only there may early data be tried. */
  readonly node: number;
  readonly expiresAtMs: EpochMs;
}

const nonceLength = 12;
const associated = utf8('hb1/resume-ticket');

/** Seals a resume ticket. */
export const sealResumeTicket = (crypto: SyncCrypto, ring: TicketKeyRing, state: ResumeState): string => {
  const keyId = new Uint8Array(4);
  new DataView(keyId.buffer).setUint32(0, ring.current.id);
  const nonce = crypto.random(nonceLength);
  const payload = utf8(JSON.stringify({ ...state, deviceId: toBase64Url(state.deviceId) }));
  return toBase64Url(concat(keyId, nonce, crypto.seal(ring.current.key, nonce, payload, concat(associated, keyId))));
};

const readState = (payload: JsonObject): ResumeState | undefined => {
  const organisation = textOf(payload, 'organisation', 64);
  const app = textOf(payload, 'app', 64);
  const service = textOf(payload, 'service', 64);
  const deviceId = bytesOf(payload, 'deviceId', 16);
  const tier = countOf(payload, 'tier');
  const verdictReference = payload['verdictReference'];
  const deviceGeneration = countOf(payload, 'deviceGeneration');
  const node = countOf(payload, 'node');
  const expiresAt = countOf(payload, 'expiresAtMs');
  if (organisation === undefined || app === undefined || service === undefined || deviceId === undefined)
    return undefined;
  if (tier === undefined || typeof verdictReference !== 'string' || deviceGeneration === undefined) return undefined;
  if (node === undefined || expiresAt === undefined) return undefined;
  const expiresAtMs = epochMs(expiresAt);
  return { organisation, app, service, deviceId, tier, verdictReference, deviceGeneration, node, expiresAtMs };
};

/** Opens a resume ticket. */
export const openResumeTicket = (
  crypto: SyncCrypto,
  ring: TicketKeyRing,
  text: string,
  now: EpochMs,
): Result<ResumeState, HandshakeReason> => {
  const bytes = text.length > 2048 ? undefined : fromBase64Url(text);
  if (bytes === undefined || bytes.length < 4 + nonceLength + 16) return refuse('resume.malformed');
  const keyIdBytes = bytes.subarray(0, 4);
  const keyId = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
  const key = [ring.current, ...ring.alsoOpens].find(({ id }) => id === keyId)?.key;
  // A key that has been rotated away means a ticket past its life.
  if (key === undefined) return refuse('resume.expired');
  const opened = crypto.open(key, bytes.subarray(4, 16), bytes.subarray(16), concat(associated, keyIdBytes));
  const payload = opened === undefined ? undefined : readJsonObject(opened);
  const state = payload === undefined ? undefined : readState(payload);
  if (state === undefined) return refuse('resume.malformed');
  return state.expiresAtMs <= now ? refuse('resume.expired') : accept(state);
};
