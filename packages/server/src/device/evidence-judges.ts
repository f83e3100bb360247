/** What one thread judges evidence with: roots, lists and approved builds from the files of the configuration, under each app's own rules. */
import { createChainMemory } from '@hauberk/attestation';
import { nodeEvidenceCrypto } from '@hauberk/crypto/node-evidence';
import type { AttestedFacts, ReattestationPolicy } from '@hauberk/device';
import { days, type EpochMs } from '@hauberk/primitives';
import type { Config } from '../config/config.ts';
import type { Log } from '../gateway/log.ts';
import { type AdmitKey, createKeyAdmitter } from './admit-key.ts';
import { type Appraise, type AppraiserParts, createAppraiser } from './appraise-enrolment.ts';
import { type ApprovedBuilds, fileApprovedBuilds } from './approved-builds.ts';
import { fileRevocations, newestRevocations, readAnchors } from './trust-files.ts';
import { watchSnapshot } from './trust-snapshots.ts';

/** The judges. */
export interface EvidenceJudges {
  readonly appraise: Appraise;
  readonly admitKey: AdmitKey;
  /** When devices of an app must be vouched for anew. */
  readonly reattestation: (app: string, now: EpochMs) => ReattestationPolicy;
}

/** Whether a build may still run. What the evidence does not name is not held against it. */
const isApproved = (builds: ApprovedBuilds, app: string, now: EpochMs, facts: AttestedFacts): boolean => {
  const known = builds.of(app, now);
  if (known === undefined || facts.appVersion === undefined) return true;
  const { platform, appVersion } = facts;
  const allowed = platform === 'ios' ? known.apple?.builds : platform === 'android' ? known.android?.builds : undefined;
  return allowed === undefined || allowed.has(appVersion);
};

/** Opens the files. Throws when a root of trust cannot be read. */
export const openEvidenceJudges = (config: Config, log: Log): EvidenceJudges => {
  const { attestation, apps, sessions, state } = config;
  const hint = 'mend or replace the file; it is looked at once a second';
  const onRefused = (file: string, message: string): void =>
    log.warn('attestation.file-refused', { issues: [{ file, path: [], message, hint }] });
  const configured = readAnchors(attestation);
  const snapshot = watchSnapshot(state, onRefused);
  const builds = fileApprovedBuilds(attestation.approvedBuilds, onRefused);
  const parts: AppraiserParts = {
    crypto: nodeEvidenceCrypto,
    anchors: (now) => ({ ...configured, ...snapshot(now)?.anchors }),
    rootsTakenAt: (now) => snapshot(now)?.takenAt,
    revocations: newestRevocations(fileRevocations(attestation, onRefused), (now) => snapshot(now)?.revocations ?? {}),
    builds,
    memory: createChainMemory(),
    attestation,
    apps,
    tierNames: sessions.tiers.map(({ name }) => name),
  };
  return {
    appraise: createAppraiser(parts),
    admitKey: createKeyAdmitter(parts),
    reattestation: (app, now) => {
      const reattestDays = apps.find(({ id }) => id === app)?.reattestDays;
      return {
        maxAge: reattestDays === undefined ? undefined : days(reattestDays),
        isApproved: (facts) => isApproved(builds, app, now, facts),
      };
    },
  };
};
