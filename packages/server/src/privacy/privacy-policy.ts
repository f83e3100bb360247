/** What a configuration declares, as the pure rules take it. */

import { epochMs } from '@hauberk/primitives';
import {
  type CollectDecision,
  type Consent,
  collectClauses,
  type DataItemId,
  mayCollect,
  type PurposeId,
  type Scene,
  type StreamPolicy,
  scenes,
} from '@hauberk/privacy';
import type { PrivacyConfig } from '../config/privacy-config.ts';

/** Everything that accesses are judged by. */
export interface DeclaredPrivacy {
  readonly policy: StreamPolicy;
  readonly scenes: Readonly<Record<string, Scene>>;
  /** May this owner collect this here, at that instant, under that consent? */
  readonly decide: (consent: Consent, owner: string, at: number) => (item: string, scene: string) => CollectDecision;
}

/** Pairs and owners of one device that are watched at once. */
const watchedPerDevice = 64;

const beyond: CollectDecision = { isAllowed: false, reason: 'beyond-scene', clauses: collectClauses['beyond-scene'] };
const recordedElsewhere: CollectDecision = { isAllowed: true, reason: 'granted', clauses: [] };
/** Whether a refusal says something of the scope rather than of consent. */
const isOfScope = ({ reason }: CollectDecision): boolean =>
  reason === 'unknown-item' || reason === 'unknown-scene' || reason === 'beyond-scene';

/** Reads a configuration. */
export const declaredPrivacy = (config: PrivacyConfig): DeclaredPrivacy => {
  const sdks = new Map(
    config.sdks.map(({ name, purposes, items }) => [
      name,
      { purposes: new Set<PurposeId>(purposes), items: new Set<DataItemId>(items) },
    ]),
  );
  const table: Readonly<Record<string, Scene>> = { ...scenes, ...config.scenes };
  const isBeyondSdk = (owner: string, item: string, scene: string): boolean => {
    const declared = sdks.get(owner);
    if (declared === undefined) return false;
    const purpose = Object.hasOwn(table, scene) ? table[scene]?.purpose : undefined;
    if (declared.items.size > 0 && !declared.items.has(item as DataItemId)) return true;
    return declared.purposes.size > 0 && purpose !== undefined && !declared.purposes.has(purpose);
  };
  const { noticeHash } = config;
  return {
    scenes: table,
    policy: {
      frequency: { window: config.frequency.windowSeconds * 1000, most: config.frequency.most },
      identifiers: { window: config.identifiers.windowSeconds * 1000, most: config.identifiers.most },
      declaredSdks: new Set(sdks.keys()),
      declaredHosts: new Set(config.hosts),
      backgroundApis: new Set(config.backgroundApis),
      maxWatched: watchedPerDevice,
      lateness: config.latenessSeconds * 1000,
    },
    decide: (consent, owner, at) => (item, scene) => {
      if (isBeyondSdk(owner, item, scene)) return beyond;
      const context = { now: epochMs(at), scenes: table, ...(noticeHash === undefined ? {} : { noticeHash }) };
      const decided = mayCollect(item, scene, consent, context);
      return config.consent === 'recorded' || decided.isAllowed || isOfScope(decided) ? decided : recordedElsewhere;
    },
  };
};
