/** The journal: what the customer asked for while the network was away, sealed on the device, signed when it is sent. */
import type { Report } from '@hauberk/channel/client';
import { fromBase64Url, toBase64Url } from '@hauberk/primitives';
import { unheld } from './deadline.ts';
import { JournalError } from './journal-error.ts';
import { Flight, type FlightParts, type Interruption, type Landing } from './journal-flight.ts';
import { takeIn } from './journal-intake.ts';
import { type JournalOptions, type JournalSettings, settingsOf } from './journal-options.ts';
import type {
  EnqueueOptions,
  EntryState,
  Journal,
  JournalEntry,
  JournalHost,
  JournalPlug,
  QueuedRequest,
} from './journal-port.ts';
import { hasEnded, type RequestRecord, remainingMs, viewOf } from './journal-record.ts';
import { withEntry } from './journal-room.ts';
import { JournalVault } from './journal-vault.ts';
import { ReportShelf } from './report-shelf.ts';
import type { StoredEntry } from './storage.ts';

/** An entry of a request, opened. */
interface Held {
  readonly stored: StoredEntry;
  readonly record: RequestRecord;
}

/** When an entry may be tried again. */
interface Delay {
  readonly count: number;
  readonly untilMs: number;
}

/** Longest sleep of the journal, in milliseconds: whatever a clock did meanwhile is seen then. */
const longestSleepMs = 60_000;

class OpenedJournal implements Journal {
  readonly #host: JournalHost;
  readonly #settings: JournalSettings;
  readonly #vault: JournalVault;
  readonly #shelf: ReportShelf;
  readonly #parts: FlightParts;
  readonly #delays = new Map<string, Delay>();
  /** `id state` of what this start has told. */
  readonly #told = new Set<string>();
  #owner: string | undefined;
  #flight: { readonly flight: Flight; readonly done: Promise<Landing | undefined> } | undefined;
  #isRunning = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isAsked = false;
  /** Entries that the user approves now, with who waits for their states. */
  readonly #approvals = new Map<string, (state: EntryState | undefined) => void>();

  constructor(host: JournalHost, options: JournalOptions) {
    const { ports } = host.context;
    this.#host = host;
    this.#settings = settingsOf(options);
    this.#vault = new JournalVault(ports);
    this.#shelf = new ReportShelf(this.#vault, this.#settings);
    const self = toBase64Url(ports.crypto.random(12));
    this.#parts = { host, vault: this.#vault, settings: this.#settings, self };
  }

