/** What an app is built with, and what a host provides. */

import { type Evidence, isRawPoint, type KeyPurpose, type NamedKey, type SuiteId } from '@hauberk/channel/client';
import { type AsyncCrypto, type Bytes, fromBase64Url, type KeyPair } from '@hauberk/primitives';
import type { HostClock } from './clock.ts';
import type { DirectivePlug } from './directive-port.ts';
import type { HauberkError } from './hauberk-error.ts';
import type { JournalPlug } from './journal-port.ts';
import type { KeysPlug } from './keys-port.ts';
import type { HauberkStatus } from './status.ts';
import type { ClientStorage } from './storage.ts';
import type { Transport } from './transport.ts';

/** A pinned config-signing key: P-256, raw uncompressed point, as bytes or base64url. */
export interface PinnedKey {
  readonly kid: string;
  readonly publicKey: string | Uint8Array;
}

/** The trust root that is built into the app. */
export interface TrustRoot {
  readonly configKeys: readonly PinnedKey[];
  /** No config below this version is ever believed. */
  readonly minConfigVersion: number;
  /** When the app was built: a config that had expired by then is refused. */
  readonly buildTimeMs: number;
}

/**
 * What the gateway asks for: a signature of the device's step-up key (`device-key`, `otp`), one of a device that hardware vouches for (`webauthn`), or
 * a new binding of the SIM (`rebind`), which the app makes with `bind()` before it says yes.
 */
export type StepUpStep = 'device-key' | 'otp' | 'webauthn' | 'rebind';

/** What the user is asked to approve. */
export interface StepUpTransaction {
  readonly step: StepUpStep;
  readonly method: string;
  readonly path: string;
  readonly query: string;
  /** The plain body, to be shown in the app's own words. */
  readonly body: Uint8Array;
  /** Empty when no customer is logged in. */
  readonly customerId: string;
  readonly expiresAtMs: number;
}

/** Keeps the device's keys in hardware, and has the hardware say so: `trustedDevice(…)` of `@hauberk/sdk/trusted`. */
export interface DevicePlug {
  /** Makes a key for a challenge of 32 bytes, with evidence that attests it. */
  readonly createKey: (
    purpose: KeyPurpose,
    challenge: Bytes,
  ) => Promise<{ readonly keyPair: KeyPair; readonly evidence: Evidence }>;
  /** New evidence for a key that it made. */
  readonly attest: (key: KeyPair, challenge: Bytes) => Promise<Evidence>;
  /** The host's cryptography, with signatures by keys of this plug. */
  readonly signing: (crypto: AsyncCrypto) => AsyncCrypto;
  /** Deletes a key that another one took the place of. */
  readonly forget?: (key: KeyPair) => Promise<void>;
}

/** The options of `createHauberk`. */
export interface HauberkOptions {
  readonly organisation: string;
  readonly app: string;
  readonly service: string;
  /** Origins of the gateway, preferred first. */
  readonly endpoints: readonly string[];
  readonly trust: TrustRoot;
  /** Longest wait for one attempt's reply, in milliseconds; 30,000 unless told. */
  readonly timeoutMs?: number;
  /**
   * Shortest wait for an attempt of a safe call or a journal entry, in milliseconds; 2,000 unless told. Between this and `timeoutMs` the
   * limit follows what the origin's replies took, doubles with every attempt, and is `timeoutMs` for the last.
   */
  readonly minTimeoutMs?: number;
  /** Whether a safe call whose reply is later than usual is asked a second time beside; true unless told. */
  readonly hedge?: boolean;
  /** Most attempts of a call that may be repeated; 3 unless told. */
  readonly attempts?: number;
  /** Whether the first request may travel with the resuming hello (0-RTT); true unless told. */
  readonly early?: boolean;
  /**
   * Asks the user, with whatever proves presence on this platform, to approve a transaction. Without it the step-up problem goes to
   * the caller as a reply.
   */
  readonly confirm?: (transaction: StepUpTransaction) => Promise<boolean>;
  /** Keys and evidence of the phone's hardware. Without it the device enrols with a key of software. */
  readonly device?: DevicePlug;
  /** Keeps requests and reports over network failures and app kills: `openJournal(…)`. */
  readonly journal?: JournalPlug;
  /** Follows the gateway's directives: `openDirectives(…)`. */
  readonly directives?: DirectivePlug;
  /** Changes the device's key, and makes devices of several apps one: `openKeys()`. */
  readonly keys?: KeysPlug;
  /** Told of every failure that a call ends with. */
  readonly onProblem?: (error: HauberkError) => void;
  /** Told whenever a session opens or ends. */
  readonly onSession?: (status: HauberkStatus) => void;
}

/** What a platform provides. */
export interface HostPorts {
  readonly crypto: AsyncCrypto;
  readonly storage: ClientStorage;
  readonly transport: Transport;
  readonly clock: HostClock;
  /** Suites that the host can do, best first. */
  readonly suites: readonly SuiteId[];
}

/** A mistake in the options: found at once, not at the first request. */
export class HauberkOptionsError extends Error {
  override readonly name = 'HauberkOptionsError';
}

const readPoint = (key: PinnedKey): Bytes => {
  const point = typeof key.publicKey === 'string' ? fromBase64Url(key.publicKey) : Uint8Array.from(key.publicKey);
  if (point === undefined || !isRawPoint(point))
    throw new HauberkOptionsError(`config key ${key.kid}: not a raw P-256 point`);
  return point;
};

/** The pinned keys as the channel takes them. */
export const readPinnedKeys = (trust: TrustRoot): readonly NamedKey[] => {
  if (!Number.isFinite(trust.buildTimeMs) || !Number.isInteger(trust.minConfigVersion))
    throw new HauberkOptionsError('trust.buildTimeMs and trust.minConfigVersion: both must be numbers');
  if (trust.configKeys.length === 0) throw new HauberkOptionsError('trust.configKeys: at least one pinned key');
  return trust.configKeys.map((key) => ({ kid: key.kid, publicKey: readPoint(key) }));
};

/** The origins of `endpoints`; one with a path, a query or another scheme than http(s) is refused. */
export const readEndpoints = (endpoints: readonly string[]): readonly string[] => {
  if (endpoints.length === 0) throw new HauberkOptionsError('endpoints: at least one origin');
  return endpoints.map((text) => {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (url === undefined || !/^https?:$/.test(url.protocol) || url.pathname + url.search + url.hash !== '/')
      throw new HauberkOptionsError(`endpoints: ${text} is no origin`);
    return url.origin;
  });
};
