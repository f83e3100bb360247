/** A pure package cannot name a page. */
// expect TS2584
export const title: unknown = document.title;
