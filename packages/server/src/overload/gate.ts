/**
 * The gate of one worker thread: admits or sheds requests by the age of the queues before them, right after their head is read and before
 * anything is verified. While nothing is queued a request costs one comparison here; one timer a thread looks at the queues.
 */
import { header } from '@hauberk/channel';
import type { RequestHead } from '../gateway/request-head.ts';
import type { Route } from '../gateway/route.ts';
import { oldestAdmitted } from './admission.ts';
import { promptLoop, stepLooks, waitInLoop } from './loop-wait.ts';
import { createParking, type Parking } from './parking.ts';
import { noPressure, type Pressure, stepPressure } from './pressure.ts';
import { placeOf, rankOf, roomOf } from './priority.ts';
import { emptyGauge, expectedWait, type QueueGauge, stepGauge } from './queue-wait.ts';
import type { OverloadReason } from './reasons.ts';
import { costOf, type RequestCost, refusalsIn, stepCost, unknownCost } from './request-cost.ts';

/** What is counted of an upstream. */
export interface WatchedUpstream {
  /** Requests under way or waiting for a connection. */
  readonly inFlight: number;
  /** Requests on a connection. */
  readonly running: number;
  /** Requests that ever got a connection. */
  readonly started: number;
  /** Beyond this number all are refused alike: the gate must act before. */
  readonly maxInFlight: number;
}

/** Where the queues stand; for the metrics. */
export interface QueueAges {
  /** Age of the event loop's queue, and of the longest queue before an upstream, in milliseconds. */
  readonly gatewayMs: number;
  readonly upstreamMs: number;
  readonly isShedding: boolean;
}

/** Where a gate takes its time from; monotonic milliseconds. */
export interface GateClock {
  readonly now: () => number;
  /** Processor time that the thread has used, in milliseconds. */
  readonly busy: () => number;
  /** Calls again and again; answers how to stop that. */
  readonly every: (milliseconds: number, tick: () => void) => () => void;
}

/** What is looked at of a request. */
export type Caller = Pick<RequestHead, 'headers' | 'address'>;

/** The gate. */
export interface OverloadGate {
  /** Why a request is shed now; undefined when it is admitted. `nowMs` is monotonic. */
  readonly refusal: (route: Route, head: Caller, nowMs: number) => OverloadReason | undefined;
  /** Whether the event loop is what is short: refusals must be cheap now. */
  readonly isPressed: (nowMs: number) => boolean;
  /** The same for a call that the gateway answers itself, by its rank. */
  readonly refusalOf: (rank: number, caller: string, nowMs: number) => OverloadReason | undefined;
  /** An admitted request has ended. */
  readonly left: () => void;
  /** Ends a shed request: at once, or a little later while the event loop is what is short. */
  readonly park: Parking['park'];
  readonly ages: () => QueueAges;
  readonly close: () => void;
}

/** The looks at the queues, this far apart. */
const tickMs = 10;
/** Ticks without a request after which the timer rests. */
const idleTicks = 100;
/** With fewer requests under way than this a thread has no queue, whatever they cost: shedding one of them would help nobody. */
const leastOpen = 16;
/** A shorter queue before an upstream is none; before a small pool, a quarter of what it takes. */
const leastQueued = 16;

/** A look that comes this late shows a loop that was busy since the one before. */
const behindMs = 10;
/** A loop that was behind counts as such for this long: its work takes several turns. */
const staysBehindMs = 100;

/** Protected routes get nothing but refusals from a request that shows no ticket: it stands behind all others. */
const isHopeless = (route: Route, { headers }: Caller): boolean =>
  route.protection === 'required' &&
  headers[header.ticket] === undefined &&
  headers[header.hello] === undefined &&
  (route.migration === undefined || route.migration.length === 0);

const callerOf = ({ headers, address }: Caller): string => {
  const ticket = headers[header.ticket];
  return typeof ticket === 'string' ? ticket : address;
};

/** The queue before one upstream. */
class UpstreamQueue {
  private gauge: QueueGauge = emptyGauge;
  private lastStarted = 0;
  private readonly least: number;
  pressure: Pressure = noPressure;
  readonly upstream: WatchedUpstream;

  constructor(upstream: WatchedUpstream) {
    this.upstream = upstream;
    this.least = Math.min(leastQueued, upstream.maxInFlight / 4);
  }

