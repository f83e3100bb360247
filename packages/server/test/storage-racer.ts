/** A thread that begins every key it is told of, as a gateway worker does, and tells which were fresh to it. */
import { parentPort, workerData } from 'node:worker_threads';
import { epochMs } from '@hauberk/primitives';
import { connectStorage, type StateConnection } from '../src/storage/index.ts';

const { connection, keys } = workerData as { connection: StateConnection; keys: readonly string[] };
const state = connectStorage(connection);
const now = epochMs(Date.now());
const request = { fingerprint: 'f', expiresAtMs: epochMs(now + 3_600_000), retryUnknown: false };
const scope = { organisation: 'bank', app: 'retail' };
const states = await Promise.all(
  keys.map(async (key) => {
    const begun = await state.ports.idempotency.begin(
      scope,
      { device: 'd', customer: 'c', route: 'r', key },
      request,
      now,
    );
    return begun.ok ? begun.value.state : begun.code;
  }),
);
// Stays connected: a thread that ends gives up what it has started.
parentPort?.on('message', () => void state.close().then(() => parentPort?.close()));
parentPort?.postMessage(states);
