/** One coarse timer for everything that is being waited for. A timer for each request would cost more than all checks together. */

/** Something with a limit in time. `check` is called some twenty times a second while it is watched. */
export interface Watched {
  check(nowMonotonicMs: number): void;
}

const interval = 50;
const watched = new Set<Watched>();
let timer: NodeJS.Timeout | undefined;

const sweep = (): void => {
  const now = performance.now();
  for (const each of watched) each.check(now);
  if (watched.size > 0) return;
  clearInterval(timer);
  timer = undefined;
};

/** Starts watching. */
export const watch = (each: Watched): void => {
  watched.add(each);
  timer ??= setInterval(sweep, interval).unref();
};

/** Stops watching; answers whether it was watched, so that exactly one of two ends acts. */
export const unwatch = (each: Watched): boolean => watched.delete(each);
