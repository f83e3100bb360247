/** The memory that requests read identities from: what is written is read, twins stay in a full set, and a start tells everything again. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EpochMs } from '@hauberk/primitives';
import { IdentityBook } from '../../src/device/identity-book.ts';
import {
  IdentityTable,
  identityReader,
  identityWriter,
  reserveIdentityTable,
} from '../../src/device/identity-table.ts';
import { memoryStorage } from '../../src/storage/memory/memory-stores.ts';

const key = new Uint8Array(32).fill(7);

test('in a full set a possible twin stays, and one that is none gives way', () => {
  const table = new IdentityTable(reserveIdentityTable(1));
  for (let high = 1; high <= 8; high += 1) table.write(8, high, { isPossibleTwin: high !== 3, aliasConfidence: 0.9 });
  assert.deepEqual(table.read(8, 1), { isPossibleTwin: true, aliasConfidence: 0.9 });
  table.write(8, 9, { isPossibleTwin: true });
  assert.deepEqual([table.read(8, 9), table.read(8, 3)], [{ isPossibleTwin: true }, undefined]);
  table.write(8, 10, { isPossibleTwin: false, aliasConfidence: 0 });
  assert.equal(table.read(8, 10), undefined);
  table.write(8, 1, { isPossibleTwin: false, aliasConfidence: 0 });
  assert.deepEqual(table.read(8, 1), { isPossibleTwin: false, aliasConfidence: 0 });
});

test('a start tells from the record what was told before it, also of those that were merged', async () => {
  const store = memoryStorage().connect().stores.identities;
  const scope = { organisation: 'bank', app: 'retail' };
  const now = (): EpochMs => 1_000_000 as EpochMs;
  const open = () => {
    const table = new IdentityTable(reserveIdentityTable(64));
    const failed = (error: unknown): never => assert.fail(String(error));
    const news = { tell: identityWriter(table, key), failed };
    return { book: new IdentityBook({ store, linkKey: key, now, news }), identityOf: identityReader(table, key) };
  };
  const { book, identityOf } = open();
  const alias = { source: 'vendor', digest: '1'.repeat(16) };
  const sight = { atMs: now(), attributes: {}, collision: 'distinct' } as const;
  for (const device of ['other', 'gone']) await book.resolve(scope, { ...sight, device, aliases: [] });
  await book.resolve(scope, { ...sight, device: 'other', aliases: [alias] });
  await book.resolve(scope, { ...sight, device: 'twin', aliases: [alias] });
  assert.ok((await book.merge(scope, 'twin', 'gone', { actor: 'ada', reason: 'one phone' })).ok);
  const ids = ['other', 'twin', 'gone'];
  const told = ids.map(identityOf);
  assert.deepEqual(
    told.map((facts) => facts?.isPossibleTwin),
    [false, true, true],
  );
  const again = open();
  assert.deepEqual(ids.map(again.identityOf), [undefined, undefined, undefined]);
  await again.book.open(scope);
  assert.deepEqual(ids.map(again.identityOf), told);
});
