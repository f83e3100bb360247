/** What a cluster is known by, gathered from its members; and what is usual among all devices, to compare it with. */
import type { ClusterBook } from './cluster-book.ts';
import type { ClusterTraits } from './cluster-score.ts';
import { belongs, coreGroupsOf, findCore, repeated } from './core.ts';
import type { EvidenceGraph } from './evidence-graph.ts';
import { evidenceGroups } from './evidence-kinds.ts';
import type { Synchrony } from './synchrony.ts';

const bucketSeconds = 600;
const buckets = 1008;
/** Acts of a cluster from which its day can be compared. */
const fewestActs = 40;

/** Arrivals and hours of all devices. */
export class Population {
  readonly #arrivals = new Uint32Array(buckets);
  readonly #bucket = new Float64Array(buckets);
  readonly #hours = new Float64Array(24);
  #total = 0;

  /** Counts a device that is new. */
  arrive(at: number): void {
    const bucket = Math.floor(at / bucketSeconds);
    const place = bucket % buckets;
    if (bucket < (this.#bucket[place] as number)) return;
    if (bucket > (this.#bucket[place] as number)) this.#arrivals[place] = 0;
    this.#bucket[place] = bucket;
    (this.#arrivals[place] as number) += 1;
    this.#total += 1;
  }

  /** Counts an act. */
  act(at: number): void {
    const place = Math.floor(at / 3600) % 24;
    (this.#hours[place] as number) += 1;
  }

  /** Share of all devices that arrived within ten minutes or so of an instant. */
  shareNear(at: number): number {
    const middle = Math.floor(at / bucketSeconds);
    let near = 0;
    for (let bucket = middle - 1; bucket <= middle + 1; bucket += 1)
      if (this.#bucket[bucket % buckets] === bucket) near += this.#arrivals[bucket % buckets] as number;
    return this.#total === 0 ? 1 : near / this.#total;
  }

  /** Share of all acts in each hour of the day. */
  hourShares(): Float64Array {
    const sum = this.#hours.reduce((total, count) => total + count, 0) + 24;
    return this.#hours.map((count) => (count + 1) / sum);
  }

  /** Numbers for a snapshot. */
  save(): readonly (readonly number[])[] {
    return [[...this.#arrivals], [...this.#bucket], [...this.#hours], [this.#total]];
  }

  /** Puts back what {@link save} gave. */
  load([arrivals = [], bucket = [], hours = [], total = []]: readonly (readonly number[])[]): void {
    this.#arrivals.set(arrivals.slice(0, buckets));
    this.#bucket.set(bucket.slice(0, buckets));
    this.#hours.set(hours.slice(0, 24));
    this.#total = total[0] ?? 0;
  }
}

/** Half the Jensen–Shannon way from one day to another, 0 to 1. */
const dayDistance = (left: Float64Array, right: Float64Array): number => {
  let sum = 0;
  for (let hour = 0; hour < 24; hour += 1) {
    const [a, b] = [left[hour] as number, right[hour] as number];
    const middle = (a + b) / 2;
    if (a > 0) sum += (a * Math.log2(a / middle)) / 2;
    if (b > 0) sum += (b * Math.log2(b / middle)) / 2;
  }
  return sum;
};

const oddHours = (graph: EvidenceGraph, members: readonly number[], population: Population): number => {
  const day = new Float64Array(24);
  for (const device of members)
    for (let hour = 0; hour < 24; hour += 1) (day[hour] as number) += graph.hours[device * 24 + hour] as number;
  const acts = day.reduce((total, count) => total + count, 0);
  if (acts < fewestActs) return 0;
  const distance = dayDistance(
    day.map((count) => count / acts),
    population.hourShares(),
  );
  return Math.min(1, Math.max(0, distance - 0.05) / 0.3);
};

/** Members that arrived near another member, beyond what chance gives, 0 to 1. */
const arrivedTogether = (graph: EvidenceGraph, members: readonly number[], population: Population): number => {
  const times = members.map((device) => graph.firstAt[device] as number).sort((left, right) => left - right);
  let [near, chance] = [0, 0];
  for (const [place, at] of times.entries()) {
    const before = at - (times[place - 1] ?? Number.NEGATIVE_INFINITY);
    const after = (times[place + 1] ?? Number.POSITIVE_INFINITY) - at;
    if (Math.min(before, after) <= bucketSeconds) near += 1;
    chance += 1 - Math.exp(-(times.length - 1) * population.shareNear(at));
  }
  const [share, expected] = [near / times.length, chance / times.length];
  return expected >= 1 ? 0 : Math.max(0, (share - expected) / (1 - expected));
};

/** Groups of the core that at least a third of the members show. */
const groupMask = (book: ClusterBook, members: readonly number[]): number => {
  const counts = evidenceGroups.map(() => 0);
  for (const device of members)
    for (const group of counts.keys())
      if (((book.coreGroups[device] as number) & (1 << group)) !== 0) (counts[group] as number) += 1;
  return counts.reduce((mask, count, group) => (count * 3 >= members.length ? mask | (1 << group) : mask), 0);
};

/** What traits are gathered from. */
export interface TraitSources {
  readonly graph: EvidenceGraph;
  readonly book: ClusterBook;
  readonly synchrony: Synchrony;
  readonly population: Population;
  readonly risk: Float32Array;
  readonly isBad: Uint8Array;
}

/** Finds the core of a cluster anew and gathers the traits of those who belong to it; of all members when nobody does. */
export const gatherTraits = (sources: TraitSources, cluster: number, at: number): ClusterTraits => {
  const { graph, book, synchrony, population, risk, isBad } = sources;
  const all = book.members(cluster);
  book.setCore(cluster, findCore(graph, all, at));
  for (const device of all) book.coreGroups[device] = coreGroupsOf(sources, cluster, device, at);
  const core = all.filter((device) => belongs(book.coreGroups[device] as number));
  book.coreSize[cluster] = core.length;
  const members = core.length === 0 ? all : core;
  let [synchronous, risks, bad] = [0, 0, 0];
  for (const device of members) {
    let isTogether = false;
    synchrony.partners(device, at, (other, count) => {
      isTogether ||= count >= repeated && book.of(other) === cluster;
    });
    if (isTogether) synchronous += 1;
    risks += risk[device] as number;
    bad += isBad[device] as number;
  }
  return {
    size: core.length,
    groupMask: groupMask(book, members),
    synchronous: synchronous / members.length,
    arrivedTogether: arrivedTogether(graph, members, population),
    oddHours: oddHours(graph, members, population),
    risk: risks / members.length,
    labelled: Math.min(1, (bad * 3) / members.length),
  };
};
