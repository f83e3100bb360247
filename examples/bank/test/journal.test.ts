/** What was acknowledged is there after SIGKILL; what was cut short is not; what is damaged is refused. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { ALICE, createBank, type TransferReply } from '@hauberk/example-bank';
import { call, logIn, SMALL_TRANSFER, startBank } from './bank-fixture.ts';

interface RemoteBank {
  readonly child: ChildProcess;
  readonly url: string;
}

const FULL_AFTER_BLOCKS = '4';
const CHILD = join(import.meta.dirname, 'bank-child.ts');

async function journalPath(context: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'demo-bank-'));
  context.after(() => rm(folder, { recursive: true }));
  return join(folder, 'bank.journal');
}

/** Starts a bank in a process of its own. `blocks` limits how large its files may grow: the next write fails as on a full disk. */
async function startChild(context: TestContext, journalFile: string, blocks = 'unlimited'): Promise<RemoteBank> {
  const command = `ulimit -f ${blocks} && exec "$0" "$@"`;
  const child = spawn('sh', ['-c', command, process.execPath, CHILD, journalFile], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  context.after(() => child.kill('SIGKILL'));
  const [url] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return { child, url };
}

for (const round of [1, 2, 3]) {
  test(`SIGKILL under load, round ${round}: every acknowledged transfer is there, each key at most once`, async (context) => {
    const journalFile = await journalPath(context);
    const remote = await startChild(context, journalFile);
    const authorization = await logIn(remote);
    const acknowledged = new Map<string, string>();
    const pay = async (key: string): Promise<void> => {
      const options = {
        authorization,
        headers: { 'idempotency-key': key },
        json: { ...SMALL_TRANSFER, amountMinor: 1 },
      };
      const { body } = await call<TransferReply>(remote, 'POST /api/transfers', options);
      acknowledged.set(key, body.transferId);
    };
    const payers = Array.from({ length: 8 }, async (_payer, payer) => {
      for (let turn = 0; turn < 10_000; turn += 1) {
        if (acknowledged.size >= 40 * round) remote.child.kill('SIGKILL');
        await pay(`${payer}-${turn}`);
      }
    });
    await Promise.allSettled(payers);

    const bank = await startBank(context, { journalFile });
    const check = bank.check();
    assert.deepEqual([check.faults, check.duplicates], [[], []]);
    const booked = new Map(bank.ledger.log().map(({ transferId, clientReference }) => [clientReference, transferId]));
    assert.ok(acknowledged.size >= 40 * round);
    for (const [key, transferId] of acknowledged) assert.equal(booked.get(key), transferId);

    const [key = '', transferId] = [...acknowledged][0] ?? [];
    const retry = await call<TransferReply>(bank, 'POST /api/transfers', {
      authorization: await logIn(bank),
      headers: { 'idempotency-key': key },
      json: { ...SMALL_TRANSFER, amountMinor: 1 },
    });
    assert.equal(retry.body.transferId, transferId);
    assert.equal(bank.check().transfers, check.transfers);
  });
}

test('journal: payees, coupons and balances are the same after a restart, on the seed dates of the first start', async (context) => {
  const journalFile = await journalPath(context);
  const first = await createBank({ journalFile, now: () => Date.UTC(2026, 0, 5) });
  const authorization = await logIn(first);
  await call(first, 'POST /api/payees', { authorization, json: { name: 'New', accountNumber: 'XO44 9000 7777 0001' } });
  await call(first, 'POST /api/coupons/welcome-5/claim', { authorization, json: {} });
  await call(first, 'POST /api/transfers', { authorization, json: { ...SMALL_TRANSFER, payeeId: 'p-4' } });
  await first.close();

  const second = await startBank(context, { journalFile, now: () => Date.UTC(2026, 5, 5) });
  assert.deepEqual(second.ledger.log(), first.ledger.log());
  const again = { authorization: await logIn(second), json: {} };
  assert.equal((await call(second, 'POST /api/coupons/welcome-5/claim', again)).body['code'], 'coupon-claimed');
  const payees = await call<{ payees: { name: string }[] }>(second, 'GET /api/payees', {
    authorization: again.authorization,
  });
  assert.equal(payees.body.payees.at(-1)?.name, 'New');
  assert.deepEqual(second.check().faults, []);
});

for (const [name, tail] of [
  ['half a line', '0badcafe {"type":"book'],
  ['a whole line with a wrong sum', '00000000 {"type":"payee"}\n'],
] as const) {
  test(`journal: ${name} at the end was never acknowledged, and is cut off`, async (context) => {
    const journalFile = await journalWithOneTransfer(context);
    const sound = await readFile(journalFile);
    await appendFile(journalFile, tail);
    const bank = await startBank(context, { journalFile });
    assert.equal(bank.check().transfers, 1);
    assert.deepEqual(await readFile(journalFile), sound);
    const authorization = await logIn(bank);
    assert.equal((await call(bank, 'POST /api/transfers', { authorization, json: SMALL_TRANSFER })).status, 201);
  });
}

test('journal: a changed byte before the end refuses the start', async (context) => {
  const journalFile = await journalWithOneTransfer(context);
  const text = await readFile(journalFile, 'utf8');
  await writeFile(journalFile, text.replace('"seededAtMs":1', '"seededAtMs":2'));
  await assert.rejects(createBank({ journalFile }), /damaged at byte 0/);
});

test('journal: on a full disk nothing more is acknowledged, and a restart has exactly what was', async (context) => {
  const journalFile = await journalPath(context);
  const remote = await startChild(context, journalFile, FULL_AFTER_BLOCKS);
  const authorization = await logIn(remote);
  const statuses: number[] = [];
  const acknowledged: string[] = [];
  for (let turn = 0; turn < 40; turn += 1) {
    const { status, body } = await call<TransferReply>(remote, 'POST /api/transfers', {
      authorization,
      json: SMALL_TRANSFER,
    });
    statuses.push(status);
    if (status === 201) acknowledged.push(body.transferId);
  }
  assert.deepEqual([...new Set(statuses)], [201, 503]);
  remote.child.kill('SIGKILL');
  const bank = await startBank(context, { journalFile });
  const booked = bank.ledger.log().filter(({ kind }) => kind === 'transfer');
  assert.deepEqual(
    booked.map(({ transferId }) => transferId),
    acknowledged,
  );
});

async function journalWithOneTransfer(context: TestContext): Promise<string> {
  const journalFile = await journalPath(context);
  const bank = await createBank({ journalFile });
  const authorization = await logIn(bank, ALICE);
  await call(bank, 'POST /api/transfers', { authorization, json: SMALL_TRANSFER });
  await bank.close();
  return journalFile;
}
