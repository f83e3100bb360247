/**
 * Who acts, as far as tokens can tell. Four eyes mean two people, so a token also remembers who stands behind it: whoever issues tokens could
 * otherwise make a second self and approve their own change.
 */

/** Somebody who acts with a token. */
export interface Person {
  /** Name of the person or program. */
  readonly subject: string;
  /** Id of the token. */
  readonly token: string;
  /** Who issued it, who issued that one, and so on, the local administrator first. */
  readonly lineage: readonly string[];
}

/** Those behind a token that this person issues. */
export const lineageOfIssued = ({ lineage, subject }: Person): readonly string[] => [...new Set([...lineage, subject])];

/**
 * Whether two tokens stand for two people: other subjects, neither behind the other, and nobody behind both but the local administrator, from
 * whom every token comes in the end.
 */
export const areIndependent = (one: Person, other: Person): boolean => {
  if (one.subject === other.subject) return false;
  if (one.lineage.includes(other.subject) || other.lineage.includes(one.subject)) return false;
  const [administrator] = one.lineage;
  return one.lineage.every((name) => name === administrator || !other.lineage.includes(name));
};
