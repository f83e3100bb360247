/** A thread with an engine over shared memory: decides on its share of the steps and answers what it did, in order. */
import { parentPort, workerData } from 'node:worker_threads';
import type { EngineMemory } from '@hauberk/decision';
import { newEngine, stepsOf } from './small-bank.ts';

interface Task {
  readonly memory: EngineMemory;
  readonly token: number;
  readonly seed: number;
  readonly count: number;
}

/** One step that a thread took: its number, which step of its seed it was, and the record of a decision. */
export interface Taken {
  readonly order: number;
  readonly step: number;
  readonly record: Uint8Array | undefined;
}

const { memory, token, seed, count } = workerData as Task;
const engine = newEngine({ memory, token });
const taken: Taken[] = [];
for (const [step, each] of [...stepsOf(seed, count)].entries()) {
  if (each.kind === 'label') taken.push({ order: engine.label(each).order, step, record: undefined });
  else {
    const { order, record } = engine.decide(each.event, each.context);
    taken.push({ order, step, record });
  }
}
parentPort?.postMessage(taken);
