/** Turns what the books hold into what the API shows. */
import type {
  AccountView,
  CouponView,
  StatementMonth,
  StatementReply,
  TransactionView,
  TransferReply,
} from './bank-api.ts';
import type { Books } from './books.ts';
import { COUPONS, type Coupon } from './coupons.ts';
import { DEMO_CUSTOMERS, type DemoAccount, type DemoCustomer } from './customers.ts';
import type { Entry, Ledger, Transfer } from './ledger.ts';

const ACCOUNTS: ReadonlyMap<string, DemoAccount> = new Map(
  DEMO_CUSTOMERS.flatMap(({ accounts }) => accounts).map((account) => [account.accountId, account]),
);

/** A customer's account, whoever asks; `undefined` for the house's own. */
export function accountView(ledger: Ledger, accountId: string): AccountView | undefined {
  const account = ACCOUNTS.get(accountId);
  return account === undefined ? undefined : { ...account, balanceMinor: ledger.balanceMinor(accountId) };
}

/** All accounts of a customer. */
export const accountViews = (ledger: Ledger, customer: DemoCustomer): readonly AccountView[] =>
  customer.accounts.flatMap(({ accountId }) => accountView(ledger, accountId) ?? []);

/** One entry of an account's history. */
export function transactionView(ledger: Ledger, { transfer, amountMinor, balanceMinor }: Entry): TransactionView {
  const other = amountMinor < 0 ? transfer.creditAccountId : transfer.debitAccountId;
  return {
    transferId: transfer.transferId,
    bookedAtMs: transfer.atMs,
    amountMinor,
    balanceMinor,
    currency: transfer.currency,
    counterparty: (amountMinor < 0 ? transfer.counterparty : null) ?? partyName(ledger, other),
    memo: transfer.memo,
    clientReference: transfer.clientReference,
  };
}

/** The newest entries of an account, newest first; with `before`, those older than that transfer. */
export function transactionViews(
  ledger: Ledger,
  accountId: string,
  limit: number,
  before?: string,
): readonly TransactionView[] {
  const entries = ledger.entries(accountId);
  const found = before === undefined ? -1 : entries.findIndex(({ transfer }) => transfer.transferId === before);
  const end = before === undefined ? entries.length : Math.max(0, found);
  return entries
    .slice(Math.max(0, end - limit), end)
    .toReversed()
    .map((entry) => transactionView(ledger, entry));
}

/** The receipt of a transfer. */
export const transferReply = (ledger: Ledger, transfer: Transfer): TransferReply => ({
  transferId: transfer.transferId,
  status: 'booked',
  bookedAtMs: transfer.atMs,
  fromAccountId: transfer.debitAccountId,
  toAccountId: transfer.creditAccountId,
  amountMinor: transfer.amountMinor,
  currency: transfer.currency,
  memo: transfer.memo,
  balanceMinor: ledger.debitEntry(transfer).balanceMinor,
  clientReference: transfer.clientReference,
});

/** All coupons as this customer sees them. */
export const couponViews = (books: Books, customer: DemoCustomer): readonly CouponView[] =>
  COUPONS.map((coupon) => couponView(books, customer, coupon));

function couponView(books: Books, customer: DemoCustomer, coupon: Coupon): CouponView {
  const claims = books.claims(coupon.couponId);
  return {
    ...coupon,
    remaining: Math.max(0, coupon.stock - claims.length),
    claimedByYou: claims.some(({ customerId }) => customerId === customer.customerId),
  };
}

/** Everything that happened on a customer's accounts. */
export function statementReply(ledger: Ledger, customer: DemoCustomer, issuedAtMs: number): StatementReply {
  const accounts = accountViews(ledger, customer).map((account) => {
    const transactions = transactionViews(ledger, account.accountId, Number.MAX_SAFE_INTEGER);
    return { account, months: statementMonths(transactions), transactions };
  });
  return { issuedAtMs, customerName: customer.name, accounts };
}

/** Sums per calendar month (UTC), newest first. */
function statementMonths(transactions: readonly TransactionView[]): readonly StatementMonth[] {
  const groups = Map.groupBy(transactions, ({ bookedAtMs }) => new Date(bookedAtMs).toISOString().slice(0, 7));
  return [...groups].map(([month, lines]) => ({
    month,
    incomingMinor: lines.reduce((sum, { amountMinor }) => sum + Math.max(0, amountMinor), 0),
    outgoingMinor: lines.reduce((sum, { amountMinor }) => sum + Math.max(0, -amountMinor), 0),
  }));
}

function partyName(ledger: Ledger, accountId: string): string {
  const account = ledger.account(accountId);
  const owner = DEMO_CUSTOMERS.find(({ customerId }) => customerId === account?.customerId);
  return owner === undefined ? (account?.name ?? 'Unknown') : owner.name;
}
