/** Opens clusters for a configuration that decides. */
import { join } from 'node:path';
import { type ClusterSummary, usualClusterOptions } from '@hauberk/decision';
import type { EpochMs } from '@hauberk/primitives';
import type { Config } from '../config/config.ts';
import type { Cases } from '../decision/case-book.ts';
import type { DecisionDesk } from '../decision/decision-desk.ts';
import { decisionFacts } from '../decision/decision-facts.ts';
import type { RecordDesk } from '../decision/record-desk.ts';
import { decisionKey } from '../decision/record-key.ts';
import type { Log } from '../gateway/log.ts';
import type { KeyReader } from '../keys/key-provider.ts';
import type { Stores } from '../storage/stores.ts';
import { ClusterDesk } from './cluster-desk.ts';
import type { KindsOf } from './cluster-entry.ts';
import { ClusterTable, clusterDevices } from './cluster-table.ts';
import { openFarmCases } from './farm-case.ts';

/** What a gateway lends. */
export interface ClusterParts {
  readonly config: Config;
  readonly storage: { readonly ports: Pick<Stores, 'outbox' | 'audit'>; readonly keys: KeyReader };
  readonly desk: DecisionDesk | undefined;
  /** Knows the schemas of records, finds decisions and opens cases. */
  readonly decisions: {
    readonly records: Pick<RecordDesk, 'kindsOf' | 'query'>;
    readonly cases: Pick<Cases, 'openFor'>;
  };
  readonly now: () => EpochMs;
  readonly log: Log;
}

/** Pieces of evidence for each device, about: what a device shows in a week. */
const evidencePerDevice = 8;

/** Kinds by the schema of the record; where it is not known yet, by that which this configuration makes. */
const kindsBy = ({ decision }: Config, records: Pick<RecordDesk, 'kindsOf'>): KindsOf => {
  const made = decision === undefined ? undefined : decisionFacts(decision, []);
  const kinds = made?.ok === true ? made.value.kinds : undefined;
  return async (scope, schemaHash) => (await records.kindsOf(scope, schemaHash)) ?? kinds;
};

/** Opens them; undefined where nothing decides. Nothing is read before `open`. */
export const openClusters = ({ config, storage, desk, decisions, now, log }: ClusterParts): ClusterDesk | undefined => {
  const section = config.decision;
  if (section === undefined || desk === undefined) return undefined;
  const { outbox, audit } = storage.ports;
  const { organisation, apps } = config;
  const scopes = apps.map(({ id }) => ({ organisation, app: id }));
  const devices = clusterDevices(section);
  const failed = (error: unknown): void => log.error('clusters.fault', { error });
  const tell = ({ id, size, kinds, grade, score, groups }: ClusterSummary): void => {
    if (grade === 'grey' || grade === 'black') log.warn('clusters.farm', { devices: size, kinds, grade });
    const facts = { grade, devices: size, kinds, score: Math.round(score * 1000), groups: groups.join(' ') };
    const record = { actor: 'gateway', action: 'cluster.found', subject: id, facts };
    void audit.append({ organisation, app: apps[0]?.id ?? '' }, record, now()).catch(failed);
  };
  return new ClusterDesk({
    outbox,
    file: join(config.state, 'clusters.snapshot'),
    options: {
      ...usualClusterOptions,
      key: decisionKey(storage.keys, section.secret, now()).slice(0, 16),
      devices,
      evidence: devices * evidencePerDevice,
      hasPseudonyms: true,
    },
    table: new ClusterTable(desk.clusterMemory),
    kindsOf: kindsBy(config, decisions.records),
    now,
    onFarm: tell,
    onBlack: (cluster) => void openFarmCases(decisions, scopes, cluster).catch(failed),
    failed,
  });
};
