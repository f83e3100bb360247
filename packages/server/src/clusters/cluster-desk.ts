/**
 * Clusters on the main thread: reads the outbox in batches, writes what it found out into the memory that requests read, and keeps a snapshot. A crash loses what
 * came after the snapshot, and reads it again: how far was read is acknowledged only once it is in a snapshot on the disk.
 */
import { readFileSync } from 'node:fs';
import { setImmediate as breathe } from 'node:timers/promises';
import {
  type ClusterExplanation,
  type ClusterGrade,
  type ClusterListener,
  type ClusterOptions,
  type ClusterSummary,
  Clusters,
  explainCluster,
  listClusters,
  readClusters,
  summariseCluster,
  writeClusters,
} from '@hauberk/decision';
import type { EpochMs } from '@hauberk/primitives';
import { writeFileDurably } from '../storage/durable-file.ts';
import type { Outbox } from '../storage/outbox.ts';
import { type KindsOf, observationOf } from './cluster-entry.ts';
import type { ClusterTable } from './cluster-table.ts';

/** The name under which positions are acknowledged. */
export const clusterConsumer = 'clusters';

/** What the desk stands on. */
export interface ClusterDeskParts {
  readonly outbox: Pick<Outbox, 'readAfter' | 'acknowledge' | 'acknowledged'>;
  /** Where the snapshot lies. */
  readonly file: string;
  readonly options: ClusterOptions;
  readonly table: ClusterTable;
  readonly kindsOf: KindsOf;
  readonly now: () => EpochMs;
  /** A cluster has become grey or black for the first time. */
  readonly onFarm: (cluster: ClusterSummary) => void;
  /** A cluster has become black; told again each time it does. */
  readonly onBlack?: (cluster: ClusterExplanation) => void;
  /** A fault of a step; it is tried again. */
  readonly failed: (error: unknown) => void;
  /** Between two looks at the outbox, in milliseconds; 250 when absent. */
  readonly everyMs?: number;
}

const batchEvents = 256;
const defaultEveryMs = 250;
/** Between two snapshots. */
const saveEveryMs = 60_000;
/** After a fault the record gets this long before it is asked again. */
const restMs = 5000;

const isFarm = (grade: ClusterGrade): boolean => grade === 'grey' || grade === 'black';

/** What was counted. */
export interface ClusterCounts {
  readonly observations: number;
  readonly late: number;
  readonly duplicate: number;
  readonly devices: number;
  readonly refused: number;
}

/** See the top of the file. */
export class ClusterDesk {
  readonly #parts: ClusterDeskParts;
  #clusters: Clusters;
  #position: number | undefined;
  #saved: number | undefined;
  #savedAt = Number.NEGATIVE_INFINITY;
  #restUntil = Number.NEGATIVE_INFINITY;
  readonly #scored = new Set<number>();
  readonly #left = new Set<number>();
  /** Clusters that became suspect since the last batch. */
  readonly #farms = new Set<number>();
  /** Clusters that became black since the last batch. */
  readonly #black = new Set<number>();
  #timer: NodeJS.Timeout | undefined;
  #work: Promise<void> | undefined;
  #isClosing = false;
  #observations = 0;

  constructor(parts: ClusterDeskParts) {
    this.#parts = parts;
    this.#clusters = this.#restore();
  }

