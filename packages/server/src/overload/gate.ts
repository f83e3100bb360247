/**
 * The gate of one worker thread: admits or sheds requests by the age of the queues before them, right after their head is read and before
 * anything is verified. While nothing is queued a request costs one comparison here; one timer a thread looks at the queues.
 */
import { header } from '@hauberk/channel';
import type { RequestHead } from '../gateway/request-head.ts';
import type { Route } from '../gateway/route.ts';
import { oldestAdmitted } from './admission.ts';
import { createParking, type Parking } from './parking.ts';
import { noPressure, type Pressure, stepPressure } from './pressure.ts';
import { placeOf, rankOf, roomOf } from './priority.ts';
import { emptyGauge, expectedWait, type QueueGauge, stepGauge } from './queue-wait.ts';
import type { OverloadReason } from './reasons.ts';
import { costOf, idleWork, refusalsIn, stepWork, type WorkQueue } from './work-queue.ts';

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
  /** Calls again and again; answers how to stop that. */
  readonly every: (milliseconds: number, tick: () => void) => () => void;
}

/** The gate. */
export interface OverloadGate {
  /** Why a request is shed now; undefined when it is admitted. `nowMs` is monotonic. */
  readonly refusal: (route: Route, head: RequestHead, nowMs: number) => OverloadReason | undefined;
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
/**
 * With fewer requests than this waiting for it the event loop is late for another reason (a collection of garbage, a processor that is taken
 * away): they are a few milliseconds of work, and shedding one of them helps nobody.
 */
const leastWaiting = 64;
/** A shorter queue before an upstream is none; before a small pool, a quarter of what it takes. */
const leastQueued = 16;

/** A look that comes this late shows a loop that was busy since the one before. */
const behindMs = 10;
/** A loop that was behind counts as such for this long: its work takes several turns. */
const staysBehindMs = 100;

/** The highest rank. */
const lastRank = rankOf('money');

/** Protected routes get nothing but refusals from a request that shows no ticket: it stands behind all others. */
const isHopeless = (route: Route, { headers }: RequestHead): boolean =>
  route.protection === 'required' &&
  headers[header.ticket] === undefined &&
  headers[header.hello] === undefined &&
  (route.migration === undefined || route.migration.length === 0);

const callerOf = ({ headers, address }: RequestHead): string => {
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
  /** How late each of the last looks came: what was ready then waited as long. */
  private readonly late: number[] = [0, 0, 0, 0];
  private looks = 0;
  /** The least of them: a delay that stands. A processor that was taken away makes one look late and not the next. */
  private lateMs = 0;
  private work: WorkQueue = idleWork;
  /** Until then the loop counts as behind. */
  private behindUntil = -1;
  private restTicks = 0;

  constructor(targetMs: number, upstreams: ReadonlyMap<string, WatchedUpstream>, clock: GateClock) {
    this.clock = clock;
    this.parking = createParking(clock.now);
    this.targetMs = targetMs;
    this.queues = new Map([...upstreams].map(([name, upstream]) => [name, new UpstreamQueue(upstream)]));
  }

  readonly refusal = (route: Route, head: RequestHead, nowMs: number): OverloadReason | undefined => {
    this.admittedSinceTick += 1;
    this.open += 1;
    if (nowMs < this.quietUntil) return undefined;
    const rank = isHopeless(route, head) ? 0 : rankOf(route.priority);
    return this.judge(rank, callerOf(head), this.queues.get(route.upstream), nowMs);
  };

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
    const loopMs = this.loopWait(rank, nowMs);
    const waitMs = queue?.waitAt(nowMs) ?? 0;
    if (loopMs + waitMs < this.targetMs) return undefined;
    const isShedding = this.loop.isShedding || queue?.pressure.isShedding === true;
    const oldest = oldestAdmitted(rank + placeOf(caller, Math.floor(nowMs / 60_000)), this.targetMs, isShedding);
    if (loopMs + waitMs < oldest) return undefined;
    this.forget();
    return loopMs >= waitMs ? 'overload.gateway' : 'overload.upstream';
  }

