/** What a journal entry says once it is opened, and how long it has left. */
import type { ServerClock } from './clock.ts';
import type { EntryReply, EntryState, JournalEntry } from './journal-port.ts';

/** A reply as it rests. */
export interface RestingReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Base64url. */
  readonly body: string;
}

/** An opened request entry. */
export interface RequestRecord {
  /** The customer who queued it, in the app's words. */
  readonly owner: string;
  readonly method: string;
  readonly path: string;
  /** With the Idempotency-Key, which never changes. */
  readonly headers: Readonly<Record<string, string>>;
  /** Base64url; null for none. */
  readonly body: string | null;
  readonly describe: string;
  readonly queuedWallMs: number;
  /** Authenticated, where it was known. */
  readonly queuedServerMs: number | null;
  readonly lifeMs: number;
  readonly state: EntryState;
  readonly reason: string;
  readonly attempts: number;
  /** Set before anything is sent, taken back when it is known that nothing arrived: a kill in between leaves it set. */
  readonly mayHaveRun: boolean;
  readonly reply: RestingReply | null;
}

const open: ReadonlySet<EntryState> = new Set(['waiting', 'sending', 'needs-user']);

/** Whether an entry has ended. */
export const hasEnded = ({ state }: RequestRecord): boolean => !open.has(state);

/** How far a wall clock may have been set back before it tells nothing any more, in milliseconds. */
const backMs = 60_000;

/**
 * Milliseconds until an entry expires. Authenticated time decides where it was known then and is known now; otherwise the wall clock does,
 * and one that was set back ends the entry, for nobody can say how old it is.
 */
export const remainingMs = (record: RequestRecord, wallMs: number, server: ServerClock | undefined): number => {
  const { queuedServerMs, queuedWallMs, lifeMs } = record;
  if (queuedServerMs !== null && server !== undefined) return lifeMs - (server.now() - queuedServerMs);
  const age = wallMs - queuedWallMs;
  if (age >= -backMs) return lifeMs - Math.max(0, age);
  return queuedServerMs === null ? 0 : lifeMs;
};

/** An entry as its owner may see it. */
export const viewOf = (id: string, record: RequestRecord): JournalEntry => {
  const { method, path, describe, state, reason, attempts, lifeMs } = record;
  const queuedAtMs = record.queuedServerMs ?? record.queuedWallMs;
  return { id, method, path, describe, state, reason, queuedAtMs, expiresAtMs: queuedAtMs + lifeMs, attempts };
};

/** Where an entry goes after an attempt. */
export type Verdict =
  | { readonly next: 'end'; readonly state: EntryState; readonly reason: string; readonly reply?: EntryReply }
  | { readonly next: 'user'; readonly reason: string }
  | { readonly next: 'again'; readonly reason: string; readonly afterMs?: number };