  waitAt(nowMs: number): number {
    const waiting = this.upstream.inFlight - this.upstream.running;
    return waiting < this.least ? 0 : expectedWait(this.gauge, waiting, nowMs);
  }

  /** Answers whether it needs to be looked at before each request. */
  step(elapsedMs: number, nowMs: number, targetMs: number): boolean {
    const { inFlight, running, started } = this.upstream;
    const seen = { waiting: inFlight - running, started: started - this.lastStarted, elapsedMs, nowMs };
    this.lastStarted = started;
    this.gauge = stepGauge(this.gauge, seen);
    this.pressure = stepPressure(this.pressure, this.waitAt(nowMs), nowMs, targetMs);
    return seen.waiting > 0 || this.pressure.isShedding;
  }
}

class Gate implements OverloadGate {
  private readonly targetMs: number;
  private readonly queues: ReadonlyMap<string, UpstreamQueue>;
  private readonly clock: GateClock;
  private readonly parking: Parking;
  private stop: (() => void) | undefined;
  private loop: Pressure = noPressure;
  /** Whether turns of the loop are late on and on, whatever it is busy with: refusals then wait. */
  private delay: Pressure = noPressure;
  private loopAgeMs = 0;
  private lastTick = 0;
  /** When the next look is due: what is later than that has been queued in the event loop. */
  private dueAt = 0;
  /** Until then nothing can be old enough to matter. */
  private quietUntil = -1;
  private admittedSinceTick = 0;
  private refusedSinceTick = 0;
  /** Admitted requests that have not ended. */
  private open = 0;
  private looks = promptLoop;
  private cost: RequestCost = unknownCost;
  private costMs = costOf(unknownCost);
  private lastBusy = 0;
  /** Until then the loop counts as behind. */
  private behindUntil = -1;
  private restTicks = 0;

  constructor(targetMs: number, upstreams: ReadonlyMap<string, WatchedUpstream>, clock: GateClock) {
    this.clock = clock;
    this.parking = createParking(clock.now);
    this.targetMs = targetMs;
    this.queues = new Map([...upstreams].map(([name, upstream]) => [name, new UpstreamQueue(upstream)]));
  }

  readonly refusal = (route: Route, head: Caller, nowMs: number): OverloadReason | undefined => {
    this.admittedSinceTick += 1;
    this.open += 1;
    if (nowMs < this.quietUntil) return undefined;
    const rank = isHopeless(route, head) ? 0 : rankOf(route.priority);
    return this.judge(rank, callerOf(head), this.queues.get(route.upstream), nowMs);
  };

  readonly isPressed = (nowMs: number): boolean => this.delay.isShedding || this.isLate(nowMs);

  private isLate(nowMs: number): boolean {
    return nowMs < this.behindUntil || (this.stop !== undefined && nowMs >= this.dueAt + behindMs);
  }

  readonly refusalOf = (rank: number, caller: string, nowMs: number): OverloadReason | undefined => {
    this.admittedSinceTick += 1;
    this.open += 1;
    return nowMs < this.quietUntil ? undefined : this.judge(rank, caller, undefined, nowMs);
  };

  private judge(
    rank: number,
    caller: string,
    queue: UpstreamQueue | undefined,
    nowMs: number,
  ): OverloadReason | undefined {
    if (this.stop === undefined) {
      this.start(nowMs);
      return undefined;
    }
    if (queue !== undefined && queue.upstream.inFlight >= roomOf(queue.upstream, rank)) {
      this.forget();
      return 'overload.upstream';
    }
    const loopMs = this.loopWait(nowMs);
    const waitMs = queue?.waitAt(nowMs) ?? 0;
    if (loopMs + waitMs < this.targetMs) return undefined;
    const isShedding = this.loop.isShedding || queue?.pressure.isShedding === true;
    const oldest = oldestAdmitted(rank + placeOf(caller, Math.floor(nowMs / 60_000)), this.targetMs, isShedding);
    if (loopMs + waitMs < oldest) return undefined;
    this.forget();
    return loopMs >= waitMs ? 'overload.gateway' : 'overload.upstream';
  }

  private isBehind(nowMs: number): boolean {
    return this.open >= leastOpen && this.isLate(nowMs);
  }

