/** A thread that changes, reads or holds rows of a shared table, for the tests of row locks. */
import { parentPort, workerData } from 'node:worker_threads';
import { emptyRead, Profile } from '../../src/windows/profile.ts';
import { compileLayout, field, type ProfileSpec } from '../../src/windows/profile-layout.ts';
import { type ProfileMemory, ProfileTable } from '../../src/windows/profile-table.ts';

/** What a thread is told. */
export interface RowWork {
  readonly kind: 'change' | 'read' | 'hold';
  readonly spec: ProfileSpec;
  readonly memory: ProfileMemory;
  readonly token: number;
  readonly rows: number;
  readonly changes: number;
  readonly start: number;
  /** A word that is 1 once readers should stop. */
  readonly done: SharedArrayBuffer;
}

const work = workerData as RowWork;
const table = new ProfileTable(compileLayout(work.spec), work.memory, work.token);
const profile = new Profile(table);
const done = new Int32Array(work.done);

const change = (): unknown => {
  const orders: number[][] = Array.from({ length: work.rows }, () => []);
  for (let each = 0; each < work.changes; each += 1) {
    const key = (each * 7 + work.token) % work.rows;
    const row = table.claim(Math.imul(key + 1, 0x9e3779b1), key);
    if (!table.enter(row)) throw new Error('the row stayed held');
    profile.open(row).add(work.start + (each % 1000), 100);
    orders[key]?.push(table.leave());
  }
  return orders;
};

/** Every piece of a row tells the same number of events, or the row was torn. */
const read = (): unknown => {
  let whole = 0;
  let torn = 0;
  for (let isLast = false; !isLast; ) {
    isLast = Atomics.load(done, 0) === 1;
    for (let key = 0; key < work.rows; key += 1) {
      const row = table.find(Math.imul(key + 1, 0x9e3779b1), key);
      if (row < 0) continue;
      const version = table.versionOf(row);
      if ((version & 1) === 1) continue;
      const window = emptyRead();
      const [ring] = table.layout.rings;
      if (ring === undefined) throw new Error('no ring');
      profile.open(row).read(ring, work.start + 1000, 0, ring.buckets, window);
      const { events, order } = profile;
      if (!table.isUnchanged(row, version)) continue;
      whole += 1;
      if (events !== order || window.count !== events || window.sum !== events * 100) torn += 1;
    }
  }
  return { whole, torn };
};

const hold = (): void => {
  const row = table.claim(Math.imul(1, 0x9e3779b1), 0);
  if (!table.enter(row)) throw new Error('the row stayed held');
  profile.open(row).setWord(field.events, 999_999);
  profile.setWord(field.order, 999_999);
  parentPort?.postMessage('held');
  Atomics.wait(done, 0, 0);
};

if (work.kind === 'hold') hold();
else parentPort?.postMessage(work.kind === 'change' ? change() : read());
