/** A pure package cannot name a Buffer. */
// expect TS2591
export const bytes: unknown = Buffer.from('x');
