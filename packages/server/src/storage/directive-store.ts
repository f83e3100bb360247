/**
 * The record of directives: what was published, and the rollouts behind it. A change is judged where it is written: a version follows the last
 * one of its kind and scope, a revision the last one of all, and of two changes that saw the same state one is refused. So no number is ever used
 * twice, whatever dies in between.
 */
import type { Directive } from '@hauberk/channel';
import { accept, type EpochMs, type Result, refuse } from '@hauberk/primitives';
import type { Rollout, RolloutState } from '@hauberk/rollout';
import type { AuditRecord } from '../audit/audit-log.ts';
import type { Scope } from './scope.ts';
import type { Stored } from './storage-refusal.ts';

/** The name that stands for every app of an organisation in a scope of directives. */
export const everyAppScope = '*';

/** What was published. It is signed when it is served: keys change, what it says does not. */
export interface PublishedDirective {
  /** Its place among all directives; rises with each. */
  readonly revision: number;
  readonly directive: Omit<Directive, 'signedBy'>;
}

/** A rollout as it is kept. */
export interface StoredRollout {
  readonly scope: Scope;
  /** Rises with every change; the entity tag. */
  readonly row: number;
  readonly rollout: Rollout;
}

/** Which rollouts to list; ids sort by time. */
export interface RolloutPage {
  readonly state?: RolloutState;
  readonly newestFirst: boolean;
  readonly afterId?: string;
  readonly limit: number;
}

/** A kind of directive in one scope: its versions are counted together. */
export interface DirectiveTrack {
  readonly scope: Scope;
  readonly kind: string;
  readonly service: string | null;
}

/** Changes that happen together. */
export interface DirectiveChange {
  /** With the row that was read; 0 for a new one. Of the scope of the change, unless another one is named. */
  readonly rollouts: readonly { readonly rollout: Rollout; readonly ifRow: number; readonly scope?: Scope }[];
  /** All of the scope of the change, in the order of their revisions. */
  readonly publish: readonly PublishedDirective[];
  readonly audit: readonly AuditRecord[];
  /** What of the outbox is counted with it. */
  readonly read?: { readonly consumer: string; readonly position: number };
}

/** Why a change was not taken: something else came first, or another rollout of the same track is under way. */
export type DirectiveRefusal = 'directive-conflict' | 'directive-busy';

/** The record of directives. */
export interface DirectiveStore {
  find(scope: Scope, id: string): Promise<StoredRollout | undefined>;
  list(scope: Scope, page: RolloutPage): Promise<readonly StoredRollout[]>;
  /** Rollouts in a state, over all scopes. */
  inState(state: RolloutState): Promise<readonly StoredRollout[]>;
  /** All directives of all scopes, in the order of their revisions; expired ones too, for what they replaced stays replaced. */
  published(): Promise<readonly PublishedDirective[]>;
  /** The highest revision; 0 before the first. */
  revision(): Promise<number>;
  /** The highest version of a track; 0 before the first. */
  version(track: DirectiveTrack): Promise<number>;
  commit(scope: Scope, change: DirectiveChange, now: EpochMs): Stored<true, DirectiveRefusal>;
}

/** What a change is judged by. */
export interface DirectiveHeads {
  readonly rowOf: (scope: Scope, id: string) => number;
  /** Whether another rollout of the track is staged. */
  readonly isBusy: (scope: Scope, kind: string, service: string, id: string) => boolean;
  readonly versionOf: (kind: string, service: string) => number;
  readonly revision: number;
}

/** Judges a change against what is kept. */
export const judgeDirectiveChange = (
  scope: Scope,
  { rollouts, publish }: DirectiveChange,
  heads: DirectiveHeads,
): Result<true, DirectiveRefusal> => {
  for (const { rollout, ifRow, scope: own = scope } of rollouts)
    if (heads.rowOf(own, rollout.id) !== ifRow) return refuse('directive-conflict');
  for (const { rollout, scope: own = scope } of rollouts)
    if (rollout.state === 'staged' && heads.isBusy(own, rollout.plan.kind, rollout.plan.service ?? '', rollout.id))
      return refuse('directive-busy');
  let { revision } = heads;
  const versions = new Map<string, number>();
  for (const published of publish) {
    const { kind, version, scope: told } = published.directive;
    const service = told.service ?? '';
    const isOfScope = told.organisation === scope.organisation && (told.app ?? everyAppScope) === scope.app;
    const last = versions.get(`${kind}\n${service}`) ?? heads.versionOf(kind, service);
    if (!isOfScope || published.revision !== revision + 1 || version !== last + 1) return refuse('directive-conflict');
    revision = published.revision;
    versions.set(`${kind}\n${service}`, version);
  }
  return accept(true);
};
