/** An upstream in virtual time before which the gate stands: arrivals by a seeded generator, a pool of connections, one queue. */
import { createGate, type GateClock } from '../src/overload/gate.ts';
import type { Priority } from '../src/overload/priority.ts';
import { routeOf } from './plain-gateway.ts';

/** A share of the load. */
export interface Share {
  readonly priority: Priority;
  /** Requests a second. */
  readonly perSecond: number;
}

/** One run. */
export interface VirtualRun {
  readonly connections: number;
  readonly serviceMs: number;
  readonly load: readonly Share[];
  readonly seconds: number;
  readonly seed: number;
  readonly targetMs?: number;
}

/** What became of the requests of one priority. */
export interface Fate {
  served: number;
  shed: number;
  longestWaitMs: number;
}

const random = (seed: number): (() => number) => {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
};

interface Waiting {
  readonly fate: Fate;
  readonly at: number;
}

/** Runs it; no real time passes. Requests shed while a lower priority is admitted at the same moment are counted as `inverted`. */
export const runVirtual = (
  run: VirtualRun,
): { readonly fates: ReadonlyMap<Priority, Fate>; readonly inverted: number; readonly servedTotal: number } => {
  const { connections, serviceMs, load, seed } = run;
  const draw = random(seed);
  let now = 1000;
  const ticks: { at: number; readonly every: number; readonly tick: () => void }[] = [];
  const clock: GateClock = {
    now: () => now,
    // The gateway itself has time to spare.
    busy: () => 0,
    every: (milliseconds, tick) => {
      const entry = { at: now + milliseconds, every: milliseconds, tick };
      ticks.push(entry);
      return () => void ticks.splice(ticks.indexOf(entry), 1);
    },
  };
  const upstream = { inFlight: 0, running: 0, started: 0, maxInFlight: connections * 16 };
  const gate = createGate(run.targetMs ?? 20, new Map([['bank', upstream]]), clock);
  const queue: Waiting[] = [];
  const ends: number[] = [];
  const start = (): void => {
    while (upstream.running < connections && queue.length > 0) {
      const { fate, at } = queue.shift() as Waiting;
      upstream.running += 1;
      upstream.started += 1;
      fate.longestWaitMs = Math.max(fate.longestWaitMs, now - at);
      fate.served += 1;
      ends.push(now + serviceMs * (0.5 + draw()));
      ends.sort((left, right) => left - right);
    }
  };
  const fates = new Map<Priority, Fate>(
    load.map(({ priority }) => [priority, { served: 0, shed: 0, longestWaitMs: 0 }]),
  );
  const routes = new Map(load.map(({ priority }) => [priority, routeOf({ id: priority, pattern: '/a', priority })]));
  const total = load.reduce((sum, { perSecond }) => sum + perSecond, 0);
  const until = now + run.seconds * 1000;
  let inverted = 0;
  let arrivals = 0;
  for (let next = now; next < until; next += (-Math.log(1 - draw()) * 1000) / total) {
    for (;;) {
      const tick = ticks.reduce((least, { at }) => Math.min(least, at), Number.POSITIVE_INFINITY);
      const event = Math.min(tick, ends[0] ?? Number.POSITIVE_INFINITY);
      if (event > next) break;
      now = event;
      if (event === ends[0]) {
        ends.shift();
        upstream.running -= 1;
        upstream.inFlight -= 1;
        gate.left();
        start();
      } else
        for (const entry of ticks.filter(({ at }) => at === event)) {
          entry.at += entry.every;
          entry.tick();
        }
    }
    now = next;
    let pick = draw() * total;
    const { priority } = load.find(({ perSecond }) => (pick -= perSecond) < 0) ?? (load[0] as Share);
    const fate = fates.get(priority) as Fate;
    arrivals += 1;
    const ask = (asked: Priority) => {
      const route = routes.get(asked) ?? routeOf({ id: asked, pattern: '/a', priority: asked });
      const head = { headers: {}, address: `10.0.${arrivals & 255}.${arrivals >> 8}` };
      return gate.refusal(route, head as unknown as Parameters<typeof gate.refusal>[1], now);
    };
    if (ask(priority) === undefined) {
      upstream.inFlight += 1;
      queue.push({ fate, at: now });
      start();
    } else {
      fate.shed += 1;
      const lower: Priority | undefined = priority === 'money' ? 'important' : undefined;
      if (lower !== undefined && ask(lower) === undefined) {
        inverted += 1;
        gate.left();
      }
    }
  }
  gate.close();
  return { fates, inverted, servedTotal: [...fates.values()].reduce((sum, { served }) => sum + served, 0) };
};
