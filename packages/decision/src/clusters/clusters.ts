/**
 * Black-device clusters, online: what devices show and do goes in by event time, clusters with a score, a grade and their evidence come out. Pure: the
 * same observations give the same clusters, in any order within the allowed lateness. Memory is reserved at the start and never grows.
 */
import { createKeyedHash, type HashValue, type KeyedHash } from '@hauberk/primitives';
import { asBytes } from '../learn/risk-memory.ts';
import { ClusterBook } from './cluster-book.ts';
import {
  type ClusterGrade,
  clusterGrade,
  clusterGrades,
  clusterScore,
  type GradeRule,
  usualGrades,
} from './cluster-score.ts';
import { belongs, coreGroupsOf, repeated } from './core.ts';
import { EvidenceGraph } from './evidence-graph.ts';
import { compileKinds, countGroups, type EvidenceKind, evidenceGroups, usualEvidenceKinds } from './evidence-kinds.ts';
import { type Arrival, LatenessBuffer } from './lateness.ts';
import { SceneSequences } from './scene-sequences.ts';
import { Synchrony } from './synchrony.ts';
import { gatherTraits, Population, type TraitSources } from './traits.ts';

/** What a device showed or did: an event with its entities, or a report with its evidence. */
export interface Observation {
  /** Of the event or the report; the same id again is a duplicate. */
  readonly id: string;
  readonly device: string;
  /** When it happened, epoch milliseconds. */
  readonly atMs: number;
  /** The scene of an act; a report has none. */
  readonly scene?: string;
  readonly evidence: readonly { readonly kind: string; readonly digest: string }[];
  /** What the device's own signals say against it, 0 to 1. */
  readonly risk?: number;
}

/** What a memory of clusters is made with. */
export interface ClusterOptions {
  /** 16 bytes that nobody outside knows; ids and digests are kept only as hashes under it. */
  readonly key: Uint8Array;
  /** Most devices; the idlest that is in no cluster gives way. */
  readonly devices: number;
  /** Most pieces of evidence; the idlest gives way. */
  readonly evidence: number;
  /** How late an observation may come and still count at its instant, in milliseconds. */
  readonly latenessMs: number;
  /** Most observations that wait for their turn. */
  readonly waiting: number;
  readonly kinds: Readonly<Record<string, EvidenceKind>>;
  readonly grades: GradeRule;
  /** How improbable what two devices share must be, in nats beyond the number of devices that could share it by chance. */
  readonly edgeMargin: number;
  /** How long an edge lives after it was last supported, in milliseconds. */
  readonly edgeLifeMs: number;
  /** Whether devices are named by pseudonyms already: 16 hexadecimal digits, kept as they are. */
  readonly hasPseudonyms: boolean;
}

/** The usual options, without the key. */
export const usualClusterOptions: Omit<ClusterOptions, 'key'> = {
  devices: 65_536,
  evidence: 524_288,
  latenessMs: 5000,
  waiting: 65_536,
  kinds: usualEvidenceKinds,
  grades: usualGrades,
  edgeMargin: 1,
  edgeLifeMs: 3 * 86_400_000,
  hasPseudonyms: false,
};

/** What the engine's context takes of a device's cluster. */
export interface ClusterFacts {
  readonly size: number;
  /** Independent groups of evidence that hold it together. */
  readonly kinds: number;
  /** 0 to 1. */
  readonly score: number;
  readonly grade: ClusterGrade;
}

/** Who is told what changes. Rows are those of {@link Clusters.book} and {@link Clusters.graph}. */
export interface ClusterListener {
  /** A cluster's grade changed. */
  readonly graded?: (cluster: number, grade: ClusterGrade, before: ClusterGrade, atMs: number) => void;
  /** A cluster was scored anew: the facts of its members may be others. */
  readonly scored?: (cluster: number) => void;
  /** A device is in no cluster any more, or in another one. */
  readonly left?: (device: number) => void;
}

/** Most pieces of evidence that count of one observation. */
export const maxEvidencePerObservation = 48;
const checkEverySeconds = 3600;
const scoreEverySeconds = 10;
const smallCluster = 48;
const grey = clusterGrades.indexOf('grey');
const behaviour = evidenceGroups.indexOf('behaviour');

/** See the top of the file. */
export class Clusters {
  readonly graph: EvidenceGraph;
  readonly book: ClusterBook;
  readonly synchrony: Synchrony;
  readonly options: ClusterOptions;
  readonly buffer: LatenessBuffer<Observation>;
  readonly population: Population = new Population();
  /** What the signals of each device say against it, 0 to 1. */
  readonly risk: Float32Array;
  /** 1 for a device that is known to be bad. */
  readonly isBad: Uint8Array;
  readonly #scenes: SceneSequences;
  readonly #hash: KeyedHash;
  readonly #value: HashValue = { low: 0, high: 0 };
  readonly #sources: TraitSources;
  readonly #listener: ClusterListener;
  #sweepAt = 0;
  #sweepRow = 0;

