/** Whatever happens at once, money neither appears nor vanishes, nobody is overdrawn, and a fault in the books is found. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEMO_CUSTOMERS, Ledger, type Movement, type TransferReply } from '@hauberk/example-bank';
import fc from 'fast-check';
import { type Answered, call, logIn, startBank } from './bank-fixture.ts';

const ACCOUNTS = ['one', 'two', 'three', 'house'] as const;

function smallLedger(): Ledger {
  const ledger = new Ledger();
  for (const accountId of ACCOUNTS) {
    const customerId = accountId === 'house' ? null : accountId;
    ledger.open({ accountId, number: accountId, name: accountId, currency: 'EUR', customerId });
  }
  return ledger;
}

const movement = (debitAccountId: string, creditAccountId: string, amountMinor: number): Movement => ({
  kind: 'transfer',
  debitAccountId,
  creditAccountId,
  amountMinor,
  currency: 'EUR',
  memo: '',
  counterparty: null,
  customerId: 'one',
  clientReference: null,
  atMs: 0,
});

const account = fc.constantFrom(...ACCOUNTS, 'nowhere');
const amount = fc.oneof(fc.integer({ min: -5, max: 3_000 }), fc.double(), fc.constant(Number.MAX_SAFE_INTEGER));

test('ledger: any sequence of movements keeps the sum at zero and customers out of debt', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(account, account, amount), { maxLength: 60 }), (steps) => {
      const ledger = smallLedger();
      let booked = 0;
      for (const [debit, credit, amountMinor] of steps) {
        const order = movement(debit, credit, amountMinor);
        if (ledger.judge(order) === null) booked += Number(Boolean(ledger.book(order)));
        else assert.throws(() => ledger.book(order));
      }
      const audit = ledger.audit();
      assert.deepEqual(audit.faults, []);
      assert.equal(audit.transfers, booked);
      const sum = ACCOUNTS.reduce((total, accountId) => total + ledger.balanceMinor(accountId), 0);
      assert.equal(sum, 0);
    }),
  );
});

test('ledger: the audit compares with an independent recomputation of every balance', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(account, account, amount), { maxLength: 40 }), (steps) => {
      const ledger = smallLedger();
      for (const [debit, credit, amountMinor] of steps) {
        const order = movement(debit, credit, amountMinor);
        if (ledger.judge(order) === null) ledger.book(order);
      }
      for (const accountId of ACCOUNTS) {
        const inflow = sumOf(ledger, (transfer) => transfer.creditAccountId === accountId);
        const outflow = sumOf(ledger, (transfer) => transfer.debitAccountId === accountId);
        assert.equal(ledger.balanceMinor(accountId), inflow - outflow);
      }
    }),
  );
});

const sumOf = (ledger: Ledger, isMeant: (transfer: Movement) => boolean): number =>
  ledger
    .log()
    .filter(isMeant)
    .reduce((total, { amountMinor }) => total + amountMinor, 0);

const TAMPERED: readonly (readonly [string, (ledger: Ledger) => void, RegExp])[] = [
  [
    'a changed amount in the log',
    (ledger) => Object.assign(ledger.log()[1] as Movement, { amountMinor: 9_999 }),
    /its log says/,
  ],
  ['a removed booking', (ledger) => (ledger.log() as unknown as unknown[]).pop(), /its log says/],
  ['a removed leg', (ledger) => (ledger.entries('two') as unknown[]).pop(), /does not cancel out/],
  [
    'a changed leg',
    (ledger) => Object.assign(ledger.entries('two')[0] as object, { amountMinor: 1 }),
    /does not cancel out/,
  ],
];

for (const [name, tamper, found] of TAMPERED) {
  test(`audit finds ${name}`, () => {
    const ledger = smallLedger();
    ledger.book(movement('house', 'one', 1_000));
    ledger.book(movement('one', 'two', 400));
    assert.equal(ledger.audit().balanced, true);
    tamper(ledger);
    const audit = ledger.audit();
    assert.equal(audit.balanced, false);
    assert.match(audit.faults.join('; '), found);
  });
}

interface Order {
  readonly from: number;
  readonly to: number;
  readonly amountMinor: number;
  readonly key: number | null;
}

const PEOPLE = 4;
const order: fc.Arbitrary<Order> = fc.record({
  from: fc.nat(PEOPLE - 1),
  to: fc.nat(PEOPLE - 1),
  amountMinor: fc.oneof(fc.integer({ min: 1, max: 900 }), fc.constant(99_000)),
  key: fc.option(fc.nat(5), { nil: null }),
});

test('bank: random concurrent transfers with retries balance, and no key pays twice', async (context) => {
  const bank = await startBank(context);
  const people = DEMO_CUSTOMERS.slice(0, PEOPLE);
  const logins = await Promise.all(people.map((customer) => logIn(bank, customer)));
  const accountId = (person: number): string => people[person]?.accounts[0]?.accountId ?? '';
  const send = ({ from, to, amountMinor, key }: Order, round: number): Promise<Answered<Partial<TransferReply>>> =>
    call(bank, 'POST /api/transfers', {
      authorization: logins[from] ?? '',
      headers: key === null ? {} : { 'idempotency-key': `${round}-${key}` },
      json: {
        fromAccountId: accountId(from),
        toAccountId: accountId(to),
        amountMinor,
        currency: 'EUR',
        memo: '',
      },
    });
  let round = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(order, { minLength: 2, maxLength: 25 }), async (orders) => {
      round += 1;
      const before = bank.check().transfers;
      const replies = await Promise.all(orders.map((one) => send(one, round)));
      const transferIds = new Set(replies.flatMap(({ body }) => body.transferId ?? []));
      const check = bank.check();
      assert.deepEqual(check.faults, []);
      assert.deepEqual(check.duplicates, []);
      assert.equal(check.transfers - before, transferIds.size);
    }),
    { numRuns: 40 },
  );
});
