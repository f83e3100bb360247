/** A pure package cannot wait. */
// expect TS2304
setTimeout(() => undefined, 1);
