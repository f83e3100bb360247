/** A pure package gets its cryptography as an argument. */
// expect TS2304
export const random: unknown = crypto.getRandomValues(new Uint8Array(1));
