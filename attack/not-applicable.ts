/** The target does not offer what an attack needs: nothing is proved either way. */
export class NotApplicable extends Error {}
