/** Each hole is there when its guard is off, and gone when it is on: else an attack's control would prove nothing. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import {
  ALICE,
  BARE_GUARDS,
  CAREFUL_GUARDS,
  DEMO_CUSTOMERS,
  type RunningBank,
  type StatementReply,
  signFacts,
} from '@hauberk/example-bank';
import { call, halfLogin, logIn, SMALL_TRANSFER, startBank } from './bank-fixture.ts';

interface Hole {
  readonly name: string;
  /** Tries the attack and tells whether it worked. */
  readonly works: (bank: RunningBank) => Promise<boolean>;
}

const repeat = <Value>(times: number, make: () => Promise<Value>): Promise<Value[]> =>
  Promise.all(Array.from({ length: times }, make));

const HOLES: readonly Hole[] = [
  {
    name: "ownership: another customer's account can be read",
    works: async (bank) => {
      const authorization = await logIn(bank);
      return (await call(bank, 'GET /api/accounts/a-0201/transactions', { authorization })).status === 200;
    },
  },
  {
    name: "ownership: another customer's account can be emptied",
    works: async (bank) => {
      const authorization = await logIn(bank);
      const json = { ...SMALL_TRANSFER, fromAccountId: 'a-0401' };
      return (await call(bank, 'POST /api/transfers', { authorization, json })).status === 201;
    },
  },
  {
    name: 'idempotency: the same order under the same key is booked twice',
    works: async (bank) => {
      const authorization = await logIn(bank);
      const options = { authorization, headers: { 'idempotency-key': 'k-1' }, json: SMALL_TRANSFER };
      await repeat(2, () => call(bank, 'POST /api/transfers', options));
      const [duplicate] = bank.check().duplicates;
      const isVisible = duplicate?.clientReference === 'k-1' && duplicate.transferIds.length === 2;
      return isVisible && (await countOnStatement(bank, authorization, 'k-1')) === 2;
    },
  },
  {
    name: 'couponReservation: parallel claims of one customer all pay',
    works: async (bank) => {
      const authorization = await logIn(bank);
      await repeat(20, () => call(bank, 'POST /api/coupons/gold-100/claim', { authorization, json: {} }));
      const [found] = bank.check().overclaimed;
      return found?.customersWithSeveral[0] === ALICE.customerId && found.claims > found.stock;
    },
  },
  {
    name: 'loginSteps: the password alone opens the accounts',
    works: async (bank) => {
      const { authorization } = await halfLogin(bank);
      return (await call(bank, 'GET /api/accounts', { authorization })).status === 200;
    },
  },
  {
    name: 'signedFacts: a header makes anyone any customer',
    works: async (bank) => {
      const headers = { 'hauberk-verified-customer': 'c-02' };
      return (await call(bank, 'GET /api/accounts', { headers })).status === 200;
    },
  },
  {
    name: 'signedFacts: an underscore spelling does too',
    works: async (bank) => {
      const authorization = await logIn(bank);
      const headers = { hauberk_verified_customer: 'c-02' };
      const { body } = await call<StatementReply>(bank, 'GET /api/statement', { authorization, headers });
      return body.customerName === 'Bruno Keller';
    },
  },
  {
    name: 'exactPaths: dot segments and escapes lead past what was judged',
    works: async (bank) => (await rawStatus(bank, '/api/public/%2e%2e//internal/./customers')) === 200,
  },
];

for (const { name, works } of HOLES) {
  test(`open ${name}`, async (context) => {
    const bank = await startBank(context, { guards: BARE_GUARDS });
    assert.equal(await works(bank), true);
    assert.equal(bank.check().balanced, true);
  });
  test(`closed ${name}`, async (context) => {
    const bank = await startBank(context, { guards: CAREFUL_GUARDS });
    assert.equal(await works(bank), false);
    const { balanced, duplicates, overclaimed } = bank.check();
    assert.deepEqual({ balanced, duplicates, overclaimed }, { balanced: true, duplicates: [], overclaimed: [] });
  });
}

