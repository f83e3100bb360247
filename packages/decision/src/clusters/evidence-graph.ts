/**
 * Who showed what: devices and evidence with a bounded number of links each way. What two devices share weighs as much as it is improbable: the
 * logarithm of the share of all devices that show it. So what many show (a carrier's address, a school's Wi-Fi, a popular model) says little or
 * nothing. The number of holders decays, so that a place which was busy once is not busy for ever.
 */
import { countGroups, evidenceGroups, type KindTable } from './evidence-kinds.ts';
import { type Eviction, RowStore } from './row-store.ts';

/** How much a graph holds. */
export interface GraphSizes {
  readonly devices: number;
  readonly evidence: number;
}

/** Links that a device keeps, and holders that evidence keeps; the oldest gives way. */
export const linksPerDevice = 32;
export const holdersPerEvidence = 32;
/** Links of one kind that a device keeps before it gives up one of the same kind. */
const linksPerKind = 10;
/** Seconds after which a holder that does not come back counts half. */
const halfLifeSeconds = 5 * 86_400;
const groupCount = evidenceGroups.length;
/** In a smaller population than this, nothing would count as rare. */
const fewestDevices = 5000;
/** What more than this share of all devices show, and more than a few, is a hub even where devices are few. */
const hubShare = 0.1;
const fewestOfHub = 48;
/** Nats from which a group counts as shared. */
const leastNats = 1;

/** A device that shares evidence with another. */
export interface Neighbour {
  device: number;
  /** Groups of the shared evidence, one bit each. */
  mask: number;
  /** Nats: the sum over groups of the strongest evidence of each. */
  weight: number;
}

/** See the top of the file. Times are whole seconds since the epoch. */
export class EvidenceGraph {
  readonly devices: RowStore;
  readonly evidence: RowStore;
  readonly kinds: KindTable;
  readonly firstAt: Uint32Array;
  readonly lastAt: Uint32Array;
  readonly hours: Uint16Array;
  /** Cluster row + 1 of each device; 0 when it is in none. */
  readonly clusterOf: Int32Array;
  readonly #link: Int32Array;
  readonly #linkGeneration: Int32Array;
  readonly #linkAt: Uint32Array;
  readonly #evidenceKind: Uint8Array;
  readonly #evidenceFirstAt: Uint32Array;
  readonly #evidenceLastAt: Uint32Array;
  readonly #degree: Float32Array;
  readonly #degreeAt: Uint32Array;
  readonly #holder: Int32Array;
  readonly #holderGeneration: Int32Array;
  readonly #holderAt: Uint32Array;
  readonly #strongest: Float32Array;
  readonly #masks: Uint16Array;
  readonly #touched: number[] = [];
  readonly #deviceEviction: Eviction;
  readonly #evidenceEviction: Eviction;
  #now = 0;

