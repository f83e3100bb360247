/** What a screen is, and what it may use. */
import type { BankApi } from './api.ts';
import type { Question } from './confirm-dialog.ts';
import type { Outbox } from './outbox.ts';

/** What every screen of a logged-in customer gets. */
export interface AppContext {
  readonly api: BankApi;
  readonly customerName: string;
  /** Where payments wait for the network; `null` where none can. */
  readonly outbox: Outbox | null;
  /** Changes the address, for example to `/transfer`. */
  go(path: string): void;
  /** Says something short that also a screen reader hears. */
  toast(text: string): void;
  /** Asks the user; resolves to whether they agreed. */
  confirm(question: Question): Promise<boolean>;
  /** Returns to the login because the bank no longer knows the credential. */
  expired(): void;
}

/** A screen. */
export interface View {
  readonly title: string;
  readonly body: Node;
  /** Shows a way back in the header. */
  readonly backTo?: string;
  /** Called when money moved while the screen is open. */
  readonly onBooking?: () => void;
}
