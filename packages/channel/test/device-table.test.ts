import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import {
  challengesPerDevice,
  consumeChallenge,
  type DeviceTable,
  deviceTableBytes,
  deviceTableKey,
  enterSession,
  findDeviceRow,
  generationOf,
  keepDeviceRow,
  openChallenge,
  openDeviceRow,
  openDeviceTable,
  raiseGeneration,
  revokeDeviceRow,
  sessionsPerDevice,
} from '@hauberk/channel';
import { type EpochSeconds, epochSeconds } from '@hauberk/primitives';

const fresh = (capacity: number): DeviceTable => openDeviceTable(new SharedArrayBuffer(deviceTableBytes(capacity)));
const now = epochSeconds(1_790_000_000);
const hour = 3600;
const at = (second: number): EpochSeconds => epochSeconds(now + second);
const open = (table: DeviceTable, key: bigint, generation = 0, second = 0): number | undefined =>
  openDeviceRow(table, key, generation, at(second), at(second + hour));
const rowOf = (table: DeviceTable, key: bigint, generation = 0, second = 0): number => {
  const row = open(table, key, generation, second);
  if (row === undefined) throw new Error('table full');
  return row;
};

describe('device table', () => {
  it('a device has one row, whoever opens it and however often', () => {
    const memory = new SharedArrayBuffer(deviceTableBytes(16));
    const [one, other] = [openDeviceTable(memory), openDeviceTable(memory)];
    const row = rowOf(one, 77n);
    assert.equal(rowOf(other, 77n), row);
    assert.equal(findDeviceRow(other, 77n), row);
    assert.equal(findDeviceRow(other, 78n), undefined);
  });

  it('devices whose rows collide have rows of their own, and a full table refuses', () => {
    const table = fresh(4);
    const rows = [1n, 5n, 9n, 13n].map((key) => rowOf(table, key));
    assert.equal(new Set(rows).size, 4);
    assert.equal(open(table, 17n), undefined);
    assert.equal(rowOf(table, 9n), rows[2]);
  });

  describe('with reserved rows', () => {
    const reserving = (capacity: number): DeviceTable =>
      openDeviceTable(new SharedArrayBuffer(deviceTableBytes(capacity)), true);
    const lowest = (table: DeviceTable, key: bigint, second = 0): number | undefined =>
      openDeviceRow(table, key, 0, at(second), at(second + hour), true);

    it('a flood of the lowest tier leaves every fourth row to the others, who may have any', () => {
      const table = reserving(64);
      const flooded = Array.from({ length: 500 }, (_, index) => lowest(table, BigInt(index + 1)));
      assert.equal(flooded.filter((row) => row !== undefined).length, 48);
      const others = Array.from({ length: 20 }, (_, index) => open(table, BigInt(index + 1000)));
      assert.equal(others.filter((row) => row !== undefined).length, 16);
      const whole = reserving(64);
      const alone = Array.from({ length: 70 }, (_, index) => open(whole, BigInt(index + 1)));
      assert.equal(alone.filter((row) => row !== undefined).length, 64);
    });

    it('every device finds its row again, also past reserved ones that nobody uses, and keeps it when its tier changes', () => {
      const table = reserving(16);
      for (const key of [3n, 19n, 35n, 51n]) {
        const row = lowest(table, key);
        assert.ok(row !== undefined && row % 4 !== 3, String(row));
        assert.equal(findDeviceRow(table, key), row);
        assert.equal(open(table, key), row);
      }
      const high = rowOf(table, 7n);
      assert.equal(lowest(table, 7n), high);
    });

    it('a revocation reaches a device whose row lies behind a reserved one, and one that has none yet', () => {
      const table = reserving(16);
      const row = lowest(table, 3n) ?? 0;
      assert.ok(revokeDeviceRow(table, 3n, 5, now, at(hour)));
      assert.equal(generationOf(table, row), 5);
      assert.ok(revokeDeviceRow(table, 19n, 2, now, at(hour)));
      const late = lowest(table, 19n);
      assert.ok(late !== undefined);
      assert.equal(generationOf(table, late), 2);
    });
  });

  it('a generation rises and never falls', () => {
    const table = fresh(4);
    const row = rowOf(table, 1n, 3);
    assert.equal(generationOf(table, row), 3);
    raiseGeneration(table, row, 5);
    raiseGeneration(table, row, 4);
    rowOf(table, 1n, 2);
    assert.equal(generationOf(table, row), 5);
  });

  it('over its quota a device loses its oldest session, one for each new one', () => {
    const table = fresh(4);
    const row = rowOf(table, 1n);
    const displaced = [...Array(3 * sessionsPerDevice).keys()].map((slot) =>
      enterSession(table, row, { slot, generation: slot + 100 }),
    );
    assert.deepEqual(displaced.slice(0, sessionsPerDevice), Array(sessionsPerDevice).fill(undefined));
    for (const [index, session] of displaced.slice(sessionsPerDevice).entries())
      assert.deepEqual(session, { slot: index, generation: index + 100 });
  });

  it('a challenge is consumed once, in any spelling of its 32 bits, and a fifth displaces one', () => {
    const table = fresh(4);
    const row = rowOf(table, 1n);
    for (const mark of [7, -7, 0xf000_0001, 0x7fff_ffff]) {
      openChallenge(table, row, mark, 0);
      assert.equal(consumeChallenge(table, row, mark), true, `${mark}`);
      assert.equal(consumeChallenge(table, row, mark), false);
    }
    for (let mark = 1; mark <= challengesPerDevice + 1; mark += 1) openChallenge(table, row, mark, 2);
    const alive = [1, 2, 3, 4, 5].map((mark) => consumeChallenge(table, row, mark));
    assert.deepEqual(alive, [true, true, false, true, true]);
  });

  it("a neighbour's row is another's: nothing of one device shows in the next", () => {
    const table = fresh(2);
    const [left, right] = [rowOf(table, 2n), rowOf(table, 3n)];
    for (let slot = 0; slot < sessionsPerDevice; slot += 1) enterSession(table, left, { slot, generation: -1 });
    for (let mark = 1; mark <= challengesPerDevice; mark += 1) openChallenge(table, left, mark, 0);
    raiseGeneration(table, left, 9);
    assert.equal(generationOf(table, right), 0);
    assert.equal(enterSession(table, right, { slot: 0, generation: 1 }), undefined);
    assert.equal(consumeChallenge(table, right, 1), false);
  });

  it('a row serves another device once every ticket that names it has expired, and then holds nothing of the first', () => {
    const table = fresh(1);
    const row = rowOf(table, 5n, 7);
    enterSession(table, row, { slot: 1, generation: 1 });
    openChallenge(table, row, 9, 0);
    assert.equal(open(table, 6n, 0, hour), undefined);
    rowOf(table, 5n, 7, hour);
    assert.equal(open(table, 6n, 0, 2 * hour), undefined);
    assert.equal(open(table, 6n, 0, 2 * hour + 120), row);
    assert.equal(findDeviceRow(table, 5n), undefined);
    assert.equal(generationOf(table, row), 0);
    assert.equal(enterSession(table, row, { slot: 2, generation: 1 }), undefined);
    assert.equal(consumeChallenge(table, row, 9), false);
    assert.equal(keepDeviceRow(table, row, 5n, at(3 * hour)), false);
  });

  it('cheap enrolments lock nobody out: their rows come back within the life of a ticket', () => {
    const table = fresh(64);
    for (let flood = 1n; flood <= 64n; flood += 1n) rowOf(table, flood);
    assert.equal(open(table, 1000n), undefined);
    for (let round = 1; round < 50; round += 1) {
      for (let device = 0n; device < 64n; device += 1n)
        rowOf(table, BigInt(round) * 1000n + device, 0, round * (hour + 120));
    }
  });

  it('a revocation makes a row, so that a hello which read the record before finds it', () => {
    const table = fresh(4);
    assert.equal(revokeDeviceRow(table, 5n, 1, at(0), at(hour)), true);
    assert.equal(generationOf(table, rowOf(table, 5n, 0)), 1);
    for (const key of [1n, 2n, 3n]) rowOf(table, key);
    assert.equal(revokeDeviceRow(table, 9n, 1, at(0), at(hour)), false);
    assert.equal(revokeDeviceRow(table, 1n, 4, at(0), at(hour)), true);
    assert.equal(generationOf(table, rowOf(table, 1n)), 4);
  });

  it('a device that two threads gave a row each is revoked in both', () => {
    const table = fresh(8);
    const [first, second] = [rowOf(table, 8n), rowOf(table, 16n)];
    table.keys[second * 16] = 8n;
    raiseGeneration(table, first, 2);
    assert.deepEqual([generationOf(table, first), generationOf(table, second)], [2, 2]);
  });

  it('a row that a promise reached in time is not taken', () => {
    const table = fresh(1);
    const row = rowOf(table, 5n);
    const exchange = Atomics.compareExchange.bind(Atomics);
    const later = 2 * hour;
    const overtaken = mock.method(Atomics, 'compareExchange', ((...given: Parameters<typeof exchange>) => {
      overtaken.mock.restore();
      assert.equal(keepDeviceRow(table, row, 5n, at(later + hour)), true);
      return exchange(...given);
    }) as typeof Atomics.compareExchange);
    assert.equal(open(table, 6n, 0, later), undefined);
    assert.equal(findDeviceRow(table, 5n), row);
  });

  it('a row whose thread died while laying it out is never handed out', () => {
    const table = fresh(2);
    table.keys[0] = -1n;
    assert.equal(rowOf(table, 2n), 1);
    assert.equal(open(table, 4n, 0, 1000 * hour), 1);
  });

  it('the key of a device is never one of those with a meaning', () => {
    assert.equal(deviceTableKey(new Uint8Array(16)), 1n);
    assert.equal(deviceTableKey(new Uint8Array(16).fill(255)), 1n);
    assert.equal(deviceTableKey(Uint8Array.of(0, 0, 0, 0, 0, 0, 1, 0, 9, 9, 9, 9, 9, 9, 9, 9)), 256n);
  });
});
