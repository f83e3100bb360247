/** Starts banks for tests and talks to them. */
import type { TestContext } from 'node:test';
import {
  ALICE,
  type CreateBankOptions,
  createBank,
  type DemoCustomer,
  type LoginReply,
  type RunningBank,
} from '@hauberk/example-bank';

/** All that a client knows of a bank. */
export type BankAddress = Pick<RunningBank, 'url'>;

/** A reply, read to its end. */
export interface Answered<Body = Record<string, unknown>> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Body;
}

/** What a call may carry. */
export interface CallOptions {
  readonly authorization?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly body?: string | FormData;
}

/** Starts a bank that ends with the test. */
export async function startBank(context: TestContext, options: CreateBankOptions = {}): Promise<RunningBank> {
  const bank = await createBank(options);
  context.after(() => bank.close());
  return bank;
}

/** Sends one request: `POST /api/x`. */
export async function call<Body = Record<string, unknown>>(
  bank: BankAddress,
  line: string,
  { authorization, headers = {}, json, body }: CallOptions = {},
): Promise<Answered<Body>> {
  const [method = '', path = ''] = line.split(' ');
  const sent = {
    ...(json === undefined ? {} : { 'content-type': 'application/json' }),
    ...(authorization === undefined ? {} : { authorization }),
    ...headers,
  };
  const payload = json === undefined ? body : JSON.stringify(json);
  const response = await fetch(`${bank.url}${path}`, {
    method,
    headers: sent,
    ...(payload === undefined ? {} : { body: payload }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: (text === '' ? null : JSON.parse(text)) as Body };
}

/** First login step only. */
export async function halfLogin(bank: BankAddress, customer: DemoCustomer = ALICE): Promise<LoginReply> {
  const { username, password } = customer;
  return (await call<LoginReply>(bank, 'POST /api/login', { json: { username, password } })).body;
}

/** Both login steps; returns the credential. */
export async function logIn(bank: BankAddress, customer: DemoCustomer = ALICE): Promise<string> {
  const { authorization, demoCode } = await halfLogin(bank, customer);
  const reply = await call<LoginReply>(bank, 'POST /api/login/otp', { authorization, json: { code: demoCode } });
  return reply.body.authorization;
}

/** A small transfer of Alice's to her first payee. */
export const SMALL_TRANSFER = {
  fromAccountId: 'a-0101',
  payeeId: 'p-1',
  amountMinor: 1_250,
  currency: 'EUR',
  memo: 'Lunch',
} as const;
