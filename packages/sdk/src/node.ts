/** The SDK for Node: command-line tools, servers that call a protected service, tests. */
import { suiteIds } from '@hauberk/channel/client';
import { nodeAsyncCrypto } from '@hauberk/crypto/node';
import { fetchTransport } from './core/fetch-transport.ts';
import { createClient, type Hauberk } from './core/hauberk.ts';
import type { HauberkOptions, HostPorts } from './core/options.ts';
import { memoryStorage } from './core/storage.ts';
import { nodePhaseOf } from './node-phase.ts';

export type { FetchInput } from './core/call.ts';
export type { Hauberk } from './core/hauberk.ts';
export { type FailurePhase, type HauberkCode, HauberkError } from './core/hauberk-error.ts';
export {
  type DevicePlug,
  type HauberkOptions,
  HauberkOptionsError,
  type PinnedKey,
  type StepUpStep,
  type StepUpTransaction,
  type TrustRoot,
} from './core/options.ts';
export type { ReportOptions } from './core/report-queue.ts';
export type { HauberkStatus } from './core/status.ts';
export { type ClientStorage, memoryStorage, type StoredEntries } from './core/storage.ts';
export { fileStorage } from './file-storage.ts';

/** The ports of Node; each may be replaced. Without a storage the device lives as long as this process. */
export const nodePorts = (replaced: Partial<HostPorts> = {}): HostPorts => ({
  crypto: nodeAsyncCrypto,
  storage: replaced.storage ?? memoryStorage(),
  transport: fetchTransport((url, init) => fetch(url, init), nodePhaseOf, true),
  clock: { monotonic: () => performance.now(), wall: () => Date.now() },
  suites: suiteIds,
  ...replaced,
});

/** Makes a client with Node's own cryptography, fetch and clocks. */
export const createHauberk = (options: HauberkOptions, ports: Partial<HostPorts> = {}): Hauberk =>
  createClient(options, nodePorts(ports));
