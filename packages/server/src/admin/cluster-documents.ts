/** What the admin API tells of clusters of devices. */
import { type ClusterExplanation, type ClusterSummary, maxListDays } from '@hauberk/decision';
import { z } from 'zod';
import { contentHash, ruleName } from './decision-content.ts';
import { named } from './documents.ts';
import { privacyReason as reason } from './privacy-content.ts';

const instant = z.int().min(0).describe('Milliseconds since 1970.');
const share = z.number().min(0).max(1);
const clusterShape = {
  id: z.string(),
  grade: z.enum(['none', 'watch', 'grey', 'black']),
  score: share,
  size: z.int().describe('Devices in it.'),
  kinds: z.int().describe('Independent groups of evidence that hold it together.'),
  groups: z.array(z.string()),
  sinceMs: instant,
  gradedAtMs: instant.nullable().describe('When it was first grey or black.'),
};
/** A cluster at a glance. */
export const clusterSchema: z.ZodType = named('Cluster', z.object(clusterShape));
/** Clusters, the surest first. */
export const clustersSchema: z.ZodType = named('Clusters', z.object({ items: z.array(clusterSchema) }));
/** Why a cluster is one. */
export const clusterDetailSchema: z.ZodType = named(
  'ClusterDetail',
  z.object({
    ...clusterShape,
    devices: z.array(z.string()).describe('Pseudonyms of the devices, as lists hold them.'),
    shared: z.array(
      z.object({
        kind: z.string(),
        group: z.string(),
        evidence: z.string().describe('Keyed hash of the evidence.'),
        members: z.int(),
        holders: z
          .number()
          .describe('Devices that show it in all; who does not come back counts half after five days.'),
        nats: z.number().describe('How improbable it is that two devices share it.'),
        sinceMs: instant,
      }),
    ),
    synchronous: share,
    arrivedTogether: share,
    oddHours: share,
    risk: share,
    labelled: share,
  }),
);

/** Which list the devices of a cluster are proposed for. */
export const newClusterListSchema: z.ZodType<{
  readonly list: string;
  readonly days: number;
  readonly reason: string;
}> = named(
  'NewClusterList',
  z.strictObject({
    list: ruleName,
    days: z.int().min(1).max(maxListDays).describe('How long the entries count: evidence grows old.'),
    reason,
  }),
);
/** What was put on a list without a second person. */
export const clusterListedSchema: z.ZodType = named(
  'ClusterListed',
  z.object({ list: z.string(), change: contentHash, adds: z.int(), removes: z.int() }),
);

/** A cluster as it is told. */
export const clusterDocument = ({ gradedAtMs, ...shown }: ClusterSummary): object => ({
  ...shown,
  gradedAtMs: gradedAtMs ?? null,
});

/** A cluster with its reasons. */
export const clusterDetail = (cluster: ClusterExplanation): object => clusterDocument(cluster);
