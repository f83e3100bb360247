/** The demo bank's twenty customers, the same in every run. Their passwords are public: the simulated customers log in with them. */
import type { AccountView, Currency } from './bank-api.ts';

/** A customer with everything needed to play their part. */
export interface DemoCustomer {
  readonly customerId: string;
  readonly username: string;
  readonly password: string;
  readonly name: string;
  readonly accounts: readonly DemoAccount[];
}

/** An account before anything is booked on it. */
export interface DemoAccount {
  readonly accountId: string;
  readonly number: string;
  readonly name: string;
  readonly kind: AccountView['kind'];
  readonly currency: Currency;
}

/** name, password, number of accounts */
const PEOPLE: readonly (readonly [string, string, 1 | 2 | 3])[] = [
  ['Alice Moreau', 'amber-falcon-27', 3],
  ['Bruno Keller', 'quiet-harbour-41', 2],
  ['Chen Wei', 'silver-bamboo-88', 2],
  ['Dalia Haddad', 'cedar-lantern-19', 3],
  ['Emeka Obi', 'copper-drum-63', 1],
  ['Freya Lindqvist', 'winter-birch-52', 2],
  ['Goran Petrovic', 'river-stone-34', 1],
  ['Hana Suzuki', 'paper-crane-75', 3],
  ['Ines Carvalho', 'blue-azulejo-16', 2],
  ['Jonas Berg', 'north-compass-90', 1],
  ['Kavya Rao', 'monsoon-mango-22', 2],
  ['Liam Byrne', 'peat-and-rain-47', 2],
  ['Mei Lin', 'jade-teapot-58', 1],
  ['Nadia Rahman', 'saffron-boat-31', 3],
  ['Oskar Nowak', 'amber-coast-84', 2],
  ['Priya Nair', 'coconut-grove-66', 1],
  ['Quentin Dubois', 'velvet-piano-13', 2],
  ['Rosa Delgado', 'desert-bloom-79', 2],
  ['Samuel Tadesse', 'highland-bean-25', 1],
  ['Tomas Novotny', 'glass-bridge-97', 2],
];

const KINDS = [
  { kind: 'current', name: 'Everyday', currency: 'EUR' },
  { kind: 'savings', name: 'Savings', currency: 'EUR' },
  { kind: 'travel', name: 'Travel', currency: 'USD' },
] as const;

/** The printed number: fictional bank code `HB71`, customer, account. */
const accountNumber = (customer: number, account: number): string =>
  `HB71 2026 ${String(customer).padStart(4, '0')} ${String(account).padStart(4, '0')}`;

const demoAccounts = (customer: number, count: number): readonly DemoAccount[] =>
  KINDS.slice(0, count).map((kind, index) => ({
    ...kind,
    accountId: `a-${String(customer).padStart(2, '0')}${String(index + 1).padStart(2, '0')}`,
    number: accountNumber(customer, index + 1),
  }));

/** All customers, in the order of their ids. */
export const DEMO_CUSTOMERS: readonly DemoCustomer[] = PEOPLE.map(([name, password, count], index) => ({
  customerId: `c-${String(index + 1).padStart(2, '0')}`,
  username: name.toLowerCase().replaceAll(' ', '.'),
  password,
  name,
  accounts: demoAccounts(index + 1, count),
}));

/** The first customer: whom examples and screenshots use. */
export const ALICE: DemoCustomer = customerNamed('alice.moreau');

/** The customer with this username. Throws when there is none. */
export function customerNamed(username: string): DemoCustomer {
  const customer = DEMO_CUSTOMERS.find((candidate) => candidate.username === username);
  if (customer === undefined) throw new Error(`no demo customer ${username}`);
  return customer;
}
