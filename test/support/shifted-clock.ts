/**
 * `node --import file:///…/shifted-clock.ts?shift=MS`: the wall clock of a process and its threads, moved. Data that was recorded once stays
 * as young for a test as it was then.
 */
import { syncBuiltinESMExports } from 'node:module';
import workerThreads, { type WorkerOptions } from 'node:worker_threads';

const shiftMs = Number(new URL(import.meta.url).searchParams.get('shift'));
const RealDate = Date;

class ShiftedDate extends RealDate {
  constructor(...parts: readonly unknown[]) {
    if (parts.length === 0) super(RealDate.now() + shiftMs);
    else super(...(parts as [number]));
  }
  static override now(): number {
    return RealDate.now() + shiftMs;
  }
}
globalThis.Date = ShiftedDate as DateConstructor;

const RealWorker = workerThreads.Worker;
workerThreads.Worker = class extends RealWorker {
  constructor(file: string | URL, options: WorkerOptions = {}) {
    super(file, { ...options, execArgv: [...(options.execArgv ?? []), '--import', import.meta.url] });
  }
};
syncBuiltinESMExports();