test('closed couponReservation: parallel claims of all customers give out exactly the stock', async (context) => {
  const bank = await startBank(context, { guards: CAREFUL_GUARDS });
  const logins = await Promise.all(DEMO_CUSTOMERS.map((customer) => logIn(bank, customer)));
  const replies = await Promise.all(
    logins.map((authorization) => call(bank, 'POST /api/coupons/cinema-25/claim', { authorization, json: {} })),
  );
  assert.equal(replies.filter(({ status }) => status === 201).length, 10);
  assert.equal(replies.filter(({ body }) => body['code'] === 'coupon-sold-out').length, 10);
});

const KEY = 'a-facts-key-of-thirty-two-letters';
const NOW = Date.UTC(2026, 0, 5);

const FACTS: readonly (readonly [string, string, (headers: string[]) => string[]])[] = [
  ['are served', 'ok', (headers) => headers],
  ['without a signature are refused', 'unverified-request', (headers) => headers.slice(0, -2)],
  [
    'changed after signing are refused',
    'unverified-request',
    ([name = '', ...rest]) => [name, 'c-03', ...rest.slice(1)],
  ],
  ['with one more fact are refused', 'unverified-request', (headers) => ['hauberk-verified-tier', '9', ...headers]],
  ['with two signatures are refused', 'unverified-request', (headers) => [...headers, ...headers.slice(-2)]],
];

for (const [name, expected, change] of FACTS) {
  test(`facts key: facts that ${name}`, async (context) => {
    const bank = await startBank(context, { factsKey: KEY, now: () => NOW });
    const code = await factsCode(bank, '/api/accounts', change(signedFacts('/api/accounts', NOW)));
    assert.equal(code, expected);
  });
}

test('facts key: facts of another path, an old time or the state unverified are refused', async (context) => {
  const bank = await startBank(context, { factsKey: KEY, now: () => NOW });
  const cases = [
    signedFacts('/api/statement', NOW),
    signedFacts('/api/accounts', NOW - 61_000),
    signedFacts('/api/accounts', NOW, 'unverified'),
  ];
  for (const headers of cases) assert.equal(await factsCode(bank, '/api/accounts', headers), 'unverified-request');
});

function signedFacts(target: string, atMs: number, state = 'verified'): string[] {
  const rawHeaders = ['hauberk-verified-customer', 'c-02', 'hauberk-verified-state', state];
  const signature = signFacts(KEY, { method: 'GET', target, rawHeaders }, Math.floor(atMs / 1000));
  return [...rawHeaders, 'hauberk-verified-signature', signature];
}

async function factsCode(bank: RunningBank, target: string, rawHeaders: readonly string[]): Promise<string> {
  const lines = Array.from({ length: rawHeaders.length / 2 }, (_line, index) =>
    rawHeaders.slice(index * 2, index * 2 + 2),
  );
  const reply = await raw(
    bank,
    `GET ${target} HTTP/1.1`,
    lines.map((pair) => pair.join(': ')),
  );
  return /"code":"([a-z-]+)"/.exec(reply)?.[1] ?? (reply.startsWith('HTTP/1.1 200') ? 'ok' : reply);
}

const rawStatus = async (bank: RunningBank, target: string): Promise<number> =>
  Number((await raw(bank, `GET ${target} HTTP/1.1`, [])).split(' ')[1]);

/** `fetch` would tidy the path and merge headers; the socket does not. */
function raw(bank: RunningBank, requestLine: string, headers: readonly string[]): Promise<string> {
  const socket = connect(bank.port, '127.0.0.1');
  socket.end([requestLine, 'host: bank', 'connection: close', ...headers, '', ''].join('\r\n'));
  return text(socket);
}

async function countOnStatement(bank: RunningBank, authorization: string, reference: string): Promise<number> {
  const { body } = await call<StatementReply>(bank, 'GET /api/statement', { authorization });
  const transactions = body.accounts.flatMap((account) => account.transactions);
  return transactions.filter(({ clientReference }) => clientReference === reference).length;
}
