/**
 * Clusters as sets of devices that change while events come in: union when an edge appears, split when edges have died, and a bounded number of
 * each. Members are a ring of rows; the smaller of two clusters joins the larger, so that a union costs little.
 */
import { corePieces } from './core.ts';
import type { EvidenceGraph } from './evidence-graph.ts';
import { RowStore } from './row-store.ts';

/** Edges that a device keeps; the oldest gives way. */
export const edgesPerDevice = 8;
/** From this size on, two clusters become one only when a second pair of devices connects them: one phone that was passed on does not. */
const bridgedFrom = 4;
/** Most members of a cluster; a union that would make it larger is refused and counted. */
export const maxMembers = 4096;

/** See the top of the file. Times are whole seconds since the epoch. */
export class ClusterBook {
  readonly clusters: RowStore;
  readonly size: Int32Array;
  readonly sinceAt: Uint32Array;
  /** When it was first graded grey or black; 0 before. */
  readonly gradedAt: Uint32Array;
  readonly scoredAt: Uint32Array;
  readonly checkedAt: Uint32Array;
  readonly score: Float32Array;
  readonly grade: Uint8Array;
  readonly groupMask: Uint16Array;
  readonly isStale: Uint8Array;
  /** Members that show two groups of the core. */
  readonly coreSize: Int32Array;
  /** Groups of its cluster's core that each device shows. */
  readonly coreGroups: Uint16Array;
  readonly #core: Int32Array;
  readonly #coreGeneration: Int32Array;
  readonly #left: (device: number) => void;
  readonly #graph: EvidenceGraph;
  readonly #first: Int32Array;
  readonly #next: Int32Array;
  readonly #previous: Int32Array;
  readonly #edgeTo: Int32Array;
  readonly #edgeGeneration: Int32Array;
  readonly #edgeAt: Uint32Array;
  readonly #edgeMask: Uint16Array;
  readonly #bridgeTo: Int32Array;
  readonly #bridgeFrom: Int32Array;
  readonly #bridgeAt: Uint32Array;
  /** Unions refused for size. */
  tooLarge = 0;

  /** `left` is told of every device that is taken out of a cluster. */
  constructor(graph: EvidenceGraph, left: (device: number) => void = () => undefined) {
    this.#left = left;
    const { devices } = graph;
    const clusters = new RowStore(Math.max(1, devices.capacity >> 1));
    this.#graph = graph;
    this.clusters = clusters;
    this.size = clusters.column(Int32Array, 1);
    this.sinceAt = clusters.column(Uint32Array, 1);
    this.gradedAt = clusters.column(Uint32Array, 1);
    this.scoredAt = clusters.column(Uint32Array, 1);
    this.checkedAt = clusters.column(Uint32Array, 1);
    this.score = clusters.column(Float32Array, 1);
    this.grade = clusters.column(Uint8Array, 1);
    this.groupMask = clusters.column(Uint16Array, 1);
    this.isStale = clusters.column(Uint8Array, 1);
    this.coreSize = clusters.column(Int32Array, 1);
    this.coreGroups = devices.column(Uint16Array, 1);
    this.#core = clusters.column(Int32Array, corePieces);
    this.#coreGeneration = clusters.column(Int32Array, corePieces);
    this.#first = clusters.column(Int32Array, 1);
    this.#bridgeTo = clusters.column(Int32Array, 1);
    this.#bridgeFrom = clusters.column(Int32Array, 2);
    this.#bridgeAt = clusters.column(Uint32Array, 1);
    this.#next = devices.column(Int32Array, 1);
    this.#previous = devices.column(Int32Array, 1);
    this.#edgeTo = devices.column(Int32Array, edgesPerDevice);
    this.#edgeGeneration = devices.column(Int32Array, edgesPerDevice);
    this.#edgeAt = devices.column(Uint32Array, edgesPerDevice);
    this.#edgeMask = devices.column(Uint16Array, edgesPerDevice);
  }

