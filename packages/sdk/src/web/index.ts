/** The SDK for browsers and WebViews: WebCrypto, IndexedDB, the host's own fetch. */
import type { SuiteId } from '@hauberk/channel/client';
import { webCrypto } from '@hauberk/crypto/webcrypto';
import { fetchTransport } from '../core/fetch-transport.ts';
import { createClient, type Hauberk } from '../core/hauberk.ts';
import type { HauberkOptions, HostPorts } from '../core/options.ts';
import { webStorage } from './web-storage.ts';

export type { FetchInput } from '../core/call.ts';
export type { Hauberk } from '../core/hauberk.ts';
export { type FailurePhase, type HauberkCode, HauberkError } from '../core/hauberk-error.ts';
export {
  type DevicePlug,
  type HauberkOptions,
  HauberkOptionsError,
  type HostPorts,
  type PinnedKey,
  type StepUpStep,
  type StepUpTransaction,
  type TrustRoot,
} from '../core/options.ts';
export type { ReportOptions } from '../core/report-queue.ts';
export type { HauberkStatus } from '../core/status.ts';
export type { ClientStorage, StoredEntries } from '../core/storage.ts';

/** Every browser with WebCrypto has P-256; not every one that we serve has X25519. */
const suites: readonly SuiteId[] = ['HB1-P256'];

const webPorts = ({ organisation, app, service }: HauberkOptions, replaced: Partial<HostPorts>): HostPorts => ({
  crypto: replaced.crypto ?? webCrypto(),
  storage: replaced.storage ?? webStorage(`hauberk/${organisation}/${app}/${service}`),
  // A browser tells nothing of why a fetch failed, so anything may have happened.
  transport:
    replaced.transport ??
    fetchTransport(
      (url, init) => fetch(url, init),
      () => 'send',
      false,
    ),
  clock: replaced.clock ?? { monotonic: () => performance.now(), wall: () => Date.now() },
  suites: replaced.suites ?? suites,
});

/** Makes a client for this page. */
export const createHauberk = (options: HauberkOptions, ports: Partial<HostPorts> = {}): Hauberk =>
  createClient(options, webPorts(options, ports));
