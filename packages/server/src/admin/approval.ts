/**
 * Four eyes: one person proposes a change, another approves exactly that change, and only then it is carried out. An approval names the hash of
 * the change; an edit makes another hash, so that what was approved before no longer counts. Time and people are arguments.
 */
import { createHash } from 'node:crypto';
import { accept, canonicalJson, type EpochMs, type JsonValue, type Result, refuse } from '@hauberk/primitives';
import type { Scope } from '../storage/scope.ts';
import { areIndependent, type Person } from './person.ts';

/** Where a proposal may stand. The last four are final. `executing` stays after a crash: then it is carried out again, to the same end. */
export const approvalStates = [
  'pending',
  'approved',
  'executing',
  'executed',
  'failed',
  'rejected',
  'withdrawn',
] as const;

/** Where a proposal stands. */
export type ApprovalState = (typeof approvalStates)[number];

/** A change that is to be carried out as it stands here, or not at all. */
export interface ProposedChange {
  /** Says how `content` is read and who carries it out, such as `device.change`. */
  readonly kind: string;
  readonly content: JsonValue;
}

/** What became of a proposal by another person's hand. */
export interface ApprovalDecision {
  readonly by: Person;
  readonly atMs: EpochMs;
  readonly note: string;
}

/** A proposal and what became of it. */
export interface Approval {
  /** 20 hexadecimal digits that sort by time. */
  readonly id: string;
  readonly scope: Scope;
  /** Rises with every step; the entity tag. */
  readonly version: number;
  readonly state: ApprovalState;
  readonly change: ProposedChange;
  /** Hexadecimal SHA-256, see `changeHash`. */
  readonly changeHash: string;
  readonly proposer: Person;
  readonly createdAtMs: EpochMs;
  readonly changedAtMs: EpochMs;
  readonly expiresAtMs: EpochMs;
  readonly decision: ApprovalDecision | null;
  /** What carrying it out came to. */
  readonly outcome: JsonValue | null;
}

/** One step of a proposal. */
export type ApprovalEvent =
  | { readonly event: 'edit'; readonly by: Person; readonly change: ProposedChange }
  | { readonly event: 'approve'; readonly by: Person; readonly changeHash: string; readonly note: string }
  | { readonly event: 'reject'; readonly by: Person; readonly note: string }
  | { readonly event: 'withdraw'; readonly by: Person }
  /** From here on it can no longer be edited. */
  | { readonly event: 'begin'; readonly by: Person; readonly changeHash: string }
  | {
      readonly event: 'finish';
      readonly by: Person;
      readonly changeHash: string;
      readonly done: boolean;
      readonly outcome: JsonValue;
    };

/** Why a step is refused. */
export type ApprovalRefusal =
  /** Nobody approves what they proposed, nor what somebody behind or before them did. */
  | 'approval-own'
  /** Only who proposed may edit or withdraw. */
  | 'approval-foreign'
  /** The change is not the one that was seen. */
  | 'approval-changed'
  /** There is nothing more to decide. */
  | 'approval-closed'
  /** Nobody has approved it yet. */
  | 'approval-pending'
  | 'approval-expired';

/** The hash that is approved: over the proposal's own id and proposer too, so that no approval can be carried to another proposal. */
export const changeHash = (
  approval: Pick<Approval, 'id' | 'scope' | 'change'> & { readonly proposer: Pick<Person, 'subject'> },
): string => {
  const { id, scope, change, proposer } = approval;
  const text = canonicalJson({
    id,
    organisation: scope.organisation,
    app: scope.app,
    proposer: proposer.subject,
    kind: change.kind,
    content: change.content,
  });
  return createHash('sha256').update(`hb1/admin-change\u0000${text}`).digest('hex');
};

/** A new proposal. */
export const proposal = (
  id: string,
  scope: Scope,
  change: ProposedChange,
  proposer: Person,
  life: { readonly now: EpochMs; readonly expiresAtMs: EpochMs },
): Approval => ({
  id,
  scope,
  version: 1,
  state: 'pending',
  change,
  changeHash: changeHash({ id, scope, change, proposer }),
  proposer,
  createdAtMs: life.now,
  changedAtMs: life.now,
  expiresAtMs: life.expiresAtMs,
  decision: null,
  outcome: null,
});

