/** Snapshots and journals of profiles: what was written is read, whatever else is refused by code, and a replay ends where the journal ends. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { crc32 } from 'node:zlib';
import { days, hours } from '@hauberk/primitives';
import fc from 'fast-check';
import { DistinctView } from '../src/windows/distinct.ts';
import { DuplicateFilter, reserveDuplicateFilter, seenBefore } from '../src/windows/duplicate-filter.ts';
import { FirstSeen, reserveFirstSeen } from '../src/windows/first-seen.ts';
import {
  entryBytes,
  fileHeadBytes,
  frameHeadBytes,
  JournalBuffer,
  readFileHead,
  readFrames,
  writeFileHead,
  writeFrame,
} from '../src/windows/journal-format.ts';
import { JournalReplay } from '../src/windows/journal-replay.ts';
import { joinOwners, reserveOwners } from '../src/windows/owners.ts';
import { Profile } from '../src/windows/profile.ts';
import { compileLayout, field } from '../src/windows/profile-layout.ts';
import { fullProfile, leanProfile } from '../src/windows/profile-specs.ts';
import { ProfileTable, reserveProfiles } from '../src/windows/profile-table.ts';
import {
  packRows,
  packStripes,
  profilesHash,
  readSection,
  sectionKind,
  unpackRows,
  unpackStripes,
  writeSection,
} from '../src/windows/snapshot-format.ts';
import { randomFrom, seedOf } from './support/seeded.ts';

const start = Date.UTC(2026, 0, 1);
const layouts = [compileLayout(leanProfile), compileLayout(fullProfile(['things']))];
const hash = '0123456789abcdef';

interface World {
  readonly tables: readonly ProfileTable[];
  readonly duplicates: DuplicateFilter;
  readonly pairs: FirstSeen;
  readonly buffer: JournalBuffer | undefined;
}

const duplicateShape = { events: 1000, horizon: 3_600_000 };
const pairShape = { pairs: 1000, period: 86_400_000 };

const newWorld = (keeps: boolean): World => {
  const owners = reserveOwners();
  const token = joinOwners(owners);
  const buffer = keeps ? new JournalBuffer() : undefined;
  return {
    tables: layouts.map((layout, table) => {
      const memory = reserveProfiles(layout, 200, { owners, sketches: 50 });
      return new ProfileTable(layout, memory, token, buffer === undefined ? undefined : { buffer, table });
    }),
    duplicates: new DuplicateFilter(duplicateShape, reserveDuplicateFilter(duplicateShape), owners, token, buffer),
    pairs: new FirstSeen(pairShape, reserveFirstSeen(pairShape), owners, token, buffer),
    buffer,
  };
};

/** Lets things happen in a world: events, labels, meetings, ids and pairs. */
const live = (world: World, steps: number, random: () => number, from = 0): void => {
  for (let step = from; step < from + steps; step += 1) {
    const at = start + step * 60_000 - Math.floor(random() * hours(2));
    for (const table of world.tables) {
      const key = Math.floor(random() * 40);
      const row = table.claim(Math.imul(key + 1, 0x9e3779b1), key);
      assert.ok(table.enter(row));
      new Profile(table).open(row).add(at, Math.floor(random() * 5000));
      const [place] = table.layout.distinct;
      assert.ok(place);
      new DistinctView(table).open(row).meet(place, Math.imul(Math.floor(random() * (key + 1)), 0x45d9f3b), at);
      if (random() < 0.2) new Profile(table).open(row).settle(at - hours(3), random() < 0.3, random() < 0.3);
      table.leave();
    }
    world.duplicates.take(Math.imul(step, 0x9e3779b1), step, start);
    world.pairs.meet(step, 1, Math.imul(step, 77), 2, start);
  }
};

/** What a world's rows hold, without locks, versions and numbers of sketches. */
const contentOf = ({ tables }: World): readonly string[] =>
  tables.flatMap((table) => {
    const found: string[] = [];
    for (let key = 0; key < 40; key += 1) {
      const row = table.find(Math.imul(key + 1, 0x9e3779b1), key);
      if (row < 0) continue;
      const { words } = table.chunkOf(row);
      const at = table.wordOf(row) * 2;
      const copy = words.slice(at, at + table.layout.words * 2);
      copy[field.lock] = 0;
      const counts: string[] = [];
      for (const place of table.layout.distinct) {
        if (place.sketch >= 0) copy[place.sketch] = Math.min(1, copy[place.sketch] as number);
        for (const span of [hours(24), days(7)]) {
          const read = { count: 0, kind: 0 };
          new DistinctView(table).open(row).count(place, start + days(1), span, read);
          counts.push(`${read.count} ${read.kind}`);
        }
      }
      found.push(`${key}: ${Buffer.from(copy.buffer).toString('base64')} ${counts.join()}`);
    }
    return found;
  });

