/** The memory of decisions: reserved once by the main thread, laid open by every worker. */
import { randomBytes } from 'node:crypto';
import type { EngineMemory } from '@hauberk/decision';
import { clusterDevices, reserveClusterTable } from '../clusters/cluster-table.ts';
import type { Config } from '../config/config.ts';
import type { DecisionConfig } from '../config/decision-config.ts';
import { reserveIdentityTable } from '../device/identity-table.ts';
import type { IntelligenceText } from '../intelligence/worker-intelligence.ts';
import { reserveEngine } from './engine-maker.ts';
import type { FilePolicies } from './file-policies.ts';
import type { DecisionSnapshot } from './policy-snapshot.ts';
import type { ProfilePost } from './profile-sender.ts';
import { type MarkMemory, reserveMarks } from './trap-marks.ts';

/** What all workers share. */
export interface DecisionMemory {
  /** Profiles of entities. */
  readonly engine: EngineMemory;
  readonly marks: MarkMemory;
  /** What is known of devices' clusters. */
  readonly clusters: SharedArrayBuffer;
  /** What is known of devices' identities. */
  readonly identities: SharedArrayBuffer;
}

/** What is decided by: exchanged as a whole. */
export interface DecisionText {
  readonly files: FilePolicies;
  /** One for each app. */
  readonly snapshots: readonly DecisionSnapshot[];
  /** What partners told. */
  readonly intelligence: IntelligenceText;
}

/** What a worker starts with; undefined where nothing decides. */
export interface DecisionSeed {
  readonly memory: DecisionMemory;
  /** This thread's place among those that lock rows. */
  readonly token: number;
  /** Where changes of profiles go. */
  readonly profiles: ProfilePost;
  readonly text: DecisionText;
}

const fresh = (length: number): Uint8Array<ArrayBuffer> => new Uint8Array(randomBytes(length));

/** Reserves the memory. */
export const reserveDecisions = (config: Pick<Config, 'services'>, section: DecisionConfig): DecisionMemory => ({
  engine: reserveEngine(config, section),
  marks: reserveMarks(section.traps.marks, fresh(8)),
  clusters: reserveClusterTable(clusterDevices(section)),
  identities: reserveIdentityTable(clusterDevices(section)),
});