  /** Admitted requests that wait for this thread, not for an upstream. */
  private waitingHere(): number {
    let waiting = this.open;
    for (const { upstream } of this.queues.values()) waiting -= upstream.inFlight;
    return waiting;
  }

  /** Work that is admitted and not done, while the loop is behind; otherwise what it holds up is not here. */
  private loopWait(rank: number, nowMs: number): number {
    if (this.waitingHere() < leastWaiting || (nowMs >= this.behindUntil && nowMs < this.dueAt + behindMs)) return 0;
    const admittedMs = this.work.backlogMs + this.admittedSinceTick * costOf(this.work);
    // A flood of heads makes every turn late and cannot be helped by shedding what comes last: that goes by the work of its own kind.
    const lateMs = rank >= lastRank ? this.lateMs / 4 : this.lateMs;
    return Math.max(lateMs, admittedMs - (nowMs - this.lastTick));
  }

  /** Takes back what was counted of a request that is refused. */
  private forget(): void {
    this.admittedSinceTick -= 1;
    this.open -= 1;
    this.refusedSinceTick += 1;
  }

  private start(nowMs: number): void {
    this.lastTick = nowMs;
    this.dueAt = nowMs + tickMs;
    this.restTicks = 0;
    this.stop = this.clock.every(tickMs, this.tick);
  }

  private readonly tick = (): void => {
    const nowMs = this.clock.now();
    const elapsedMs = nowMs - this.lastTick;
    this.restTicks = this.admittedSinceTick === 0 ? this.restTicks + 1 : 0;
    const lateMs = nowMs - this.dueAt;
    this.looks += 1;
    this.late[this.looks % this.late.length] = Math.max(0, lateMs);
    this.lateMs = Math.min(...this.late);
    if (lateMs >= behindMs) this.behindUntil = nowMs + staysBehindMs;
    const admitted = this.admittedSinceTick;
    const refused = this.refusedSinceTick;
    this.work = stepWork(this.work, { elapsedMs, admitted, refused, isBusy: lateMs >= behindMs });
    const isBehind = nowMs < this.behindUntil && this.waitingHere() >= leastWaiting;
    this.loopAgeMs = isBehind ? Math.max(this.lateMs, this.work.backlogMs) : 0;
    this.loop = stepPressure(this.loop, this.loopAgeMs, nowMs, this.targetMs);
    this.lastTick = nowMs;
    this.dueAt = nowMs + tickMs;
    this.admittedSinceTick = 0;
    this.refusedSinceTick = 0;
    let isQueued = false;
    for (const queue of this.queues.values()) isQueued = queue.step(elapsedMs, nowMs, this.targetMs) || isQueued;
    this.delay = stepPressure(this.delay, this.lateMs, nowMs, behindMs);
    const most = this.delay.isShedding ? refusalsIn(elapsedMs, this.work) : Number.POSITIVE_INFINITY;
    const isParked = this.parking.release(most, nowMs);
    this.quietUntil = isQueued || nowMs < this.behindUntil ? -1 : this.dueAt + behindMs;
    if (this.restTicks >= idleTicks && !isQueued && !isParked && !this.loop.isShedding && !this.delay.isShedding)
      this.rest();
  };

  private rest(): void {
    this.stop?.();
    this.stop = undefined;
    this.quietUntil = -1;
  }

  readonly left = (): void => {
    this.open -= 1;
  };

  readonly park = (end: () => void): void => {
    if (this.delay.isShedding) this.parking.park(end);
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
  refusalOf: () => undefined,
  left: () => undefined,
  park: (end) => end(),
  ages: () => ({ gatewayMs: 0, upstreamMs: 0, isShedding: false }),
  close: () => undefined,
};

const systemClock: GateClock = {
  now: () => performance.now(),
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
