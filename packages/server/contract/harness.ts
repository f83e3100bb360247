/** What an adapter gives to the contract suites of the storage ports. */
import assert from 'node:assert/strict';
import { type Bytes, type EpochMs, epochMs, minutes, type Result } from '@hauberk/primitives';
import type { DeviceEnrolment } from '../src/storage/device-store.ts';
import type { Scope } from '../src/storage/scope.ts';
import type { Stores } from '../src/storage/stores.ts';

/** An adapter, opened empty. */
export interface OpenedStorage {
  readonly stores: Stores;
  /** Another client of the same record, as another thread has. */
  readonly other: Stores;
  /** The other client goes away without a word, as a thread that is killed. */
  readonly loseOther: () => Promise<void>;
  /** Makes the record full, or gives it space again. */
  readonly fill: (isFull: boolean) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Opens an adapter. */
export type OpenStorageHarness = () => Promise<OpenedStorage>;

/** Two apps that must not see each other. */
export const bank: Scope = { organisation: 'bank', app: 'retail' };
export const otherApp: Scope = { organisation: 'bank', app: 'corporate' };
export const otherBank: Scope = { organisation: 'other', app: 'retail' };

/** An instant to count from. */
export const start: EpochMs = epochMs(1_800_000_000_000);
/** The instant so many minutes after the start. */
export const at = (offset: number): EpochMs => epochMs(start + minutes(offset));

/** An enrolment whose key is made up; the stores do not check points. */
export const enrolment = (name: string): DeviceEnrolment => ({
  thumbprint: `thumbprint-${name}`,
  publicKey: bytes(65, name.length),
  tier: 1,
  verdictReference: 'software',
});

/** So many bytes of one value. */
export const bytes = (length: number, value: number): Bytes => new Uint8Array(length).fill(value);

/** The value of an accepted result. */
export const accepted = <Value>(result: Result<Value>): Value => {
  assert.ok(result.ok, result.ok ? '' : `refused: ${result.code} ${result.detail ?? ''}`);
  return result.value;
};

/** The code of a refused result. */
export const refused = (result: Result<unknown>): string => {
  assert.ok(!result.ok, 'was accepted');
  return result.code;
};

/** A device that is enrolled. */
export const enrolled = async (stores: Stores, name: string, scope: Scope = bank): Promise<string> =>
  accepted(await stores.devices.enrol(scope, enrolment(name), start)).device.id;

/** Runs a suite's test on a fresh adapter and closes it whatever happens. */
export const withStorage =
  (open: OpenStorageHarness, run: (storage: OpenedStorage) => Promise<void>): (() => Promise<void>) =>
  async () => {
    const storage = await open();
    try {
      await run(storage);
    } finally {
      await storage.close();
    }
  };
