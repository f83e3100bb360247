/** Fills an empty book: house accounts, twelve months of history per customer, first payees. Same history in every run. */
import type { Currency, PayeeView } from './bank-api.ts';
import { DEMO_CUSTOMERS, type DemoAccount, type DemoCustomer } from './customers.ts';
import type { Ledger, Movement } from './ledger.ts';
import { between, pick, type Random, seededRandom } from './seeded-random.ts';

const CURRENCIES: readonly Currency[] = ['EUR', 'USD'];
const HOUSE = {
  equity: 'House equity',
  income: 'Employers',
  merchants: 'Merchants',
  clearing: 'Other banks',
  promotions: 'Promotions',
} as const;
const DAY_MS = 86_400_000;
const HISTORY_DAYS = 365;
const SHOPS = [
  ['Green Basket', 'Groceries'],
  ['Metro Transit', 'Monthly ticket'],
  ['Corner Bakery', 'Breakfast'],
  ['Bright Energy', 'Electricity'],
  ['Page & Spine', 'Books'],
  ['Cinema Lumen', 'Two tickets'],
  ['Fernweh Travel', 'Train to the coast'],
  ['Hill Pharmacy', 'Pharmacy'],
  ['Blue Door Cafe', 'Lunch'],
  ['Thread & Loom', 'Clothes'],
] as const;

const RENT = ['Hill & Daughter Homes', 'Rent'] as const;

/** The house's side of a kind of business, per currency. */
export const houseAccount = (purpose: keyof typeof HOUSE, currency: Currency): string => `house-${purpose}-${currency}`;

/** Books the seed history so that it ends just before `seededAtMs`. Only the dates depend on it. */
export function seedLedger(ledger: Ledger, seededAtMs: number): void {
  for (const currency of CURRENCIES) openHouse(ledger, currency);
  for (const [index, customer] of DEMO_CUSTOMERS.entries()) {
    const random = seededRandom(7_001 + index);
    for (const account of customer.accounts) seedAccount(ledger, customer, account, seededAtMs, random);
  }
}

/** Who is on the customer's list at the start: two other customers and one person at another bank. */
export function seedPayees(customer: DemoCustomer): readonly PayeeView[] {
  const position = DEMO_CUSTOMERS.indexOf(customer);
  const friends = [1, 2].flatMap((step) => DEMO_CUSTOMERS[(position + step) % DEMO_CUSTOMERS.length] ?? []);
  const outside = { name: 'Studio Rent', accountNumber: `XO44 9000 ${String(position + 1).padStart(4, '0')} 7731` };
  return [...friends.map(({ name, accounts }) => ({ name, accountNumber: accounts[0]?.number ?? '' })), outside].map(
    (payee, index) => ({ ...payee, payeeId: `p-${index + 1}` }),
  );
}

function openHouse(ledger: Ledger, currency: Currency): void {
  for (const [purpose, name] of Object.entries(HOUSE)) {
    const accountId = `house-${purpose}-${currency}`;
    ledger.open({ accountId, number: accountId, name, currency, customerId: null });
  }
}

function seedAccount(
  ledger: Ledger,
  customer: DemoCustomer,
  account: DemoAccount,
  seededAtMs: number,
  random: Random,
): void {
  const { accountId, number, name, currency } = account;
  ledger.open({ accountId, number, name, currency, customerId: customer.customerId });
  const startMs = seededAtMs - HISTORY_DAYS * DAY_MS;
  ledger.book(incoming(account, startMs, 'equity', 'Opening deposit', between(random, 400_000, 900_000)));
  for (let day = 1; day < HISTORY_DAYS; day += 1) {
    const atMs = startMs + day * DAY_MS + between(random, 25_000_000, 70_000_000);
    const movement = dayMovement(ledger, account, day, atMs, random);
    if (movement !== null) ledger.book(movement);
  }
}

/** What happens on that day: pay day, rent, a purchase on most days of an everyday account, or nothing. */
function dayMovement(ledger: Ledger, account: DemoAccount, day: number, atMs: number, random: Random): Movement | null {
  const everyday = account.kind === 'current';
  if (day % 30 === 26) {
    return everyday
      ? incoming(account, atMs, 'income', 'Salary', between(random, 240_000, 420_000))
      : incoming(account, atMs, 'equity', 'Interest', between(random, 400, 2_400));
  }
  if (everyday && day % 30 === 2) return purchase(account, atMs, between(random, 85_000, 130_000), RENT);
  if (random() > (everyday ? 0.8 : 0.08)) return null;
  const amountMinor = between(random, 350, everyday ? 12_500 : 9_000);
  const isAffordable = ledger.balanceMinor(account.accountId) > amountMinor + 150_000;
  return isAffordable ? purchase(account, atMs, amountMinor, pick(random, SHOPS)) : null;
}

function incoming(
  account: DemoAccount,
  atMs: number,
  purpose: keyof typeof HOUSE,
  memo: string,
  amountMinor: number,
): Movement {
  return {
    kind: 'seed',
    debitAccountId: houseAccount(purpose, account.currency),
    creditAccountId: account.accountId,
    amountMinor,
    currency: account.currency,
    memo,
    counterparty: null,
    customerId: null,
    clientReference: null,
    atMs,
  };
}

function purchase(
  account: DemoAccount,
  atMs: number,
  amountMinor: number,
  [counterparty, memo]: readonly [string, string],
): Movement {
  return {
    kind: 'seed',
    debitAccountId: account.accountId,
    creditAccountId: houseAccount('merchants', account.currency),
    amountMinor,
    currency: account.currency,
    memo,
    counterparty,
    customerId: null,
    clientReference: null,
    atMs,
  };
}
