/** Operations on proposals. */
import type { EpochMs, Refusal } from '@hauberk/primitives';
import { z } from 'zod';
import type { ApprovalStepRefusal } from '../storage/approval-store.ts';
import type { Scope } from '../storage/scope.ts';
import type { StorageRefusal } from '../storage/storage-refusal.ts';
import { type AdminProblemCode, type AdminRefusal, deny } from './admin-problem.ts';
import { tokenEnd } from './admin-token.ts';
import type { Administration, Caller } from './administration.ts';
import { type Approval, type ApprovalEvent, approvalStates } from './approval.ts';
import { approvalDocument } from './approval-documents.ts';
import { scopeOf } from './device-operations.ts';
import {
  approvalPageSchema,
  approvalSchema,
  approveSchema,
  defaultPage,
  pageQuery,
  proposedChangeSchema,
  rejectSchema,
} from './documents.ts';
import { type AdminReply, type Call, type Operation, operation, reply } from './operation.ts';
import type { Person } from './person.ts';
import { keptChange, missingRight, performChange } from './proposed-change.ts';
import { isAllowed, rightText } from './right.ts';
import { storageRefusal } from './storage-problem.ts';

const problemOf: Readonly<Record<ApprovalStepRefusal, AdminProblemCode>> = {
  'approval-own': 'approval-own',
  'approval-foreign': 'approval-foreign',
  'approval-changed': 'approval-changed',
  'approval-closed': 'approval-closed',
  'approval-pending': 'approval-pending',
  'approval-expired': 'approval-expired',
  'approval-unknown': 'not-found',
  'approval-version': 'version-differs',
};

const refusalOf = (refusal: Refusal<ApprovalStepRefusal | StorageRefusal>): AdminRefusal =>
  Object.hasOwn(problemOf, refusal.code)
    ? deny(problemOf[refusal.code as ApprovalStepRefusal])
    : storageRefusal(refusal as Refusal<StorageRefusal>);

const answerOf = (approval: Approval, now: EpochMs): AdminReply =>
  reply(200, approvalDocument(approval, now), String(approval.version));

const personOfCaller = ({ subject, token, lineage }: Caller): Person => ({ subject, token, lineage });

/** Whether who proposed it could still do it alone if nobody had to agree: a token that was taken back takes its proposals along. */
const mayProposerStill = async (administration: Administration, approval: Approval, now: EpochMs): Promise<boolean> => {
  const { scope, proposer, change } = approval;
  const token = await administration.stores.adminTokens.find(proposer.token);
  if (token === undefined || tokenEnd(token, now) !== undefined || token.organisation !== scope.organisation)
    return false;
  return missingRight(administration, token.grants, change, scope.app) === undefined;
};

/** Carries an approved change out. Called again, it goes on where it was left, and at the end answers what came of it. */
const execute = async (
  administration: Administration,
  held: Approval,
  by: Person,
): Promise<AdminReply | AdminRefusal> => {
  const { approvals } = administration.stores;
  const { scope, id, changeHash } = held;
  const now = administration.now();
  if (held.state === 'approved' && !(await mayProposerStill(administration, held, now))) return deny('approval-lapsed');
  const begun = await approvals.step(scope, id, { event: 'begin', by, changeHash }, now);
  if (!begun.ok) return refusalOf(begun);
  if (begun.value.state !== 'executing') return answerOf(begun.value, now);
  const { change, proposer, decision } = begun.value;
  const actor = `${proposer.subject}, approved by ${decision?.by.subject ?? '?'}`;
  const performed = await performChange(administration, scope, change, actor);
  const finish: ApprovalEvent = { event: 'finish', by, changeHash, ...performed };
  const finished = await approvals.step(scope, id, finish, administration.now());
  return finished.ok ? answerOf(finished.value, administration.now()) : refusalOf(finished);
};

const take = async (
  { administration, path, now }: Call<unknown, unknown>,
  caller: Caller,
  event: ApprovalEvent,
  ifVersion?: number,
): Promise<AdminReply | AdminRefusal> => {
  const { approvals } = administration.stores;
  const stepped = await approvals.step(scopeOf(caller, path), path['approval'] ?? '', event, now, ifVersion);
  return stepped.ok ? answerOf(stepped.value, now) : refusalOf(stepped);
};

const found = async ({ administration, path }: Call<unknown, unknown>, scope: Scope): Promise<Approval | undefined> =>
  administration.stores.approvals.find(scope, path['approval'] ?? '');

const shown = { 200: { description: 'The proposal.', schema: approvalSchema } };

const listApprovals: Operation = operation({
  id: 'listApprovals',
  method: 'GET',
  path: '/apps/{app}/approvals',
  tag: 'approvals',
  summary: 'Proposals of an app, newest first unless told otherwise.',
  access: { kind: 'app', area: 'approvals', verb: 'read' },
  query: {
    ...pageQuery,
    state: z.enum(approvalStates).optional(),
    sort: z.enum(['created', '-created']).optional().describe('`-created`, the default, is newest first.'),
  },
  replies: { 200: { description: 'A page.', schema: approvalPageSchema } },
  run: async ({ administration, path, query, now }, caller) => {
    const { limit = defaultPage, after, state, sort } = query;
    const page = {
      limit,
      newestFirst: sort !== 'created',
      ...(state === undefined ? {} : { state }),
      ...(after === undefined ? {} : { afterId: after }),
    };
    const listed = await administration.stores.approvals.list(scopeOf(caller, path), page);
    const next = listed.length === limit ? (listed.at(-1)?.id ?? null) : null;
    return reply(200, { items: listed.map((approval) => approvalDocument(approval, now)), next });
  },
});