/** Whether it can still be decided otherwise. */
export const isOpen = ({ state }: Approval): boolean => state === 'pending' || state === 'approved';

/** Whether its time ran out before anything became of it. */
export const isExpired = (approval: Approval, now: EpochMs): boolean => isOpen(approval) && approval.expiresAtMs <= now;

type Step = Result<Approval, ApprovalRefusal>;

const stepped = (approval: Approval, now: EpochMs, members: Partial<Approval>): Step =>
  accept({ ...approval, ...members, version: approval.version + 1, changedAtMs: now });

const edited = (approval: Approval, by: Person, change: ProposedChange, now: EpochMs): Step => {
  if (by.subject !== approval.proposer.subject) return refuse('approval-foreign');
  const hash = changeHash({ ...approval, change });
  if (hash === approval.changeHash) return accept(approval);
  return stepped(approval, now, { state: 'pending', change, changeHash: hash, proposer: by, decision: null });
};

const approved = (
  approval: Approval,
  event: Extract<ApprovalEvent, { readonly event: 'approve' }>,
  now: EpochMs,
): Step => {
  const { by, note } = event;
  if (event.changeHash !== approval.changeHash) return refuse('approval-changed');
  if (approval.state === 'approved')
    return approval.decision?.by.subject === by.subject ? accept(approval) : refuse('approval-closed');
  if (!areIndependent(approval.proposer, by)) return refuse('approval-own');
  return stepped(approval, now, { state: 'approved', decision: { by, atMs: now, note } });
};

const begun = (approval: Approval, event: Extract<ApprovalEvent, { readonly event: 'begin' }>, now: EpochMs): Step => {
  if (event.changeHash !== approval.changeHash) return refuse('approval-changed');
  return approval.state === 'approved' ? stepped(approval, now, { state: 'executing' }) : refuse('approval-pending');
};

const finished = (
  approval: Approval,
  event: Extract<ApprovalEvent, { readonly event: 'finish' }>,
  now: EpochMs,
): Step => {
  if (event.changeHash !== approval.changeHash) return refuse('approval-changed');
  return stepped(approval, now, { state: event.done ? 'executed' : 'failed', outcome: event.outcome });
};

const decided = (approval: Approval, by: Person, note: string, now: EpochMs): Step =>
  areIndependent(approval.proposer, by)
    ? stepped(approval, now, { state: 'rejected', decision: { by, atMs: now, note } })
    : refuse('approval-own');

/** What is under way or over: it may only be said again, and finished. */
const closed = (approval: Approval, event: ApprovalEvent, now: EpochMs): Step => {
  const { state, decision } = approval;
  if (!('changeHash' in event) || event.changeHash !== approval.changeHash) return refuse('approval-closed', state);
  if (event.event === 'approve')
    return decision?.by.subject === event.by.subject && state !== 'rejected'
      ? accept(approval)
      : refuse('approval-closed', state);
  if (state === 'executing') return event.event === 'finish' ? finished(approval, event, now) : accept(approval);
  return state === 'executed' || state === 'failed' ? accept(approval) : refuse('approval-closed', state);
};

/** The proposal after a step; the same one when the step changes nothing. */
export const stepApproval = (approval: Approval, event: ApprovalEvent, now: EpochMs): Step => {
  if (!isOpen(approval)) return closed(approval, event, now);
  if (isExpired(approval, now)) return refuse('approval-expired');
  switch (event.event) {
    case 'edit':
      return edited(approval, event.by, event.change, now);
    case 'approve':
      return approved(approval, event, now);
    case 'reject':
      return decided(approval, event.by, event.note, now);
    case 'withdraw':
      return event.by.subject === approval.proposer.subject
        ? stepped(approval, now, { state: 'withdrawn' })
        : refuse('approval-foreign');
    case 'begin':
      return begun(approval, event, now);
    case 'finish':
      return refuse('approval-pending');
  }
};
