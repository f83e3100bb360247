/**
 * Double-entry book in integer minor units. Every transfer is one debit and one equal credit, so the sum over all accounts of a
 * currency is zero at every instant; money enters and leaves through house accounts, which alone may be negative.
 */
import type { Currency } from './bank-api.ts';

/** An account in the book. Opening balances are booked from the house's equity account, never set. */
export interface LedgerAccount {
  readonly accountId: string;
  readonly number: string;
  readonly name: string;
  readonly currency: Currency;
  /** `null` for the house. */
  readonly customerId: string | null;
}

/** Why money moved. Only `transfer` and `coupon` are made by customers. */
export type TransferKind = 'seed' | 'transfer' | 'coupon';

/** An order to move money, not yet judged. */
export interface Movement {
  readonly kind: TransferKind;
  readonly debitAccountId: string;
  readonly creditAccountId: string;
  readonly amountMinor: number;
  readonly currency: Currency;
  readonly memo: string;
  /** What the debited side's owner sees as receiver when the money goes through a house account. */
  readonly counterparty: string | null;
  readonly customerId: string | null;
  readonly clientReference: string | null;
  readonly atMs: number;
}

/** A booked movement; never changed, never removed. */
export interface Transfer extends Movement {
  readonly transferId: string;
}

/** One leg of a transfer on one account, with the balance that it left behind. */
export interface Entry {
  readonly transfer: Transfer;
  readonly amountMinor: number;
  readonly balanceMinor: number;
}

/** Why a movement is refused. */
export type MovementRefusal =
  | 'amount-invalid'
  | 'unknown-account'
  | 'same-account'
  | 'currency-mismatch'
  | 'insufficient-funds';

/** The result of recomputing the whole book from its log. */
export interface LedgerAudit {
  readonly balanced: boolean;
  readonly faults: readonly string[];
  readonly transfers: number;
  readonly duplicates: readonly {
    readonly customerId: string;
    readonly clientReference: string;
    readonly transferIds: readonly string[];
  }[];
}

/** The largest single movement: a hundred million in major units, far below the safe integers even when summed. */
const MAX_MOVEMENT_MINOR = 10_000_000_000;

interface AccountState {
  readonly account: LedgerAccount;
  readonly entries: Entry[];
  balanceMinor: number;
}

/** The book. Synchronous on purpose: judging and booking happen in one turn, so no interleaving can overdraw an account. */
export class Ledger {
  readonly #accounts = new Map<string, AccountState>();
  readonly #byNumber = new Map<string, LedgerAccount>();
  readonly #log: Transfer[] = [];

  /** Adds an empty account. */
  open(account: LedgerAccount): void {
    if (this.#accounts.has(account.accountId)) throw new Error(`account ${account.accountId} exists`);
    this.#accounts.set(account.accountId, { account, entries: [], balanceMinor: 0 });
    this.#byNumber.set(withoutSpaces(account.number), account);
  }

  /** The account with this id. */
  account(accountId: string): LedgerAccount | undefined {
    return this.#accounts.get(accountId)?.account;
  }

  /** The account with this printed number, however it is spaced. */
  accountByNumber(number: string): LedgerAccount | undefined {
    return this.#byNumber.get(withoutSpaces(number));
  }

  /** What is on the account now. */
  balanceMinor(accountId: string): number {
    return this.#require(accountId).balanceMinor;
  }

  /** The account's entries, oldest first. */
  entries(accountId: string): readonly Entry[] {
    return this.#require(accountId).entries;
  }

  /** All bookings in order. */
  log(): readonly Transfer[] {
    return this.#log;
  }

  /** The leg of a booked transfer on the debited account. */
  debitEntry(transfer: Transfer): Entry {
    const entry = this.#require(transfer.debitAccountId).entries.findLast(
      (candidate) => candidate.transfer === transfer,
    );
    if (entry === undefined) throw new Error(`transfer ${transfer.transferId} is not on its debited account`);
    return entry;
  }

  /** Why this movement cannot be booked, or `null` when it can. */
  judge(movement: Movement): MovementRefusal | null {
    const { amountMinor } = movement;
    if (!Number.isSafeInteger(amountMinor) || amountMinor <= 0 || amountMinor > MAX_MOVEMENT_MINOR) {
      return 'amount-invalid';
    }
    const debit = this.#accounts.get(movement.debitAccountId);
    const credit = this.#accounts.get(movement.creditAccountId);
    if (debit === undefined || credit === undefined) return 'unknown-account';
    if (debit === credit) return 'same-account';
    if (debit.account.currency !== movement.currency || credit.account.currency !== movement.currency) {
      return 'currency-mismatch';
    }
    return debit.account.customerId !== null && debit.balanceMinor < amountMinor ? 'insufficient-funds' : null;
  }

