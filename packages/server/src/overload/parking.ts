/**
 * Refusals that wait. When the event loop itself is short of time, a client that asks again the moment it is refused would make refusing the
 * gateway's only work: at five times its capacity four refusals cost what one request does. An HTTP/1.1 connection asks again only after its
 * reply, so holding refusals back for up to a second holds those clients back, and nobody else.
 */

/** The waiting refusals. */
export interface Parking {
  /** `end` is called when it is its turn. */
  readonly park: (end: () => void) => void;
  /** Ends at most so many, and those that waited long enough; answers whether some still wait. */
  readonly release: (most: number, nowMs: number) => boolean;
  readonly releaseAll: () => void;
}

/** Longest wait of one refusal, in milliseconds: the shortest `Retry-After`, so that it changes little for who heeds that. */
const longestMs = 1000;

interface Parked {
  readonly end: () => void;
  readonly at: number;
}

/** An empty one. */
export const createParking = (now: () => number): Parking => {
  let parked: Parked[] = [];
  let first = 0;
  const endFirst = (): void => {
    const next = parked[first] as Parked;
    first += 1;
    next.end();
  };
  return {
    park: (end) => void parked.push({ end, at: now() }),
    release: (most, nowMs) => {
      for (let ended = 0; first < parked.length; ended += 1) {
        const isOld = nowMs - (parked[first] as Parked).at >= longestMs;
        if (ended >= most && !isOld) break;
        endFirst();
      }
      if (first === parked.length || first > 4096) {
        parked = parked.slice(first);
        first = 0;
      }
      return parked.length > 0;
    },
    releaseAll: () => {
      while (first < parked.length) endFirst();
      parked = [];
      first = 0;
    },
  };
};
