/** Profiles against brute force: what a window says is what counting says, within the bucket that is declared. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { days, hours, minutes } from '@hauberk/primitives';
import fc from 'fast-check';
import { emptyRead, Profile } from '../src/windows/profile.ts';
import { compileLayout } from '../src/windows/profile-layout.ts';
import { ProfileTable, reserveProfiles } from '../src/windows/profile-table.ts';

const layout = compileLayout({
  rings: [
    { name: 'minute', width: minutes(1), buckets: 61 },
    { name: 'day', width: days(1), buckets: 8, hasLabels: true },
  ],
  tail: 8,
});

const newProfile = (): Profile => {
  const table = new ProfileTable(layout, reserveProfiles(layout, 4));
  return new Profile(table).open(table.claim(1, 2));
};

const start = Date.UTC(2026, 0, 1);
const arbitraryEvents = fc.array(
  fc.record({ gap: fc.integer({ min: -120_000, max: 600_000 }), amount: fc.integer({ min: 0, max: 1_000_000 }) }),
  { minLength: 1, maxLength: 200 },
);

test('windows: a ring counts whole buckets of event time, whatever the order of arrival', () => {
  fc.assert(
    fc.property(arbitraryEvents, fc.integer({ min: 1, max: 60 }), (steps, span) => {
      const profile = newProfile();
      let now = start;
      let newest = start;
      const events = steps.map(({ gap, amount }) => {
        now = Math.max(start, now + gap);
        newest = Math.max(newest, now);
        profile.add(now, amount);
        return { at: now, amount, heldFrom: Math.floor(newest / 60_000) - 60 };
      });
      const [ring] = layout.rings;
      assert.ok(ring);
      const read = emptyRead();
      profile.read(ring, newest, 0, span, read);
      const bucketNow = Math.floor(newest / 60_000);
      const held = events.filter(({ at, heldFrom }) => {
        const bucket = Math.floor(at / 60_000);
        return bucket >= heldFrom && bucket > bucketNow - span && bucket > bucketNow - ring.buckets;
      });
      assert.equal(read.count, held.length);
      assert.equal(
        read.sum,
        held.reduce((sum, { amount }) => sum + amount, 0),
      );
      // The declared error: nothing younger than the window less a bucket is missed, nothing older than the window is counted.
      const sure = events.filter(({ at }) => at > newest - (span - 1) * 60_000).length;
      const possible = events.filter(({ at }) => at > newest - span * 60_000).length;
      assert.ok(read.count >= sure && read.count <= possible, `${sure} ≤ ${read.count} ≤ ${possible}`);
    }),
  );
});

test('windows: the tail is exact while it reaches back far enough, and says when it does not', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 60_000 }), { maxLength: 40 }), (gaps) => {
      const profile = newProfile();
      let now = start;
      const times = gaps.map((gap) => {
        now += gap;
        profile.add(now, 1);
        return now;
      });
      const exact = times.filter((at) => at > now - 90_000).length;
      const told = profile.exactCount(now, 90_000);
      assert.equal(told, exact > 8 || (exact === 8 && times.length > 8) ? -1 : exact);
    }),
  );
});

test('windows: labels count in the bucket of their event, and a late fraud corrects an honest one', () => {
  const profile = newProfile();
  const [, day] = layout.rings;
  assert.ok(day);
  for (const each of [0, 1, 2]) profile.add(start + each * days(1), 100);
  profile.settle(start, false, false);
  profile.settle(start + days(1), true, false);
  profile.settle(start, true, true);
  const read = emptyRead();
  profile.read(day, start + days(2), 0, 8, read);
  assert.deepEqual([read.count, read.settled, read.frauds], [3, 2, 2]);
  assert.equal(profile.episodeStart, start);
  assert.equal(profile.lastFraud, start + days(1));
});

test('windows: what is far above the usual is an outlier, and a burst of it does not become usual', () => {
  const profile = newProfile();
  for (let each = 0; each < 50; each += 1) profile.add(start + each * hours(1), 10_000 + (each % 7) * 300);
  const usual = profile.amountMean;
  assert.ok(profile.surprise(60_000) > 2.5);
  for (let each = 0; each < 3; each += 1) profile.add(start + hours(51 + each), 60_000);
  assert.ok(profile.amountMean - usual < 0.2, String(profile.amountMean - usual));
  assert.ok(profile.surprise(60_000) > 2.5);
});

test('profiles: a key finds its own row and no other; a full table refuses and counts it', () => {
  const capacity = 5000;
  const table = new ProfileTable(layout, reserveProfiles(layout, capacity));
  const rows = new Map<number, number>();
  for (let key = 0; key < capacity; key += 1) rows.set(key, table.claim(Math.imul(key, 0x9e3779b1), key));
  assert.equal(new Set(rows.values()).size, capacity);
  for (const [key, row] of rows) assert.equal(table.find(Math.imul(key, 0x9e3779b1), key), row);
  assert.equal(table.claim(-5, -5), -1);
  assert.equal(table.find(-5, -5), -1);
  assert.equal(table.refused, 1);
  assert.equal(table.size, capacity);
});

test('profiles: keys chosen to meet in one place cost a bounded walk and are refused', () => {
  const table = new ProfileTable(layout, reserveProfiles(layout, 1000));
  const met = Array.from({ length: 200 }, (_, index) => table.claim(index * 65_536, 0));
  assert.equal(met.filter((row) => row >= 0).length, 64);
});

test('layouts that cannot be are refused', () => {
  const ring = { name: 'r', width: minutes(1), buckets: 8 };
  for (const wrong of [
    { rings: [{ ...ring, buckets: 1 }], tail: 0 },
    { rings: [{ ...ring, buckets: 5000 }], tail: 0 },
    { rings: [{ ...ring, buckets: 2.5 }], tail: 0 },
    { rings: [{ ...ring, width: 10 as typeof ring.width }], tail: 0 },
    { rings: [ring], tail: -1 },
    { rings: [ring], tail: 1000 },
  ])
    assert.throws(() => compileLayout(wrong), RangeError);
  assert.throws(() => reserveProfiles(layout, 0), RangeError);
});