  private loopWait(nowMs: number): number {
    return this.isBehind(nowMs) ? waitInLoop(this.looks, this.admittedSinceTick * this.costMs) : 0;
  }

  /** Takes back what was counted of a request that is refused. */
  private forget(): void {
    this.admittedSinceTick -= 1;
    this.open -= 1;
    this.refusedSinceTick += 1;
  }

  private start(nowMs: number): void {
    this.lastTick = nowMs;
    this.lastBusy = this.clock.busy();
    this.dueAt = nowMs + tickMs;
    this.restTicks = 0;
    this.stop = this.clock.every(tickMs, this.tick);
  }

  private readonly tick = (): void => {
    const nowMs = this.clock.now();
    const elapsedMs = nowMs - this.lastTick;
    this.restTicks = this.admittedSinceTick === 0 ? this.restTicks + 1 : 0;
    const lateMs = Math.max(0, nowMs - this.dueAt);
    if (lateMs >= behindMs) this.behindUntil = nowMs + staysBehindMs;
    this.measure(elapsedMs);
    this.looks = stepLooks(this.looks, lateMs, this.admittedSinceTick * this.costMs, behindMs);
    this.loopAgeMs = this.isBehind(nowMs) ? waitInLoop(this.looks, 0) : 0;
    this.loop = stepPressure(this.loop, this.loopAgeMs, nowMs, this.targetMs);
    this.lastTick = nowMs;
    this.dueAt = nowMs + tickMs;
    this.admittedSinceTick = 0;
    this.refusedSinceTick = 0;
    let isQueued = false;
    for (const queue of this.queues.values()) isQueued = queue.step(elapsedMs, nowMs, this.targetMs) || isQueued;
    this.delay = stepPressure(this.delay, lateMs, nowMs, behindMs);
    const most = this.isPressed(nowMs) ? refusalsIn(elapsedMs, this.cost) : Number.POSITIVE_INFINITY;
    const isParked = this.parking.release(most, nowMs);
    this.quietUntil = isQueued || nowMs < this.behindUntil ? -1 : this.dueAt + behindMs;
    if (this.restTicks >= idleTicks && !isQueued && !isParked && !this.loop.isShedding && !this.delay.isShedding)
      this.rest();
  };

  private measure(elapsedMs: number): void {
    const busy = this.clock.busy();
    const seen = { elapsedMs, busyMs: busy - this.lastBusy };
    this.lastBusy = busy;
    this.cost = stepCost(this.cost, { ...seen, admitted: this.admittedSinceTick, refused: this.refusedSinceTick });
    this.costMs = costOf(this.cost);
  }

  private rest(): void {
    this.stop?.();
    this.stop = undefined;
    this.quietUntil = -1;
  }

  readonly left = (): void => {
    this.open -= 1;
  };

  readonly park = (end: () => void): void => {
    if (this.isPressed(this.clock.now())) this.parking.park(end);
    else end();
  };

  readonly ages = (): QueueAges => {
    const nowMs = this.clock.now();
    const queues = [...this.queues.values()];
    return {
      gatewayMs: this.loopAgeMs,
      upstreamMs: queues.reduce((most, queue) => Math.max(most, queue.waitAt(nowMs)), 0),
      isShedding: this.loop.isShedding || queues.some(({ pressure }) => pressure.isShedding),
    };
  };

  readonly close = (): void => {
    this.rest();
    this.parking.releaseAll();
  };
}

const openGate: OverloadGate = {
  refusal: () => undefined,
  isPressed: () => false,
  refusalOf: () => undefined,
  left: () => undefined,
  park: (end) => end(),
  ages: () => ({ gatewayMs: 0, upstreamMs: 0, isShedding: false }),
  close: () => undefined,
};

const systemClock: GateClock = {
  now: () => performance.now(),
  busy: () => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1000;
  },
  every: (milliseconds, tick) => {
    const timer = setInterval(tick, milliseconds).unref();
    return () => clearInterval(timer);
  },
};

/** A gate over the upstreams of a thread, by their names. A target of 0 admits everything. */
export const createGate = (
  targetMs: number,
  upstreams: ReadonlyMap<string, WatchedUpstream>,
  clock: GateClock = systemClock,
): OverloadGate => (targetMs === 0 ? openGate : new Gate(targetMs, upstreams, clock));
