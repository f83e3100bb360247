/**
 * Enrolment challenges: 32 bytes, five minutes, used once. Issuing writes nothing (a flood of askers fills no table): the challenge
 * carries its instant and a MAC; only its use is recorded, and kept until it would have expired.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import {
  type Bytes,
  concat,
  type DurationMs,
  type EpochMs,
  epochMs,
  minutes,
  type Result,
  refuse,
  utf8,
} from '@hauberk/primitives';
import { type Scope, scopeKey } from './scope.ts';
import type { Stored } from './storage-refusal.ts';

/** How long a challenge counts. */
export const enrolmentChallengeLife: DurationMs = minutes(5);

/** Why a challenge is refused. */
export type ChallengeRefusal = 'challenge-foreign' | 'challenge-expired' | 'challenge-used';

/** Hands out challenges and takes each back once. */
export interface EnrolmentChallenges {
  issue(scope: Scope, now: EpochMs): Promise<Bytes>;
  /** Uses a challenge up. Of all calls with one challenge, on all threads and over restarts, exactly one is accepted. */
  consume(
    scope: Scope,
    challenge: Uint8Array,
    now: EpochMs,
  ): Stored<{ readonly issuedAtMs: EpochMs }, ChallengeRefusal>;
}

/** What else challenges are handed out for. */
export type ChallengeRoom = 'trusted-key' | 'statement';

/** The scope of challenges of another kind: one of them is foreign to every other. No app's id holds a space. */
export const challengeRoom = ({ organisation, app }: Scope, room: ChallengeRoom): Scope => ({
  organisation,
  app: `${app} ${room}`,
});

const instantLength = 6;
const clearLength = 16;
const macLength = 16;

const macOf = (key: Uint8Array, scope: Scope, clear: Uint8Array): Bytes =>
  // Truncated to 128 bits: the challenge as a whole is 32 bytes on the wire.
  new Uint8Array(
    createHmac('sha256', key)
      .update(concat(utf8(`hb1/enrolment-challenge\u0000${scopeKey(scope)}\u0000`), clear))
      .digest(),
  ).slice(0, macLength);

/** A challenge of this instant from ten random bytes. */
export const mintChallenge = (key: Uint8Array, scope: Scope, random: Uint8Array, now: EpochMs): Bytes => {
  const clear = new Uint8Array(clearLength);
  const view = new DataView(clear.buffer);
  view.setUint16(0, Math.floor(now / 2 ** 32));
  view.setUint32(2, now % 2 ** 32);
  clear.set(random.subarray(0, clearLength - instantLength), instantLength);
  return concat(clear, macOf(key, scope, clear));
};

/** When an authentic, live challenge was issued. */
export const judgeChallenge = (
  keys: readonly Uint8Array[],
  scope: Scope,
  challenge: Uint8Array,
  now: EpochMs,
): Result<{ readonly issuedAtMs: EpochMs }, 'challenge-foreign' | 'challenge-expired'> => {
  if (challenge.length !== clearLength + macLength) return refuse('challenge-foreign', 'length');
  const clear = challenge.subarray(0, clearLength);
  const mac = challenge.subarray(clearLength);
  if (!keys.some((key) => timingSafeEqual(macOf(key, scope, clear), mac))) return refuse('challenge-foreign', 'mac');
  const view = new DataView(clear.buffer, clear.byteOffset);
  const issuedAtMs = epochMs(view.getUint16(0) * 2 ** 32 + view.getUint32(2));
  // A challenge from the future was issued before our clock was set back: it would outlive the record of its use.
  const isLive = issuedAtMs <= now && now < issuedAtMs + enrolmentChallengeLife;
  return isLive ? { ok: true, value: { issuedAtMs } } : refuse('challenge-expired');
};
