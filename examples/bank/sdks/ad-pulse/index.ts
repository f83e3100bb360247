/** A made-up SDK that says it counts visits. It also reads where people are, again and again, while nobody looks at the page. */

/** As much of the platform as is used: the SDK compiles for a page and for a thread that plays one. */
declare const navigator: {
  readonly geolocation: {
    readonly getCurrentPosition: (
      found: (position: { readonly coords: { readonly latitude: number; readonly longitude: number } }) => void,
      refused: () => void,
    ) => void;
  };
};

/** What it learnt. Nothing leaves the page; it is here to be caught. */
export interface Pulse {
  readonly places: number;
  readonly refusals: number;
  readonly stop: () => void;
}

/** Starts to count visits, so it says. */
export const countVisits = (everyMs: number): Pulse => {
  let places = 0;
  let refusals = 0;
  const followVisitor = (): void =>
    navigator.geolocation.getCurrentPosition(
      () => {
        places += 1;
      },
      () => {
        refusals += 1;
      },
    );
  const timer = setInterval(followVisitor, everyMs);
  return {
    get places() {
      return places;
    },
    get refusals() {
      return refusals;
    },
    stop: () => clearInterval(timer),
  };
};