const takeFrames = (world: World, random: () => number): Uint8Array[] => {
  const bytes = world.buffer?.take() ?? new Uint8Array();
  const entries: Uint8Array[] = Array.from({ length: bytes.length / entryBytes }, (_, index) =>
    bytes.subarray(index * entryBytes, (index + 1) * entryBytes),
  );
  // Threads append by turns: neighbours in the journal may be of any order.
  for (let place = entries.length - 1; place > 0; place -= 1) {
    const other = Math.max(0, place - Math.floor(random() * 60));
    [entries[place], entries[other]] = [entries[other] as Uint8Array, entries[place] as Uint8Array];
  }
  const frames: Uint8Array[] = [];
  for (let from = 0; from < entries.length; from += 50)
    frames.push(writeFrame(frames.length + 1, entries.slice(from, from + 50), crc32));
  return frames;
};

const journalOf = (frames: readonly Uint8Array[]): Uint8Array =>
  Buffer.concat([writeFileHead('journal', 7, hash, crc32), ...frames]);

const copyRows = (from: World, into: World, keepFrom = 0): void => {
  const buffer = new Uint8Array(64 * 1024);
  for (const [number, table] of from.tables.entries()) {
    for (let first = 0; first < table.size; ) {
      const { next, items, bytes } = packRows(table, first, 1000, buffer);
      const section = { kind: sectionKind.rows, number, first, items, content: buffer.subarray(0, bytes) };
      const read = readSection(writeSection(section, crc32), crc32);
      assert.ok(read.ok);
      const unpacked = unpackRows(into.tables[number] as ProfileTable, read.value, keepFrom);
      assert.ok(unpacked.ok);
      first = next;
    }
  }
};

test('a snapshot taken in the middle and the journal, whose threads are out of step, end where the world is', () => {
  const random = randomFrom(seedOf('profile formats'));
  const world = newWorld(true);
  live(world, 300, random);
  world.buffer?.take();
  const restored = newWorld(false);
  live(world, 100, random, 300);
  copyRows(world, restored);
  live(world, 400, random, 400);
  assert.notDeepEqual(contentOf(restored), contentOf(world));
  const read = readFrames(journalOf(takeFrames(world, random)), crc32);
  assert.ok(read.ok);
  const replay = new JournalReplay(restored);
  for (const frame of read.value.frames) replay.take(frame);
  const report = replay.finish();
  assert.deepEqual(contentOf(restored), contentOf(world));
  assert.ok(report.applied > 0 && report.known > 0);
  assert.deepEqual([report.missing, report.refused], [0, 0]);
  assert.equal(restored.duplicates.take(Math.imul(500, 0x9e3779b1), 500, start), seenBefore.yes);
  assert.equal(restored.pairs.meet(500, 1, Math.imul(500, 77), 2, start), 0);
});

test('a change that was never acknowledged is missing and counted; those after it count', () => {
  const world = newWorld(true);
  live(world, 50, randomFrom(1));
  const bytes = world.buffer?.take() ?? new Uint8Array();
  const view = new DataView(bytes.buffer);
  const place = Array.from({ length: bytes.length / entryBytes }, (_, index) => index * entryBytes).find(
    (at) => view.getUint8(at) === 1 && view.getInt32(at + 4, true) === 1,
  );
  assert.ok(place !== undefined);
  const rest = Buffer.concat([bytes.subarray(0, place), bytes.subarray(place + entryBytes)]);
  const restored = newWorld(false);
  const replay = new JournalReplay(restored);
  replay.take(rest);
  const report = replay.finish();
  assert.equal(report.missing, 1);
  assert.equal(report.applied, bytes.length / entryBytes - 1);
  const strange = new Uint8Array(entryBytes * 2);
  strange[0] = 99;
  strange[entryBytes] = 1;
  strange[entryBytes + 2] = 44;
  const second = new JournalReplay(restored);
  second.take(strange);
  assert.equal(second.finish().refused, 2);
});

test('a journal cut at any byte gives its whole frames and a torn tail; a broken frame in the middle is damage', () => {
  const world = newWorld(true);
  live(world, 30, randomFrom(2));
  const frames = takeFrames(world, () => 0).slice(0, 3);
  const journal = journalOf(frames);
  const lengths = frames.map(({ length }) => length);
  for (let end = fileHeadBytes; end < journal.length; end += 1) {
    const read = readFrames(journal.subarray(0, end), crc32);
    assert.ok(read.ok);
    let whole = 0;
    let at = fileHeadBytes;
    while (at + (lengths[whole] ?? Number.POSITIVE_INFINITY) <= end) {
      at += lengths[whole] as number;
      whole += 1;
    }
    assert.deepEqual([read.value.frames.length, read.value.torn], [whole, end - at]);
  }
  const [first = 0] = lengths;
  for (let flip = fileHeadBytes; flip < journal.length; flip += 7) {
    const broken = Uint8Array.from(journal);
    broken[flip] = (broken[flip] as number) ^ 0x10;
    const read = readFrames(broken, crc32);
    const isLast = flip >= journal.length - (lengths[2] as number);
    assert.equal(read.ok, isLast, `byte ${flip} of ${journal.length}, first frame ${first}`);
    if (!read.ok) assert.equal(read.code, 'profiles.damaged');
  }
});

