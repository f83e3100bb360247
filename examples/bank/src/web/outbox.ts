/** Payments that wait for the network: kept sealed in the SDK's journal, sent once when the bank can be reached, told of when they end. */
import type { Hauberk } from '@hauberk/sdk';
import {
  type EntryEvent,
  type EntryState,
  type JournalEntry,
  type JournalPlug,
  openJournal,
} from '@hauberk/sdk/journal';

/** An order to be sent later. */
export interface KeptOrder {
  readonly path: string;
  readonly body: string;
  /** Names the payment for good: attempts that were made before count as the same one. */
  readonly reference: string;
  readonly describe: string;
}

/** The bank takes an order from yesterday, but its customer no longer means it. */
const LIFE_MS = 3_600_000;

/** The customer's own payments that wait, and those that ended and were not yet put away. */
export class Outbox {
  /** To be given to the SDK. */
  readonly journal: JournalPlug;
  #client: Hauberk | null = null;
  #authorization: () => string | null = () => null;
  readonly #ended = new Map<string, EntryEvent>();
  #listener: () => void = () => undefined;

  constructor() {
    this.journal = openJournal({
      atSend: (): Record<string, string> => {
        const authorization = this.#authorization();
        return authorization === null ? {} : { authorization };
      },
      // Browsers cannot tell what of a failed request left the device, but they know when there is no network.
      isOnline: () => navigator.onLine,
      onEntry: (event) => this.#note(event),
    });
    window.addEventListener('online', () => this.#client?.journal.wake());
  }

  /** The client whose journal it is. */
  attach(client: Hauberk): void {
    this.#client = client;
  }

  /** Opens the outbox of the customer who has logged in; what an earlier visit left is sent now. */
  async open(customerId: string, authorization: () => string | null): Promise<void> {
    this.#ended.clear();
    this.#authorization = authorization;
    await this.#client?.owner(customerId);
    this.#listener();
  }

  /** Keeps an order; resolves when it is safe on this device. */
  async keep({ path, body, reference, describe }: KeptOrder): Promise<void> {
    const headers = { 'content-type': 'application/json', 'idempotency-key': reference };
    await this.#client?.enqueue({ url: path, method: 'POST', headers, body }, { describe, expiresInMs: LIFE_MS });
    this.#listener();
  }

  async waiting(): Promise<readonly JournalEntry[]> {
    const entries = (await this.#client?.journal.list()) ?? [];
    // One that has just ended is listed until its end was told.
    return entries.filter(({ state }) => state === 'waiting' || state === 'sending' || state === 'needs-user');
  }

  get ended(): readonly EntryEvent[] {
    return [...this.#ended.values()];
  }

  putAway(id: string): void {
    this.#ended.delete(id);
    this.#listener();
  }

  /** Takes an order back. One that may have reached the bank already ends as `unknown`. */
  async cancel(id: string): Promise<EntryState | undefined> {
    return this.#client?.journal.cancel(id);
  }

  /** Sends an order that the customer must approve. */
  async approve(id: string): Promise<void> {
    await this.#client?.journal.approve(id);
    this.#listener();
  }

  /** Calls back whenever what waits or has ended may have changed. */
  onChange(listener: () => void): void {
    this.#listener = listener;
  }

  #note(event: EntryEvent): void {
    if (event.state !== 'needs-user') this.#ended.set(event.id, event);
    this.#listener();
  }
}
