/**
 * Windows against brute force under disorder and duplicates: exact ones are equal, others are inside what they declare. Ten million events with
 * HAUBERK_FULL=1.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import { createKeyedHash, days, hours, minutes } from '@hauberk/primitives';
import { DistinctView, distinctKind } from '../src/windows/distinct.ts';
import { DuplicateFilter, reserveDuplicateFilter, seenBefore } from '../src/windows/duplicate-filter.ts';
import { joinOwners, reserveOwners } from '../src/windows/owners.ts';
import { emptyRead, Profile } from '../src/windows/profile.ts';
import { compileLayout, type RingPlace, windowOf } from '../src/windows/profile-layout.ts';
import { fullProfile, leanProfile } from '../src/windows/profile-specs.ts';
import { ProfileTable, reserveProfiles } from '../src/windows/profile-table.ts';
import { sketchError } from '../src/windows/sketch.ts';
import { isFull, randomFrom, seedOf } from './support/seeded.ts';

const eventCount = isFull ? 10_000_000 : 120_000;
const entityCount = isFull ? 4000 : 60;
const start = Date.UTC(2026, 0, 1);
const lateness = hours(24);

/** What brute force remembers of an entity: every event that counts. */
class Truth {
  times = new Float64Array(64);
  amounts = new Float64Array(64);
  things = new Int32Array(64);
  size = 0;
  newest = 0;
  late = 0;

  take(at: number, amount: number, thing: number): boolean {
    if (at < this.newest - lateness) {
      this.late += 1;
      return false;
    }
    if (this.size === this.times.length) this.#grow();
    this.times[this.size] = at;
    this.amounts[this.size] = amount;
    this.things[this.size] = thing;
    this.size += 1;
    this.newest = Math.max(this.newest, at);
    return true;
  }

  #grow(): void {
    const wider = <View extends Float64Array | Int32Array>(view: View, into: View): View => {
      into.set(view);
      return into;
    };
    this.times = wider(this.times, new Float64Array(this.size * 2));
    this.amounts = wider(this.amounts, new Float64Array(this.size * 2));
    this.things = wider(this.things, new Int32Array(this.size * 2));
  }

  /** Events with an instant in (from, to], and their sum. */
  within(from: number, to: number): { count: number; sum: number } {
    let count = 0;
    let sum = 0;
    for (let each = 0; each < this.size; each += 1) {
      const at = this.times[each] as number;
      if (at <= from || at > to) continue;
      count += 1;
      sum += this.amounts[each] as number;
    }
    return { count, sum };
  }

  /** The last `buckets` buckets of a width, that of `now` included. */
  inBuckets(width: number, now: number, buckets: number): { count: number; sum: number } {
    const last = Math.floor(now / width);
    return this.within((last - buckets + 1) * width - 0.5, (last + 1) * width - 0.5);
  }

  distinct(from: number, to: number): number {
    const seen = new Set<number>();
    for (let each = 0; each < this.size; each += 1) {
      const at = this.times[each] as number;
      if (at > from && at <= to) seen.add(this.things[each] as number);
    }
    return seen.size;
  }
}

interface Arrival {
  readonly id: number;
  readonly entity: number;
  readonly at: number;
  readonly amount: number;
  readonly thing: number;
}

/** Events in order of arrival: most on time, some late, a few too late, one in twenty told twice. Entities differ in how busy they are and how much they meet. */
function* arrivals(random: () => number): Generator<Arrival> {
  const spacing = days(70) / eventCount;
  const held: Arrival[] = [];
  for (let id = 0; id < eventCount; id += 1) {
    const now = start + Math.floor(id * spacing);
    const entity = Math.floor(entityCount * random() ** 2);
    const luck = random();
    const delay = luck < 0.8 ? 0 : luck < 0.95 ? random() * minutes(30) : random() * hours(30);
    const kinds = 2 + (entity % 7) ** 4;
    const thing = Math.imul(Math.floor(random() * kinds) + entity * 10_000, 0x9e3779b1) ^ 0x5bd1e995;
    const event = { id, entity, at: Math.floor(now - delay), amount: Math.floor(random() * 100_000), thing };
    yield event;
    if (random() < 0.05) held.push(event);
    if (held.length > 50) yield held.splice(Math.floor(random() * held.length), 1)[0] as Arrival;
  }
}

/** The thing's hash in the profile: keyed hashes are spread evenly, so is this. */
const spread = (thing: number): number => {
  let word = Math.imul(thing ^ (thing >>> 16), 0x45d9f3b);
  word = Math.imul(word ^ (word >>> 16), 0x45d9f3b);
  return word ^ (word >>> 16);
};

