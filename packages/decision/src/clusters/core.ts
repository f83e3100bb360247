/**
 * The core of a cluster: evidence that several members show and few others do. A chain of families has none, for each link of it shares something else; a farm
 * has, and what belongs to the farm is who shows it.
 */
import type { ClusterBook } from './cluster-book.ts';
import type { EvidenceGraph } from './evidence-graph.ts';
import { countGroups, evidenceGroups } from './evidence-kinds.ts';
import type { Synchrony } from './synchrony.ts';

/** Most pieces of evidence of a core. */
export const corePieces = 24;
/** Fewest members that show a piece, fewest as a share of all members, and fewest as a share of all who show it. */
const fewestMembers = 4;
const leastShare = 0.12;
const leastConcentration = 0.3;
/** Coincidences, with decay, from which two devices count as acting together. */
export const repeated = 1.7;
const behaviourBit = 1 << evidenceGroups.indexOf('behaviour');

/** What cores are found in. */
export interface CoreSources {
  readonly graph: EvidenceGraph;
  readonly book: ClusterBook;
  readonly synchrony: Synchrony;
}

/** Finds the core among members: rows of evidence, those that most members show first. */
export const findCore = (graph: EvidenceGraph, members: readonly number[], at: number): readonly number[] => {
  const counts = new Map<number, number>();
  const least = Math.max(fewestMembers, members.length * leastShare);
  if (members.length < least) return [];
  for (const device of members)
    graph.evidenceOf(device, (evidence) => {
      counts.set(evidence, (counts.get(evidence) ?? 0) + 1);
    });
  return [...counts]
    .filter(([evidence, count]) => count >= least && count >= graph.holdersOf(evidence, at) * leastConcentration)
    .sort((left, right) => right[1] - left[1] || left[0] - right[0])
    .slice(0, corePieces)
    .map(([evidence]) => evidence);
};

/** Groups of a cluster's core that a device shows; acting together with a member counts as behaviour. */
export const coreGroupsOf = (
  { graph, book, synchrony }: CoreSources,
  cluster: number,
  device: number,
  at: number,
): number => {
  let mask = 0;
  graph.evidenceOf(device, (evidence, kind) => {
    if (book.isCore(cluster, evidence)) mask |= 1 << (graph.kinds.groups[kind] as number);
  });
  synchrony.partners(device, at, (other, count) => {
    if (count >= repeated && book.of(other) === cluster) mask |= behaviourBit;
  });
  return mask;
};

/** Whether a device belongs to what a core tells of: two groups of it. */
export const belongs = (coreGroups: number): boolean => countGroups(coreGroups) >= 2;
