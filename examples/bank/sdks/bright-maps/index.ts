/** A made-up SDK that the bank's notice names: finds the branch near by when the user asks for it. */

/** As much of the platform as is used: the SDK compiles for a page and for a thread that plays one. */
declare const navigator: {
  readonly geolocation: {
    readonly getCurrentPosition: (
      found: (position: { readonly coords: { readonly latitude: number; readonly longitude: number } }) => void,
      refused: () => void,
    ) => void;
  };
};

const branches = [
  { name: 'Harbour', latitude: 31.24, longitude: 121.49 },
  { name: 'Old Town', latitude: 31.23, longitude: 121.47 },
];

/** The name of the nearest branch; undefined when the user does not tell where they are. */
export const nearestBranch = (): Promise<string | undefined> =>
  new Promise((resolve) => {
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        const away = (branch: (typeof branches)[number]): number =>
          Math.hypot(branch.latitude - coords.latitude, branch.longitude - coords.longitude);
        resolve([...branches].sort((one, other) => away(one) - away(other))[0]?.name);
      },
      () => resolve(undefined),
    );
  });
