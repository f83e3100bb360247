/** The record of proposals. Every step is judged where it is written, so that of two at once one sees the other. */
import type { EpochMs } from '@hauberk/primitives';
import type { Approval, ApprovalEvent, ApprovalRefusal, ApprovalState } from '../admin/approval.ts';
import type { Scope } from './scope.ts';
import type { Stored } from './storage-refusal.ts';

/** Most proposals of an app that wait at a time. */
export const maxOpenApprovals = 1000;

/** Which proposals to list; ids sort by time. */
export interface ApprovalPage {
  readonly state?: ApprovalState;
  readonly newestFirst: boolean;
  /** The page goes on after this id. */
  readonly afterId?: string;
  readonly limit: number;
}

/** Why a step was not taken. */
export type ApprovalStepRefusal = ApprovalRefusal | 'approval-unknown' | 'approval-version';

/** The record of proposals. */
export interface ApprovalStore {
  /** Keeps a proposal; the same change by the same person that waits already is answered instead. */
  propose(approval: Approval, now: EpochMs): Stored<Approval, 'approvals-full'>;
  find(scope: Scope, id: string): Promise<Approval | undefined>;
  list(scope: Scope, page: ApprovalPage): Promise<readonly Approval[]>;
  /** Takes a step, see `stepApproval`; with `ifVersion` only from that version. Audited, repeats are not. */
  step(
    scope: Scope,
    id: string,
    event: ApprovalEvent,
    now: EpochMs,
    ifVersion?: number,
  ): Stored<Approval, ApprovalStepRefusal>;
}
