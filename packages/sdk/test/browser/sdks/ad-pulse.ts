/** A made-up SDK: says that it counts visits, and reads where people are. */

/** Where the user is; how it was refused otherwise. */
export const followVisitor = (): Promise<string> =>
  new Promise((resolve) => {
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => resolve(`found ${coords.latitude}`),
      ({ code }) => resolve(`refused ${code}`),
    );
  });
