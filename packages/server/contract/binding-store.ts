/** What every store of bindings keeps to. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { bindingOf } from '@hauberk/binding';
import { issuedAttempt } from '@hauberk/binding/vectors';
import { epochMs } from '@hauberk/primitives';
import {
  type BindingChange,
  type BindingStore,
  newestFirst,
  type RowKey,
  type RowPut,
} from '../src/binding/binding-store.ts';
import type { Scope } from '../src/storage/scope.ts';
import type { Stores } from '../src/storage/stores.ts';
import { accepted, at, bank, type OpenStorageHarness, otherApp, refused, start, withStorage } from './harness.ts';

const token: RowKey<'token'> = { kind: 'token', id: 'token-1' };
const claim = (attempt: string): RowPut => ({ ...token, value: { attempt } });
const binding = (profile: string) => bindingOf(issuedAttempt({ id: `of-${profile}`, profile }), start);

/** Reads the keys, then writes the puts if nothing of them changed. */
const change = async (
  store: BindingStore,
  keys: readonly RowKey[],
  puts: readonly RowPut[],
  over: Partial<BindingChange> = {},
): Promise<BindingChange> => ({
  fence: await store.fence(),
  read: (await store.load(bank, keys)).map(({ key, version }) => ({ key, version })),
  puts,
  audit: [],
  ...over,
});
const valueOf = async (store: BindingStore, key: RowKey, scope: Scope = bank) =>
  (await store.load(scope, [key]))[0]?.value;

const rowRules = (open: OpenStorageHarness): void => {
  test(
    'rows are read back as they were written, by every client, in their scope only',
    withStorage(open, async ({ stores, other }) => {
      const attempt = issuedAttempt();
      const put: RowPut = { kind: 'attempt', id: attempt.id, value: attempt };
      accepted(
        await stores.bindings.commit(bank, await change(stores.bindings, [put], [put, claim(attempt.id)]), start),
      );
      assert.deepEqual(await valueOf(other.bindings, put), attempt);
      assert.deepEqual(await valueOf(other.bindings, token), { attempt: attempt.id });
      assert.equal(await valueOf(other.bindings, put, otherApp), undefined);
      const absent = await stores.bindings.load(otherApp, [put]);
      assert.deepEqual([absent[0]?.version, absent[0]?.value], [0, undefined]);
    }),
  );
  test(
    'bindings are listed by profile, a page at a time, ended ones too, of one scope',
    withStorage(open, async ({ stores }) => {
      const puts = ['b', 'a', 'c'].map(
        (profile): RowPut => ({ kind: 'binding', id: profile, value: binding(profile) }),
      );
      accepted(await stores.bindings.commit(bank, await change(stores.bindings, [], puts), start));
      const profiles = async (after: string, limit: number) =>
        (await stores.bindings.list(bank, 'binding', after, limit)).map(({ profile }) => profile);
      assert.deepEqual(await profiles('', 2), ['a', 'b']);
      assert.deepEqual(await profiles('b', 2), ['c']);
      assert.deepEqual(await stores.bindings.list(otherApp, 'binding', '', 9), []);
    }),
  );
  test(
    'rows of any kind are listed in the order of their ids: the latest attempts first',
    withStorage(open, async ({ stores, other }) => {
      const times = [5, 70_000, 1_800_000_000_000, 1_800_000_000_001];
      const puts = times.map((atMs): RowPut => {
        const id = `${newestFirst(atMs)} a-${atMs}`;
        return { kind: 'recent', id, value: { id, attempt: `a-${atMs}` } };
      });
      accepted(await stores.bindings.commit(bank, await change(stores.bindings, [], puts), start));
      const listed = async (after: string, limit: number) =>
        (await other.bindings.list(bank, 'recent', after, limit)).map(({ attempt }) => attempt);
      const latestFirst = times.toReversed().map((atMs) => `a-${atMs}`);
      assert.deepEqual(await listed('', 9), latestFirst);
      assert.deepEqual(await listed(newestFirst(1_800_000_000_000), 1), ['a-1800000000000']);
      assert.deepEqual(await other.bindings.list(bank, 'block', '', 9), []);
      assert.deepEqual(await other.bindings.list(otherApp, 'recent', '', 9), []);
    }),
  );
  test(
    'what has expired is dropped, a bounded number at a time, and nothing else',
    withStorage(open, async ({ stores }) => {
      const puts = [1, 2, 3, 4].map(
        (minute): RowPut => ({
          kind: 'sms',
          id: `m-${minute}`,
          value: { outcome: 'counted' },
          expiresAtMs: at(minute),
        }),
      );
      accepted(await stores.bindings.commit(bank, await change(stores.bindings, [], [...puts, claim('x')]), start));
      assert.equal(accepted(await stores.bindings.purge(at(3), 2)), 2);
      assert.equal(accepted(await stores.bindings.purge(at(3), 9)), 1);
      assert.equal(accepted(await stores.bindings.purge(at(3), 9)), 0);
      assert.ok(await valueOf(stores.bindings, { kind: 'sms', id: 'm-4' }));
      assert.ok(await valueOf(stores.bindings, token));
    }),
  );
};

