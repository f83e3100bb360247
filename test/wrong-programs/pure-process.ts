/** A pure package cannot name the process. */
// expect TS2591
export const home: unknown = process.env;
