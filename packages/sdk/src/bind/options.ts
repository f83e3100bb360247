/** What a binding is asked with, and what comes of it. */
import type { Hauberk } from '../core/hauberk.ts';
import type { SimBackend } from '../trusted/backend.ts';
import type { SimSlot } from '../trusted/sim-contract.ts';

/** One text that outlives the app's process, in the app's own storage. It holds no secret. */
export interface BindShelf {
  readonly read: () => Promise<string | undefined>;
  readonly write: (text: string) => Promise<void>;
  readonly remove: () => Promise<void>;
}

/** Who asks, in which login. */
export interface BindCaller {
  /** Its device must be one that hardware vouches for. */
  readonly hauberk: Pick<Hauberk, 'fetch' | 'connect'>;
  /** `Authorization` of the login. */
  readonly authorization?: string;
  /** Where an attempt is remembered over an app kill, and the bound subscription after it. Without it neither is. */
  readonly shelf?: BindShelf;
}

/** What a binding is asked with. */
export interface BindOptions extends BindCaller {
  /** The phone's native half: `bridgeBackend(nativeBridge)` of `@hauberk/sdk/trusted`. */
  readonly sim: SimBackend;
  /** As the customer typed it; the gateway compares it with the registered one. */
  readonly number: string;
  /** Build number of the app. */
  readonly app: number;
  readonly system: { readonly family: string; readonly version: number; readonly patchLevel: number };
  /** Stable for this device and app, 1 to 128 characters. */
  readonly fingerprint: string;
  /** Consent to end the binding of another device. */
  readonly replaces?: boolean;
  /** Which of several SIMs shall send; undefined cancels. The phone's default one when absent. */
  readonly chooseSlot?: (slots: readonly SimSlot[]) => Promise<number | undefined>;
  /** Told of every move, in the words of docs/wire.md (`send-sms`, `check-sent-item`, `read-code`, …), so that a page can show it. */
  readonly onMove?: (move: string) => void;
  /** Between two looks at where the attempt stands. Milliseconds; 1000 when absent. */
  readonly pollMs?: number;
  /** How long the one-time code is waited for. Milliseconds; 30,000 when absent. */
  readonly codeWaitMs?: number;
  /** Cancels: the token is burnt and the outcome `cancelled`. */
  readonly signal?: AbortSignal;
}

/**
 * What came of it. `rule` is the rule of docs/binding.md that decided. `failed` has the code of the phone (docs/native-bridge.md), of the client
 * (docs/sdk.md) or of a problem (docs/problems.md).
 */
export type BindOutcome =
  | { readonly state: 'bound' }
  | { readonly state: 'declined' | 'expired' | 'blocked'; readonly code: string; readonly rule: string | undefined }
  | { readonly state: 'cancelled' }
  | { readonly state: 'failed'; readonly code: string };
