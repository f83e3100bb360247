/**
 * Everything that the bank remembers: the ledger, payees, claimed coupons, used Idempotency-Keys. A change is applied in memory and handed
 * to the journal in the same turn, so both see one order; it is acknowledged when `durable` resolves.
 */
import type { PayeeView } from './bank-api.ts';
import { asBankRecord, type BankRecord, type IdempotencyMark } from './bank-record.ts';
import { DEMO_CUSTOMERS } from './customers.ts';
import { forgetfulJournal, type Journal, openJournal } from './journal.ts';
import { Ledger, type Movement, type Transfer } from './ledger.ts';
import { seedLedger, seedPayees } from './seed.ts';

/** A booking together with the promise that it will survive a power cut. */
export interface Booking {
  readonly transfer: Transfer;
  readonly durable: Promise<void>;
}

/** A booking that an Idempotency-Key leads back to. */
export interface KeyedBooking extends Booking {
  readonly fingerprint: string;
}

/** A claimed coupon. */
export interface Claim {
  readonly couponId: string;
  readonly customerId: string;
}

const keyOf = (customerId: string, key: string): string => JSON.stringify([customerId, key]);

/** The bank's state. Opened once per journal. */
export class Books {
  readonly ledger: Ledger = new Ledger();
  readonly #journal: Journal<unknown>;
  readonly #payees = new Map<string, PayeeView[]>();
  readonly #claims: Claim[] = [];
  readonly #keyed = new Map<string, KeyedBooking>();

  private constructor(journal: Journal<unknown>) {
    this.#journal = journal;
  }

  /** Replays the journal, or seeds a new book dated `now` when there is none. */
  static async open(journalFile: string | null, now: number): Promise<Books> {
    const { journal, records } =
      journalFile === null ? { journal: forgetfulJournal, records: [] } : await openJournal(journalFile);
    const books = new Books(journal);
    try {
      if (records.length === 0) await books.#commit({ type: 'genesis', seededAtMs: now }).durable;
      for (const record of records) books.#apply(asBankRecord(record), Promise.resolve());
    } catch (cause) {
      await journal.close();
      throw new Error('the books cannot be opened', { cause });
    }
    return books;
  }

  /** Books a movement that the ledger's `judge` lets pass. */
  book(movement: Movement, marks: { idempotency?: IdempotencyMark | null; couponId?: string } = {}): Booking {
    const { idempotency = null, couponId = null } = marks;
    const { transfer, durable } = this.#commit({ type: 'booking', movement, idempotency, couponId });
    if (transfer === null) throw new Error('a booking record booked nothing');
    return { transfer, durable };
  }

  /** The booking that this customer made under this key before. */
  keyed(customerId: string, key: string): KeyedBooking | undefined {
    return this.#keyed.get(keyOf(customerId, key));
  }

  /** Whom the customer pays. */
  payees(customerId: string): readonly PayeeView[] {
    return this.#payees.get(customerId) ?? [];
  }

  /** Adds to a customer's list. */
  addPayee(customerId: string, payee: PayeeView): Promise<void> {
    return this.#commit({ type: 'payee', customerId, payee }).durable;
  }

  /** All claims of a coupon. */
  claims(couponId: string): readonly Claim[] {
    return this.#claims.filter((claim) => claim.couponId === couponId);
  }

  /** Waits for the journal and gives its file back. */
  close(): Promise<void> {
    return this.#journal.close();
  }

  #commit(record: BankRecord): { transfer: Transfer | null; durable: Promise<void> } {
    const settle = Promise.withResolvers<void>();
    const transfer = this.#apply(record, settle.promise);
    // An order whose caller has gone still settles; its rejection must not take the process down.
    settle.promise.catch(() => undefined);
    this.#journal.append(record).then(settle.resolve, settle.reject);
    return { transfer, durable: settle.promise };
  }

  #apply(record: BankRecord, durable: Promise<void>): Transfer | null {
    switch (record.type) {
      case 'genesis':
        this.#seed(record.seededAtMs);
        return null;
      case 'payee':
        this.#payees.set(record.customerId, [...this.payees(record.customerId), record.payee]);
        return null;
      case 'booking':
        return this.#applyBooking(record, durable);
    }
  }

  #applyBooking(record: BankRecord & { type: 'booking' }, durable: Promise<void>): Transfer {
    const { movement, idempotency, couponId } = record;
    const transfer = this.ledger.book(movement);
    const { customerId } = movement;
    if (customerId !== null && idempotency !== null) {
      const { key, fingerprint } = idempotency;
      this.#keyed.set(keyOf(customerId, key), { transfer, durable, fingerprint });
    }
    if (customerId !== null && couponId !== null) this.#claims.push({ couponId, customerId });
    return transfer;
  }

  #seed(seededAtMs: number): void {
    seedLedger(this.ledger, seededAtMs);
    for (const customer of DEMO_CUSTOMERS) this.#payees.set(customer.customerId, [...seedPayees(customer)]);
  }
}
