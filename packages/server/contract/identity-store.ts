/** What every store of identities keeps to, and what the book over it does. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { AliasName, Observation } from '@hauberk/device';
import { epochMs } from '@hauberk/primitives';
import { IdentityBook } from '../src/device/identity-book.ts';
import type { IdentityPut } from '../src/device/identity-store.ts';
import type { Stores } from '../src/storage/stores.ts';
import { accepted, bank, type OpenStorageHarness, otherApp, refused, start, withStorage } from './harness.ts';

const word = { actor: 'ann', reason: 'looked at it' };
const alias = (digest: string, source = 'vendor'): AliasName => ({ source, digest: digest.padStart(16, '0') });
const sight = (rest: Partial<Observation>): Observation => ({
  atMs: start,
  aliases: [],
  attributes: {},
  collision: 'distinct',
  ...rest,
});

const bookOver = ({ identities }: Stores, clock = { now: start }): IdentityBook =>
  new IdentityBook({ store: identities, linkKey: new Uint8Array(16).fill(3), now: () => clock.now });

const source = (agreed: number): IdentityPut => ({
  kind: 'source',
  id: 'vendor',
  value: { agreed, disagreed: 0 },
  atMs: start,
});

const storeRules = (open: OpenStorageHarness): void => {
  test(
    'a change is written whole with its audit entries, or not at all when what it read has changed; scopes are apart',
    withStorage(open, async ({ stores: { identities, audit }, other }) => {
      const key = { kind: 'source', id: 'vendor' } as const;
      const record = { actor: 'ann', action: 'identity.merged', subject: 'a b', facts: {} };
      const change = (version: number, agreed: number) => ({
        changes: [{ scope: bank, read: [{ key, version }], puts: [source(agreed)], audit: [record] }],
      });
      const before = (await audit.head()).size;
      accepted(await identities.commit(change(0, 1), start));
      assert.equal(refused(await identities.commit(change(0, 2), start)), 'identity-conflict');
      const [row] = await other.identities.load(bank, [key]);
      assert.deepEqual(row?.value, { agreed: 1, disagreed: 0 });
      accepted(await other.identities.commit(change(row?.version ?? 0, 3), start));
      assert.deepEqual((await identities.load(otherApp, [key]))[0]?.value, undefined);
      assert.equal((await identities.list(bank, 'source', { limit: 5 })).length, 1);
      assert.equal(await identities.count(bank, 'source'), 1);
      assert.equal((await audit.head()).size, before + 2);
      assert.equal(accepted(await identities.purge('source', epochMs(start + 1), 10)), 1);
      assert.equal(await identities.count(bank, 'source'), 0);
    }),
  );
  test(
    'a full record takes nothing',
    withStorage(open, async ({ stores, fill }) => {
      await fill(true);
      // What is larger than the space that pages have left.
      const attributes = Object.fromEntries(
        Array.from({ length: 500 }, (_, each) => [`name-${each}`, 'v'.repeat(100)]),
      );
      assert.equal(refused(await bookOver(stores).resolve(bank, sight({ attributes }))), 'storage-full');
      await fill(false);
      assert.ok(accepted(await bookOver(stores).resolve(bank, sight({ aliases: [alias('1')] }))).isNew);
    }),
  );
};

const bookRules = (open: OpenStorageHarness): void => {
  test(
    'who was seen is known to every client: by alias, and by attributes once its book was opened',
    withStorage(open, async ({ stores, other }) => {
      const attributes = {
        model: 'm',
        'set-up-day': 'd',
        'sensor-bias': 's',
        'install-delay': 'i',
        fonts: 'f',
        carrier: 'c',
      };
      const here = bookOver(stores);
      // Rare values weigh only among many.
      for (let each = 0; each < 60; each += 1)
        accepted(
          await here.resolve(
            bank,
            sight({
              aliases: [alias(`${each}`)],
              attributes: Object.fromEntries(Object.keys(attributes).map((name) => [name, `${name}${each}`])),
            }),
          ),
        );
      const first = accepted(await here.resolve(bank, sight({ aliases: [alias('abc')], attributes })));
      assert.deepEqual([first.by, first.isNew], ['new', true]);
      const there = bookOver(other);
      assert.equal(
        accepted(await there.resolve(bank, sight({ aliases: [alias('abc')] }))).identity.id,
        first.identity.id,
      );
      assert.equal(accepted(await bookOver(other).resolve(bank, sight({ attributes }))).by, 'new');
      const opened = bookOver(other);
      await opened.open(bank);
      const twin = accepted(await opened.resolve(bank, sight({ attributes })));
      // Two identities have these attributes by now: nobody can say which one it is.
      assert.deepEqual([twin.by, twin.twin !== undefined], ['new', true]);
      const stranger = accepted(await opened.resolve(otherApp, sight({ aliases: [alias('abc')], attributes })));
      assert.ok(stranger.isNew);
    }),
  );
  test(
    'a merge, a split and their undoing are events with audit entries; who was merged means the other from then on',
    withStorage(open, async ({ stores }) => {
      const clock = { now: epochMs(start + 1000) };
      const book = bookOver(stores, clock);
      const [one, two] = [
        accepted(await book.resolve(bank, sight({ aliases: [alias('1')] }))).identity.id,
        accepted(await book.resolve(bank, sight({ aliases: [alias('2'), alias('3')] }))).identity.id,
      ];
      const merged = accepted(await book.merge(bank, one, two, word));
      assert.deepEqual([merged.kind, merged.kept, merged.other, merged.aliases.length], ['merge', one, two, 2]);
      const later = epochMs(start + 5000);
      assert.equal(accepted(await book.resolve(bank, sight({ aliases: [alias('2')], atMs: later }))).identity.id, one);
      assert.equal(accepted(await book.resolve(bank, sight({ device: two, atMs: later }))).identity.id, one);
      assert.equal(refused(await book.merge(bank, one, two, word)), 'identity-merged');
      assert.equal(refused(await book.merge(bank, one, 'A'.repeat(22), word)), 'identity-unknown');
      clock.now = epochMs(start + 9000);
      const undone = accepted(await book.undo(bank, one, merged.id, word));
      assert.equal(undone.undoes, merged.id);
      assert.equal(refused(await book.undo(bank, one, merged.id, word)), 'identity-undone');
      assert.equal(
        accepted(await book.resolve(bank, sight({ aliases: [alias('3')], atMs: start + 10_000 }))).identity.id,
        two,
      );
      clock.now = epochMs(start + 12_000);
      const split = accepted(await book.split(bank, two, [alias('3')], word));
      assert.equal(refused(await book.split(bank, two, [alias('3')], word)), 'identity-alias');
      assert.equal(refused(await book.split(bank, two, [alias('9')], word)), 'identity-alias');
      const shown = await book.show(bank, two);
      assert.deepEqual(
        shown?.events.map(({ kind, undoneBy }) => [kind, undoneBy !== null]),
        [
          ['merge', true],
          ['undo', false],
          ['split', false],
        ],
      );
      assert.deepEqual(
        (await book.show(bank, split.other))?.aliases.map(({ digest }) => digest),
        ['3'.padStart(16, '0')],
      );
      const actions = (await stores.audit.readAfter(bank, 0, 99)).map(({ action }) => action);
      assert.deepEqual(
        actions.filter((action) => action.startsWith('identity.')),
        ['identity.merged', 'identity.undone', 'identity.split'],
      );
    }),
  );
  test(
    'sights of one alias by two at once end as if one had come after the other',
    withStorage(open, async ({ stores, other }) => {
      const [here, there] = [bookOver(stores), bookOver(other)];
      const found = await Promise.all(
        Array.from({ length: 8 }, (_, each) =>
          (each % 2 === 0 ? here : there).resolve(bank, sight({ aliases: [alias('7')] })),
        ),
      );
      const ids = new Set(found.flatMap((each) => (each.ok ? [each.value.identity.id] : [])));
      assert.equal(ids.size, 1);
      for (const each of found) if (!each.ok) assert.equal(each.code, 'identity-conflict');
      assert.equal(await stores.identities.count(bank, 'identity'), 1);
    }),
  );
};

/** The contract of stores of identities. */
export const identityStoreContract = (adapter: string, open: OpenStorageHarness): void => {
  describe(`identity store ${adapter}`, () => {
    storeRules(open);
    bookRules(open);
  });
};
