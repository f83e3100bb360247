/** One attempt of one entry: marked as being sent before anything leaves, so that a kill in between is seen by the next start. */
import { fromBase64Url, toBase64Url } from '@hauberk/primitives';
import type { Call, Journey } from './call.ts';
import { unheld } from './deadline.ts';
import type { JournalSettings } from './journal-options.ts';
import type { EntryState, JournalHost } from './journal-port.ts';
import { type RequestRecord, remainingMs, type Verdict, viewOf } from './journal-record.ts';
import type { JournalVault } from './journal-vault.ts';
import { judgeFailure, judgeReply } from './journal-verdict.ts';
import type { StoredEntry } from './storage.ts';

/** What a flight works with. */
export interface FlightParts {
  readonly host: JournalHost;
  readonly vault: JournalVault;
  readonly settings: JournalSettings;
  /** This journal among the tabs and starts of its device. */
  readonly self: string;
}

/** Why a flight is ended from outside. `waiting`: the entry stays, for its owner. */
export interface Interruption {
  readonly state: Extract<EntryState, 'waiting' | 'cancelled' | 'expired'>;
  readonly reason: string;
}

/** A finished flight: the entry as stored last, and what becomes of it. Undefined when somebody else changed the entry. */
export interface Landing {
  readonly stored: StoredEntry;
  readonly record: RequestRecord;
  readonly verdict: Verdict;
}

/** Largest reply body that rests with an ended entry, in bytes. */
const maxRestingBytes = 65_536;

/** The flight. */
export class Flight {
  readonly id: string;
  readonly #parts: FlightParts;
  readonly #controller = new AbortController();
  readonly #isAttended: boolean;
  #stored: StoredEntry;
  #record: RequestRecord;
  #interruption: Interruption | undefined;
  constructor(parts: FlightParts, stored: StoredEntry, record: RequestRecord, isAttended: boolean) {
    this.#parts = parts;
    this.id = stored.id;
    this.#stored = stored;
    this.#record = record;
    this.#isAttended = isAttended;
  }

  /** Ends it. The first reason stands. */
  interrupt(interruption: Interruption): void {
    this.#interruption ??= interruption;
    this.#controller.abort(new Error(`journal: ${interruption.reason}`));
  }

