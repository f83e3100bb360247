/**
 * Cluster → list → policy as one value, so that one approval covers what it will do: which devices go on which list and until when, why, and the rule that
 * reads the list. Nothing here acts.
 */
import { accept, type Result, refuse } from '@hauberk/primitives';
import type { Outcome } from '../policy/policy.ts';
import type { ClusterExplanation } from './explain.ts';

/** What the proposer decides. */
export interface ListChoice {
  /** Name of the list, as policies name it. */
  readonly list: string;
  /** What the rule does with a device of the list. */
  readonly outcome: Exclude<Outcome, 'allow'>;
  readonly nowMs: number;
  /** How long the entries count. */
  readonly days: number;
}

/** What is proposed. */
export interface ListProposal {
  readonly list: string;
  readonly entity: 'device';
  /** Pseudonyms of the devices. */
  readonly entries: readonly string[];
  readonly untilMs: number;
  readonly because: {
    readonly cluster: string;
    readonly grade: string;
    readonly score: number;
    readonly groups: readonly string[];
    /** The evidence that most members share: kind, how many show it, since when. */
    readonly shared: readonly { readonly kind: string; readonly members: number; readonly sinceMs: number }[];
  };
  /** A rule for the policy in force, in the policy language's JSON form. */
  readonly rule: {
    readonly id: string;
    readonly when: string;
    readonly outcome: ListChoice['outcome'];
    readonly reason: string;
  };
}

/** Why nothing is proposed. */
export type ProposalCode = 'cluster.list-name' | 'cluster.list-days' | 'cluster.not-suspect';

/** Most days that entries made from a cluster count: evidence grows old. */
export const maxListDays = 90;
const namedShared = 5;

/** Makes the proposal. A cluster that is only watched is refused: it may be a family. */
export const proposeList = (
  cluster: ClusterExplanation,
  { list, outcome, nowMs, days }: ListChoice,
): Result<ListProposal, ProposalCode> => {
  if (!/^[a-z0-9][a-z0-9._-]{0,56}$/.test(list))
    return refuse('cluster.list-name', 'small letters, digits, dots, hyphens and underscores');
  if (!(days > 0 && days <= maxListDays)) return refuse('cluster.list-days', `more than 0, at most ${maxListDays}`);
  if (cluster.grade !== 'grey' && cluster.grade !== 'black') return refuse('cluster.not-suspect', cluster.grade);
  const { id, grade, score, groups, devices, shared } = cluster;
  return accept({
    list,
    entity: 'device',
    entries: [...devices].sort(),
    untilMs: nowMs + days * 86_400_000,
    because: {
      cluster: id,
      grade,
      score: Math.round(score * 1000) / 1000,
      groups,
      shared: shared.slice(0, namedShared).map(({ kind, members, sinceMs }) => ({ kind, members, sinceMs })),
    },
    rule: { id: `${list}-listed`, when: `device.id in list("${list}")`, outcome, reason: 'device-listed' },
  });
};
