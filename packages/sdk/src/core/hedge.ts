/** A second try beside a slow first one: whichever gets its reply first ends the other. For safe methods only. */

/** One try; `signal` ends it. */
export type Try<Value> = (signal: AbortSignal, isSecond: boolean) => Promise<Value>;

/** A controller that also follows the caller's signal. */
const follow = (outer: AbortSignal | undefined): AbortController => {
  const controller = new AbortController();
  if (outer?.aborted === true) controller.abort(outer.reason);
  outer?.addEventListener('abort', () => controller.abort(outer.reason), { once: true });
  return controller;
};

/** Runs a try, and after `delayMs` without its outcome a second one, when `mayHedge` then allows it. When both fail, the earlier failure counts. */
export const hedged = <Value>(
  delayMs: number,
  outer: AbortSignal | undefined,
  mayHedge: () => boolean,
  run: Try<Value>,
): Promise<Value> =>
  new Promise((resolve, reject) => {
    const controllers = [follow(outer), follow(outer)] as const;
    let running = 1;
    let failure: { readonly earlier: unknown } | undefined;
    const start = (index: 0 | 1): void => {
      const win = (value: Value): void => {
        clearTimeout(timer);
        controllers[1 - index]?.abort();
        resolve(value);
      };
      const lose = (error: unknown): void => {
        clearTimeout(timer);
        running -= 1;
        failure ??= { earlier: error };
        if (running === 0) reject(failure.earlier);
      };
      run(controllers[index].signal, index === 1).then(win, lose);
    };
    const timer = setTimeout(() => {
      if (outer?.aborted === true || !mayHedge()) return;
      running += 1;
      start(1);
    }, delayMs);
    start(0);
  });