  /** Sends the entry once. */
  async run(): Promise<Landing | undefined> {
    const { host } = this.#parts;
    try {
      await Promise.race([host.connect(), this.#interrupted()]);
    } catch (error) {
      return this.#land(this.#verdict(error, { isRepeatable: true, mayHaveRun: this.#record.mayHaveRun }));
    }
    return this.#runInSession();
  }

  async #runInSession(): Promise<Landing | undefined> {
    const leftMs = this.#remainingMs();
    const expire = (): void => this.interrupt({ state: 'expired', reason: 'expired' });
    if (leftMs <= 0) expire();
    const timer = unheld(setTimeout(expire, Math.min(leftMs, 2 ** 31 - 1)));
    const renewal = this.#keepLease();
    try {
      return await this.#send();
    } finally {
      clearTimeout(timer);
      renewal.stop();
    }
  }

  async #send(): Promise<Landing | undefined> {
    const before = this.#record;
    const journey: Journey = { tries: before.attempts, isAttended: this.#isAttended, mayHaveRun: false };
    let call: Call;
    try {
      call = await this.#read();
    } catch (error) {
      return this.#land(this.#verdict(error, { isRepeatable: true, mayHaveRun: before.mayHaveRun }));
    }
    // It was being sent when the app was killed, and a second time would be one too many.
    if (before.mayHaveRun && !call.isRepeatable)
      return this.#land({ next: 'end', state: 'unknown', reason: 'interrupted' });
    const mark = { ...before, state: 'sending' as const, reason: '', attempts: before.attempts + 1, mayHaveRun: true };
    if (!(await this.#write(mark, true))) return undefined;
    return this.#land(await this.#perform({ ...call, journey }, before, journey));
  }

  async #perform(call: Call, before: RequestRecord, journey: Journey): Promise<Verdict> {
    try {
      this.#controller.signal.throwIfAborted();
      const reply = await this.#parts.host.perform(call);
      this.#settle(before, journey);
      return await judgeReply({ call, mayHaveRun: this.#record.mayHaveRun }, reply);
    } catch (error) {
      this.#settle(before, journey);
      return this.#verdict(error, { isRepeatable: call.isRepeatable, mayHaveRun: this.#record.mayHaveRun });
    }
  }

  /** What is known of the attempt by now replaces what the mark had to assume. */
  #settle(before: RequestRecord, journey: Journey): void {
    this.#record = { ...this.#record, mayHaveRun: before.mayHaveRun || journey.mayHaveRun };
  }

  async #read(): Promise<Call> {
    const { host, settings } = this.#parts;
    const { path, method, headers, body } = this.#record;
    const late = (await settings.atSend?.(viewOf(this.id, this.#record))) ?? {};
    this.#controller.signal.throwIfAborted();
    const init: RequestInit = { method, headers: { ...headers, ...late }, signal: this.#controller.signal };
    if (body !== null) init.body = (fromBase64Url(body) ?? new Uint8Array(0)) as NonNullable<RequestInit['body']>;
    return host.read(path, init);
  }

  #verdict(error: unknown, known: { readonly isRepeatable: boolean; readonly mayHaveRun: boolean }): Verdict {
    const { method, path } = this.#record;
    const call = { isRepeatable: known.isRepeatable, target: { method, path, query: '?' } };
    const interruption = this.#interruption;
    if (interruption === undefined) return judgeFailure({ call, mayHaveRun: known.mayHaveRun }, error);
    const { state, reason } = interruption;
    if (state === 'waiting') return { next: 'again', reason };
    return { next: 'end', state: known.mayHaveRun ? 'unknown' : state, reason };
  }

  async #land(verdict: Verdict): Promise<Landing | undefined> {
    const isWritten = await this.#write(landed(this.#record, verdict), false);
    return isWritten ? { stored: this.#stored, record: this.#record, verdict } : undefined;
  }

  async #write(record: RequestRecord, isLeased: boolean): Promise<boolean> {
    const { vault } = this.#parts;
    const head = { ...this.#stored, revision: this.#stored.revision + 1 };
    const next = await vault.seal(head, record, isLeased ? this.#lease() : null);
    if (!(await vault.replace(next))) return false;
    this.#stored = next;
    this.#record = record;
    return true;
  }

  #lease() {
    const { host, settings, self } = this.#parts;
    return { by: self, untilMs: host.context.ports.clock.wall() + settings.leaseMs };
  }

  /** Renews the lease while the attempt lasts; one renewal waits for the other, so that a dead storage ends them. */
  #keepLease(): { readonly stop: () => void } {
    const { vault, settings } = this.#parts;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isStopped = false;
    const arm = (): void => {
      if (isStopped) return;
      timer = unheld(
        setTimeout(() => {
          vault.renew(this.id, this.#lease()).then(arm, () => undefined);
        }, settings.leaseMs / 2),
      );
    };
    arm();
    const stop = (): void => {
      isStopped = true;
      clearTimeout(timer);
    };
    return { stop };
  }

  #remainingMs(): number {
    const { ports, serverClock } = this.#parts.host.context;
    return remainingMs(this.#record, ports.clock.wall(), serverClock);
  }

  #interrupted(): Promise<never> {
    const { signal } = this.#controller;
    return new Promise((_, reject) => {
      if (signal.aborted) reject(signal.reason as Error);
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    });
  }
}

/** The record after a verdict. */
const landed = (record: RequestRecord, verdict: Verdict): RequestRecord => {
  if (verdict.next === 'user') return { ...record, state: 'needs-user', reason: verdict.reason };
  if (verdict.next === 'again') return { ...record, state: 'waiting', reason: verdict.reason };
  const { state, reason, reply } = verdict;
  const resting =
    reply === undefined || reply.body.length > maxRestingBytes ? null : { ...reply, body: toBase64Url(reply.body) };
  // What the user asked to be sent is not needed any more once it has ended.
  return { ...record, state, reason, body: null, headers: {}, reply: resting };
};