  readonly enqueue = async (request: QueuedRequest, options: EnqueueOptions = {}): Promise<string> => {
    const owner = this.#owner;
    if (owner === undefined) throw new JournalError('no-owner');
    const record = await takeIn(this.#host.context, owner, request, options);
    const id = toBase64Url(this.#host.context.ports.crypto.random(16));
    const order = ((await this.#vault.entries()).at(-1)?.order ?? 0) + 1;
    const entry = await this.#vault.seal({ id, order, rank: 'request', revision: 1 }, record);
    let isFull = false;
    await this.#vault.change((held) => {
      const room = withEntry(held, entry, this.#settings);
      isFull = room === undefined;
      return room?.entries ?? held;
    });
    if (isFull) throw new JournalError('full');
    this.#run();
    return id;
  };

  readonly list = async (): Promise<readonly JournalEntry[]> =>
    (await this.#own()).map(({ stored, record }) => viewOf(stored.id, record));

  readonly cancel = async (id: string): Promise<EntryState | undefined> => {
    const landing = await this.#interrupt({ state: 'cancelled', reason: 'cancelled' }, id);
    const held = await this.#find(id);
    if (held === undefined) return landing?.record.state;
    if (landing !== undefined && hasEnded(landing.record)) return landing.record.state;
    if (hasEnded(held.record)) {
      await this.#vault.remove([id]);
      return held.record.state;
    }
    const ended = await this.#end(held, 'cancelled', 'cancelled');
    this.#run();
    return ended?.record.state;
  };

  readonly approve = (id: string): Promise<EntryState | undefined> =>
    new Promise((resolve) => {
      this.#approvals.get(id)?.(undefined);
      this.#approvals.set(id, resolve);
      this.#run();
    });

  readonly wake = (): void => {
    this.#delays.clear();
    this.#run();
  };

  readonly owner = async (customerRef: string | undefined): Promise<void> => {
    if (customerRef !== this.#owner) {
      this.#owner = undefined;
      await this.#interrupt({ state: 'waiting', reason: 'owner' });
    }
    this.#owner = customerRef;
    this.#told.clear();
    if (customerRef === undefined) return;
    // Whoever needed a login has one now.
    for (const { stored, record } of await this.#own())
      if (record.state === 'needs-user' && record.reason === 'login')
        await this.#replace(stored, { ...record, state: 'waiting', reason: '' });
    this.wake();
  };

  readonly logout = async (): Promise<void> => {
    const owner = this.#owner;
    if (owner === undefined) return;
    // From here on nothing is started; then what is under way is ended, then what waits.
    this.#owner = undefined;
    const landing = await this.#interrupt({ state: 'cancelled', reason: 'logout' });
    if (landing !== undefined && hasEnded(landing.record)) this.#tell(landing, owner);
    for (const held of await this.#own(owner))
      if (!hasEnded(held.record)) await this.#end(held, 'cancelled', 'logout', owner);
  };

  readonly keptReports = (): Promise<readonly Report[]> => this.#shelf.kept();

  readonly keepReport = (report: Report): void => this.#shelf.keep(report);

  readonly forgetReports = (reports: readonly Report[], end: 'sent' | 'failed' | 'dropped'): void => {
    this.#shelf.forget(reports.filter(({ loss }) => loss !== 'may-drop').map(({ id }) => id));
    const { onReportLost } = this.#settings;
    if (end === 'sent' || onReportLost === undefined) return;
    for (const { id, kind, loss } of reports) queueMicrotask(() => onReportLost({ id, kind, loss, end }));
  };

  /** The owner's entries, oldest first. What cannot be opened is told and taken out. */
  async #own(owner: string | undefined = this.#owner): Promise<readonly Held[]> {
    const own: Held[] = [];
    for (const stored of await this.#vault.entries()) {
      if (stored.rank !== 'request') continue;
      const { content } = await this.#vault.open<RequestRecord>(stored);
      if (content === undefined) this.#tellUnreadable(stored.id);
      else if (content.owner === owner) own.push({ stored, record: content });
    }
    return own;
  }

  async #find(id: string): Promise<Held | undefined> {
    return (await this.#own()).find(({ stored }) => stored.id === id);
  }

  /** Ends the flight of an entry, or whichever there is, and waits until it has landed. */
  async #interrupt(interruption: Interruption, id?: string): Promise<Landing | undefined> {
    const current = this.#flight;
    if (current === undefined || (id !== undefined && current.flight.id !== id)) return undefined;
    current.flight.interrupt(interruption);
    return current.done.catch(() => undefined);
  }

  async #replace(stored: StoredEntry, record: RequestRecord): Promise<Held | undefined> {
    const next = await this.#vault.seal({ ...stored, revision: stored.revision + 1 }, record);
    return (await this.#vault.replace(next)) ? { stored: next, record } : undefined;
  }

  /** Ends an entry that is not on its way; what may have reached the service is unknown. */
  async #end(
    { stored, record }: Held,
    state: EntryState,
    reason: string,
    owner = this.#owner,
  ): Promise<Held | undefined> {
    const ended = { ...record, state: record.mayHaveRun ? 'unknown' : state, reason, body: null, headers: {} } as const;
    const next = await this.#replace(stored, ended);
    if (next !== undefined) this.#tell(next, owner);
    return next;
  }

  /** Works until nothing is left to do now. */
  #run(): void {
    this.#isAsked = true;
    if (this.#isRunning) return;
    this.#isRunning = true;
    void this.#work().finally(() => {
      this.#isRunning = false;
      if (this.#isAsked) this.#run();
    });
  }

  async #work(): Promise<void> {
    clearTimeout(this.#timer);
    let sleepMs: number | undefined = 0;
    try {
      while (sleepMs === 0 || this.#isAsked) {
        this.#isAsked = false;
        sleepMs = await this.#step();
      }
    } catch {
      // The storage failed. What is in it is still there, and is looked at again.
      sleepMs = longestSleepMs;
    }
    if (sleepMs === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = unheld(setTimeout(() => this.#run(), Math.min(sleepMs, longestSleepMs)));
  }

  /** Does one thing; answers how long nothing is to be done then, 0 for more at once, undefined for nothing at all. */
  async #step(): Promise<number | undefined> {
    const own = await this.#own();
    if (this.#approvals.size > 0) await this.#flyApproved(own);
    for (const held of own) if (hasEnded(held.record) || held.record.state === 'needs-user') this.#tell(held);
    const open = own.filter(({ record }) => !hasEnded(record));
    const late = open.find((held) => this.#leftMs(held) <= 0 && !this.#isLeased(held));
    if (late !== undefined) {
      await this.#end(late, 'expired', 'expired');
      return 0;
    }
    const [head] = open.filter(({ record }) => record.state !== 'needs-user');
    if (head === undefined) return open.length === 0 ? undefined : Math.min(...open.map((held) => this.#leftMs(held)));
    const isOffline = this.#settings.isOnline?.() === false;
    const waitMs = isOffline ? longestSleepMs : this.#waitMs(head);
    if (waitMs > 0) return Math.max(1, Math.min(waitMs, ...open.map((held) => this.#leftMs(held))));
    await this.#fly(head, false);
    return 0;
  }

  async #flyApproved(own: readonly Held[]): Promise<void> {
    const approvals = [...this.#approvals];
    this.#approvals.clear();
    for (const [id, resolve] of approvals) {
      const held = own.find(({ stored, record }) => stored.id === id && record.state === 'needs-user');
      this.#told.delete(`${id} needs-user`);
      const landing = held === undefined ? undefined : await this.#fly(held, true).catch(() => undefined);
      resolve(landing?.record.state);
    }
    this.#isAsked = true;
  }

  async #fly({ stored, record }: Held, isAttended: boolean): Promise<Landing | undefined> {
    // Between reading the entry and now somebody may have logged out.
    if (record.owner !== this.#owner) return undefined;
    const flight = new Flight(this.#parts, stored, record, isAttended);
    const done = flight.run();
    this.#flight = { flight, done };
    try {
      const landing = await done;
      if (landing === undefined) return undefined;
      if (landing.verdict.next === 'again') this.#delay(stored.id, landing.verdict.afterMs);
      else this.#tell(landing);
      return landing;
    } finally {
      this.#flight = undefined;
    }
  }

  #delay(id: string, afterMs: number | undefined): void {
    const { crypto, clock } = this.#host.context.ports;
    const { retryMs } = this.#settings;
    const count = (this.#delays.get(id)?.count ?? 0) + 1;
    const [draw = 0] = crypto.random(1);
    const backoffMs = Math.min(60 * retryMs, retryMs * 2 ** (count - 1)) * (0.5 + draw / 255);
    this.#delays.set(id, { count, untilMs: clock.monotonic() + Math.max(backoffMs, afterMs ?? 0) });
  }

  #leftMs({ record }: Held): number {
    const { ports, serverClock } = this.#host.context;
    return remainingMs(record, ports.clock.wall(), serverClock);
  }

  /** Milliseconds that somebody else may still be sending it. A lease from the future is one from before a clock was set. */
  #leaseMs({ stored: { lease } }: Held): number {
    if (lease === null || lease.by === this.#parts.self) return 0;
    const leftMs = lease.untilMs - this.#host.context.ports.clock.wall();
    return leftMs > this.#settings.leaseMs ? 0 : Math.max(0, leftMs);
  }

  #isLeased(held: Held): boolean {
    return this.#leaseMs(held) > 0;
  }

  #waitMs(held: Held): number {
    const until = this.#delays.get(held.stored.id)?.untilMs ?? 0;
    return Math.max(this.#leaseMs(held), until - this.#host.context.ports.clock.monotonic());
  }

  /** Tells an end, or that the user is needed: once in this start, and ends once for good. */
  #tell({ stored, record }: Pick<Held, 'stored' | 'record'>, owner: string | undefined = this.#owner): void {
    const { onEntry } = this.#settings;
    const mark = `${stored.id} ${record.state}`;
    // Nobody hears of another customer's entries: they are told when their owner is back.
    if (onEntry === undefined || record.owner !== owner || this.#told.has(mark)) return;
    this.#told.add(mark);
    const { reply } = record;
    const body = fromBase64Url(reply?.body ?? '') ?? new Uint8Array(0);
    const event = { ...viewOf(stored.id, record), reply: reply === null ? undefined : { ...reply, body } };
    const forget = (): Promise<void> | undefined => (hasEnded(record) ? this.#vault.remove([stored.id]) : undefined);
    // A host that throws is told again by the next start.
    Promise.resolve()
      .then(() => onEntry(event))
      .then(forget)
      .catch(() => undefined);
  }

  /** Nobody knows whose it was; its id is all that can be told. */
  #tellUnreadable(id: string): void {
    if (this.#told.has(id)) return;
    this.#told.add(id);
    const entry = { method: '', path: '', describe: '', queuedAtMs: 0, expiresAtMs: 0, attempts: 0, reply: undefined };
    Promise.resolve()
      .then(() => this.#settings.onEntry?.({ id, ...entry, state: 'unknown', reason: 'unreadable' }))
      .then(() => this.#vault.remove([id]))
      .catch(() => undefined);
  }
}

/** Opens a journal: the option `journal` of `createHauberk`. */
export const openJournal =
  (options: JournalOptions = {}): JournalPlug =>
  (host) =>
    new OpenedJournal(host, options);
