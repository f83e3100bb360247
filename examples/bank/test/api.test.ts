/** Every endpoint answers what its form says, and refuses what is malformed with one code and one status. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import {
  type AccountView,
  ALICE,
  type CouponView,
  customerNamed,
  DEMO_CUSTOMERS,
  LARGE_TRANSFER_MINOR,
  type LedgerCheckReply,
  type LoginReply,
  type StatementReply,
  type TransactionView,
  type TransferReply,
  type UploadReply,
} from '@hauberk/example-bank';
import { call, halfLogin, logIn, SMALL_TRANSFER, startBank } from './bank-fixture.ts';

test('login: password, then code, then a new credential that names customer and accounts', async (context) => {
  const bank = await startBank(context);
  const first = await halfLogin(bank);
  assert.equal(first.nextStep, 'otp');
  assert.match(first.demoCode ?? '', /^\d{6}$/);
  const options = { authorization: first.authorization, json: { code: first.demoCode } };
  const second = await call<LoginReply>(bank, 'POST /api/login/otp', options);
  assert.equal(second.status, 200);
  assert.equal(second.body.nextStep, null);
  assert.equal(second.body.customerId, ALICE.customerId);
  assert.deepEqual(
    second.body.accountIds,
    ALICE.accounts.map(({ accountId }) => accountId),
  );
  assert.notEqual(second.body.authorization, first.authorization);
  assert.equal((await call(bank, 'POST /api/login/otp', options)).body['code'], 'login-required');
});

test('login: a code dies after three wrong tries and after two minutes', async (context) => {
  let nowMs = Date.UTC(2026, 0, 5);
  const bank = await startBank(context, { now: () => nowMs });
  const refuse = async (authorization: string, code: string): Promise<void> => {
    const reply = await call(bank, 'POST /api/login/otp', { authorization, json: { code } });
    assert.equal(reply.body['code'], 'code-refused');
  };
  const tried = await halfLogin(bank);
  const wrong = tried.demoCode === '000000' ? '000001' : '000000';
  for (const code of [wrong, wrong, wrong, tried.demoCode ?? '']) await refuse(tried.authorization, code);
  const late = await halfLogin(bank);
  nowMs += 120_000;
  await refuse(late.authorization, late.demoCode ?? '');
});

test('login: a credential ends with logout and after half an hour', async (context) => {
  let nowMs = Date.UTC(2026, 0, 5);
  const bank = await startBank(context, { now: () => nowMs });
  const ended = await logIn(bank);
  const left = await logIn(bank);
  assert.equal((await call(bank, 'POST /api/logout', { authorization: ended })).status, 204);
  assert.equal((await call(bank, 'GET /api/accounts', { authorization: ended })).body['code'], 'login-required');
  nowMs += 30 * 60_000 - 1;
  assert.equal((await call(bank, 'GET /api/accounts', { authorization: left })).status, 200);
  nowMs += 1;
  assert.equal((await call(bank, 'GET /api/accounts', { authorization: left })).body['code'], 'login-required');
});

test('accounts: list, single, and history in pages without gap or overlap', async (context) => {
  const bank = await startBank(context);
  const authorization = await logIn(bank);
  const list = await call<{ accounts: AccountView[] }>(bank, 'GET /api/accounts', { authorization });
  assert.equal(list.body.accounts.length, 3);
  const single = await call<AccountView>(bank, 'GET /api/accounts/a-0101', { authorization });
  assert.deepEqual(single.body, list.body.accounts[0]);
  const path = 'GET /api/accounts/a-0101/transactions?limit=';
  const page = async (query: string): Promise<readonly TransactionView[]> =>
    (await call<{ transactions: TransactionView[] }>(bank, path + query, { authorization })).body.transactions;
  const whole = await page('20');
  const newest = await page('12');
  const older = await page(`8&before=${newest.at(-1)?.transferId}`);
  assert.deepEqual([...newest, ...older], whole);
  assert.equal(whole[0]?.balanceMinor, single.body.balanceMinor);
});

test('transfer: books once, shows on both statements, and the books balance', async (context) => {
  const bank = await startBank(context);
  const authorization = await logIn(bank);
  const json = { ...SMALL_TRANSFER, clientReference: 'r-1' };
  const reply = await call<TransferReply>(bank, 'POST /api/transfers', { authorization, json });
  assert.equal(reply.status, 201);
  assert.equal(reply.body.status, 'booked');
  assert.equal(reply.body.balanceMinor, bank.ledger.balanceMinor('a-0101'));
  const receiver = await logIn(bank, customerNamed('bruno.keller'));
  const statement = await call<StatementReply>(bank, 'GET /api/statement', { authorization: receiver });
  const booked = statement.body.accounts[0]?.transactions[0];
  assert.equal(booked?.transferId, reply.body.transferId);
  assert.equal(booked?.amountMinor, 1_250);
  assert.equal(booked?.counterparty, 'Alice Moreau');
  const check = await call<LedgerCheckReply>(bank, 'GET /api/ledger/check');
  assert.deepEqual(check.body, { balanced: true, faults: [], transfers: 1, duplicates: [], overclaimed: [] });
});

test('transfer: the same Idempotency-Key answers with the first booking, another order under it is refused', async (context) => {
  const bank = await startBank(context);
  const authorization = await logIn(bank);
  const headers = { 'idempotency-key': 'k-1' };
  const send = (amountMinor: number) =>
    call<TransferReply & { code?: string }>(bank, 'POST /api/transfers', {
      authorization,
      headers,
      json: { ...SMALL_TRANSFER, amountMinor },
    });
  const replies = await Promise.all([send(500), send(500), send(500)]);
  assert.deepEqual(new Set(replies.map(({ body }) => body.transferId)).size, 1);
  assert.equal((await send(501)).body.code, 'idempotency-mismatch');
  assert.equal(bank.check().transfers, 1);
});

const TRANSFER_REFUSALS: readonly (readonly [string, number, Record<string, unknown>])[] = [
  ['amount-invalid', 422, { amountMinor: 0 }],
  ['amount-invalid', 422, { amountMinor: -1 }],
  ['amount-invalid', 422, { amountMinor: 10.5 }],
  ['bad-field', 422, { amountMinor: '1250' }],
  ['bad-field', 422, { currency: 'GBP' }],
  ['bad-field', 422, { memo: 'x'.repeat(141) }],
  ['bad-field', 422, { toAccountId: 'a-0201' }],
  ['bad-field', 422, { payeeId: undefined }],
  ['bad-field', 422, { fromAccountId: undefined }],
  ['currency-mismatch', 422, { currency: 'USD' }],
  ['same-account', 422, { payeeId: undefined, toAccountId: 'a-0101' }],
  ['unknown-account', 404, { fromAccountId: 'a-9901' }],
  ['unknown-account', 404, { fromAccountId: 'house-equity-EUR' }],
  ['unknown-account', 404, { payeeId: undefined, toAccountId: 'house-promotions-EUR' }],
  ['unknown-payee', 404, { payeeId: 'p-99' }],
  ['use-large-transfer', 422, { amountMinor: LARGE_TRANSFER_MINOR + 1 }],
];

for (const [code, status, change] of TRANSFER_REFUSALS) {
  test(`transfer refused: ${code} for ${JSON.stringify(change)}`, async (context) => {
    const bank = await startBank(context);
    const authorization = await logIn(bank);
    const json = { ...SMALL_TRANSFER, ...change };
    const reply = await call(bank, 'POST /api/transfers', { authorization, json });
    assert.equal(reply.body['code'], code);
    assert.equal(reply.status, status);
    assert.equal(reply.headers.get('content-type'), 'application/problem+json');
    assert.equal(bank.check().transfers, 0);
  });
}

test('transfer: a large amount is taken by the large endpoint, up to what is there', async (context) => {
  const bank = await startBank(context);
  const authorization = await logIn(bank);
  const send = (amountMinor: number) =>
    call(bank, 'POST /api/transfers/large', { authorization, json: { ...SMALL_TRANSFER, amountMinor } });
  const there = bank.ledger.balanceMinor('a-0101');
  assert.equal((await send(there + 1)).body['code'], 'insufficient-funds');
  assert.equal((await send(there)).status, 201);
  assert.equal(bank.ledger.balanceMinor('a-0101'), 0);
});

test('payees: an added one can be paid; an outside number goes through clearing; a double is refused', async (context) => {
  const bank = await startBank(context);
  const authorization = await logIn(bank);
  const add = (name: string, accountNumber: string) =>
    call(bank, 'POST /api/payees', { authorization, json: { name, accountNumber } });
  const outside = await add('Outside', 'xo44 9000 7777 0001');
  assert.equal(outside.status, 201);
  assert.equal((await add('Again', 'XO4490007777 0001')).body['code'], 'payee-exists');
  assert.equal((await add('Bad', '123')).body['code'], 'bad-field');
  const json = { ...SMALL_TRANSFER, payeeId: outside.body['payeeId'] };
  const reply = await call<TransferReply>(bank, 'POST /api/transfers', { authorization, json });
  assert.equal(reply.body.toAccountId, 'house-clearing-EUR');
});

test('coupons: a claim pays once and shows as claimed', async (context) => {
  const bank = await startBank(context);
  const authorization = await logIn(bank);
  const before = bank.ledger.balanceMinor('a-0101');
  const claim = () => call(bank, 'POST /api/coupons/welcome-5/claim', { authorization, json: {} });
  assert.equal((await claim()).status, 201);
  assert.equal((await claim()).body['code'], 'coupon-claimed');
  assert.equal(bank.ledger.balanceMinor('a-0101'), before + 500);
  const { body } = await call<{ coupons: CouponView[] }>(bank, 'GET /api/coupons', { authorization });
  const coupon = body.coupons.find(({ couponId }) => couponId === 'welcome-5');
  assert.equal(coupon?.claimedByYou, true);
  assert.equal(coupon?.remaining, (coupon?.stock ?? 0) - 1);
});

test('coupons: the last piece goes to one customer, the next is told that it is gone', async (context) => {
  const bank = await startBank(context);
  const codes: unknown[] = [];
  for (const customer of DEMO_CUSTOMERS.slice(0, 4)) {
    const authorization = await logIn(bank, customer);
    codes.push((await call(bank, 'POST /api/coupons/gold-100/claim', { authorization, json: {} })).body['code']);
  }
  assert.deepEqual(codes, [undefined, undefined, undefined, 'coupon-sold-out']);
});

test('events: a booking reaches the receiver as it happens, and logout ends the stream', async (context) => {
  const bank = await startBank(context);
  const bruno = await logIn(bank, customerNamed('bruno.keller'));
  const response = await fetch(`${bank.url}/api/events`, { headers: { authorization: bruno } });
  assert.equal(response.headers.get('content-type'), 'text/event-stream');
  const alice = await logIn(bank);
  await call(bank, 'POST /api/transfers', { authorization: alice, json: SMALL_TRANSFER });
  await call(bank, 'POST /api/logout', { authorization: bruno });
  const text = await response.text();
  const event = JSON.parse(/^data: (.*)$/m.exec(text)?.[1] ?? 'null');
  assert.match(text, /^event: booking$/m);
  assert.equal(event.accountId, 'a-0201');
  assert.equal(event.transaction.amountMinor, 1_250);
});

test('upload: every byte of every file arrives', async (context) => {
  const bank = await startBank(context);
  const bytes = Uint8Array.from({ length: 70_000 }, (_byte, index) => index % 251);
  const form = new FormData();
  form.set('note', 'Proof of address');
  form.set('document', new File([bytes], 'bill.pdf', { type: 'application/pdf' }));
  const authorization = await logIn(bank);
  const reply = await call<UploadReply>(bank, 'POST /api/upload', { authorization, body: form });
  assert.equal(reply.status, 201);
  assert.deepEqual(reply.body.fields, { note: 'Proof of address' });
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  assert.deepEqual(reply.body.files, [{ field: 'document', name: 'bill.pdf', bytes: 70_000, sha256 }]);
});

const MALFORMED: readonly (readonly [string, number, string, string, Record<string, string>, string])[] = [
  ['not-found', 404, 'GET', '/api/nothing', {}, ''],
  ['method-not-allowed', 405, 'DELETE', '/api/payees', {}, ''],
  ['login-required', 401, 'GET', '/api/accounts', { authorization: 'Bearer wrong' }, ''],
  ['login-refused', 401, 'POST', '/api/login', {}, '{"username":"alice.moreau","password":"wrong"}'],
  ['login-refused', 401, 'POST', '/api/login', {}, '{"username":"nobody","password":"wrong"}'],
  ['bad-json', 400, 'POST', '/api/login', {}, '{"username"'],
  ['bad-json', 400, 'POST', '/api/login', {}, '[]'],
  ['bad-field', 422, 'POST', '/api/login', {}, '{"username":"alice.moreau"}'],
  ['unsupported-media-type', 415, 'POST', '/api/login', { 'content-type': 'text/plain' }, '{}'],
  ['body-too-large', 413, 'POST', '/api/login', {}, `{"username":"${'x'.repeat(70_000)}"}`],
];

for (const [code, status, method, path, headers, body] of MALFORMED) {
  test(`malformed: ${method} ${path} ${body.slice(0, 30)} is ${code}`, async (context) => {
    const bank = await startBank(context);
    const sent = method === 'POST' ? { body } : {};
    const reply = await call(bank, `${method} ${path}`, {
      ...sent,
      headers: { 'content-type': 'application/json', ...headers },
    });
    assert.equal(reply.body['code'], code);
    assert.equal(reply.status, status);
  });
}

test('public: rates and trust need no login; trust is absent until there is a gateway', async (context) => {
  let trust: Parameters<typeof startBank>[1] = {};
  const bank = await startBank(context, { protectedBy: () => trust?.protectedBy?.() ?? null });
  assert.equal((await call(bank, 'GET /api/public/rates')).status, 200);
  assert.equal((await call(bank, 'GET /hauberk-trust.json')).status, 404);
  const published = {
    service: 'bank',
    organisation: 'demo',
    app: 'h5',
    endpoints: [],
    configKeys: [{ kid: 'k1', publicKey: 'AA' }],
    minConfigVersion: 1,
  };
  trust = { protectedBy: () => published };
  assert.deepEqual((await call(bank, 'GET /hauberk-trust.json')).body, published);
});

test('seed: two banks at the same time hold the same books', async (context) => {
  const now = (): number => Date.UTC(2026, 0, 5);
  const [one, other] = await Promise.all([startBank(context, { now }), startBank(context, { now })]);
  assert.deepEqual(one.ledger.log(), other.ledger.log());
  assert.equal(DEMO_CUSTOMERS.length, 20);
  assert.equal(new Set(DEMO_CUSTOMERS.map(({ password }) => password)).size, 20);
});
