/** How sure a cluster is a farm, from what is known of its members: data in, number and grade out. */
import { type EvidenceGroup, groupsIn } from './evidence-kinds.ts';

/** What a cluster is known by. Shares are 0 to 1. */
export interface ClusterTraits {
  readonly size: number;
  /** Groups of evidence that hold at least a third of the members. */
  readonly groupMask: number;
  /** Members that coincide with another member again and again. */
  readonly synchronous: number;
  /** Members first seen within minutes of another member, beyond what chance gives. */
  readonly arrivedTogether: number;
  /** How unlike everybody's day the cluster's day is, and how alike its members' days are. */
  readonly oddHours: number;
  /** Mean of what the members' own signals say against them. */
  readonly risk: number;
  /** Members known to be bad. */
  readonly labelled: number;
}

/** Grades, least first: `watch` is seen only, `grey` gives reason to ask, `black` is a farm as far as evidence goes. */
export const clusterGrades = ['none', 'watch', 'grey', 'black'] as const;
/** One of them. */
export type ClusterGrade = (typeof clusterGrades)[number];

/** From where the grades begin. */
export interface GradeRule {
  /** Fewest members of a grey or black cluster: a family is smaller. */
  readonly minSize: number;
  readonly grey: number;
  readonly black: number;
}

/** The usual rule. */
export const usualGrades: GradeRule = { minSize: 5, grey: 0.35, black: 0.6 };

/** How much a group is a farm's rather than that of people who live or work together. */
const farmish: Readonly<Record<EvidenceGroup, number>> = {
  network: 0.2,
  money: 0.5,
  account: 0.7,
  telephony: 0.8,
  papers: 1,
  hardware: 0.9,
  bench: 1,
  install: 1,
  behaviour: 1,
  other: 0.4,
};

/** How much each trait can take away from doubt. */
const strength = { groups: 0.65, synchronous: 0.5, arrivedTogether: 0.25, oddHours: 0.25, risk: 0.5, labelled: 0.8 };

/** 0 for a pair, 1 from 24 members on. */
const sizeFactor = (size: number): number => Math.min(1, Math.max(0, Math.log2(size / 2) / Math.log2(12)));

/** 0 for a place and a shop, 1 for three groups that only racks of phones share. */
const groupTrait = (mask: number): number => {
  const sum = groupsIn(mask).reduce((total, group) => total + farmish[group], 0);
  return Math.min(1, Math.max(0, (sum - 0.8) / 2));
};

/** Score of a cluster, 0 to 1: what is left of doubt after each trait, times how large it is. */
export const clusterScore = (traits: ClusterTraits): number => {
  const doubt =
    (1 - strength.groups * groupTrait(traits.groupMask)) *
    (1 - strength.synchronous * traits.synchronous) *
    (1 - strength.arrivedTogether * traits.arrivedTogether) *
    (1 - strength.oddHours * traits.oddHours) *
    (1 - strength.risk * traits.risk) *
    (1 - strength.labelled * traits.labelled);
  return (1 - doubt) * (0.7 + 0.3 * sizeFactor(traits.size));
};

/** Members that must act so before it is more than chance: two colleagues meet now and then. */
const fewestActing = 2.5;

/** Whether anything but shared things speaks against a cluster: an employer's fleet shares all its phones are, and acts like everybody. */
const actsOdd = ({ size, synchronous, arrivedTogether, risk, labelled }: ClusterTraits): boolean =>
  (synchronous >= 0.1 && synchronous * size >= fewestActing) ||
  (arrivedTogether >= 0.2 && arrivedTogether * size >= fewestActing) ||
  risk >= 0.3 ||
  labelled > 0;

/** Grade of a cluster with this score. */
export const clusterGrade = (score: number, traits: ClusterTraits, rule: GradeRule): ClusterGrade => {
  if (traits.size < rule.minSize || score < rule.grey || !actsOdd(traits)) return 'watch';
  return score < rule.black ? 'grey' : 'black';
};