  /** `mayForget` tells whether a device may be given up for a new one. */
  constructor(sizes: GraphSizes, kinds: KindTable, mayForget: (device: number) => boolean) {
    this.kinds = kinds;
    const devices = new RowStore(sizes.devices);
    const evidence = new RowStore(sizes.evidence);
    [this.devices, this.evidence] = [devices, evidence];
    this.firstAt = devices.column(Uint32Array, 1);
    this.lastAt = devices.column(Uint32Array, 1);
    this.hours = devices.column(Uint16Array, 24);
    this.clusterOf = devices.column(Int32Array, 1);
    this.#link = devices.column(Int32Array, linksPerDevice);
    this.#linkGeneration = devices.column(Int32Array, linksPerDevice);
    this.#linkAt = devices.column(Uint32Array, linksPerDevice);
    this.#evidenceKind = evidence.column(Uint8Array, 1);
    this.#evidenceFirstAt = evidence.column(Uint32Array, 1);
    this.#evidenceLastAt = evidence.column(Uint32Array, 1);
    this.#degree = evidence.column(Float32Array, 1);
    this.#degreeAt = evidence.column(Uint32Array, 1);
    this.#holder = evidence.column(Int32Array, holdersPerEvidence);
    this.#holderGeneration = evidence.column(Int32Array, holdersPerEvidence);
    this.#holderAt = evidence.column(Uint32Array, holdersPerEvidence);
    this.#strongest = new Float32Array(sizes.devices * groupCount);
    this.#masks = new Uint16Array(sizes.devices);
    this.#deviceEviction = {
      idleSeconds: (row) => (mayForget(row) ? this.#now - (this.lastAt[row] as number) : -1),
      forget: () => undefined,
    };
    this.#evidenceEviction = {
      idleSeconds: (row) => this.#now - (this.#evidenceLastAt[row] as number),
      forget: () => undefined,
    };
  }

  /** The row of a device that shows something now; −1 when there is no room. */
  touch(low: number, high: number, at: number): number {
    this.#now = Math.max(this.#now, at);
    const device = this.devices.claim(low, high, this.#deviceEviction);
    if (device < 0) return -1;
    if (this.firstAt[device] === 0 || (this.firstAt[device] as number) > at) this.firstAt[device] = at;
    if ((this.lastAt[device] as number) < at) this.lastAt[device] = at;
    return device;
  }

  /** Counts an act in the device's profile of hours. */
  countHour(device: number, at: number): void {
    const place = device * 24 + (Math.floor(at / 3600) % 24);
    if ((this.hours[place] as number) < 65_535) (this.hours[place] as number) += 1;
  }

  /** Notes that a device showed evidence. True when that is new, or when it was not seen with it for an hour. */
  link(device: number, low: number, high: number, kind: number, at: number): boolean {
    const evidence = this.evidence.claim(low, high, this.#evidenceEviction);
    if (evidence < 0) return false;
    if (this.#evidenceFirstAt[evidence] === 0) {
      this.#evidenceKind[evidence] = kind;
      this.#evidenceFirstAt[evidence] = at;
      this.#degreeAt[evidence] = at;
    }
    if ((this.#evidenceLastAt[evidence] as number) < at) this.#evidenceLastAt[evidence] = at;
    const place = this.#linkPlace(device, evidence);
    if (place >= 0) return this.#again(device, evidence, place, at);
    this.#newLink(device, evidence, at);
    this.#addDegree(evidence, at, 1);
    this.#hold(evidence, device, at);
    return true;
  }

  #again(device: number, evidence: number, place: number, at: number): boolean {
    const before = this.#linkAt[place] as number;
    if (at <= before) return false;
    this.#linkAt[place] = at;
    this.#hold(evidence, device, at);
    // The holder counts as one again, whatever was left of it.
    this.#addDegree(evidence, at, 1 - 2 ** ((before - at) / halfLifeSeconds));
    return at - before > 3600;
  }

  #isLive(place: number): boolean {
    const entry = this.#link[place] as number;
    return entry !== 0 && this.#linkGeneration[place] === this.evidence.generation[entry - 1];
  }

  #linkPlace(device: number, evidence: number): number {
    const from = device * linksPerDevice;
    for (let place = from; place < from + linksPerDevice; place += 1)
      if (this.#link[place] === evidence + 1 && this.#isLive(place)) return place;
    return -1;
  }

  #newLink(device: number, evidence: number, at: number): void {
    const from = device * linksPerDevice;
    const kind = this.#evidenceKind[evidence];
    let [sameKind, oldestSame, oldest, free] = [0, -1, from, -1];
    for (let place = from; place < from + linksPerDevice; place += 1) {
      if (!this.#isLive(place)) {
        if (free < 0) free = place;
        continue;
      }
      const when = this.#linkAt[place] as number;
      if (when < (this.#linkAt[oldest] as number)) oldest = place;
      if (this.#evidenceKind[(this.#link[place] as number) - 1] !== kind) continue;
      sameKind += 1;
      if (oldestSame < 0 || when < (this.#linkAt[oldestSame] as number)) oldestSame = place;
    }
    const place = sameKind >= linksPerKind ? oldestSame : free >= 0 ? free : oldest;
    this.#link[place] = evidence + 1;
    this.#linkGeneration[place] = this.evidence.generation[evidence] as number;
    this.#linkAt[place] = at;
  }

  #addDegree(evidence: number, at: number, by: number): void {
    this.#degree[evidence] = this.holdersOf(evidence, at) + by;
    this.#degreeAt[evidence] = Math.max(at, this.#degreeAt[evidence] as number);
  }

  #isHolder(place: number): boolean {
    const entry = this.#holder[place] as number;
    return entry !== 0 && this.#holderGeneration[place] === this.devices.generation[entry - 1];
  }

  #hold(evidence: number, device: number, at: number): void {
    const from = evidence * holdersPerEvidence;
    let into = from;
    for (let place = from; place < from + holdersPerEvidence; place += 1) {
      if (this.#holder[place] === device + 1) {
        into = place;
        break;
      }
      const age = this.#isHolder(place) ? (this.#holderAt[place] as number) : -1;
      const oldest = this.#isHolder(into) ? (this.#holderAt[into] as number) : -1;
      if (age < oldest) into = place;
    }
    this.#holder[into] = device + 1;
    this.#holderGeneration[into] = this.devices.generation[device] as number;
    this.#holderAt[into] = at;
  }

  /** Devices that showed evidence, with decay; one that comes back after its link was given up counts again. */
  holdersOf(evidence: number, at: number): number {
    const elapsed = Math.max(0, at - (this.#degreeAt[evidence] as number));
    return (this.#degree[evidence] as number) * 2 ** (-elapsed / halfLifeSeconds);
  }

  /** Natural logarithm of how many devices there are, never fewer than a small bank has. */
  get populationNats(): number {
    return Math.log(Math.max(fewestDevices, this.devices.size));
  }

  /** What sharing this evidence says now, in nats: nothing when everybody shows it. */
  weightOf(evidence: number, at: number): number {
    const trust = this.kinds.kinds[this.#evidenceKind[evidence] as number]?.trust ?? 0;
    const holders = this.holdersOf(evidence, at);
    if (holders > fewestOfHub && holders > this.devices.size * hubShare) return 0;
    return trust * Math.max(0, this.populationNats - Math.log(Math.max(2, holders)));
  }

  /**
   * Calls `visit` with each device that shares evidence of weight with this one, after `more` had the chance to add to them. The neighbour is one object,
   * used again.
   */
  neighbours(
    device: number,
    at: number,
    more: (note: typeof this.note) => void,
    visit: (found: Neighbour) => void,
  ): void {
    const from = device * linksPerDevice;
    for (let place = from; place < from + linksPerDevice; place += 1)
      if (this.#isLive(place)) this.#noteHolders(device, place, at);
    more(this.note);
    const found: Neighbour = { device: 0, mask: 0, weight: 0 };
    const touched = this.#touched.sort((left, right) => left - right);
    for (const other of touched) {
      found.device = other;
      found.mask = this.#masks[other] as number;
      found.weight = 0;
      for (let group = 0; group < groupCount; group += 1) {
        found.weight += this.#strongest[other * groupCount + group] as number;
        this.#strongest[other * groupCount + group] = 0;
      }
      this.#masks[other] = 0;
      if (other !== device && countGroups(found.mask) > 0) visit(found);
    }
    touched.length = 0;
  }

  /** Adds shared evidence of a group to what is being gathered about another device. */
  readonly note = (other: number, group: number, weight: number): void => {
    if (weight <= 0) return;
    if (this.#masks[other] === 0) this.#touched.push(other);
    (this.#masks[other] as number) |= 1 << group;
    const place = other * groupCount + group;
    if ((this.#strongest[place] as number) < weight) this.#strongest[place] = weight;
  };

  #noteHolders(device: number, link: number, at: number): void {
    const evidence = (this.#link[link] as number) - 1;
    const weight = this.weightOf(evidence, at);
    if (weight < leastNats) return;
    const kind = this.#evidenceKind[evidence] as number;
    const group = this.kinds.groups[kind] as number;
    const together = (this.kinds.kinds[kind]?.togetherHours ?? 0) * 3600;
    const since = at - together;
    if ((this.#linkAt[link] as number) < since) return;
    const from = evidence * holdersPerEvidence;
    for (let place = from; place < from + holdersPerEvidence; place += 1) {
      if (!this.#isHolder(place)) continue;
      const other = (this.#holder[place] as number) - 1;
      if (other !== device && (this.#holderAt[place] as number) >= since) this.note(other, group, weight);
    }
  }

  /** Calls `visit` with each piece of evidence that a device shows. */
  evidenceOf(device: number, visit: (evidence: number, kind: number, sinceSeconds: number) => void): void {
    const from = device * linksPerDevice;
    for (let place = from; place < from + linksPerDevice; place += 1) {
      if (!this.#isLive(place)) continue;
      const evidence = (this.#link[place] as number) - 1;
      visit(evidence, this.#evidenceKind[evidence] as number, this.#evidenceFirstAt[evidence] as number);
    }
  }

  /** The newest instant that was told, in seconds. */
  get now(): number {
    return this.#now;
  }

  set now(seconds: number) {
    this.#now = Math.max(this.#now, seconds);
  }
}
