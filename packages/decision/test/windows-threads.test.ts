/** Rows under many threads: no change is lost, order numbers have no gap, no reader sees half a change, and a thread that ends holds nothing. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import test from 'node:test';
import { Worker } from 'node:worker_threads';
import { hours } from '@hauberk/primitives';
import fc from 'fast-check';
import { DistinctView } from '../src/windows/distinct.ts';
import { DuplicateFilter, reserveDuplicateFilter, seenBefore } from '../src/windows/duplicate-filter.ts';
import { joinOwners, Owner, reserveOwners, retireOwner } from '../src/windows/owners.ts';
import { emptyRead, Profile } from '../src/windows/profile.ts';
import { compileLayout, field, type ProfileSpec } from '../src/windows/profile-layout.ts';
import { fullProfile, leanProfile } from '../src/windows/profile-specs.ts';
import { ProfileTable, reserveProfiles } from '../src/windows/profile-table.ts';
import type { RowWork } from './support/row-worker.ts';
import { isFull } from './support/seeded.ts';

const spec: ProfileSpec = { rings: [{ name: 'hour', width: hours(1), buckets: 24 }], tail: 8 };
const start = Date.UTC(2026, 0, 1, 12);
const script = new URL('support/row-worker.ts', import.meta.url);

const startWorker = (work: RowWork): Worker => new Worker(script, { workerData: work });
const answerOf = async (worker: Worker): Promise<unknown> => {
  const [answer] = (await once(worker, 'message')) as [unknown];
  return answer;
};

test('rows: threads that change the same rows lose nothing and count without gap; readers see whole rows', async () => {
  const layout = compileLayout(spec);
  const owners = reserveOwners();
  const memory = reserveProfiles(layout, 64, { owners });
  const [rows, writers, changes] = [4, 4, isFull ? 1_000_000 : 30_000];
  const done = new SharedArrayBuffer(4);
  const workOf = (kind: RowWork['kind']): RowWork => ({
    kind,
    spec,
    memory,
    token: joinOwners(owners),
    rows,
    changes,
    start,
    done,
  });
  const readers = [startWorker(workOf('read')), startWorker(workOf('read'))];
  const told = readers.map(answerOf);
  const orders = (await Promise.all(
    Array.from({ length: writers }, () => answerOf(startWorker(workOf('change')))),
  )) as number[][][];
  Atomics.store(new Int32Array(done), 0, 1);
  const reads = (await Promise.all(told)) as { whole: number; torn: number }[];

  const table = new ProfileTable(layout, memory);
  const profile = new Profile(table);
  let all = 0;
  for (let key = 0; key < rows; key += 1) {
    const met = orders.flatMap((each) => each[key] ?? []).sort((left, right) => left - right);
    assert.deepEqual(
      met,
      Array.from({ length: met.length }, (_, index) => index + 1),
    );
    profile.open(table.find(Math.imul(key + 1, 0x9e3779b1), key));
    const window = emptyRead();
    const [ring] = layout.rings;
    assert.ok(ring);
    profile.read(ring, start + 1000, 0, 24, window);
    assert.deepEqual(
      [profile.events, profile.order, window.count, window.sum],
      [met.length, met.length, met.length, met.length * 100],
    );
    all += met.length;
  }
  assert.equal(all, writers * changes);
  assert.deepEqual(
    reads.map(({ torn }) => torn),
    [0, 0],
  );
  assert.ok(reads.every(({ whole }) => whole > 0));
});

test('rows: a thread that is terminated in the middle of a change holds nothing, and its half change is undone', async () => {
  const layout = compileLayout(spec);
  const owners = reserveOwners();
  const memory = reserveProfiles(layout, 64, { owners });
  const own = new ProfileTable(layout, memory, joinOwners(owners));
  const profile = new Profile(own);
  const row = own.claim(Math.imul(1, 0x9e3779b1), 0);
  assert.ok(own.enter(row));
  profile.open(row).add(start, 100);
  assert.equal(own.leave(), 1);
  const before = own.versionOf(row);

  const token = joinOwners(owners);
  const done = new SharedArrayBuffer(4);
  const worker = startWorker({ kind: 'hold', spec, memory, token, rows: 1, changes: 0, start, done });
  assert.equal(await answerOf(worker), 'held');
  assert.equal(profile.open(row).events, 999_999);
  assert.equal(own.isUnchanged(row, before), false, 'a reader from before sees that the row is being changed');
  await worker.terminate();
  retireOwner(owners, token);
  assert.equal(own.versionOf(row) & 1, 1, 'nobody reads a row that a dead thread left half changed');

  assert.ok(own.enter(row));
  assert.equal(profile.open(row).events, 1);
  profile.add(start + 1, 100);
  assert.equal(own.leave(), 2);
  assert.equal(own.isUnchanged(row, before), false);
  assert.equal(own.counts().undone, 1);
  assert.equal(own.versionOf(row) & 1, 0);
});

test('rows: whatever a dead owner did in a row since it entered, small rows and large ones, is undone', () => {
  const kinds = [leanProfile, fullProfile(['things']), spec].map(compileLayout);
  const arbitraryChange = fc.record({
    minutes: fc.integer({ min: -2000, max: 9000 }),
    what: fc.nat(2),
    thing: fc.nat(9),
  });
  fc.assert(
    fc.property(
      fc.constantFrom(...kinds),
      fc.array(arbitraryChange, { maxLength: 12 }),
      fc.array(arbitraryChange, { minLength: 1, maxLength: 25 }),
      (layout, before, half) => {
        const owners = reserveOwners();
        const memory = reserveProfiles(layout, 4, { owners });
        const token = joinOwners(owners);
        const dies = new ProfileTable(layout, memory, token);
        const lives = new ProfileTable(layout, memory, joinOwners(owners));
        const row = dies.claim(1, 2);
        const change = ({ minutes, what, thing }: { minutes: number; what: number; thing: number }): void => {
          const at = start + minutes * 60_000;
          const [place] = layout.distinct;
          if (what === 0) new Profile(dies).open(row).add(at, thing);
          else if (what === 1) new Profile(dies).open(row).settle(at, thing > 4, false);
          else if (place !== undefined) new DistinctView(dies).open(row).meet(place, thing, at);
        };
        const copyOf = (): Int32Array => {
          const { words } = dies.chunkOf(row);
          const copy = words.slice(dies.wordOf(row) * 2, (dies.wordOf(row) + layout.words) * 2);
          copy[field.lock] = 0;
          return copy;
        };
        assert.ok(dies.enter(row));
        for (const each of before) change(each);
        dies.leave();
        const whole = copyOf();
        assert.ok(dies.enter(row));
        for (const each of half) change(each);
        retireOwner(owners, token);
        assert.ok(lives.enter(row));
        assert.deepEqual(copyOf(), whole);
        lives.leave();
        assert.equal(lives.counts().undone, 1);
      },
    ),
    { numRuns: 150 },
  );
});

test('owners: a place serves again under a new epoch, and who lives is not robbed', () => {
  const owners = reserveOwners();
  const words = new Int32Array(new SharedArrayBuffer(4));
  const [first, second] = [joinOwners(owners), joinOwners(owners)];
  const held = new Owner(owners, first);
  assert.equal(held.take(words, 0), 0);
  const waiting = new Owner(owners, second);
  assert.equal(waiting.take(words, 0) & 1, 1);
  assert.equal(waiting.gaveUp, 1);
  retireOwner(owners, first);
  const again = joinOwners(owners);
  assert.notEqual(again, first);
  assert.equal(waiting.take(words, 0), 0);
  assert.equal(waiting.takenFrom, held.place);
  waiting.release(words, 0, 0);
  assert.equal(waiting.await(words, 0), 2);
  for (let place = 2; place < Owner.places; place += 1) joinOwners(owners);
  assert.throws(() => joinOwners(owners), RangeError);
});

test('rows: one row at a time, and only with a token', () => {
  const layout = compileLayout(spec);
  const owners = reserveOwners();
  const memory = reserveProfiles(layout, 4, { owners });
  const table = new ProfileTable(layout, memory, joinOwners(owners));
  const [one, two] = [table.claim(1, 1), table.claim(2, 2)];
  assert.throws(() => table.leave(), TypeError);
  assert.ok(table.enter(one));
  assert.throws(() => table.enter(two), TypeError);
  table.leave();
  assert.throws(() => new ProfileTable(layout, memory).enter(one), TypeError);
});

test('duplicates: of all threads that bring one id, one alone is told that it is new', () => {
  const owners = reserveOwners();
  const shape = { events: 1000, horizon: 60_000 };
  const memory = reserveDuplicateFilter(shape);
  const hands = Array.from({ length: 3 }, () => new DuplicateFilter(shape, memory, owners, joinOwners(owners)));
  for (let id = 1; id < 500; id += 1) {
    const answers = hands.map((hand) => hand.take(Math.imul(id, 0x9e3779b1), id, 1_000_000));
    assert.deepEqual(answers, [seenBefore.no, seenBefore.yes, seenBefore.yes]);
  }
});
