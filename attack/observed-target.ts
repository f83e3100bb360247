/** Reads what was booked at a foreign bank the way its customers do: from their own list of transactions. */
import type { DemoCustomer } from '@hauberk/example-bank';
import type { Booking, ObservedBank } from './observed-bank.ts';
import { bareCall, bareJson, bareLogin, newVictim, type Victim, victimCall } from './victim.ts';
import type { Target } from './wire-client.ts';

interface Transaction {
  readonly amountMinor: number;
  readonly clientReference: string | null;
  readonly counterparty: string;
}

type Read = (path: string) => Promise<Readonly<Record<string, unknown>>>;

const pathOf = (accountId: string): string => `/api/accounts/${accountId}/transactions`;

/** The newest 500 entries of an account: an attack asks right after it struck. */
const readAccount = async (
  read: Read,
  { customerId }: DemoCustomer,
  accountId: string,
): Promise<readonly Booking[]> => {
  const { transactions } = await read(`${pathOf(accountId)}?limit=500`);
  if (!Array.isArray(transactions)) throw new Error(`no transactions of ${accountId}`);
  return (transactions as readonly Transaction[]).flatMap(({ amountMinor, clientReference, counterparty }) => {
    // A payment shows in two accounts: the payer's entry counts.
    if (amountMinor < 0) return [{ kind: 'transfer', customerId, clientReference, amountMinor: -amountMinor }];
    return counterparty === 'Promotions' ? [{ kind: 'coupon', customerId, clientReference, amountMinor }] : [];
  });
};

const readAll = async (
  customers: readonly DemoCustomer[],
  readerOf: (customer: DemoCustomer) => Read | Promise<Read>,
): Promise<readonly Booking[]> => {
  const lists = customers.map(async (customer) => {
    const read = await readerOf(customer);
    return Promise.all(customer.accounts.map(({ accountId }) => readAccount(read, customer, accountId)));
  });
  return (await Promise.all(lists)).flat(2);
};

/** Sessions end after a while: then the customer comes on a new device. */
const throughGateway = (target: Target, customer: DemoCustomer): Read => {
  let victim: Promise<Victim> | undefined;
  const ask = async (path: string): Promise<Readonly<Record<string, unknown>> | undefined> => {
    victim ??= newVictim(target, customer);
    const answer = await victimCall(await victim, 'GET', path);
    if (answer.status === 200 && answer.bound) return answer.json;
    victim = undefined;
    return undefined;
  };
  return async (path) => (await ask(path)) ?? (await ask(path)) ?? {};
};

/** A bank behind the attacked gateway. */
export const observeThroughGateway = (target: Target, customers: readonly DemoCustomer[]): ObservedBank => {
  const open = new Map(customers.map((customer) => [customer, throughGateway(target, customer)]));
  return {
    url: target.gateway,
    bookings: () => readAll(customers, (customer) => open.get(customer) ?? throughGateway(target, customer)),
  };
};

/** The unprotected control system. */
export const observeBare = (url: string, customers: readonly DemoCustomer[]): ObservedBank => {
  const bank: ObservedBank = {
    url: url.replace(/\/$/, ''),
    bookings: () =>
      readAll(customers, async (customer) => {
        const authorization = await bareLogin(bank, customer);
        return async (path) => bareJson(await bareCall(bank, 'GET', path, { authorization }));
      }),
  };
  return bank;
};
