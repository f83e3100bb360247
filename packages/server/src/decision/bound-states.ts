/** How a device stands to the binding of its login's customer: for policies, and for challenges that ask for a new binding. Remembered for a moment, so that a busy customer is read once. */
import type { EpochMs } from '@hauberk/primitives';
import type { Authorised } from '../gateway/protect.ts';

/** `bound`: this device is the bound one; `elsewhere`: another is; `unbound`: none is. */
export interface BoundState {
  readonly state: 'bound' | 'elsewhere' | 'unbound';
  /** Since when; 0 when nothing is bound. */
  readonly boundAtMs: number;
}

/** The live binding of a customer in an app; undefined when there is none. */
export type LiveBindingOf = (
  app: string,
  customer: string,
) => Promise<{ readonly device: string; readonly boundAtMs: number } | undefined>;

const rememberMs = 2000;
const mostRemembered = 4096;
/** A binding that is younger answers a challenge that asks for a new one. */
const freshMs = 15 * 60_000;

interface Remembered {
  readonly untilMs: number;
  readonly device: string;
  readonly boundAtMs: number;
}

/** See the top of the file. */
export class BoundStates {
  readonly #read: LiveBindingOf;
  readonly #now: () => EpochMs;
  readonly #onFault: (error: unknown) => void;
  readonly #held = new Map<string, Remembered>();

  constructor(read: LiveBindingOf, now: () => EpochMs, onFault: (error: unknown) => void) {
    this.#read = read;
    this.#now = now;
    this.#onFault = onFault;
  }

  static #told({ device, boundAtMs }: Remembered, deviceId: string): BoundState {
    if (device === '') return { state: 'unbound', boundAtMs: 0 };
    return { state: device === deviceId ? 'bound' : 'elsewhere', boundAtMs };
  }

  /** At once where it is remembered; undefined where nobody is logged in, and where the record cannot be asked: the fact is missing then. */
  of(authorised: Authorised): BoundState | undefined | Promise<BoundState | undefined> {
    const { request, login } = authorised;
    if (login === undefined) return undefined;
    const held = this.#held.get(`${request.facts.app}\n${login.customer}`);
    return held !== undefined && held.untilMs > this.#now()
      ? BoundStates.#told(held, request.facts.deviceId)
      : this.fresh(authorised);
  }

  /** As the record has it now. */
  async fresh({ request, login }: Authorised): Promise<BoundState | undefined> {
    if (login === undefined) return undefined;
    const { app, deviceId } = request.facts;
    try {
      const live = await this.#read(app, login.customer);
      const held = {
        untilMs: this.#now() + rememberMs,
        device: live?.device ?? '',
        boundAtMs: live?.boundAtMs ?? 0,
      };
      if (this.#held.size >= mostRemembered) this.#held.clear();
      this.#held.set(`${app}\n${login.customer}`, held);
      return BoundStates.#told(held, deviceId);
    } catch (error) {
      this.#onFault(error);
      return undefined;
    }
  }

  /** Whether this device was bound just now. */
  async isNew(authorised: Authorised): Promise<boolean> {
    const bound = await this.fresh(authorised);
    return bound?.state === 'bound' && this.#now() - bound.boundAtMs < freshMs;
  }
}
