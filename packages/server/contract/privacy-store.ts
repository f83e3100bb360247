/** What every store of privacy keeps to. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fromUtf8 } from '@hauberk/primitives';
import type { PrivacyIntake, PrivacyPut, PrivacyStore } from '../src/privacy/privacy-store.ts';
import { privacyConsumer } from '../src/privacy/privacy-store.ts';
import type { Stores } from '../src/storage/stores.ts';
import {
  accepted,
  at,
  bank,
  bytes,
  type OpenStorageHarness,
  otherApp,
  refused,
  start,
  withStorage,
} from './harness.ts';

const erasure = (id: string, atMs = 1): PrivacyPut => ({ kind: 'erasure', id, value: { atMs }, atMs });
const write = async (store: PrivacyStore, puts: readonly PrivacyPut[], scope = bank): Promise<void> => {
  accepted(await store.commit({ changes: [{ scope, read: [], puts, audit: [] }] }, start));
};
const intake = (tag: string, fresh: string, marks: readonly number[], maxBehind = 1000): PrivacyIntake => ({
  tag,
  fresh,
  maxBehind,
  reports: marks.map((mark) => ({
    kind: 'privacy.accesses',
    mark: bytes(16, mark),
    untilMs: at(60),
    json: JSON.stringify({ report: mark }),
  })),
});
const subjects = async ({ outbox }: Stores): Promise<readonly unknown[]> =>
  (await outbox.readAfter(0, 99)).map(({ payload }) => JSON.parse(fromUtf8(payload) ?? ''));

const rowRules = (open: OpenStorageHarness): void => {
  test(
    'rows are read back by every client, listed in the order of their ids below a prefix, counted, in their scope only',
    withStorage(open, async ({ stores: { privacy }, other }) => {
      await write(
        privacy,
        ['b/2', 'a/1', 'b/1', 'b', 'b/3'].map((id) => erasure(id)),
      );
      await write(privacy, [erasure('b/9')], otherApp);
      const ids = async (page: { prefix?: string; after?: string; limit: number }) =>
        (await other.privacy.list(bank, 'erasure', page)).map(({ key }) => key.id);
      assert.deepEqual(await ids({ prefix: 'b/', limit: 2 }), ['b/1', 'b/2']);
      assert.deepEqual(await ids({ prefix: 'b/', after: 'b/2', limit: 9 }), ['b/3']);
      assert.deepEqual(await ids({ limit: 9 }), ['a/1', 'b', 'b/1', 'b/2', 'b/3']);
      assert.equal(await privacy.count(bank, 'erasure'), 5);
      assert.equal(await privacy.count(bank, 'erasure', 'b/'), 3);
      assert.equal(await privacy.count(otherApp, 'erasure'), 1);
      await write(privacy, [{ kind: 'erasure', id: 'b/1', value: undefined, atMs: 0 }]);
      const [row] = await privacy.load(bank, [{ kind: 'erasure', id: 'b/1' }]);
      assert.deepEqual([row?.version, row?.value], [0, undefined]);
    }),
  );
  test(
    'of two changes that read one row one is refused, and then nothing of it happened, its audit record neither',
    withStorage(open, async ({ stores: { privacy, audit }, other }) => {
      const key = { kind: 'erasure', id: 'x' } as const;
      const change = (id: string, version: number) => ({
        changes: [
          {
            scope: bank,
            read: [{ key, version }],
            puts: [erasure('x'), erasure(id)],
            audit: [{ actor: 'a', action: 'privacy.erased', subject: id, facts: {} }],
          },
        ],
      });
      accepted(await privacy.commit(change('one', 0), start));
      assert.equal(refused(await other.privacy.commit(change('two', 0), start)), 'privacy-conflict');
      assert.equal((await privacy.load(bank, [{ kind: 'erasure', id: 'two' }]))[0]?.value, undefined);
      const told = (await audit.readAfter(bank, 0, 99)).filter(({ action }) => action === 'privacy.erased');
      assert.deepEqual(
        told.map(({ subject }) => subject),
        ['one'],
      );
    }),
  );
  test(
    'retention drops what is older, of that kind alone, a bounded number at a time',
    withStorage(open, async ({ stores: { privacy } }) => {
      await write(
        privacy,
        [1, 2, 3, 4].map((time) => erasure(`e${time}`, time)),
      );
      await write(privacy, [{ kind: 'alias', id: 'a', value: { tag: 't' }, atMs: 1 }]);
      assert.equal(accepted(await privacy.purge('erasure', at(-1e9), 9)), 0);
      assert.equal(accepted(await privacy.purge('erasure', 4 as typeof start, 2)), 2);
      assert.equal(accepted(await privacy.purge('erasure', 4 as typeof start, 9)), 1);
      assert.equal(await privacy.count(bank, 'erasure'), 1);
      assert.equal(await privacy.count(bank, 'alias'), 1);
    }),
  );
};

const streamRules = (open: OpenStorageHarness): void => {
  test(
    'a report is kept once, under the one pseudonym of its device',
    withStorage(open, async ({ stores, other }) => {
      assert.equal(accepted(await stores.privacy.ingest(bank, intake('t', 'first', [1, 2]), start)), 2);
      assert.equal(accepted(await other.privacy.ingest(bank, intake('t', 'second', [2, 3]), start)), 1);
      assert.equal(accepted(await other.privacy.ingest(otherApp, intake('t', 'third', [1]), start)), 1);
      assert.deepEqual(await subjects(stores), [
        { subject: 'first', report: 1 },
        { subject: 'first', report: 2 },
        { subject: 'first', report: 3 },
        { subject: 'third', report: 1 },
      ]);
      const [alias] = await stores.privacy.load(bank, [{ kind: 'alias', id: 'first' }]);
      assert.deepEqual(alias?.value, { tag: 't' });
    }),
  );
  test(
    'a device whose mapping is gone gets another pseudonym',
    withStorage(open, async ({ stores }) => {
      accepted(await stores.privacy.ingest(bank, intake('t', 'first', [1]), start));
      await write(stores.privacy, [{ kind: 'subject', id: 't', value: undefined, atMs: 0 }]);
      accepted(await stores.privacy.ingest(bank, intake('t', 'second', [2]), start));
      assert.deepEqual(
        (await subjects(stores)).map((event) => (event as { subject: string }).subject),
        ['first', 'second'],
      );
    }),
  );
  test(
    'when the stream is too far behind, reports are refused until it has caught up',
    withStorage(open, async ({ stores: { privacy, outbox } }) => {
      accepted(await privacy.ingest(bank, intake('t', 's', [1, 2, 3], 2), start));
      assert.equal(refused(await privacy.ingest(bank, intake('t', 's', [4], 2), start)), 'privacy-behind');
      accepted(await privacy.commit({ changes: [], advance: { from: 0, to: 2 } }, start));
      assert.equal(await outbox.acknowledged(privacyConsumer), 2);
      accepted(await privacy.ingest(bank, intake('t', 's', [4], 2), start));
    }),
  );
  test(
    'what the stream read and what it makes of it are one step: two readers cannot both take it',
    withStorage(open, async ({ stores: { privacy }, other }) => {
      accepted(await privacy.ingest(bank, intake('t', 's', [1, 2]), start));
      const step = (id: string, from: number, to: number) => ({
        changes: [{ scope: bank, read: [], puts: [erasure(id)], audit: [] }],
        advance: { from, to },
      });
      accepted(await privacy.commit(step('one', 0, 1), start));
      assert.equal(refused(await other.privacy.commit(step('two', 0, 1), start)), 'privacy-conflict');
      accepted(await other.privacy.commit(step('three', 1, 2), start));
      assert.equal(await privacy.count(bank, 'erasure'), 2);
    }),
  );
  test(
    'a full record refuses reports and has taken none',
    withStorage(open, async ({ stores: { privacy, outbox }, fill }) => {
      await fill(true);
      const large = intake('t', 's', [1]);
      const reports = large.reports.map((report) => ({
        ...report,
        json: JSON.stringify({ text: 'x'.repeat(200_000) }),
      }));
      assert.equal(refused(await privacy.ingest(bank, { ...large, reports }, start)), 'storage-full');
      await fill(false);
      assert.equal(await outbox.head(), 0);
    }),
  );
};

/** The contract of the store of privacy. */
export const privacyStoreContract = (adapter: string, open: OpenStorageHarness): void => {
  describe(`privacy, ${adapter}`, () => {
    rowRules(open);
    streamRules(open);
  });
};
