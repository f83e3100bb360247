import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  challengesPerDevice,
  consumeChallenge,
  type DeviceTable,
  deviceTableBytes,
  deviceTableKey,
  enterSession,
  findDeviceRow,
  generationOf,
  openChallenge,
  openDeviceRow,
  openDeviceTable,
  raiseGeneration,
  sessionsPerDevice,
} from '@hauberk/channel';

const fresh = (capacity: number): DeviceTable => openDeviceTable(new SharedArrayBuffer(deviceTableBytes(capacity)));
const rowOf = (table: DeviceTable, key: bigint, generation = 0): number => {
  const row = openDeviceRow(table, key, generation);
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
    assert.equal(openDeviceRow(table, 17n, 0), undefined);
    assert.equal(rowOf(table, 9n), rows[2]);
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

  it('the key of a device is never zero, which means no device', () => {
    assert.equal(deviceTableKey(new Uint8Array(16)), 1n);
    assert.equal(deviceTableKey(Uint8Array.of(0, 0, 0, 0, 0, 0, 1, 0, 9, 9, 9, 9, 9, 9, 9, 9)), 256n);
  });
});
