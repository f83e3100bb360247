/**
 * Reports of signals as the record has them, on the main thread: at the start those of the last weeks are put in force again, and from then on
 * the newest steps of each device are held for whoever asks what happened.
 */
import { setImmediate as breathe } from 'node:timers/promises';
import { holdSignals, signalRules, stepReport } from '@hauberk/device';
import type { EpochMs } from '@hauberk/primitives';
import type { Outbox, OutboxEvent } from '../storage/outbox.ts';
import { readSignalKey, type SignalMemory } from './signal-memory.ts';
import { heldSignals, readSignalRecord, type SignalRecord, shortHash } from './signal-record.ts';

/** One step of a device's history. */
export interface SignalStep extends SignalRecord {
  readonly receivedAtMs: number;
}

/** What the stream works on. */
export interface SignalStreamParts {
  readonly outbox: Pick<Outbox, 'readAfter' | 'segments' | 'head'>;
  readonly memory: SignalMemory;
  readonly now: () => EpochMs;
  readonly replayDays: number;
}

const batchEvents = 512;
/** Devices whose steps are held, and steps of each. */
const mostDevices = 4096;
const mostSteps = 32;
const longestTtlMs = Math.max(...signalRules.map(({ ttlMs }) => ttlMs));
const dayMs = 86_400_000;

/** The stream. */
export class SignalStream {
  readonly #parts: SignalStreamParts;
  readonly #steps = new Map<string, SignalStep[]>();
  #position: number | undefined;
  #work: Promise<void> = Promise.resolve();
  constructor(parts: SignalStreamParts) {
    this.#parts = parts;
  }

  /** Reads everything that the record has by now. */
  drain(): Promise<void> {
    const work = this.#work.then(() => this.#read());
    this.#work = work.catch(() => undefined);
    return work;
  }

  /** The newest steps of a device, newest last, of those that arrived since the start or were read again. */
  async stepsOf(device: string): Promise<readonly SignalStep[]> {
    await this.drain();
    return this.#steps.get(device) ?? [];
  }

  /** Where reports begin that may still be in force. */
  async #firstPosition(): Promise<number> {
    const { outbox, now, replayDays } = this.#parts;
    const since = now() - Math.min(replayDays * dayMs, longestTtlMs);
    const segments = await outbox.segments();
    const first = segments.find(({ lastAtMs }) => lastAtMs >= since);
    return first === undefined ? outbox.head() : first.firstPosition - 1;
  }

  async #read(): Promise<void> {
    this.#position ??= await this.#firstPosition();
    for (;;) {
      const events = await this.#parts.outbox.readAfter(this.#position, batchEvents);
      const last = events.at(-1);
      if (last === undefined) return;
      for (const event of events) this.#take(event);
      this.#position = last.position;
      // The thread serves others meanwhile.
      await breathe();
    }
  }

  /** Puts a report in force once more: what is in force already stays as it is, what is over is not read. */
  #take(event: OutboxEvent): void {
    const record = readSignalRecord(event);
    const key = readSignalKey(record?.device);
    if (record === undefined || key === undefined) return;
    const { table } = this.#parts.memory;
    const atS = Math.floor(event.atMs / 1000);
    if (record.succession !== 'stale')
      stepReport(table, key, { counter: record.counter, hash: shortHash(record.hash), previous: undefined, atS });
    holdSignals(table, key, heldSignals(record.signals), atS);
    this.#remember({ ...record, receivedAtMs: event.atMs });
  }

  #remember(step: SignalStep): void {
    const steps = this.#steps.get(step.device) ?? [];
    this.#steps.delete(step.device);
    if (this.#steps.size >= mostDevices) for (const oldest of this.#steps.keys()) if (this.#steps.delete(oldest)) break;
    steps.push(step);
    if (steps.length > mostSteps) steps.shift();
    this.#steps.set(step.device, steps);
  }
}
