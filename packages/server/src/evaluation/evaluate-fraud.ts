/** A world of fraud from files → how well the online parts did. Everything is streamed once, in event time; the truth only looks on. */
import { statSync } from 'node:fs';
import type { ClusterSummary } from '@hauberk/decision';
import { listClusters } from '@hauberk/decision';
import { Baselines } from './baselines.ts';
import { FarmWatch } from './farm-watch.ts';
import { type FraudFigures, FraudTally } from './fraud-figures.ts';
import { FraudJudge, type JudgeSizes } from './fraud-judge.ts';
import { readWorld, readWorldLabels } from './world-lines.ts';
import { checkWorldManifest, readWorldTruth } from './world-truth.ts';

/** What an evaluation tells beside the figures. */
export interface FraudEvaluation {
  readonly figures: FraudFigures;
  readonly events: number;
  readonly reports: number;
  /** Clusters that are grey or black at the end, the surest first. */
  readonly clusters: readonly ClusterSummary[];
  /** Seconds to each new farm. */
  readonly seconds: ReadonlyMap<string, number>;
  /** Why honest people were asked, slowed or stopped, and how often. */
  readonly honestReasons: ReadonlyMap<string, number>;
  /** Events of attacks that passed, by kind and scene. */
  readonly missed: ReadonlyMap<string, number>;
}

/** The same key every time: a world is made up, and figures must come out the same. */
const key = Uint8Array.from({ length: 16 }, (_, place) => place * 11 + 3);
const hourMs = 3_600_000;
/** Bytes of a line of an event, at least. */
const leastEventBytes = 300;

const sizesFor = (folder: string): JudgeSizes => {
  const events = Math.ceil(statSync(`${folder}/events.jsonl`).size / leastEventBytes);
  const bounded = (count: number, most: number): number => Math.max(4096, Math.min(most, count));
  return { entities: bounded(Math.ceil(events / 2), 1_048_576), events: bounded(events, 4_194_304) };
};

/** Every device that was clustered at some time: looked at with each of its events, and all of them every hour. */
class Clustered {
  readonly ever: Set<string> = new Set();
  readonly #seen = new Set<string>();
  readonly #judge: FraudJudge;
  #hour = 0;

  constructor(judge: FraudJudge) {
    this.#judge = judge;
  }

  look(device: string): void {
    this.#seen.add(device);
    if (!this.ever.has(device) && this.#judge.isClustered(device)) this.ever.add(device);
  }

  lookAtAll(): void {
    for (const device of this.#seen) this.look(device);
  }

  advance(nowMs: number): void {
    const hour = Math.floor(nowMs / hourMs);
    if (hour === this.#hour) return;
    this.#hour = hour;
    this.lookAtAll();
  }
}

/** Evaluates the world in a folder. Throws WorldError for a line, a truth or a manifest that cannot be read. */
export const evaluateFraud = async (folder: string): Promise<FraudEvaluation> => {
  checkWorldManifest(folder);
  const truth = readWorldTruth(folder);
  const labels = await readWorldLabels(folder);
  const judge = new FraudJudge(sizesFor(folder), key);
  const tally = new FraudTally(truth);
  const baselines = new Baselines();
  const clustered = new Clustered(judge);
  const watch = new FarmWatch(truth, (device) => judge.isClustered(device));
  const count = { events: 0, reports: 0, labels: 0 };
  for await (const step of readWorld(folder)) {
    for (
      let label = labels[count.labels];
      label !== undefined && label.knownAtMs <= step.atMs;
      label = labels[count.labels]
    ) {
      judge.label(label);
      count.labels += 1;
    }
    if (step.kind === 'report') {
      judge.report(step.number, step.report);
      count.reports += 1;
    } else {
      const { decision } = judge.decide(step.event);
      tally.take(step.event, decision.outcome, decision.reasons);
      baselines.take(step.event);
      watch.take(step.event);
      const { device } = step.event.entities;
      if (device !== undefined) clustered.look(device);
      count.events += 1;
    }
    watch.advance(step.atMs);
    clustered.advance(step.atMs);
  }
  judge.clusters.flush();
  clustered.lookAtAll();
  return {
    figures: tally.figures(clustered.ever, watch.seconds(), baselines),
    events: count.events,
    reports: count.reports,
    clusters: listClusters(judge.clusters, 'grey', 1000),
    seconds: watch.seconds(),
    honestReasons: tally.honestReasons,
    missed: tally.missed,
  };
};
