/** Why a rule fired, in words for a risk officer. Codes are what decisions record; they are never used again for something else. */

/** A reason. */
export interface Reason {
  /** Small letters, digits, dots and hyphens. */
  readonly code: string;
  readonly en: string;
  readonly zh: string;
  /** Techniques that it points to, by their id in `techniques`. */
  readonly techniques: readonly string[];
}

/** A row of the table. */
export const reason = (code: string, en: string, zh: string, techniques: readonly string[]): Reason => ({
  code,
  en,
  zh,
  techniques,
});
