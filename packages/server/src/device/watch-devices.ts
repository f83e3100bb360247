/** What the main thread watches for its devices: lists of revoked certificates, and the other nodes. */
import type { DeviceTable } from '@hauberk/channel';
import type { EpochMs } from '@hauberk/primitives';
import type { Config } from '../config/config.ts';
import type { Log } from '../gateway/log.ts';
import type { Stores } from '../storage/stores.ts';
import type { DeviceAdministration } from './device-administration.ts';
import { followPeers } from './follow-peers.ts';
import { sweepRevocations } from './revocation-sweep.ts';
import { fileRevocations, newestRevocations } from './trust-files.ts';
import { stateRevocations } from './trust-snapshots.ts';

/** What watching needs. */
export interface WatchParts {
  readonly config: Config;
  readonly stores: Stores;
  readonly table: DeviceTable;
  readonly administration: DeviceAdministration;
  readonly log: Log;
  readonly now: () => EpochMs;
}

/** Watches until it is stopped. A file that cannot be read is told by the worker threads, who judge by it. */
export const watchDevices = (parts: WatchParts): { readonly stop: () => Promise<void> } => {
  const { config, stores, table, administration, log, now } = parts;
  const { cluster, node, organisation, apps, attestation, state } = config;
  const scopes = apps.map(({ id }) => ({ organisation, app: id }));
  const silent = (): void => undefined;
  const sweep = sweepRevocations({
    scopes,
    attestations: stores.attestations,
    revocations: newestRevocations(fileRevocations(attestation, silent), stateRevocations(state, silent)),
    reportRisk: administration.reportRisk,
    log,
    now,
  });
  const peers =
    cluster === undefined ? undefined : followPeers({ cluster, ownNode: node, stores, scopes, table, log, now });
  return {
    stop: async () => {
      await sweep.stop();
      await peers?.stop();
    },
  };
};