  #restore(): Clusters {
    const listener: ClusterListener = {
      scored: (cluster) => this.#scored.add(cluster),
      left: (device) => this.#left.add(device),
      graded: (cluster, grade, before) => {
        if (isFarm(grade) && !isFarm(before)) this.#farms.add(cluster);
        if (grade === 'black') this.#black.add(cluster);
      },
    };
    const { file, options, failed } = this.#parts;
    try {
      const read = readClusters(readFileSync(file), options, listener);
      if (read.ok && /^\d{1,15}$/.test(read.value.position)) {
        this.#position = Number(read.value.position);
        this.#saved = this.#position;
        return read.value.clusters;
      }
      // What cannot be read is made anew from the outbox, as far as that goes back.
      failed(new Error(`the snapshot of clusters is not read: ${read.ok ? 'position' : read.code}`));
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) failed(error);
    }
    return new Clusters(options, listener);
  }

  /** Puts what the snapshot holds into the memory of requests and begins to look at the outbox. */
  open(): void {
    const { clusters } = this.#clusters.book;
    for (let cluster = 0; cluster < clusters.highest; cluster += 1)
      if (clusters.isUsed(cluster)) this.#scored.add(cluster);
    this.#publish();
    this.#timer = setInterval(() => this.#wake(), this.#parts.everyMs ?? defaultEveryMs).unref();
    this.#wake();
  }

  /** Reads everything that is there, and waits for it. */
  async drain(): Promise<void> {
    while (this.#work !== undefined) await this.#work;
    const work = this.#all().finally(() => {
      this.#work = undefined;
    });
    this.#work = work.catch(() => undefined);
    await work;
  }

  /** Ends after the batch that is under way, with a snapshot. */
  async close(): Promise<void> {
    this.#isClosing = true;
    clearInterval(this.#timer);
    await this.#work;
    await this.#save().catch(this.#parts.failed);
  }

  #wake(): void {
    if (this.#work !== undefined || this.#isClosing || performance.now() < this.#restUntil) return;
    this.#work = this.#all()
      .catch((error: unknown) => {
        this.#restUntil = performance.now() + restMs;
        this.#parts.failed(error);
      })
      .finally(() => {
        this.#work = undefined;
      });
  }

  async #all(): Promise<void> {
    while (!this.#isClosing && (await this.#step())) await breathe();
    this.#clusters.advance(this.#parts.now());
    this.#publish();
    if (performance.now() - this.#savedAt >= saveEveryMs) await this.#save();
  }

  async #step(): Promise<boolean> {
    const { outbox, kindsOf } = this.#parts;
    // Nothing is acknowledged that is not in a snapshot: without one, everything that is kept is read.
    this.#position ??= 0;
    const events = await outbox.readAfter(this.#position, batchEvents);
    const last = events.at(-1);
    if (last === undefined) return false;
    for (const event of events) {
      const observation = await observationOf(event, kindsOf);
      if (observation === undefined) continue;
      this.#clusters.take(observation);
      this.#observations += 1;
    }
    this.#position = last.position;
    this.#publish();
    return events.length === batchEvents;
  }

  /** Devices that left first: one that left may have joined another cluster, which was scored since. */
  #publish(): void {
    const { table, onFarm, onBlack } = this.#parts;
    const { book, graph } = this.#clusters;
    const write = (device: number): void =>
      table.write(
        graph.devices.keyLow[device] as number,
        graph.devices.keyHigh[device] as number,
        this.#clusters.factsOfRow(device),
      );
    for (const device of this.#left) write(device);
    for (const cluster of this.#scored)
      if (book.clusters.isUsed(cluster)) for (const device of book.members(cluster)) write(device);
    const farms = [...this.#farms].filter((cluster) => book.clusters.isUsed(cluster));
    const black = [...this.#black].filter((cluster) => book.clusters.isUsed(cluster));
    this.#left.clear();
    this.#scored.clear();
    this.#farms.clear();
    this.#black.clear();
    for (const cluster of farms) onFarm(summariseCluster(this.#clusters, cluster));
    for (const cluster of black) {
      const explained = explainCluster(this.#clusters, summariseCluster(this.#clusters, cluster).id);
      if (explained !== undefined) onBlack?.(explained);
    }
  }

  async #save(): Promise<void> {
    this.#savedAt = performance.now();
    const position = this.#position;
    if (position === undefined || position === this.#saved) return;
    writeFileDurably(this.#parts.file, writeClusters(this.#clusters, String(position)));
    const kept = await this.#parts.outbox.acknowledge(clusterConsumer, position);
    if (!kept.ok) throw new Error(`how far clusters have read was not kept: ${kept.code}`);
    this.#saved = position;
  }

  /** Clusters of at least a grade, the surest first. */
  list(least: ClusterGrade, most: number): readonly ClusterSummary[] {
    return listClusters(this.#clusters, least, most);
  }

  /** Why a cluster is one; undefined when there is none of that name. */
  show(id: string): ClusterExplanation | undefined {
    return explainCluster(this.#clusters, id);
  }

  get counts(): ClusterCounts {
    const { late, duplicate } = this.#clusters.buffer.counts;
    const { devices } = this.#clusters.graph;
    return { observations: this.#observations, late, duplicate, devices: devices.size, refused: devices.refused };
  }
}
