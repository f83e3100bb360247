/** Two coarse timers for everything that is being waited for. A timer for each request would cost more than all checks together. */
import { type Placed, SwapList } from './swap-list.ts';

/** Something with a limit in time. `check` is called again and again while it is watched. */
export interface Watched extends Placed {
  check(nowMonotonicMs: number): void;
}

/** Watches over its members at a fixed pace; its timer runs only while there are any, and keeps no process alive. */
class Sweeper {
  private readonly watched = new SwapList<Watched>();
  private timer: NodeJS.Timeout | undefined;
  private readonly intervalMs: number;

  constructor(intervalMs: number) {
    this.intervalMs = intervalMs;
  }

  private readonly sweep = (): void => {
    const now = performance.now();
    this.watched.forEach((each) => each.check(now));
    if (this.watched.size > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
  };

  add(each: Watched): void {
    this.watched.add(each);
    this.timer ??= setInterval(this.sweep, this.intervalMs).unref();
  }

  remove(each: Watched): boolean {
    return this.watched.remove(each);
  }
}

const requests = new Sweeper(50);
const connections = new Sweeper(500);

/** Starts watching, some twenty times a second: what is under way. */
export const watch = (each: Watched): void => requests.add(each);

/** Stops watching; answers whether it was watched, so that exactly one of two ends acts. */
export const unwatch = (each: Watched): boolean => requests.remove(each);

/** Starts watching twice a second: connections, which are many and mostly idle. */
export const watchConnection = (each: Watched): void => connections.add(each);

/** Ends `watchConnection`. */
export const unwatchConnection = (each: Watched): boolean => connections.remove(each);
