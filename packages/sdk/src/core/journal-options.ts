/** What an app says of its journal. */
import type { LossClass } from '@hauberk/channel/client';
import type { EntryEvent, JournalEntry } from './journal-port.ts';
import type { JournalBounds } from './journal-room.ts';

/** A report that will not arrive. */
export interface LostReport {
  readonly id: string;
  readonly kind: string;
  readonly loss: LossClass;
  /** `failed`: the gateway refused it. `dropped`: there was no room. */
  readonly end: 'failed' | 'dropped';
}

/** The options of `openJournal`. */
export interface JournalOptions {
  /**
   * Told of every entry that ends or needs the user, at least once: an entry leaves the journal when this has returned (or its promise has
   * resolved). Without it, ended entries stay listed until they are cancelled.
   */
  readonly onEntry?: (event: EntryEvent) => void | Promise<void>;
  /** Headers that an entry gets when it is sent and that are never stored: the credential of the login. */
  readonly atSend?: (
    entry: JournalEntry,
  ) => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>;
  /**
   * Whether there is a network at all, for hosts that know (`() => navigator.onLine` in browsers). While there is none nothing is tried, so that
   * an entry that is taken back then has certainly not run. Asked once a minute and at every `wake`.
   */
  readonly isOnline?: () => boolean;
  /** Told of reports that will not arrive. */
  readonly onReportLost?: (report: LostReport) => void;
  /** Most requests at a time; 100 unless told. */
  readonly maxRequests?: number;
  /** Most characters of sealed entries; 1,048,576 unless told. */
  readonly maxSize?: number;
  /** First wait between attempts, in milliseconds; it doubles up to 60 times as much. 1,000 unless told. */
  readonly retryMs?: number;
  /** How long another tab, or the start after a kill, leaves an entry alone that was being sent, in milliseconds; 15,000 unless told. */
  readonly leaseMs?: number;
}

/** With every default filled in. */
export type JournalSettings = JournalOptions & JournalBounds & { readonly retryMs: number; readonly leaseMs: number };

/** Fills the defaults in. */
export const settingsOf = (options: JournalOptions): JournalSettings => ({
  ...options,
  maxRequests: options.maxRequests ?? 100,
  maxSize: options.maxSize ?? 1_048_576,
  retryMs: options.retryMs ?? 1000,
  leaseMs: options.leaseMs ?? 15_000,
});
