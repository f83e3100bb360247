/** What the journal keeps: every accepted change, in the order in which it was accepted. Replaying them rebuilds the bank. */
import type { PayeeView } from './bank-api.ts';
import type { Movement } from './ledger.ts';

/** How a booking is found again when its order is repeated under the same Idempotency-Key. */
export interface IdempotencyMark {
  readonly key: string;
  /** SHA-256 over the order, so that the key cannot be used for another one. */
  readonly fingerprint: string;
}

/** One line of the journal. */
export type BankRecord =
  | { readonly type: 'genesis'; readonly seededAtMs: number }
  | {
      readonly type: 'booking';
      readonly movement: Movement;
      readonly idempotency: IdempotencyMark | null;
      readonly couponId: string | null;
    }
  | { readonly type: 'payee'; readonly customerId: string; readonly payee: PayeeView };

/** A line that passed the checksum was written by us; what remains to be refused is a file of another program or version. */
export function asBankRecord(line: unknown): BankRecord {
  const type = typeof line === 'object' && line !== null && 'type' in line ? line.type : undefined;
  if (type === 'genesis' || type === 'booking' || type === 'payee') return line as BankRecord;
  throw new Error('the journal holds a record that this bank does not know');
}