test('heads: foreign, of another version, of another layout, damaged, incomplete', () => {
  const head = writeFileHead('snapshot', 12, hash, crc32);
  assert.deepEqual(readFileHead(head, 'snapshot', hash, crc32), { ok: true, value: 12 });
  const codeOf = (bytes: Uint8Array, of = hash): string => {
    const read = readFileHead(bytes, 'snapshot', of, crc32);
    return read.ok ? 'ok' : read.code;
  };
  const changed = (at: number): Uint8Array => {
    const bytes = Uint8Array.from(head);
    bytes[at] = (bytes[at] as number) ^ 1;
    return bytes;
  };
  assert.equal(codeOf(writeFileHead('journal', 12, hash, crc32)), 'profiles.foreign');
  assert.equal(codeOf(changed(0)), 'profiles.foreign');
  assert.equal(codeOf(changed(4)), 'profiles.version');
  assert.equal(codeOf(changed(9)), 'profiles.damaged');
  assert.equal(codeOf(changed(17)), 'profiles.damaged');
  assert.equal(codeOf(head, 'fedcba9876543210'), 'profiles.layout');
  assert.equal(codeOf(head.subarray(0, 30)), 'profiles.incomplete');
  const named = (name: string, index: number) => [{ name, table: newWorld(false).tables[index] as ProfileTable }];
  assert.notEqual(profilesHash(named('a', 0)), profilesHash(named('b', 0)));
  assert.notEqual(profilesHash(named('a', 0)), profilesHash(named('a', 1)));
});

test('any bytes as journal, section or rows are read or refused, never thrown at', () => {
  const world = newWorld(true);
  live(world, 30, randomFrom(4));
  const journal = journalOf(takeFrames(world, () => 0));
  const buffer = new Uint8Array(64 * 1024);
  const packed = packRows(world.tables[1] as ProfileTable, 0, 20, buffer);
  const rows = buffer.slice(0, packed.bytes);
  fc.assert(
    fc.property(fc.integer({ min: 0 }), fc.uint8Array({ maxLength: 64 }), fc.nat(40), (at, noise, items) => {
      for (const base of [journal, rows]) {
        const bytes = Uint8Array.from(base);
        bytes.set(noise.subarray(0, Math.max(0, bytes.length - (at % bytes.length))), at % bytes.length);
        readFrames(bytes, crc32);
        readSection(bytes, crc32);
        const section = { kind: 1, number: 0, first: 0, items, content: bytes };
        const into = newWorld(false);
        unpackRows(into.tables[1] as ProfileTable, section, 0);
        unpackStripes(into.pairs.stripes, section);
        const replay = new JournalReplay(into);
        replay.take(bytes.subarray(0, Math.floor(bytes.length / entryBytes) * entryBytes));
        replay.finish();
      }
    }),
    { numRuns: 60 },
  );
});

test('rows that nobody uses are left out, and stripes of another shape are forgotten', () => {
  const world = newWorld(false);
  live(world, 200, randomFrom(5));
  const restored = newWorld(false);
  copyRows(world, restored, start + days(100));
  assert.deepEqual(
    restored.tables.map(({ size }) => size),
    [0, 0],
  );
  const buffer = new Uint8Array(1024 * 1024);
  const { next, items, bytes } = packStripes(world.pairs.stripes, 0, buffer);
  assert.ok(next > 0);
  const section = { kind: sectionKind.stripes, number: 1, first: 0, items, content: buffer.subarray(0, bytes) };
  assert.deepEqual(unpackStripes(restored.pairs.stripes, section), { ok: true, value: items });
  assert.equal(restored.pairs.meet(3, 1, Math.imul(3, 77), 2, start), 0);
  assert.deepEqual(unpackStripes(restored.duplicates.stripes, section), { ok: true, value: 0 });
  const cut = unpackStripes(restored.pairs.stripes, { ...section, items: items - 1 });
  assert.equal(cut.ok, false);
});

test('a buffer that is full loses what comes, says so, and frames take whole entries only', () => {
  const buffer = new JournalBuffer(2);
  for (let each = 0; each < 3; each += 1) buffer.row(1, 0, 0, each, 1, 2, start, 5);
  assert.deepEqual([buffer.entries, buffer.lost], [2, 1]);
  assert.equal(buffer.take().length, 2 * entryBytes);
  assert.equal(buffer.entries, 0);
  assert.throws(() => writeFrame(1, [new Uint8Array(31)], crc32), RangeError);
  assert.equal(writeFrame(1, [new Uint8Array(32)], crc32).length, frameHeadBytes + 32);
});