const findApproval: Operation = operation({
  id: 'findApproval',
  method: 'GET',
  path: '/apps/{app}/approvals/{approval}',
  tag: 'approvals',
  summary: 'A proposal with the change, its hash and what became of it.',
  access: { kind: 'app', area: 'approvals', verb: 'read' },
  replies: shown,
  run: async (call, caller) => {
    const approval = await found(call, scopeOf(caller, call.path));
    return approval === undefined ? deny('not-found') : answerOf(approval, call.now);
  },
});

const editApproval: Operation = operation({
  id: 'editApproval',
  method: 'PUT',
  path: '/apps/{app}/approvals/{approval}',
  tag: 'approvals',
  summary: 'Puts another change in place of the proposed one. What was approved before counts no longer.',
  access: { kind: 'app', area: 'approvals', verb: 'read' },
  body: proposedChangeSchema,
  ifMatch: 'required',
  replies: shown,
  problems: ['approval-foreign', 'approval-closed', 'approval-expired', 'version-differs', 'version-required'],
  run: async (call, caller) => {
    const missing = missingRight(call.administration, caller.grants, call.body, call.path['app'] ?? '');
    if (missing !== undefined) return deny('right-missing', missing === 'unknown' ? {} : { right: rightText(missing) });
    const change = keptChange(call.body);
    const version = Number(call.ifMatch);
    return take(call, caller, { event: 'edit', by: personOfCaller(caller), change }, version);
  },
});

const approve: Operation = operation({
  id: 'approve',
  method: 'POST',
  path: '/apps/{app}/approvals/{approval}/approve',
  tag: 'approvals',
  summary: 'Approves exactly the change of this hash, and has it carried out.',
  access: { kind: 'app', area: 'approvals', verb: 'approve' },
  body: approveSchema,
  replies: shown,
  problems: [
    'approval-own',
    'approval-changed',
    'approval-closed',
    'approval-expired',
    'approval-pending',
    'approval-lapsed',
  ],
  run: async (call, caller) => {
    const { administration, body, path, now } = call;
    const by = personOfCaller(caller);
    const { approvals } = administration.stores;
    const held = await found(call, scopeOf(caller, path));
    if (held === undefined) return deny('not-found');
    if (held.state === 'pending' && !(await mayProposerStill(administration, held, now)))
      return deny('approval-lapsed');
    const { changeHash, note = '' } = body;
    const approved = await approvals.step(held.scope, held.id, { event: 'approve', by, changeHash, note }, now);
    return approved.ok ? execute(administration, approved.value, by) : refusalOf(approved);
  },
});

const reject: Operation = operation({
  id: 'reject',
  method: 'POST',
  path: '/apps/{app}/approvals/{approval}/reject',
  tag: 'approvals',
  summary: 'Rejects a proposal.',
  access: { kind: 'app', area: 'approvals', verb: 'approve' },
  body: rejectSchema,
  replies: shown,
  problems: ['approval-own', 'approval-closed', 'approval-expired'],
  run: (call, caller) => take(call, caller, { event: 'reject', by: personOfCaller(caller), note: call.body.note }),
});

const withdraw: Operation = operation({
  id: 'withdraw',
  method: 'POST',
  path: '/apps/{app}/approvals/{approval}/withdraw',
  tag: 'approvals',
  summary: 'Takes an own proposal back.',
  access: { kind: 'app', area: 'approvals', verb: 'read' },
  replies: shown,
  problems: ['approval-foreign', 'approval-closed', 'approval-expired'],
  run: (call, caller) => take(call, caller, { event: 'withdraw', by: personOfCaller(caller) }),
});

/** Whoever may approve, or who proposed it and still may do it. */
const mayExecute = (administration: Administration, caller: Caller, { scope, proposer }: Approval): boolean =>
  caller.subject === proposer.subject ||
  isAllowed(caller.grants, administration.settings().roles, { app: scope.app, area: 'approvals', verb: 'approve' });

const executeApproval: Operation = operation({
  id: 'execute',
  method: 'POST',
  path: '/apps/{app}/approvals/{approval}/execute',
  tag: 'approvals',
  summary: 'Carries an approved change out that was left undone; done already, it answers what came of it.',
  access: { kind: 'app', area: 'approvals', verb: 'read' },
  replies: shown,
  problems: ['approval-pending', 'approval-closed', 'approval-expired', 'approval-changed', 'approval-lapsed'],
  run: async (call, caller) => {
    const held = await found(call, scopeOf(caller, call.path));
    if (held === undefined) return deny('not-found');
    if (!mayExecute(call.administration, caller, held)) {
      const right = { app: held.scope.app, area: 'approvals', verb: 'approve' } as const;
      return deny('right-missing', { right: rightText(right) });
    }
    return execute(call.administration, held, personOfCaller(caller));
  },
});

/** Operations on proposals. */
export const approvalOperations: readonly Operation[] = [
  listApprovals,
  findApproval,
  editApproval,
  approve,
  reject,
  withdraw,
  executeApproval,
];
