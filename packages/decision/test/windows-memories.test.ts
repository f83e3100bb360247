/** What all threads remember together: ids of events, pairs, frequent things, quotas; each inside what it declares, and bounded. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { createKeyedHash, days, hours, minutes } from '@hauberk/primitives';
import { DuplicateFilter, reserveDuplicateFilter, seenBefore } from '../src/windows/duplicate-filter.ts';
import { FirstSeen, firstSeenError, reserveFirstSeen } from '../src/windows/first-seen.ts';
import { HeavyHitters, reserveHeavyHitters } from '../src/windows/heavy-hitters.ts';
import { MintQuota, reserveMintQuota } from '../src/windows/mint-quota.ts';
import { joinOwners, reserveOwners } from '../src/windows/owners.ts';
import { compileLayout, windowOf } from '../src/windows/profile-layout.ts';
import { fullProfile, leanProfile } from '../src/windows/profile-specs.ts';
import { ProfileTable, profileBytes, reserveProfiles } from '../src/windows/profile-table.ts';
import { reserveStripes } from '../src/windows/turning-stripes.ts';
import { isFull, randomFrom, seedOf } from './support/seeded.ts';

const now = Date.UTC(2026, 0, 10);
const owners = reserveOwners();
const token = joinOwners(owners);
const hash = createKeyedHash(new Uint8Array(8).fill(3));
const hashOf = (text: string): { low: number; high: number } => {
  const value = { low: 0, high: 0 };
  hash(text, value);
  return value;
};

test('duplicates: an id is known for its horizon and forgotten after two; a flood forgets early and says so', () => {
  const shape = { events: 2000, horizon: minutes(10) };
  const filter = new DuplicateFilter(shape, reserveDuplicateFilter(shape), owners, token);
  const take = (id: string, at: number): number => {
    const { low, high } = hashOf(id);
    return filter.take(low, high, at);
  };
  assert.equal(take('a', now), seenBefore.no);
  assert.equal(take('a', now), seenBefore.yes);
  assert.equal(take('a', now + minutes(10)), seenBefore.yes);
  assert.equal(take('a', now + minutes(40)), seenBefore.no);
  assert.equal(take('a', now), seenBefore.yes, 'a clock that goes back forgets nothing');
  assert.equal(filter.duplicates, 3);
  for (let each = 0; each < 2000; each += 1) assert.equal(take(`id ${each}`, now + minutes(40)), seenBefore.no);
  for (let each = 0; each < 2000; each += 1) assert.equal(take(`id ${each}`, now + minutes(41)), seenBefore.yes);
  assert.equal(filter.forgotEarly, 0);
  for (let each = 0; each < 60_000; each += 1) take(`flood ${each}`, now + minutes(41));
  assert.ok(filter.forgotEarly > 0);
});

test('first seen: no pair is new twice, and few new ones are taken for old', () => {
  const shape = { pairs: isFull ? 1_000_000 : 50_000, period: days(30) };
  const declared = firstSeenError(shape);
  assert.ok(declared < 0.01, String(declared));
  const pairs = new FirstSeen(shape, reserveFirstSeen(shape), owners, token);
  const random = randomFrom(seedOf('first seen'));
  const word = (): number => Math.floor(random() * 2 ** 32) | 0;
  let wronged = 0;
  for (let each = 0; each < shape.pairs; each += 1) {
    const [a, b, c, d] = [word(), word(), word(), word()];
    const first = pairs.meet(a, b, c, d, now);
    if (first === 0) wronged += 1;
    assert.equal(pairs.meet(a, b, c, d, now), 0);
    if (each % 10 === 0) assert.equal(pairs.meet(a, b, c, d, now + days(0.0001)), 0);
  }
  const most = shape.pairs * declared;
  assert.ok(wronged <= most + 3 * Math.sqrt(most) + 3, `${wronged} of ${shape.pairs}, declared ${most}`);
  const fixed = [1, 2, 3, 4] as const;
  pairs.meet(...fixed, now);
  assert.equal(pairs.meet(...fixed, now + days(30)), 0);
  assert.equal(pairs.meet(...fixed, now + days(120)), 1);
});

test('heavy hitters: the truth lies between count less error and count, and every frequent thing is there', () => {
  const shape = { stripes: 4, period: hours(1) };
  const hitters = new HeavyHitters(shape, reserveHeavyHitters(shape), owners, token);
  const random = randomFrom(seedOf('heavy hitters'));
  const truth = new Map<number, number>();
  const perStripe = [0, 0, 0, 0];
  for (let each = 0; each < 40_000; each += 1) {
    const thing = Math.floor(1 / (random() + 0.0001));
    const { low, high } = hashOf(`thing ${thing}`);
    truth.set(low, (truth.get(low) ?? 0) + 1);
    perStripe[high & 3] = (perStripe[high & 3] as number) + 1;
    assert.ok(hitters.take(low, high, now) >= (truth.get(low) ?? 0));
  }
  const top = hitters.top(256, now);
  for (const { low, high, count, error } of top) {
    const exact = truth.get(low) ?? 0;
    assert.ok(count - error <= exact && exact <= count, `${count - error} ≤ ${exact} ≤ ${count}`);
    assert.ok(error <= (perStripe[high & 3] as number) / 64);
  }
  const kept = new Set(top.map(({ low }) => low));
  for (const [low, count] of truth) if (count > Math.max(...perStripe) / 64) assert.ok(kept.has(low), String(count));
  assert.equal(hitters.top(10, now + hours(1)).length, 0);
  assert.ok(hitters.top(10, now + hours(1), true).length === 10);
});

test('quotas: a source may mint so many ids in a period, and invented sources share one count', () => {
  const shape = { sources: 640, most: 5, period: hours(1) };
  const quota = new MintQuota(shape, reserveMintQuota(shape), owners, token);
  const mint = (source: string, at: number): boolean => {
    const { low, high } = hashOf(source);
    return quota.mint(low, high, at);
  };
  assert.deepEqual(
    Array.from({ length: 7 }, () => mint('one', now)),
    [true, true, true, true, true, false, false],
  );
  assert.equal(quota.refused, 2);
  assert.ok(mint('two', now));
  assert.ok(mint('one', now + hours(1)), 'the next period');
  let minted = 0;
  for (let each = 0; each < 50_000; each += 1) if (mint(`source ${each}`, now + hours(3))) minted += 1;
  // 64 stripes of 24 places each at most, and five for all the others of a stripe.
  assert.ok(minted <= 64 * (24 + 5), String(minted));
  assert.ok(quota.refused > 40_000);
});

test('lean rows: with its index a row of ten million takes at most 200 bytes', () => {
  const layout = compileLayout(leanProfile);
  const capacity = 10_000_000;
  const index = 2 ** Math.ceil(Math.log2(capacity * 1.5)) * 4;
  assert.ok(layout.words * 8 + index / capacity <= 200, `${layout.words * 8 + index / capacity}`);
  const small = reserveProfiles(layout, 100_000, { owners });
  assert.ok(profileBytes(small) >= 100_000 * layout.words * 8);
  // At the index's usual load every key finds its place.
  const table = new ProfileTable(layout, small, token);
  for (let key = 0; key < 100_000; key += 1) {
    const { low, high } = hashOf(String(key));
    assert.ok(table.claim(low, high) >= 0);
  }
  assert.equal(table.refused, 0);
});

test('layouts: each has its own hash, windows name their ring and their bound, and what cannot be is refused', () => {
  const [lean, full] = [compileLayout(leanProfile), compileLayout(fullProfile(['devices', 'addresses']))];
  assert.equal(lean.hash, compileLayout(leanProfile).hash);
  assert.notEqual(lean.hash, full.hash);
  assert.notEqual(lean.hash, compileLayout({ ...leanProfile, lateness: hours(1) }).hash);
  assert.equal(windowOf(full, hours(1))?.ring.name, 'minute');
  assert.equal(windowOf(full, hours(24))?.ring.name, 'hour');
  assert.deepEqual(windowOf(lean, hours(1))?.bound, {
    olderEdge: minutes(10),
    newerEdge: minutes(10),
    bucketLimit: 65_535,
    sumError: 2 ** -24,
  });
  assert.equal(windowOf(lean, days(7)), undefined);
  const distinct = { name: 'd', exact: 4 };
  for (const wrong of [
    { rings: [], tail: 0, distinct: [{ ...distinct, exact: 0 }] },
    { rings: [], tail: 0, distinct: [{ ...distinct, exact: 9 }] },
    { rings: [], tail: 0, distinct: [distinct, distinct] },
    { rings: [], tail: 0, distinct: [{ ...distinct, sketch: { width: hours(6), panes: 1 } }] },
    { rings: [], tail: 0, lateness: Number.NaN as ReturnType<typeof hours> },
  ])
    assert.throws(() => compileLayout(wrong), RangeError);
  for (const wrong of [
    { stripes: 3, halfWords: 64, period: 1000 },
    { stripes: 4, halfWords: 4, period: 1000 },
    { stripes: 4, halfWords: 64, period: Number.NaN },
  ])
    assert.throws(() => reserveStripes(wrong), RangeError);
});
