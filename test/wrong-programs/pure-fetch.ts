/** A pure package cannot name the network. */
// expect TS2304
export const reply: unknown = fetch('https://api.example');
