/** What an attack sees of a bank: its address, and what was booked there. */
import type { RunningBank } from '@hauberk/example-bank';

/** One booking. */
export interface Booking {
  readonly kind: string;
  /** Who asked for it; null for the bank itself. */
  readonly customerId: string | null;
  readonly clientReference: string | null;
  readonly amountMinor: number;
}

/** A bank as attacks see it. */
export interface ObservedBank {
  readonly url: string;
  readonly bookings: () => Promise<readonly Booking[]>;
}

/** A bank in this process: its ledger lies open. */
export const observeOwn = (bank: RunningBank): ObservedBank => ({
  url: bank.url,
  bookings: () => Promise.resolve(bank.ledger.log()),
});
