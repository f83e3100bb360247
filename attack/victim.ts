/** Customers whose traffic the attacker holds: logged in through the gateway, or at the bare bank for the controls. */
import { DEMO_CUSTOMERS, type DemoCustomer } from '@hauberk/example-bank';
import { utf8 } from '@hauberk/primitives';
import { type Call, type Reply, send } from './http-call.ts';
import type { ObservedBank } from './observed-bank.ts';
import {
  type Answer,
  type Crafted,
  call,
  craft,
  type Device,
  enrol,
  openSession,
  type RequestOptions,
  type Session,
  type Target,
} from './wire-client.ts';

let known: readonly DemoCustomer[] = DEMO_CUSTOMERS;
/** A target outlives its attackers, and their process ids come again. */
const startedAt = Date.now().toString(36);
let turn = 0;
let references = 0;

/** Attacks use these customers from now on: those of a given target. */
export const useCustomers = (customers: readonly DemoCustomer[]): void => {
  known = customers;
};

/** All customers whose credentials the attacker holds. */
export const knownCustomers = (): readonly DemoCustomer[] => known;

/** The next customer in turn, so that attacks do not stand in each other's way. */
export const nextCustomer = (): DemoCustomer => {
  const customer = known[turn % known.length];
  turn += 1;
  if (customer === undefined) throw new Error('the bank has customers');
  return customer;
};

/** A name for a payment that no other attack uses. */
export const nextReference = (): string => {
  references += 1;
  return `attack-${process.pid}-${startedAt}-${references}`;
};

/** A customer on a device, logged in through both steps. */
export interface Victim {
  readonly target: Target;
  readonly device: Device;
  readonly session: Session;
  readonly customer: DemoCustomer;
  readonly authorization: string;
}

const field = (answer: Answer, name: string): string => {
  const value = answer.json[name];
  if (typeof value !== 'string') throw new Error(`login: ${answer.status} ${answer.code} without ${name}`);
  return value;
};

/** The first step of a login. */
export const passwordStep = (target: Target, session: Session, customer: DemoCustomer): Promise<Answer> =>
  call(target, session, 'POST', '/api/login', {
    body: JSON.stringify({ username: customer.username, password: customer.password }),
  });

/** Both steps of a login; answers the credential. */
export const logIn = async (target: Target, session: Session, customer: DemoCustomer): Promise<string> => {
  const first = await passwordStep(target, session, customer);
  const authorization = field(first, 'authorization');
  const body = JSON.stringify({ code: field(first, 'demoCode') });
  const second = await call(target, session, 'POST', '/api/login/otp', { headers: { authorization }, body });
  return field(second, 'authorization');
};

/** A customer on a fresh device. */
export const newVictim = async (target: Target, customer: DemoCustomer = nextCustomer()): Promise<Victim> => {
  const device = await enrol(target);
  const session = await openSession(target, device);
  return { target, device, session, customer, authorization: await logIn(target, session, customer) };
};

/** A small payment from the customer's first account to somebody else's. */
export const transferBody = (customer: DemoCustomer, clientReference: string, amountMinor = 100): string => {
  const from = customer.accounts[0];
  const other = known.find(
    ({ customerId, accounts }) => customerId !== customer.customerId && accounts[0]?.currency === from?.currency,
  );
  return JSON.stringify({
    fromAccountId: from?.accountId,
    toAccountId: other?.accounts[0]?.accountId,
    amountMinor,
    currency: from?.currency,
    memo: 'attack',
    clientReference,
  });
};

/** A victim's payment, ready to be captured. */
export const craftTransfer = (victim: Victim, reference: string, options: RequestOptions = {}): Promise<Crafted> =>
  craft(victim.target, victim.session, 'POST', '/api/transfers', {
    body: transferBody(victim.customer, reference),
    ...options,
    headers: { authorization: victim.authorization, 'idempotency-key': `key-${reference}`, ...options.headers },
  });

/** A victim's call with the login's credential. */
export const victimCall = (
  victim: Victim,
  method: string,
  path: string,
  options: RequestOptions = {},
): Promise<Answer> =>
  call(victim.target, victim.session, method, path, {
    ...options,
    headers: { authorization: victim.authorization, ...options.headers },
  });

/** How often a payment of that name was booked. */
export const timesBooked = async (bank: ObservedBank, reference: string): Promise<number> =>
  (await bank.bookings()).filter(({ clientReference }) => clientReference === reference).length;

/** The JSON of a bare reply. */
export const bareJson = (reply: Reply): Record<string, unknown> => {
  try {
    return JSON.parse(Buffer.from(reply.body).toString('utf8')) as Record<string, unknown>;
  } catch {
    return {};
  }
};

/** A call to the bare bank. */
export const bareCall = (
  bank: ObservedBank,
  method: string,
  path: string,
  headers: Call['headers'] = {},
  body?: string,
): Promise<Reply> =>
  send(
    bank.url,
    body === undefined
      ? { method, path, headers }
      : { method, path, headers: { 'content-type': 'application/json', ...headers }, body: utf8(body) },
  );

/** A login at the bare bank, one step or both. */
export const bareLogin = async (bank: ObservedBank, customer: DemoCustomer, steps: 1 | 2 = 2): Promise<string> => {
  const { username, password } = customer;
  const first = bareJson(await bareCall(bank, 'POST', '/api/login', {}, JSON.stringify({ username, password })));
  const authorization = String(first['authorization']);
  if (steps === 1) return authorization;
  const second = bareJson(
    await bareCall(bank, 'POST', '/api/login/otp', { authorization }, JSON.stringify({ code: first['demoCode'] })),
  );
  return String(second['authorization']);
};

/** Sends one payment to the bare bank `times` times, as a replay would; answers how often it was booked. */
export const bareReplay = async (bank: ObservedBank, times: number): Promise<number> => {
  const customer = nextCustomer();
  const authorization = await bareLogin(bank, customer);
  const reference = nextReference();
  const sendOnce = (): Promise<Reply> =>
    bareCall(bank, 'POST', '/api/transfers', { authorization }, transferBody(customer, reference));
  await Promise.all(Array.from({ length: times }, sendOnce));
  return await timesBooked(bank, reference);
};
