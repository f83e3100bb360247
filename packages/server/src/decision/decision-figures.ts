/** What is counted of decisions: outcomes and faults by route, touched traps, requests that were refused before they could be judged. */
import type { ChannelResult, Outcome } from '@hauberk/decision';
import type { DecisionFault } from '../gateway/judgement.ts';
import type { Route } from '../gateway/route.ts';
import type { MarkKind } from './trap-marks.ts';

/** Upper bounds of the duration buckets, in milliseconds. */
export const judgementBounds: readonly number[] = [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 100];

/** The counts of a thread: plain data that crosses threads. Keys are joined by newlines. */
export interface DecisionCounts {
  /** Service, route and outcome. */
  readonly outcomes: Readonly<Record<string, number>>;
  /** Service, route and fault. */
  readonly faults: Readonly<Record<string, number>>;
  /** Service, route and kind of trap. */
  readonly touches: Readonly<Record<string, number>>;
  /** Service, route and what the channel made of the request. */
  readonly refused: Readonly<Record<string, number>>;
  /** Hash of a shadow policy and what it would have decided. */
  readonly shadows: Readonly<Record<string, number>>;
  /** Judgements by duration; the last is beyond every bound. */
  readonly durations: readonly number[];
  readonly durationSumMs: number;
  /** Refused requests that there was no room to look at. */
  readonly refusedDropped: number;
  /** Records that no room or no disk was there for. */
  readonly recordsDropped: number;
}

/** Nothing counted. */
export const noDecisions: DecisionCounts = {
  outcomes: {},
  faults: {},
  touches: {},
  refused: {},
  shadows: {},
  durations: Array.from({ length: judgementBounds.length + 1 }, () => 0),
  durationSumMs: 0,
  refusedDropped: 0,
  recordsDropped: 0,
};

type Where = Pick<Route, 'service' | 'id'>;

/** Counters of one thread. */
export class DecisionFigures {
  readonly #outcomes: Record<string, number> = {};
  readonly #faults: Record<string, number> = {};
  readonly #touches: Record<string, number> = {};
  readonly #refused: Record<string, number> = {};
  readonly #shadows: Record<string, number> = {};
  readonly #durations = [...noDecisions.durations];
  #durationSumMs = 0;
  #refusedDropped = 0;
  /** Records that were lost; whoever keeps them says so. */
  recordsDropped: () => number = () => 0;

  judged({ service, id }: Where, outcome: Outcome, fault: DecisionFault | undefined, milliseconds: number): void {
    increment(this.#outcomes, `${service}\n${id}\n${outcome}`);
    if (fault !== undefined) increment(this.#faults, `${service}\n${id}\n${fault}`);
    const bucket = judgementBounds.findIndex((bound) => milliseconds <= bound);
    const place = bucket < 0 ? judgementBounds.length : bucket;
    this.#durations[place] = (this.#durations[place] ?? 0) + 1;
    this.#durationSumMs += milliseconds;
  }

  touched({ service, id }: Where, kind: MarkKind): void {
    increment(this.#touches, `${service}\n${id}\n${kind}`);
  }

  refused({ service, id }: Where, result: ChannelResult): void {
    increment(this.#refused, `${service}\n${id}\n${result}`);
  }

  shadowed(hash: string, outcome: Outcome): void {
    increment(this.#shadows, `${hash}\n${outcome}`);
  }

  refusedDropped(): void {
    this.#refusedDropped += 1;
  }

  snapshot(): DecisionCounts {
    return {
      outcomes: this.#outcomes,
      faults: this.#faults,
      touches: this.#touches,
      refused: this.#refused,
      shadows: this.#shadows,
      durations: this.#durations,
      durationSumMs: this.#durationSumMs,
      refusedDropped: this.#refusedDropped,
      recordsDropped: this.recordsDropped(),
    };
  }
}

const increment = (counts: Record<string, number>, name: string): void => {
  counts[name] = (counts[name] ?? 0) + 1;
};
