/** The journal, for every platform: `createHauberk({ …, journal: openJournal({ … }) })`. */
export { openJournal } from './core/journal.ts';
export { type JournalCode, JournalError } from './core/journal-error.ts';
export type { JournalOptions, LostReport } from './core/journal-options.ts';
export type {
  EnqueueOptions,
  EntryEvent,
  EntryReply,
  EntryState,
  JournalEntry,
  JournalPlug,
  JournalView,
  QueuedRequest,
} from './core/journal-port.ts';
