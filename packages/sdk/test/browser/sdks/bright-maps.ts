/** A made-up SDK: shows the branches near by. */

/** Where the user is; how it was refused otherwise. */
export const nearestBranch = (): Promise<string> =>
  new Promise((resolve) => {
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => resolve(`found ${coords.latitude}`),
      ({ code }) => resolve(`refused ${code}`),
    );
  });
