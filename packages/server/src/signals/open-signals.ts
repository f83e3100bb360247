/** Signals on the main thread: what was in force before the start is again, and what happened since can be asked. */
import type { EpochMs } from '@hauberk/primitives';
import type { SignalsConfig } from '../config/signals-schema.ts';
import type { KeyReader } from '../keys/key-provider.ts';
import type { Outbox } from '../storage/outbox.ts';
import { openSignalMemory, reserveSignals, type SignalMemory, signalKeyText } from './signal-memory.ts';
import { type SignalStep, SignalStream } from './signal-stream.ts';

/** What they stand on. */
export interface SignalsParts {
  readonly config: SignalsConfig;
  readonly outbox: Outbox;
  readonly keys: KeyReader;
  /** Of decisions, where the configuration names one. */
  readonly decisionSecret: string | undefined;
  readonly now: () => EpochMs;
  readonly failed: (error: unknown) => void;
}

/** Signals of a running gateway. */
export interface Signals {
  /** For the workers. */
  readonly shared: SharedArrayBuffer;
  readonly memory: SignalMemory;
  /** The newest reports of a device, newest last. */
  readonly stepsOf: (deviceId: string) => Promise<readonly SignalStep[]>;
  /** Settles when what the record holds is in force again, or after a while: the rest then follows while requests are served. */
  readonly start: () => Promise<void>;
  readonly close: () => void;
}

const readEveryMs = 1000;
const mostWaitMs = 10_000;

/** Opens them; nothing is read before `start`. */
export const openSignals = ({ config, outbox, keys, decisionSecret, now, failed }: SignalsParts): Signals => {
  const shared = reserveSignals(config.devices);
  const memory = openSignalMemory(shared, keys, config, now(), decisionSecret);
  const stream = new SignalStream({ outbox, memory, now, replayDays: config.replayDays });
  let timer: NodeJS.Timeout | undefined;
  let isReading = false;
  const read = async (): Promise<void> => {
    if (isReading) return;
    isReading = true;
    await stream.drain().catch(failed);
    isReading = false;
  };
  return {
    shared,
    memory,
    stepsOf: (deviceId) => stream.stepsOf(signalKeyText(memory.keyOf(deviceId))),
    start: async () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const patience = setTimeout(resolve, mostWaitMs);
      await Promise.race([read(), promise]);
      clearTimeout(patience);
      timer = setInterval(() => void read(), readEveryMs).unref();
    },
    close: () => clearInterval(timer),
  };
};
