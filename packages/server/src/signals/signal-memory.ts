/** The signals in force of every device that reported lately, in memory that all threads share. A device is known here by a keyed hash of its id. */
import { createHmac } from 'node:crypto';
import {
  newSignalRow,
  openSignalTable,
  readSignalsInForce,
  type SignalKey,
  type SignalsInForce,
  type SignalTable,
  signalTableBytes,
} from '@hauberk/device';
import { createKeyedHash, type EpochMs } from '@hauberk/primitives';
import type { SignalsConfig } from '../config/signals-schema.ts';
import { decisionKey, pseudonyms } from '../decision/record-key.ts';
import type { KeyReader } from '../keys/key-provider.ts';

/** The memory as one thread has it. */
export interface SignalMemory {
  readonly table: SignalTable;
  /** The name of a device in the table and in the record. */
  readonly keyOf: (deviceId: string) => SignalKey;
  /** The pseudonym of a device in decisions. */
  readonly subjectOf: (deviceId: string) => string;
  /** Evidence as it is kept: a digest of the client's digest, so that nobody who reads the record can try values out. */
  readonly evidenceOf: (kind: string, digest: string) => string;
  /** What is in force for a device now. Cheap enough for the path of every request: one keyed hash and one row. */
  readonly signalsOf: (deviceId: string, now: EpochMs) => SignalsInForce;
}

/** Reserves memory for so many devices. */
export const reserveSignals = (devices: number): SharedArrayBuffer => new SharedArrayBuffer(signalTableBytes(devices));

/**
 * Lays it open on this thread. The key is that of pseudonyms, so the same device has the same name after a restart. `decisionSecret` is that of the configuration's decisions,
 * where it names one.
 */
export const openSignalMemory = (
  memory: SharedArrayBuffer,
  keys: KeyReader,
  config: Pick<SignalsConfig, 'silentHours' | 'expected'>,
  now: EpochMs,
  decisionSecret?: string,
): SignalMemory => {
  const silence = { afterMs: config.silentHours * 3_600_000, isReportExpected: config.expected };
  const table = openSignalTable(memory);
  const secret = keys.current('privacy-subject', now).secret.reveal();
  const hash = createKeyedHash(createHmac('sha256', secret).update('hauberk signal memory 1').digest());
  const evidenceKey = createHmac('sha256', secret).update('hauberk signal evidence 1').digest();
  const pseudonym = pseudonyms(decisionKey(keys, decisionSecret, now));
  const scratch = newSignalRow();
  const reused: SignalKey = { low: 0, high: 0 };
  const enter = (deviceId: string, into: SignalKey): SignalKey => {
    hash(deviceId, into);
    // Two zeros mark a row that nobody has.
    if (into.low === 0 && into.high === 0) into.low = 1;
    return into;
  };
  return {
    table,
    keyOf: (deviceId) => enter(deviceId, { low: 0, high: 0 }),
    subjectOf: (deviceId) => pseudonym('device', deviceId),
    evidenceOf: (kind, digest) =>
      createHmac('sha256', evidenceKey).update(`${kind}\n${digest}`).digest().subarray(0, 16).toString('base64url'),
    signalsOf: (deviceId, at) => readSignalsInForce(table, enter(deviceId, reused), scratch, at, silence),
  };
};

/** A device's name in the record: sixteen hexadecimal digits. */
export const signalKeyText = ({ low, high }: SignalKey): string =>
  [low, high].map((half) => (half >>> 0).toString(16).padStart(8, '0')).join('');

/** Reads such a name. */
export const readSignalKey = (text: unknown): SignalKey | undefined =>
  typeof text === 'string' && /^[0-9a-f]{16}$/.test(text)
    ? { low: Number.parseInt(text.slice(0, 8), 16) | 0, high: Number.parseInt(text.slice(8), 16) | 0 }
    : undefined;