  /** The cluster of a device; −1 when it is in none. */
  of(device: number): number {
    return (this.#graph.clusterOf[device] as number) - 1;
  }

  /** Writes down the core of a cluster. */
  setCore(cluster: number, pieces: readonly number[]): void {
    for (let place = 0; place < corePieces; place += 1) {
      const evidence = pieces[place];
      this.#core[cluster * corePieces + place] = evidence === undefined ? 0 : evidence + 1;
      this.#coreGeneration[cluster * corePieces + place] =
        evidence === undefined ? 0 : (this.#graph.evidence.generation[evidence] as number);
    }
  }

  /** Whether evidence is of the core of a cluster. */
  isCore(cluster: number, evidence: number): boolean {
    for (let place = cluster * corePieces; place < (cluster + 1) * corePieces; place += 1) {
      if (this.#core[place] === 0) return false;
      if (this.#core[place] === evidence + 1)
        return this.#coreGeneration[place] === this.#graph.evidence.generation[evidence];
    }
    return false;
  }

  /** Members in the order of the ring, from the first that joined. */
  members(cluster: number): readonly number[] {
    const first = this.#first[cluster] as number;
    const found = [first];
    for (let at = this.#next[first] as number; at !== first; at = this.#next[at] as number) found.push(at);
    return found;
  }

  /** Notes an edge between two devices and unites their clusters. `since` is the age of the oldest edge that counts. True when it united something. */
  connect(device: number, other: number, mask: number, at: number, since: number): boolean {
    this.#keepEdge(device, other, mask, at);
    const [mine, theirs] = [this.of(device), this.of(other)];
    if (mine >= 0 && mine === theirs) return false;
    if (mine < 0 && theirs < 0) return this.#found(device, other, at);
    if (mine < 0) return this.#join(theirs, device);
    if (theirs < 0) return this.#join(mine, other);
    return this.#isBridged(mine, theirs, device, other, at, since) && this.#unite(mine, theirs);
  }

  #keepEdge(device: number, other: number, mask: number, at: number): void {
    const from = device * edgesPerDevice;
    let into = from;
    for (let place = from; place < from + edgesPerDevice; place += 1) {
      const isSame =
        this.#edgeTo[place] === other + 1 && this.#edgeGeneration[place] === this.#graph.devices.generation[other];
      if (isSame) {
        into = place;
        break;
      }
      if ((this.#edgeAt[place] as number) < (this.#edgeAt[into] as number)) into = place;
    }
    this.#edgeTo[into] = other + 1;
    this.#edgeGeneration[into] = this.#graph.devices.generation[other] as number;
    this.#edgeAt[into] = at;
    this.#edgeMask[into] = mask;
  }

  /** Calls `visit` with each edge of a device that was supported at `since` or later. */
  edges(device: number, since: number, visit: (other: number, mask: number, at: number) => void): void {
    const from = device * edgesPerDevice;
    for (let place = from; place < from + edgesPerDevice; place += 1) {
      const other = (this.#edgeTo[place] as number) - 1;
      const at = this.#edgeAt[place] as number;
      if (other < 0 || at < since || this.#edgeGeneration[place] !== this.#graph.devices.generation[other]) continue;
      visit(other, this.#edgeMask[place] as number, at);
    }
  }

  /** A new cluster with one member. It is named after that member and the instant, so that the same events give the same name. */
  #open(device: number, at: number): number {
    const { keyLow, keyHigh } = this.#graph.devices;
    const cluster = this.clusters.claim(keyLow[device] as number, (keyHigh[device] as number) ^ at, {
      idleSeconds: () => -1,
      forget: () => undefined,
    });
    if (cluster < 0 || (this.size[cluster] as number) > 0) return -1;
    this.#first[cluster] = device;
    this.#next[device] = device;
    this.#previous[device] = device;
    this.size[cluster] = 1;
    this.sinceAt[cluster] = at;
    this.checkedAt[cluster] = at;
    this.isStale[cluster] = 1;
    this.#graph.clusterOf[device] = cluster + 1;
    return cluster;
  }

  #found(device: number, other: number, at: number): boolean {
    const cluster = this.#open(device, at);
    return cluster >= 0 && this.#join(cluster, other);
  }

  #join(cluster: number, device: number): boolean {
    if ((this.size[cluster] as number) >= maxMembers) {
      this.tooLarge += 1;
      return false;
    }
    const first = this.#first[cluster] as number;
    const last = this.#previous[first] as number;
    this.#next[last] = device;
    this.#previous[device] = last;
    this.#next[device] = first;
    this.#previous[first] = device;
    (this.size[cluster] as number) += 1;
    this.isStale[cluster] = 1;
    this.#graph.clusterOf[device] = cluster + 1;
    return true;
  }

  /** Whether two clusters are connected by a second pair that has no device in common with the first. The smaller cluster remembers the first. */
  #isBridged(mine: number, theirs: number, device: number, other: number, at: number, since: number): boolean {
    const isMineSmaller = (this.size[mine] as number) < (this.size[theirs] as number);
    const [small, large] = isMineSmaller ? [mine, theirs] : [theirs, mine];
    const [inSmall, inLarge] = isMineSmaller ? [device, other] : [other, device];
    if ((this.size[small] as number) < bridgedFrom) return true;
    const isKnown = this.#bridgeTo[small] === large + 1 && (this.#bridgeAt[small] as number) >= since;
    const isOtherPair = this.#bridgeFrom[small * 2] !== inSmall && this.#bridgeFrom[small * 2 + 1] !== inLarge;
    if (isKnown && isOtherPair) return true;
    if (isKnown) return false;
    this.#bridgeTo[small] = large + 1;
    this.#bridgeFrom[small * 2] = inSmall;
    this.#bridgeFrom[small * 2 + 1] = inLarge;
    this.#bridgeAt[small] = at;
    return false;
  }

  #unite(left: number, right: number): boolean {
    const [sizeLeft, sizeRight] = [this.size[left] as number, this.size[right] as number];
    const isLeftKept =
      sizeLeft > sizeRight ||
      (sizeLeft === sizeRight && (this.sinceAt[left] as number) <= (this.sinceAt[right] as number));
    const [kept, gone] = isLeftKept ? [left, right] : [right, left];
    if (sizeLeft + sizeRight > maxMembers) {
      this.tooLarge += 1;
      return false;
    }
    const moved = this.members(gone);
    const since = Math.min(this.sinceAt[left] as number, this.sinceAt[right] as number);
    this.clusters.release(gone);
    for (const device of moved) this.#join(kept, device);
    this.sinceAt[kept] = since;
    return true;
  }

  /** Takes a device out of its cluster; a cluster of one is none. */
  leave(device: number): void {
    const cluster = this.of(device);
    if (cluster < 0) return;
    this.#graph.clusterOf[device] = 0;
    this.coreGroups[device] = 0;
    this.#left(device);
    const [next, previous] = [this.#next[device] as number, this.#previous[device] as number];
    this.#next[previous] = next;
    this.#previous[next] = previous;
    (this.size[cluster] as number) -= 1;
    this.isStale[cluster] = 1;
    if (this.#first[cluster] === device) this.#first[cluster] = next;
    if (this.size[cluster] !== 1) return;
    this.#graph.clusterOf[next] = 0;
    this.coreGroups[next] = 0;
    this.#left(next);
    this.clusters.release(cluster);
  }

  /**
   * Splits a cluster into what edges younger than `since` still hold together: the largest part keeps the name (at a tie the one with the earliest
   * member), single devices are free again.
   */
  split(cluster: number, since: number, at: number): void {
    const parts = this.#parts(cluster, since);
    this.checkedAt[cluster] = at;
    if (parts.length === 1) return;
    const largest = parts.reduce((best, part) => (part.length > best.length ? part : best));
    for (const part of parts) {
      if (part === largest) continue;
      for (const device of part) this.leave(device);
      const [head, ...others] = part;
      if (head === undefined || others.length === 0) continue;
      const fresh = this.#open(head, at);
      if (fresh >= 0) for (const device of others) this.#join(fresh, device);
    }
    if (largest.length === 1 && this.of(largest[0] as number) >= 0) this.leave(largest[0] as number);
  }

  #parts(cluster: number, since: number): readonly (readonly number[])[] {
    const members = this.members(cluster);
    const partOf = new Map(members.map((device) => [device, device]));
    const rootOf = (device: number): number => {
      let root = device;
      while (partOf.get(root) !== root) root = partOf.get(root) as number;
      partOf.set(device, root);
      return root;
    };
    for (const device of members)
      this.edges(device, since, (other) => {
        if (partOf.has(other)) partOf.set(rootOf(other), rootOf(device));
      });
    return [...Map.groupBy(members, rootOf).values()];
  }
}
