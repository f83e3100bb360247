/** Simulated customers are honest, repeatable, and satisfied by the bank. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  CAREFUL_GUARDS,
  type CustomerVisit,
  DEMO_CUSTOMERS,
  type RunningBank,
  seededRandom,
  simulateCustomer,
} from '@hauberk/example-bank';
import { startBank } from './bank-fixture.ts';

const visit = (bank: RunningBank, index: number, seed: number): Promise<CustomerVisit> => {
  const customer = DEMO_CUSTOMERS[index % DEMO_CUSTOMERS.length]!;
  return simulateCustomer({ fetch, random: seededRandom(seed), customer, baseUrl: bank.url });
};

test('visits: sixty at once leave satisfied from a careful bank, and the books show exactly their transfers', async (context) => {
  const bank = await startBank(context, { guards: CAREFUL_GUARDS });
  const visits = await Promise.all(Array.from({ length: 60 }, (_visit, index) => visit(bank, index, 1_000 + index)));
  const unhappy = visits.filter(({ satisfied }) => !satisfied);
  assert.deepEqual(unhappy, []);
  const reported = visits.flatMap(({ transfers }) => transfers.map(({ transferId }) => transferId));
  const booked = bank.ledger.log().flatMap(({ kind, transferId }) => (kind === 'transfer' ? [transferId] : []));
  assert.deepEqual(reported.toSorted(), booked);
  assert.ok(booked.length > 10);
  const { faults, duplicates, overclaimed } = bank.check();
  assert.deepEqual({ faults, duplicates, overclaimed }, { faults: [], duplicates: [], overclaimed: [] });
});

test('visits: the same seed does the same things', async (context) => {
  const now = (): number => Date.UTC(2026, 0, 5);
  const [one, other] = await Promise.all([startBank(context, { now }), startBank(context, { now })]);
  assert.deepEqual(await visit(one, 3, 77), await visit(other, 3, 77));
});

test('visits: a dead bank ends the visit with status 0 instead of an exception', async (context) => {
  const bank = await startBank(context);
  await bank.close();
  const result = await visit(bank, 0, 1);
  assert.equal(result.satisfied, false);
  assert.equal(result.steps.at(-1)?.status, 0);
});