  /** Books a movement that `judge` lets pass; throws on one that it does not. */
  book(movement: Movement): Transfer {
    const refusal = this.judge(movement);
    if (refusal !== null) throw new Error(`movement refused: ${refusal}`);
    const transfer: Transfer = { ...movement, transferId: `t-${String(this.#log.length + 1).padStart(8, '0')}` };
    this.#log.push(transfer);
    this.#apply(transfer.debitAccountId, transfer, -transfer.amountMinor);
    this.#apply(transfer.creditAccountId, transfer, transfer.amountMinor);
    return transfer;
  }

  /** Recomputes everything from the log and compares it with what the accounts say. */
  audit(): LedgerAudit {
    const faults = [...this.#balanceFaults(), ...this.#sumFaults(), ...this.#entryFaults()];
    const made = this.#log.filter((transfer) => transfer.kind !== 'seed');
    return { balanced: faults.length === 0, faults, transfers: made.length, duplicates: doublePayments(made) };
  }

  #require(accountId: string): AccountState {
    const state = this.#accounts.get(accountId);
    if (state === undefined) throw new Error(`no account ${accountId}`);
    return state;
  }

  #apply(accountId: string, transfer: Transfer, amountMinor: number): void {
    const state = this.#require(accountId);
    state.balanceMinor += amountMinor;
    state.entries.push({ transfer, amountMinor, balanceMinor: state.balanceMinor });
  }

  /** Each balance must be what the log alone leads to, an integer, and not negative for a customer. */
  #balanceFaults(): string[] {
    const derived = new Map<string, number>();
    const add = (accountId: string, amount: number): void => {
      derived.set(accountId, (derived.get(accountId) ?? 0) + amount);
    };
    for (const transfer of this.#log) {
      add(transfer.debitAccountId, -transfer.amountMinor);
      add(transfer.creditAccountId, transfer.amountMinor);
    }
    return [...this.#accounts.values()].flatMap(({ account, balanceMinor }) => {
      const expected = derived.get(account.accountId) ?? 0;
      if (balanceMinor !== expected) return [`${account.accountId} holds ${balanceMinor}, its log says ${expected}`];
      if (!Number.isSafeInteger(balanceMinor)) return [`${account.accountId} left the safe integers`];
      return account.customerId !== null && balanceMinor < 0 ? [`${account.accountId} is overdrawn`] : [];
    });
  }

  /** Per currency, all balances together must be zero. */
  #sumFaults(): string[] {
    const sums = new Map<Currency, number>();
    for (const { account, balanceMinor } of this.#accounts.values()) {
      sums.set(account.currency, (sums.get(account.currency) ?? 0) + balanceMinor);
    }
    return [...sums].filter(([, sum]) => sum !== 0).map(([currency, sum]) => `${currency} sums to ${sum}`);
  }

  /** Every transfer must have exactly two legs that cancel out. */
  #entryFaults(): string[] {
    const legs = new Map<string, number[]>();
    for (const { entries } of this.#accounts.values()) {
      for (const { transfer, amountMinor } of entries) {
        legs.set(transfer.transferId, [...(legs.get(transfer.transferId) ?? []), amountMinor]);
      }
    }
    return this.#log.flatMap(({ transferId }) => {
      const amounts = legs.get(transferId) ?? [];
      const cancels = amounts.length === 2 && (amounts[0] ?? 0) + (amounts[1] ?? 0) === 0;
      return cancels ? [] : [`${transferId} does not cancel out`];
    });
  }
}

const withoutSpaces = (number: string): string => number.replaceAll(' ', '');

/** Groups customer-made transfers that carry the same client reference twice. */
function doublePayments(transfers: readonly Transfer[]): LedgerAudit['duplicates'] {
  const groups = Map.groupBy(
    transfers.filter((transfer) => transfer.customerId !== null && transfer.clientReference !== null),
    ({ customerId, clientReference }) => JSON.stringify([customerId, clientReference]),
  );
  return [...groups.values()]
    .filter((group) => group.length > 1)
    .map((group) => ({
      customerId: group[0]?.customerId ?? '',
      clientReference: group[0]?.clientReference ?? '',
      transferIds: group.map(({ transferId }) => transferId),
    }));
}
