/** One signal of a caller's abort and a time limit. */
import { HauberkError } from './hauberk-error.ts';

/** A running limit. */
export interface Deadline {
  readonly signal: AbortSignal;
  /** Ends the time limit; the caller's abort still counts (a stream goes on for hours). */
  readonly disarm: () => void;
  /** Starts the time limit anew. */
  readonly extend: (ms: number) => void;
  /** Ends both. */
  readonly release: () => void;
}

/** Starts a limit of `ms` milliseconds under a caller's signal. */
export const openDeadline = (outer: AbortSignal | undefined, ms: number): Deadline => {
  const controller = new AbortController();
  const follow = (): void => controller.abort(outer?.reason);
  if (outer?.aborted === true) follow();
  outer?.addEventListener('abort', follow, { once: true });
  const timeout = (): void => controller.abort(new HauberkError('timeout', { phase: 'wait', execution: 'unknown' }));
  let timer = setTimeout(timeout, ms);
  const disarm = (): void => clearTimeout(timer);
  const extend = (anew: number): void => {
    disarm();
    timer = setTimeout(timeout, anew);
  };
  const release = (): void => {
    disarm();
    outer?.removeEventListener('abort', follow);
  };
  return { signal: controller.signal, disarm, extend, release };
};

/** A timer that does not hold the process, where timers do (Node). */
export const unheld = (timer: ReturnType<typeof setTimeout>): ReturnType<typeof setTimeout> => {
  (timer as unknown as { unref?: () => void }).unref?.();
  return timer;
};

/** Waits, unless the signal is aborted first: then it throws the signal's reason. */
export const pause = (ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const abort = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', abort);
      resolve();
    }, ms);
    if (signal?.aborted === true) abort();
    else signal?.addEventListener('abort', abort, { once: true });
  });

/** A promise of others' work, left behind (not ended) when the caller's signal is aborted. */
export const unlessAborted = <Value>(work: Promise<Value>, signal: AbortSignal | undefined): Promise<Value> => {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
};
