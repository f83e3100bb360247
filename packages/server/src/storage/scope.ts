/** Everything in the record belongs to one organisation and one of its apps. */

/** Whose record it is. Part of every key of every table. */
export interface Scope {
  readonly organisation: string;
  readonly app: string;
}

/** One text per scope; the separator cannot occur in a name. */
export const scopeKey = (scope: Scope): string => `${scope.organisation}\u0000${scope.app}`;
