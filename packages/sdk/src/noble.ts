/**
 * The SDK for hosts without WebCrypto: React Native, mini-programs. Cryptography is portable code, so private keys are bytes that the
 * given storage must guard; hosts with a key store pass a `crypto` of their own.
 */
import { suiteIds } from '@hauberk/channel/client';
import { nobleAsyncCrypto } from '@hauberk/crypto/noble';
import { createClient, type Hauberk } from './core/hauberk.ts';
import type { HauberkOptions, HostPorts } from './core/options.ts';

export type { FetchInput } from './core/call.ts';
export { fetchTransport, type HostFetch, type PhaseReader } from './core/fetch-transport.ts';
export type { Hauberk } from './core/hauberk.ts';
export { type FailurePhase, type HauberkCode, HauberkError } from './core/hauberk-error.ts';
export {
  type HauberkOptions,
  HauberkOptionsError,
  type HostPorts,
  type PinnedKey,
  type StepUpStep,
  type StepUpTransaction,
  type TrustRoot,
} from './core/options.ts';
export type { ReportOptions } from './core/report-queue.ts';
export type { HauberkStatus } from './core/status.ts';
export { type ClientStorage, memoryStorage, type StoredEntries } from './core/storage.ts';
export { type Transport, TransportFault, type TransportReply, type TransportRequest } from './core/transport.ts';

/** What such a host must bring itself. */
export type NoblePorts = Pick<HostPorts, 'storage' | 'transport' | 'clock'> & Partial<HostPorts>;

/** Makes a client on the host's storage, transport and clocks. The host has the Fetch standard's classes, or polyfills of them. */
export const createHauberk = (options: HauberkOptions, ports: NoblePorts): Hauberk =>
  createClient(options, { crypto: nobleAsyncCrypto, suites: suiteIds, ...ports });