  constructor(options: ClusterOptions, listener: ClusterListener = {}) {
    this.options = options;
    this.#hash = createKeyedHash(options.key);
    this.#listener = listener;
    const sizes = { devices: options.devices, evidence: options.evidence };
    this.graph = new EvidenceGraph(sizes, compileKinds(options.kinds), (device) => this.book.of(device) < 0);
    const { devices } = this.graph;
    this.risk = devices.column(Float32Array, 1);
    this.isBad = devices.column(Uint8Array, 1);
    this.synchrony = new Synchrony(devices);
    this.#scenes = new SceneSequences(devices);
    this.book = new ClusterBook(this.graph, (device) => listener.left?.(device));
    this.buffer = new LatenessBuffer(options.latenessMs, options.waiting, (observation, isLate) =>
      this.#apply(observation, isLate),
    );
    const { graph, book, synchrony, population, risk, isBad } = this;
    this.#sources = { graph, book, synchrony, population, risk, isBad };
  }

  /** Takes an observation. It changes the clusters once nothing older can come any more. */
  take(observation: Observation): Arrival {
    return this.buffer.take(observation);
  }

  /** Tells that an instant has come, so that what waits can leave. */
  advance(nowMs: number): void {
    this.buffer.advance(nowMs);
  }

  /** Lets everything that waits count; for the end of a stream. */
  flush(): void {
    this.buffer.flush();
  }

  /** Tells that a device is known to be bad, or no longer; false when it is not remembered. */
  label(device: string, isBad: boolean): boolean {
    const row = this.deviceRow(device);
    if (row < 0) return false;
    this.isBad[row] = isBad ? 1 : 0;
    const cluster = this.book.of(row);
    if (cluster >= 0) this.book.isStale[cluster] = 1;
    return true;
  }

  /** Row of a device; −1 when it is not remembered. */
  deviceRow(device: string): number {
    this.#nameDevice(device);
    return this.graph.devices.find(this.#value.low, this.#value.high);
  }

  /** Facts of a device's cluster, in a few reads; undefined when it is in none. A member that does not show two groups of the core is watched at most. */
  facts(device: string): ClusterFacts | undefined {
    const row = this.deviceRow(device);
    return row < 0 ? undefined : this.factsOfRow(row);
  }

  /** The same by the device's row. */
  factsOfRow(row: number): ClusterFacts | undefined {
    const cluster = this.book.of(row);
    if (cluster < 0) return undefined;
    const facts = this.clusterFacts(cluster);
    return belongs(this.book.coreGroups[row] as number) ? facts : { ...facts, grade: 'watch' };
  }

  /** Facts of a cluster by its row. */
  clusterFacts(cluster: number): ClusterFacts {
    return {
      size: this.book.size[cluster] as number,
      kinds: countGroups(this.book.groupMask[cluster] as number),
      score: this.book.score[cluster] as number,
      grade: clusterGrades[this.book.grade[cluster] as number] as ClusterGrade,
    };
  }

  #nameDevice(device: string): void {
    const digits = this.options.hasPseudonyms ? /^([0-9a-f]{8})([0-9a-f]{8})$/.exec(device) : null;
    if (digits === null) {
      this.#hashOf('device', device);
      return;
    }
    this.#value.high = Number.parseInt(digits[1] as string, 16) | 0;
    this.#value.low = Number.parseInt(digits[2] as string, 16) | 0;
  }

