/** Several threads write and read the same rows: no copy is torn, and nothing is lost. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { newSignalRow, openSignalTable, signalTableBytes } from '../../src/index.ts';
import { readSignalRow, slotOf } from '../../src/signals/signal-table.ts';

test('four threads on four devices: each device ends with the newest signal of every thread, and no read was torn', async () => {
  const [threads, devices, turns] = [4, 4, 12_000];
  const memory = new SharedArrayBuffer(signalTableBytes(8));
  const told = await Promise.all(
    Array.from({ length: threads }, async (_, thread) => {
      const workerData = { memory, thread, turns, devices };
      const worker = new Worker(new URL('signal-racer.ts', import.meta.url), { workerData });
      const [message] = (await once(worker, 'message')) as [{ torn: number }];
      return message;
    }),
  );
  assert.deepEqual(
    told.map(({ torn }) => torn),
    [0, 0, 0, 0],
  );
  const table = openSignalTable(memory);
  const row = newSignalRow();
  for (let device = 1; device <= devices; device += 1) {
    assert.ok(readSignalRow(table, { low: device, high: 7 }, row));
    assert.equal(row.used, threads);
    const indexes = Array.from({ length: row.used }, (_, slot) => slotOf(row, slot).index);
    assert.deepEqual(new Set(indexes), new Set([0, 1, 2, 3]));
    // The end that is latest of all that were written stays.
    for (let slot = 0; slot < row.used; slot += 1) assert.ok(slotOf(row, slot).value > 800);
    assert.equal(row.counter, turns - devices + device);
  }
});