const claimRules = (open: OpenStorageHarness): void => {
  test(
    'a token is claimed once: of many claims that read it free, over both clients, exactly one is accepted',
    withStorage(open, async ({ stores, other }) => {
      const clients: readonly Stores[] = [stores, other];
      const claims = await Promise.all(
        Array.from({ length: 24 }, async (_, index) => {
          const store = (clients[index % 2] ?? stores).bindings;
          return { store, change: await change(store, [token], [claim(`attempt-${index}`)]) };
        }),
      );
      const answers = await Promise.all(claims.map(({ store, change: each }) => store.commit(bank, each, start)));
      assert.equal(answers.filter(({ ok }) => ok).length, 1);
      for (const answer of answers) if (!answer.ok) assert.equal(answer.code, 'binding-conflict');
      const winner = answers.findIndex(({ ok }) => ok);
      assert.deepEqual(await valueOf(stores.bindings, token), { attempt: `attempt-${winner}` });
    }),
  );
  test(
    'a change happens whole or not at all, its audit record included',
    withStorage(open, async ({ stores }) => {
      const audit = [{ actor: 'binding', action: 'binding.issued', subject: 'x', facts: { to: 'issued' } }];
      const first = await change(stores.bindings, [token], [claim('first')], { audit });
      const second = await change(
        stores.bindings,
        [token],
        [{ kind: 'binding', id: 'alice', value: binding('alice') }, claim('second')],
        { audit: [...audit, ...audit] },
      );
      accepted(await stores.bindings.commit(bank, first, start));
      assert.equal(refused(await stores.bindings.commit(bank, second, start)), 'binding-conflict');
      assert.equal(await valueOf(stores.bindings, { kind: 'binding', id: 'alice' }), undefined);
      const entries = await stores.audit.readAfter(bank, 0, 99);
      assert.equal(entries.filter(({ action }) => action === 'binding.issued').length, 1);
    }),
  );
  test(
    'a row that was dropped and made anew is not the one that was read',
    withStorage(open, async ({ stores }) => {
      const write = async (puts: readonly RowPut[]) =>
        accepted(await stores.bindings.commit(bank, await change(stores.bindings, [token], puts), start));
      await write([claim('a')]);
      const stale = await change(stores.bindings, [token], [claim('z')]);
      await write([{ ...token, value: undefined }]);
      assert.equal(await valueOf(stores.bindings, token), undefined);
      await write([claim('b')]);
      assert.equal(refused(await stores.bindings.commit(bank, stale, start)), 'binding-conflict');
    }),
  );
  test(
    'what was decided under another fence is refused',
    withStorage(open, async ({ stores }) => {
      const fence = (await stores.bindings.fence()) + 1;
      const ahead = await change(stores.bindings, [token], [claim('a')], { fence });
      assert.equal(refused(await stores.bindings.commit(bank, ahead, start)), 'binding-fenced');
      assert.equal(
        refused(await stores.bindings.commit(bank, { ...ahead, fence: fence - 2 }, start)),
        'binding-fenced',
      );
      assert.equal(await valueOf(stores.bindings, token), undefined);
    }),
  );
  test(
    'a full record refuses and has changed nothing',
    withStorage(open, async ({ stores, fill }) => {
      await fill(true);
      // Large, so that no page has room left for it.
      const filled = await change(stores.bindings, [token], [claim('a'.repeat(200_000))]);
      assert.equal(refused(await stores.bindings.commit(bank, filled, epochMs(start))), 'storage-full');
      await fill(false);
      assert.equal(await valueOf(stores.bindings, token), undefined);
    }),
  );
};

/** The contract of the store of bindings. */
export const bindingStoreContract = (adapter: string, open: OpenStorageHarness): void => {
  describe(`bindings, ${adapter}`, () => {
    rowRules(open);
    claimRules(open);
  });
};
