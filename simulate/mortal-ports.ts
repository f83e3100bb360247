/** Ports of an app that dies: after the given number of storage and network steps nothing it does has an effect, and nothing answers it. */
import type { ClientStorage } from '@hauberk/sdk/node';
import { nodePorts } from '@hauberk/sdk/node';

type HostPorts = ReturnType<typeof nodePorts>;

/** When an app is killed: before or after the effect of a step. */
export interface Death {
  readonly step: number;
  readonly isAfterEffect: boolean;
}

/** An app's ports and its end. */
export interface MortalPorts {
  readonly ports: HostPorts;
  /** Resolves when it is killed. */
  readonly died: Promise<void>;
  readonly kill: () => void;
}

/** What a killed app waits for. */
const never = <Value>(): Promise<Value> => new Promise(() => undefined);

/** Makes the ports of one start of an app. Its storage outlives it. */
export const mortalPorts = (storage: ClientStorage, death: Death | undefined): MortalPorts => {
  const natural = nodePorts({ storage });
  const dead = new AbortController();
  const { promise: died, resolve } = Promise.withResolvers<void>();
  let steps = 0;
  const kill = (): void => {
    dead.abort();
    resolve();
  };
  const step = async <Value>(work: () => Promise<Value>): Promise<Value> => {
    if (dead.signal.aborted) return never();
    steps += 1;
    const isLast = death?.step === steps;
    if (isLast && !death?.isAfterEffect) kill();
    if (dead.signal.aborted) return never();
    const outcome = work();
    const settle = (): void => {
      if (isLast) kill();
    };
    try {
      const value = await outcome;
      settle();
      return dead.signal.aborted ? await never() : value;
    } catch (error) {
      settle();
      if (dead.signal.aborted) return never();
      throw error;
    }
  };
  const mortal: ClientStorage = {
    isPersistent: () => true,
    read: (name) => step(() => storage.read(name)),
    update: (name, change) => step(() => storage.update(name, change)),
    remove: (name) => step(() => storage.remove(name)),
  };
  const transport: HostPorts['transport'] = {
    streamsRequests: true,
    // The operating system closes the sockets of a killed app.
    send: (request) =>
      step(() => natural.transport.send({ ...request, signal: AbortSignal.any([request.signal, dead.signal]) })),
  };
  return { ports: { ...natural, storage: mortal, transport }, died, kill };
};
