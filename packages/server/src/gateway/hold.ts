/** Holds requests back for the outcome `slow`, up to a number: a tarpit must cost the attacker, not the gateway. */

/** Waits `slowMs`, or as long as it is told; answers false at once when too many are waiting already. */
export type Hold = (forMs?: number) => Promise<boolean>;

/** Nobody is held longer, whoever asks for it. */
const longestMs = 60_000;

/** A hold whose limits are read at each use: they may change while the gateway runs. */
export const createHold = (limits: () => { readonly slowMs: number; readonly heldRequests: number }): Hold => {
  let held = 0;
  return (forMs) => {
    const { slowMs, heldRequests } = limits();
    if (held >= heldRequests) return Promise.resolve(false);
    held += 1;
    return new Promise((resolve) => {
      setTimeout(
        () => {
          held -= 1;
          resolve(true);
        },
        Math.min(forMs ?? slowMs, longestMs),
      );
    });
  };
};
