/** How one type of Wycheproof group is run on any engine that has its algorithm. */
import type { Algorithm, AlgorithmKind } from './algorithm.ts';
import type { Members } from './members.ts';

/**
 * What an engine made of a case. `wrong` is a result that differs from the expected one; `partial` means that the engine took the
 * input but cannot be made to reproduce the result (its randomness is its own).
 */
export type Verdict = 'accepted' | 'refused' | 'wrong' | 'partial';

/** Where a case stands: the file's header, its group, itself. */
export interface Place {
  readonly file: Members;
  readonly group: Members;
  readonly test: Members;
}

/** One type of group. */
export interface GroupRule {
  readonly kind: AlgorithmKind;
  /** The algorithm's name in the tables of engines. */
  algorithmName(file: Members, group: Members): string;
  check(algorithm: Algorithm, place: Place): Promise<Verdict>;
}

/** A rule whose check takes algorithms of one kind. */
export const rule = <Kind extends AlgorithmKind>(
  kind: Kind,
  algorithmName: GroupRule['algorithmName'],
  check: (algorithm: Extract<Algorithm, { kind: Kind }>, place: Place) => Promise<Verdict>,
): GroupRule => ({
  kind,
  algorithmName,
  check: async (algorithm, place) => {
    const isOfKind = (candidate: Algorithm): candidate is Extract<Algorithm, { kind: Kind }> => candidate.kind === kind;
    if (!isOfKind(algorithm)) throw new TypeError(`${algorithm.kind} is no ${kind}`);
    return check(algorithm, place);
  },
});
