/** One coarse timer for everything that is being waited for. A timer for each request would cost more than all checks together. */
import { type Placed, SwapList } from './swap-list.ts';

/** Something with a limit in time. `check` is called some twenty times a second while it is watched. */
export interface Watched extends Placed {
  check(nowMonotonicMs: number): void;
}

const interval = 50;
const watched = new SwapList<Watched>();
let timer: NodeJS.Timeout | undefined;

const sweep = (): void => {
  const now = performance.now();
  watched.forEach((each) => each.check(now));
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
export const unwatch = (each: Watched): boolean => watched.remove(each);