  #hashOf(kind: string, text: string): void {
    this.#hash(asBytes(`${kind}\n${text}`), this.#value);
  }

  #apply({ device: id, atMs, scene, evidence, risk }: Observation, isLate: boolean): void {
    const at = Math.max(1, Math.floor(atMs / 1000));
    this.#nameDevice(id);
    const before = this.graph.devices.size;
    const device = this.graph.touch(this.#value.low, this.#value.high, at);
    if (device < 0) return;
    if (this.graph.devices.size > before) this.population.arrive(at);
    if (risk !== undefined) this.#takeRisk(device, risk);
    let isFresh = false;
    for (const { kind, digest } of evidence.slice(0, maxEvidencePerObservation)) {
      isFresh = this.#link(device, kind, digest, at) || isFresh;
    }
    if (scene !== undefined && !isLate) isFresh = this.#act(device, scene, atMs) || isFresh;
    if (isFresh) this.#findEdges(device, this.graph.now);
    this.#refresh(this.book.of(device));
    this.#sweep();
  }

  #link(device: number, kind: string, digest: string, at: number): boolean {
    this.#hashOf(kind, digest);
    const { low, high } = this.#value;
    return this.graph.link(device, low, high, this.graph.kinds.numberOf(kind), at);
  }

  #takeRisk(device: number, risk: number): void {
    const held = Math.fround(Math.min(1, Math.max(0, risk)));
    if (this.risk[device] === held) return;
    this.risk[device] = held;
    const cluster = this.book.of(device);
    if (cluster >= 0) this.book.isStale[cluster] = 1;
  }

  #act(device: number, scene: string, atMs: number): boolean {
    const at = Math.floor(atMs / 1000);
    this.graph.countHour(device, at);
    this.population.act(at);
    this.#hashOf('scene', scene);
    const number = this.#value.low;
    const sequence = this.#scenes.act(device, number, at);
    const isNewWay = sequence !== undefined && this.#link(device, 'sequence', sequence, at);
    return this.synchrony.act(device, number, atMs) || isNewWay;
  }

  /** Derives the edges of a device: what it shares of at least two independent groups, heavy enough. */
  #findEdges(device: number, at: number): void {
    const { graph, book, synchrony, options } = this;
    const needed = graph.populationNats + options.edgeMargin;
    graph.neighbours(
      device,
      at,
      (note) =>
        synchrony.partners(device, at, (other, count) => {
          if (count >= repeated) note(other, behaviour, Math.min(9, count * 3));
        }),
      ({ device: other, mask, weight }) => {
        if (countGroups(mask) < 2 || weight < needed) return;
        if (this.#mayConnect(device, other, at)) book.connect(device, other, mask, at, this.#edgesSince());
      },
    );
  }

  /** A cluster that is grey or black takes only whom its core fits. */
  #mayConnect(device: number, other: number, at: number): boolean {
    const [mine, theirs] = [this.book.of(device), this.book.of(other)];
    if (mine >= 0 && mine === theirs) return true;
    const fits = (cluster: number, who: number): boolean =>
      cluster < 0 || !this.#isSuspect(cluster) || belongs(coreGroupsOf(this.#sources, cluster, who, at));
    return fits(mine, other) && fits(theirs, device);
  }

  #isSuspect(cluster: number): boolean {
    return (this.book.grade[cluster] as number) >= grey;
  }

  /** Second from which on edges count. */
  #edgesSince(): number {
    return Math.max(0, this.graph.now - this.options.edgeLifeMs / 1000);
  }

  /** Scores a cluster when something changed: small ones at once, large ones every few seconds. */
  #refresh(cluster: number): void {
    if (cluster < 0 || this.book.isStale[cluster] === 0) return;
    const { book } = this;
    const now = this.graph.now;
    const isDue = now - (book.scoredAt[cluster] as number) >= scoreEverySeconds;
    if ((book.size[cluster] as number) > smallCluster && !isDue) return;
    const traits = gatherTraits(this.#sources, cluster, now);
    const score = clusterScore(traits);
    const grade = clusterGrade(score, traits, this.options.grades);
    const before = clusterGrades[book.grade[cluster] as number] as ClusterGrade;
    book.score[cluster] = score;
    book.groupMask[cluster] = traits.groupMask;
    book.scoredAt[cluster] = now;
    book.isStale[cluster] = 0;
    book.grade[cluster] = clusterGrades.indexOf(grade);
    this.#listener.scored?.(cluster);
    if (grade === before) return;
    const isGraded = grade === 'grey' || grade === 'black';
    if (isGraded && book.gradedAt[cluster] === 0) book.gradedAt[cluster] = now;
    this.#listener.graded?.(cluster, grade, before, now * 1000);
  }

  /** Looks at a few clusters every second of event time; each is checked for dead edges every hour. */
  #sweep(): void {
    const now = this.graph.now;
    if (now <= this.#sweepAt) return;
    this.#sweepAt = now;
    const { book } = this;
    const { highest } = book.clusters;
    if (highest === 0) return;
    const steps = Math.min(highest, 64);
    for (let step = 0; step < steps; step += 1) {
      const cluster = this.#sweepRow % highest;
      this.#sweepRow = (cluster + 1) % highest;
      if (!book.clusters.isUsed(cluster)) continue;
      if (now - (book.checkedAt[cluster] as number) >= checkEverySeconds) this.#check(cluster, now);
      if (book.clusters.isUsed(cluster)) this.#refresh(cluster);
    }
  }

  #check(cluster: number, now: number): void {
    this.book.split(cluster, this.#edgesSince(), now);
    const { book } = this;
    if (!book.clusters.isUsed(cluster)) return;
    if (this.#isSuspect(cluster)) this.#putOut(cluster, now);
    if (book.clusters.isUsed(cluster)) book.isStale[cluster] = 1;
  }

  /** Whom the core of a suspect cluster no longer fits leaves it, and may find others. */
  #putOut(cluster: number, now: number): void {
    const { book } = this;
    const strangers = book
      .members(cluster)
      .filter((device) => !belongs(coreGroupsOf(this.#sources, cluster, device, now)));
    for (const device of strangers) book.leave(device);
    for (const device of strangers) this.#findEdges(device, now);
  }

  /** Where the sweep stands, for a snapshot. */
  get sweep(): readonly [atSeconds: number, row: number] {
    return [this.#sweepAt, this.#sweepRow];
  }

  set sweep([atSeconds, row]: readonly [atSeconds: number, row: number]) {
    this.#sweepAt = atSeconds;
    this.#sweepRow = row;
  }
}
