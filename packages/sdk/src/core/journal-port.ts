/** The journal as the client knows it. Its code is an entry of its own, so that apps without a journal do not carry it. */
import type { Report } from '@hauberk/channel/client';
import type { Call, FetchInput } from './call.ts';
import type { CoreContext } from './core-context.ts';
import type { OpenedReply } from './exchange.ts';

/** A request to be sent later. */
export interface QueuedRequest {
  readonly url: string | URL;
  readonly method?: string;
  /** Credentials are refused here: they are given at sending, by `atSend`. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string | URLSearchParams | FormData | Blob;
}

/** How a request waits. */
export interface EnqueueOptions {
  /** Milliseconds after which it is not sent any more: 15 minutes for methods that change something, a day for others. */
  readonly expiresInMs?: number;
  /** What the user may read of it. */
  readonly describe?: string;
}

/** Where an entry is. The last five are ends; `needs-user` waits for `approve`. */
export type EntryState = 'waiting' | 'sending' | 'needs-user' | 'sent' | 'failed' | 'expired' | 'unknown' | 'cancelled';

/** An entry as its owner may see it. */
export interface JournalEntry {
  readonly id: string;
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly describe: string;
  readonly state: EntryState;
  /** Why: a problem code, a failure code, `step-up`, `login`, `logout`; empty where the state says it all. */
  readonly reason: string;
  readonly queuedAtMs: number;
  readonly expiresAtMs: number;
  readonly attempts: number;
}

/** The reply that ended an entry. */
export interface EntryReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** What became of an entry. `reply` where the service gave one. */
export interface EntryEvent extends JournalEntry {
  readonly reply: EntryReply | undefined;
}

/** What apps do with entries. They see those of the owner only. */
export interface JournalView {
  readonly enqueue: (request: QueuedRequest, options?: EnqueueOptions) => Promise<string>;
  readonly list: () => Promise<readonly JournalEntry[]>;
  /** Takes an entry back; what may have reached the service ends as `unknown`. Answers the state, undefined when there is no such entry. */
  readonly cancel: (id: string) => Promise<EntryState | undefined>;
  /** Sends an entry that needs the user, who is there now. Answers the state after it. */
  readonly approve: (id: string) => Promise<EntryState | undefined>;
  /** The network is back: what waits is tried at once. */
  readonly wake: () => void;
}

/** What the client itself does with it. */
export interface Journal extends JournalView {
  readonly owner: (customerRef: string | undefined) => Promise<void>;
  readonly logout: () => Promise<void>;
  /** Reports that an earlier start could not send, oldest first. */
  readonly keptReports: () => Promise<readonly Report[]>;
  readonly keepReport: (report: Report) => void;
  readonly forgetReports: (reports: readonly Report[], end: 'sent' | 'failed' | 'dropped') => void;
}

/** What a journal works with. */
export interface JournalHost {
  readonly context: CoreContext;
  /** A session: afterwards the server's time is known. */
  readonly connect: () => Promise<unknown>;
  /** Reads a request against the signed config. */
  readonly read: (input: FetchInput, init: RequestInit | undefined) => Promise<Call>;
  readonly perform: (call: Call) => Promise<OpenedReply>;
}

/** Makes the journal of one client. */
export type JournalPlug = (host: JournalHost) => Journal;
