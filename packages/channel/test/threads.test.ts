import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import {
  allocateSlot,
  claimInSlot,
  deviceTableBytes,
  findDeviceRow,
  generationOf,
  openDeviceTable,
  openSessionTable,
  raiseGeneration,
  type SlotReference,
  sessionTableBytes,
  strikeRegisterBytes,
} from '@hauberk/channel';
import { epochSeconds } from '@hauberk/primitives';
import type { HammerOrder } from './fixture/hammer.ts';
import { isFull } from './fixture/seed.ts';

const bornAt = 1_790_000_000;
const siblings = 4;
const perRound = 56;
const devicesPerRound = 48;
const script = new URL('./fixture/hammer.ts', import.meta.url);

const hammer = (order: Partial<HammerOrder> & Pick<HammerOrder, 'task' | 'memory'>): Worker => {
  const step = order.step ?? new SharedArrayBuffer(4);
  const workerData = { siblings, rounds: 1, bornAt, counts: [], references: [], ...order, step };
  return new Worker(script, { workerData });
};

/** What every worker answers; one that fails ends the others, which would wait for it. */
const answersOf = async (workers: readonly Worker[]): Promise<number[]> => {
  try {
    const answers = await Promise.all(workers.map((worker) => once(worker, 'message')));
    return answers.flatMap(([won]) => won);
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
};

describe('shared tables under real threads', () => {
  it('every number of every session is accepted by exactly one of four threads', async () => {
    const counts = [8];
    const memory = new SharedArrayBuffer(sessionTableBytes(counts));
    const table = openSessionTable(memory, counts, epochSeconds(bornAt));
    const references: SlotReference[] = [];
    for (let index = 0; index < 8; index += 1) {
      const taken = allocateSlot(table, 0, epochSeconds(bornAt + 3600), epochSeconds(bornAt));
      if (taken !== undefined) references.push(taken);
    }
    assert.equal(references.length, 8);
    const rounds = isFull ? 2000 : 100;
    const order = { task: 'claim' as const, memory, step: new SharedArrayBuffer(4), counts, references, rounds };
    const won = await answersOf([...Array(siblings)].map(() => hammer(order)));
    assert.equal(won.length, references.length * rounds * perRound, 'a first delivery was refused or one was doubled');
    assert.equal(new Set(won).size, won.length);
  });

  it('every hello is struck off by exactly one of four threads, also while the turn changes under them', async () => {
    const memory = new SharedArrayBuffer(strikeRegisterBytes(4096));
    const rounds = isFull ? 2000 : 100;
    const step = new SharedArrayBuffer(4);
    const idle = { slot: 0, generation: 0 };
    const workers = [...Array(siblings).keys()].map((index) =>
      hammer({ task: 'strike', memory, step, rounds, references: index % 2 === 0 ? [] : [idle] }),
    );
    const won = await answersOf(workers);
    assert.equal(new Set(won).size, won.length, 'one hello opened two sessions');
    // Two threads that meet on both sides of a turn may both refuse; nothing else may be lost.
    assert.ok(won.length >= rounds * 20 * 0.99, `${won.length} of ${rounds * 20}`);
  });

  it('rows that four threads open at once serve one device each, and a revocation reaches every one of them', async () => {
    const memory = new SharedArrayBuffer(deviceTableBytes(256));
    const rounds = isFull ? 2000 : 200;
    const order = { task: 'device' as const, memory, step: new SharedArrayBuffer(4), rounds };
    const opened = await answersOf([...Array(siblings)].map(() => hammer(order)));
    assert.equal(opened.length, siblings * rounds * devicesPerRound);
    const table = openDeviceTable(memory);
    const last = opened.filter((found) => found >= (rounds - 1) * devicesPerRound * 1000);
    const deviceOf = new Map<number, number>();
    for (const found of last) {
      const [device, row] = [Math.floor(found / 1000), found % 1000];
      assert.equal(deviceOf.get(row) ?? device, device, `row ${row} serves two devices`);
      deviceOf.set(row, device);
    }
    for (const device of new Set(deviceOf.values())) {
      const row = findDeviceRow(table, BigInt(device + 1));
      assert.ok(row !== undefined);
      raiseGeneration(table, row, 1);
    }
    for (const row of deviceOf.keys()) assert.equal(generationOf(table, row), 1, `row ${row} was not reached`);
  });

  it('a thread that is terminated while it lays out slots takes at most one with it, and no lock stays held', async () => {
    const rounds = isFull ? 100 : 5;
    for (let round = 0; round < rounds; round += 1) {
      const counts = [16];
      const memory = new SharedArrayBuffer(sessionTableBytes(counts));
      const victims = [hammer({ task: 'allocate', memory, counts }), hammer({ task: 'allocate', memory, counts })];
      await Promise.all(victims.map((victim) => once(victim, 'message')));
      await Promise.all(victims.map((victim) => victim.terminate()));
      const table = openSessionTable(memory, counts, epochSeconds(bornAt));
      const later = epochSeconds(bornAt + 2 ** 27);
      const taken: SlotReference[] = [];
      for (let index = 0; index < 16; index += 1) {
        const slot = allocateSlot(table, 0, epochSeconds(later + 3600), later);
        if (slot !== undefined) taken.push(slot);
      }
      assert.ok(taken.length >= 14, `${taken.length} slots left of 16`);
      for (const reference of taken) {
        for (let sequence = 1; sequence <= 100; sequence += 1)
          assert.equal(claimInSlot(table, reference, sequence, later), 'fresh');
      }
    }
  });
});
