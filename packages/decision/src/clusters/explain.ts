/** What is told of clusters: which there are, what holds one together, since when. Devices and evidence are told by their pseudonyms. */
import { type ClusterGrade, clusterGrades } from './cluster-score.ts';
import type { ClusterFacts, Clusters } from './clusters.ts';
import { type EvidenceGroup, groupsIn } from './evidence-kinds.ts';
import { gatherTraits } from './traits.ts';

/** A cluster at a glance. */
export interface ClusterSummary extends ClusterFacts {
  /** 16 hexadecimal digits; keeps through growth, and through splits for the largest part. */
  readonly id: string;
  readonly groups: readonly EvidenceGroup[];
  /** When its first edge appeared, epoch milliseconds. */
  readonly sinceMs: number;
  /** When it was first graded grey or black; undefined when it never was. */
  readonly gradedAtMs: number | undefined;
}

/** A piece of evidence that members share. */
export interface SharedByMembers {
  readonly kind: string;
  readonly group: EvidenceGroup;
  /** 16 hexadecimal digits. */
  readonly evidence: string;
  /** Members that showed it. */
  readonly members: number;
  /** Devices that show it in all, with decay. */
  readonly holders: number;
  /** What sharing it says, in nats. */
  readonly nats: number;
  readonly sinceMs: number;
}

/** Why a cluster is one. */
export interface ClusterExplanation extends ClusterSummary {
  /** Pseudonyms of its devices, 16 hexadecimal digits each, in the order of their joining. */
  readonly devices: readonly string[];
  readonly shared: readonly SharedByMembers[];
  /** Shares of the members, 0 to 1: act together, arrived together, and what their signals and labels say. */
  readonly synchronous: number;
  readonly arrivedTogether: number;
  readonly oddHours: number;
  readonly risk: number;
  readonly labelled: number;
}

/** Most pieces of evidence that an explanation names. */
export const maxShared = 24;

const hex = (low: number, high: number): string =>
  (high >>> 0).toString(16).padStart(8, '0') + (low >>> 0).toString(16).padStart(8, '0');

/** The name of a cluster by its row. */
export const clusterId = ({ book }: Clusters, cluster: number): string =>
  hex(book.clusters.keyLow[cluster] as number, book.clusters.keyHigh[cluster] as number);

/** The row of a cluster by its name; −1 when there is none. */
export const clusterRow = ({ book }: Clusters, id: string): number => {
  const digits = /^([0-9a-f]{8})([0-9a-f]{8})$/.exec(id);
  if (digits === null) return -1;
  return book.clusters.find(Number.parseInt(digits[2] as string, 16) | 0, Number.parseInt(digits[1] as string, 16) | 0);
};

/** The pseudonym of a device by its row. */
export const devicePseudonym = ({ graph }: Clusters, device: number): string =>
  hex(graph.devices.keyLow[device] as number, graph.devices.keyHigh[device] as number);

/** A cluster at a glance, by its row. */
export const summariseCluster = (clusters: Clusters, cluster: number): ClusterSummary => {
  const { book } = clusters;
  const gradedAt = book.gradedAt[cluster] as number;
  return {
    id: clusterId(clusters, cluster),
    ...clusters.clusterFacts(cluster),
    groups: groupsIn(book.groupMask[cluster] as number),
    sinceMs: (book.sinceAt[cluster] as number) * 1000,
    gradedAtMs: gradedAt === 0 ? undefined : gradedAt * 1000,
  };
};

/** Clusters of at least a grade, the surest first. */
export const listClusters = (clusters: Clusters, least: ClusterGrade, most: number): readonly ClusterSummary[] => {
  const from = clusterGrades.indexOf(least);
  const rows: number[] = [];
  for (let row = 0; row < clusters.book.clusters.highest; row += 1)
    if (clusters.book.clusters.isUsed(row) && (clusters.book.grade[row] as number) >= from) rows.push(row);
  const scoreOf = (row: number): number => clusters.book.score[row] as number;
  return rows
    .sort((left, right) => scoreOf(right) - scoreOf(left) || left - right)
    .slice(0, most)
    .map((row) => summariseCluster(clusters, row));
};

const sharedEvidence = (clusters: Clusters, members: readonly number[]): readonly SharedByMembers[] => {
  const { graph } = clusters;
  const counts = new Map<number, { kind: number; members: number; since: number }>();
  for (const device of members)
    graph.evidenceOf(device, (evidence, kind, since) => {
      const found = counts.get(evidence);
      if (found === undefined) counts.set(evidence, { kind, members: 1, since });
      else found.members += 1;
    });
  return [...counts]
    .filter(([, { members: count }]) => count > 1)
    .map(([evidence, { kind, members: count, since }]) => ({
      kind: graph.kinds.names[kind] as string,
      group: graph.kinds.kinds[kind]?.group ?? ('other' as const),
      evidence: hex(graph.evidence.keyLow[evidence] as number, graph.evidence.keyHigh[evidence] as number),
      members: count,
      holders: Math.round(graph.holdersOf(evidence, graph.now) * 10) / 10,
      nats: graph.weightOf(evidence, graph.now),
      sinceMs: since * 1000,
    }))
    .filter(({ nats }) => nats >= 1)
    .sort(
      (left, right) =>
        right.members * right.nats - left.members * left.nats || (left.evidence < right.evidence ? -1 : 1),
    )
    .slice(0, maxShared);
};

/** Why a cluster is one: by its name; undefined when there is none. Evidence that says nothing any more is left out. */
export const explainCluster = (clusters: Clusters, id: string): ClusterExplanation | undefined => {
  const cluster = clusterRow(clusters, id);
  if (cluster < 0) return undefined;
  const { graph, book, synchrony, population, risk, isBad } = clusters;
  const members = book.members(cluster);
  const sources = { graph, book, synchrony, population, risk, isBad };
  const traits = gatherTraits(sources, cluster, graph.now);
  return {
    ...summariseCluster(clusters, cluster),
    devices: members.map((device) => devicePseudonym(clusters, device)),
    shared: sharedEvidence(clusters, members),
    synchronous: traits.synchronous,
    arrivedTogether: traits.arrivedTogether,
    oddHours: traits.oddHours,
    risk: traits.risk,
    labelled: traits.labelled,
  };
};