for (const [name, spec, spans] of [
  ['lean', leanProfile, [minutes(10), hours(1), hours(24)]],
  ['full', fullProfile(['things']), [minutes(10), hours(1), hours(24), days(7), days(30)]],
] as const)
  test(`windows (${name} rows) say what brute force says of ${eventCount} events with disorder and duplicates`, () => {
    const random = randomFrom(seedOf(`windows ${name}`));
    const layout = compileLayout(spec);
    const owners = reserveOwners();
    const token = joinOwners(owners);
    const table = new ProfileTable(
      layout,
      reserveProfiles(layout, entityCount, { owners, sketches: entityCount }),
      token,
    );
    const shape = { events: eventCount, horizon: 1000 * eventCount };
    const filter = new DuplicateFilter(shape, reserveDuplicateFilter(shape), owners, token);
    const hash = createKeyedHash(new Uint8Array(8).fill(7));
    const value = { low: 0, high: 0 };
    const profile = new Profile(table);
    const view = new DistinctView(table);
    const truths = Array.from({ length: entityCount }, () => new Truth());
    const told = new Uint8Array(eventCount);
    const windows = spans.map((span) => {
      const window = windowOf(layout, span);
      assert.ok(window, `a ring for ${span}`);
      return { span, ...window };
    });
    const [place] = layout.distinct;
    assert.ok(place);
    let arrived = 0;
    let reads = 0;
    const tailReads = { exact: 0, unknown: 0 };
    const sketched = { all: 0, within3: 0, worst: 0 };
    const kinds = [0, 0, 0];

    const compare = (entity: number, now: number): void => {
      const truth = truths[entity] as Truth;
      for (const { span, ring, buckets, bound } of windows) {
        const read = emptyRead();
        profile.read(ring as RingPlace, now, 0, buckets, read);
        const whole = truth.inBuckets(ring.width, now, buckets);
        assert.equal(read.count, whole.count, `${name} ${ring.name} ${span}`);
        if (ring.sums >= 0)
          assert.ok(Math.abs(read.sum - whole.sum) <= Math.max(1, whole.count) * bound.sumError * whole.sum);
        const most = truth.within(now - span, now + bound.newerEdge).count;
        const least = truth.within(now - span + bound.olderEdge, now).count;
        assert.ok(least <= read.count && read.count <= most, `${least} ≤ ${read.count} ≤ ${most}`);
      }
      for (const span of [1000, 45_000, minutes(10), hours(24)]) {
        const exact = profile.exactCount(now, span);
        if (exact < 0) tailReads.unknown += 1;
        else {
          tailReads.exact += 1;
          assert.equal(exact, truth.within(now - span, now).count);
        }
      }
    };
    const compareDistinct = (entity: number, now: number): void => {
      const truth = truths[entity] as Truth;
      const read = { count: 0, kind: 0 };
      for (const span of [hours(24), days(7)]) {
        view.count(place, now, span, read);
        kinds[read.kind] = (kinds[read.kind] as number) + 1;
        const from = Math.floor((now - span) / 1000) * 1000 + 999;
        if (read.kind === distinctKind.exact) assert.equal(read.count, truth.distinct(from, now));
        else if (read.kind === distinctKind.atLeast) assert.ok(read.count <= truth.distinct(from, now));
        else {
          const pane = Math.floor(now / place.paneWidth) - Math.floor(span / place.paneWidth) + 1;
          const exact = truth.distinct(pane * place.paneWidth - 1, now);
          const error = Math.abs(read.count - exact) / exact / sketchError;
          sketched.all += 1;
          sketched.worst = Math.max(sketched.worst, error);
          if (error <= 3) sketched.within3 += 1;
        }
      }
    };

    for (const { id, entity, at, amount, thing } of arrivals(random)) {
      arrived += 1;
      hash(`event ${id}`, value);
      const isDuplicate = filter.take(value.low, value.high, arrived * 1000) === seenBefore.yes;
      assert.equal(isDuplicate, told[id] === 1);
      told[id] = 1;
      if (isDuplicate) continue;
      const truth = truths[entity] as Truth;
      const row = table.claim(Math.imul(entity + 1, 0x9e3779b1), entity);
      assert.ok(table.enter(row));
      const isTaken = profile.open(row).add(at, amount);
      view.open(row);
      if (isTaken) view.meet(place, spread(thing), at);
      table.leave();
      assert.equal(isTaken, truth.take(at, amount, spread(thing)));
      if (arrived % (isFull ? 211 : 23) === 0) {
        reads += 1;
        compare(entity, truth.newest + Math.floor(random() * minutes(5)));
      }
      if (arrived % (isFull ? 2003 : 211) === 0) compareDistinct(entity, truth.newest);
    }
    assert.ok(filter.duplicates > eventCount / 40);
    assert.equal(filter.forgotEarly, 0);
    assert.equal(
      table.counts().late,
      truths.reduce((sum, { late }) => sum + late, 0),
    );
    assert.ok(table.counts().late > 0 && reads > 0 && tailReads.exact > 0 && tailReads.unknown > 0);
    for (const truth of truths.keys()) {
      const row = table.find(Math.imul(truth + 1, 0x9e3779b1), truth);
      assert.equal(row < 0 ? 0 : profile.open(row).events, (truths[truth] as Truth).size);
    }
    if (name === 'full') {
      assert.ok(sketched.all > 0 && (kinds[distinctKind.exact] as number) > 0);
      // Reads of one entity are not independent of each other: the small run sees few entities.
      const share = sketched.within3 / sketched.all;
      assert.ok(share >= (isFull ? 0.985 : 0.9), `${sketched.within3} of ${sketched.all} inside 3σ`);
      assert.ok(sketched.worst < 6, `${sketched.worst} σ`);
    } else assert.ok((kinds[distinctKind.atLeast] as number) > 0);
    console.log(`${name}: ${arrived} arrivals, ${reads} reads, ${JSON.stringify({ tailReads, sketched, kinds })}`);
  });
