/** One thread of many: puts signals of its own in force, and looks that what it reads was written by one writer at a time. */
import { parentPort, workerData } from 'node:worker_threads';
import { holdSignals, newSignalRow, openSignalTable, stepReport } from '../../src/index.ts';
import { readSignalRow, slotOf } from '../../src/signals/signal-table.ts';

const { memory, thread, turns, devices } = workerData as {
  memory: SharedArrayBuffer;
  thread: number;
  turns: number;
  devices: number;
};
const table = openSignalTable(memory);
const row = newSignalRow();
let torn = 0;
for (let turn = 0; turn < turns; turn += 1) {
  const key = { low: 1 + (turn % devices), high: 7 };
  // Value and end say the same: a copy in which they differ was torn.
  const value = 1 + ((turn * 31 + thread) % 900);
  const untilS = 1_000_000 + value;
  holdSignals(table, key, [{ index: thread, value, provenance: 'native', untilS }], turn);
  stepReport(table, key, { counter: turn + 1, hash: key, previous: undefined, atS: turn });
  if (readSignalRow(table, key, row))
    for (let slot = 0; slot < row.used; slot += 1) {
      const held = slotOf(row, slot);
      if (held.untilS !== 1_000_000 + held.value) torn += 1;
    }
}
parentPort?.postMessage({ torn });
