/** An event loop in virtual time behind the gate: every step of a request costs processor time, and nothing happens beside it. */
import { createGate, type GateClock } from '../src/overload/gate.ts';
import type { Priority } from '../src/overload/priority.ts';
import { routeOf } from './plain-gateway.ts';
import type { Share } from './virtual-upstream.ts';

/** One run. Costs are processor time in milliseconds. */
export interface LoopRun {
  /** A head until the gate has judged it. */
  readonly headMs: number;
  /** A refusal. */
  readonly refuseMs: number;
  /** What an admitted request costs when its body is there, and again when its reply is. */
  readonly stepMs: number;
  /** How long the upstream takes. */
  readonly upstreamMs: number;
  /** Connections of each priority; an arrival that finds none free is given up. */
  readonly lines: number;
  readonly load: readonly Share[];
  readonly seconds: number;
  readonly seed: number;
  readonly targetMs?: number;
  /** Takes the processor away again and again, for so long. */
  readonly pauseMs?: number;
  readonly pauseEveryMs?: number;
}

/** What became of the arrivals of one priority. */
export interface LoopFate {
  offered: number;
  served: number;
  shed: number;
  times: number[];
}

interface Event {
  readonly at: number;
  readonly run: () => void;
}

/** Runs it. */
export const runLoop = (run: LoopRun): ReadonlyMap<Priority, LoopFate> => {
  let state = run.seed >>> 0;
  const draw = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  let now = 1000;
  let idleMs = 1000;
  const ticks: { at: number; readonly every: number; readonly tick: () => void }[] = [];
  const clock: GateClock = {
    now: () => now,
    busy: () => now - idleMs,
    every: (milliseconds, tick) => {
      const entry = { at: now + milliseconds, every: milliseconds, tick };
      ticks.push(entry);
      return () => void ticks.splice(ticks.indexOf(entry), 1);
    },
  };
  const upstream = { inFlight: 0, running: 0, started: 0, maxInFlight: 1e9 };
  const gate = createGate(run.targetMs ?? 20, new Map([['bank', upstream]]), clock);
  /** Events by the time at which the kernel has them. */
  let pending: Event[] = [];
  const later = (delayMs: number, event: () => void): void => void pending.push({ at: now + delayMs, run: event });
  const fates = new Map<Priority, LoopFate>();
  for (const { priority } of run.load) fates.set(priority, { offered: 0, served: 0, shed: 0, times: [] });
  const until = now + run.seconds * 1000;
  const arrivals: Event[] = [];
  for (const { priority, perSecond } of run.load) {
    const fate = fates.get(priority) as LoopFate;
    const route = routeOf({ id: priority, pattern: '/a', priority });
    let free = run.lines;
    let caller = 0;
    const head = (arrivedAt: number): void => {
      now += run.headMs;
      caller += 1;
      const seen = { headers: {}, address: `${priority}.${caller % run.lines}` };
      const refused = gate.refusal(route, seen as unknown as Parameters<typeof gate.refusal>[1], now);
      if (refused !== undefined) {
        gate.park(() => {
          now += run.refuseMs;
          fate.shed += 1;
          free += 1;
        });
        return;
      }
      later(0, () => {
        now += run.stepMs;
        upstream.inFlight += 1;
        upstream.running += 1;
        later(run.upstreamMs, () => {
          upstream.inFlight -= 1;
          upstream.running -= 1;
          now += run.stepMs;
          gate.left();
          fate.served += 1;
          fate.times.push(now - arrivedAt);
          free += 1;
        });
      });
    };
    const arrive = (): void => {
      if (now >= until) return;
      const at = now;
      fate.offered += 1;
      if (free > 0) {
        free -= 1;
        pending.push({ at, run: () => head(at) });
      }
    };
    // Arrivals come whether the loop is busy or not.
    for (let at = now; at < until; at += (-Math.log(1 - draw()) * 1000) / perSecond) arrivals.push({ at, run: arrive });
  }
  const queue = arrivals.toSorted((left, right) => left.at - right.at);
  let next = 0;
  let pauseAt = run.pauseMs === undefined ? Number.POSITIVE_INFINITY : now;
  for (;;) {
    if (now >= pauseAt) {
      now += run.pauseMs ?? 0;
      idleMs += run.pauseMs ?? 0;
      pauseAt = now + (run.pauseEveryMs ?? 0);
    }
    const soonest = Math.min(
      queue[next]?.at ?? Number.POSITIVE_INFINITY,
      ...ticks.map(({ at }) => at),
      pending.reduce((least, { at }) => Math.min(least, at), Number.POSITIVE_INFINITY),
    );
    if (soonest === Number.POSITIVE_INFINITY || (next >= queue.length && pending.length === 0)) break;
    idleMs += Math.max(0, soonest - now);
    now = Math.max(now, soonest);
    for (const entry of ticks.slice())
      if (entry.at <= now) {
        entry.at = now + entry.every;
        entry.tick();
      }
    const present = now;
    while (next < queue.length && (queue[next] as Event).at <= present) {
      const arrival = queue[next] as Event;
      next += 1;
      const busyUntil = now;
      now = arrival.at;
      arrival.run();
      now = busyUntil;
    }
    const ready = pending.filter(({ at }) => at <= present).toSorted((left, right) => left.at - right.at);
    pending = pending.filter(({ at }) => at > present);
    for (const event of ready) event.run();
  }
  gate.close();
  return fates;
};
