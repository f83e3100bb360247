/** Writes of proposals: every step is judged inside the transaction that keeps it, and audited with the hash of the change. */
import { accept, canonicalJson, type EpochMs, type JsonValue, refuse } from '@hauberk/primitives';
import { type Approval, type ApprovalEvent, stepApproval } from '../../admin/approval.ts';
import { maxOpenApprovals } from '../approval-store.ts';
import type { ApprovalTable } from '../record-schema.ts';
import type { Scope } from '../scope.ts';
import { prepare } from '../statement.ts';
import type { WriteHandlers } from '../write-command.ts';
import { approvalOf, approvalReads } from './approval-reads.ts';
import type { WriteContext } from './write-context.ts';

const prepareApprovalWrites = ({ database }: WriteContext) => ({
  insert: prepare(database, (query, $: ApprovalTable) =>
    query.insertInto('approvals').values({
      organisation: $.organisation,
      app: $.app,
      id: $.id,
      version: $.version,
      state: $.state,
      proposer_subject: $.proposer_subject,
      change: $.change,
      change_hash: $.change_hash,
      proposer: $.proposer,
      created_at_ms: $.created_at_ms,
      changed_at_ms: $.changed_at_ms,
      expires_at_ms: $.expires_at_ms,
    }),
  ),
  update: prepare(database, (query, $: ApprovalTable) =>
    query
      .updateTable('approvals')
      .set({
        version: $.version,
        state: $.state,
        proposer_subject: $.proposer_subject,
        change: $.change,
        change_hash: $.change_hash,
        proposer: $.proposer,
        changed_at_ms: $.changed_at_ms,
        decision: $.decision,
        outcome: $.outcome,
      })
      .where('organisation', '=', $.organisation)
      .where('app', '=', $.app)
      .where('id', '=', $.id),
  ),
  same: prepare(database, (query, $: Scope & { change: string; proposer_subject: string; now: EpochMs }) =>
    query
      .selectFrom('approvals')
      .selectAll()
      .where('organisation', '=', $.organisation)
      .where('state', '=', 'pending')
      .where('app', '=', $.app)
      .where('change', '=', $.change)
      .where('proposer_subject', '=', $.proposer_subject)
      .where('expires_at_ms', '>', $.now),
  ),
  waiting: prepare(database, (query, $: Scope & { now: EpochMs }) =>
    query
      .selectFrom('approvals')
      .select((select) => select.fn.countAll<number>().as('approvals'))
      .where('organisation', '=', $.organisation)
      .where('app', '=', $.app)
      .where('state', 'in', ['pending', 'approved'])
      .where('expires_at_ms', '>', $.now),
  ),
});

const rowOf = (approval: Approval): ApprovalTable => ({
  organisation: approval.scope.organisation,
  app: approval.scope.app,
  id: approval.id,
  version: approval.version,
  state: approval.state,
  proposer_subject: approval.proposer.subject,
  change: canonicalJson(approval.change),
  change_hash: approval.changeHash,
  proposer: JSON.stringify(approval.proposer),
  created_at_ms: approval.createdAtMs,
  changed_at_ms: approval.changedAtMs,
  expires_at_ms: approval.expiresAtMs,
  decision: approval.decision === null ? null : JSON.stringify(approval.decision),
  outcome: approval.outcome === null ? null : JSON.stringify(approval.outcome),
});

const actions: Readonly<Record<ApprovalEvent['event'], string>> = {
  edit: 'approval.edited',
  approve: 'approval.approved',
  reject: 'approval.rejected',
  withdraw: 'approval.withdrawn',
  begin: 'approval.begun',
  finish: 'approval.finished',
};

const factsOf = (approval: Approval, event: ApprovalEvent): { readonly [name: string]: JsonValue } => {
  const facts = { changeHash: approval.changeHash, version: approval.version, token: event.by.token };
  if (event.event === 'edit') return { ...facts, change: { ...approval.change } };
  if (event.event === 'approve' || event.event === 'reject') return { ...facts, note: event.note };
  return event.event === 'finish' ? { ...facts, done: event.done, outcome: event.outcome } : facts;
};

/** The code behind the writes of proposals. */
export const approvalWrites = (context: WriteContext): WriteHandlers<'approval.propose' | 'approval.step'> => {
  const statements = prepareApprovalWrites(context);
  const reads = approvalReads(context.database);
  return {
    'approval.propose': ({ approval, now }) => {
      const row = rowOf(approval);
      const { organisation, app, change, proposer_subject } = row;
      const same = statements.same.first({ organisation, app, change, proposer_subject, now });
      if (same !== undefined) return accept(approvalOf(same));
      if ((statements.waiting.first({ organisation, app, now })?.approvals ?? 0) >= maxOpenApprovals)
        return refuse('approvals-full');
      statements.insert.run(row);
      const { changeHash, proposer, expiresAtMs } = approval;
      const facts = { changeHash, token: proposer.token, expiresAtMs, change: { ...approval.change } };
      const entry = { actor: proposer.subject, action: 'approval.proposed', subject: approval.id, facts };
      context.audit(approval.scope, entry, now);
      return accept(approval);
    },
    'approval.step': ({ scope, id, event, now, ifVersion }) => {
      const held = reads.byId(scope, id);
      if (held === undefined) return refuse('approval-unknown');
      if (ifVersion !== undefined && ifVersion !== held.version) return refuse('approval-version');
      const stepped = stepApproval(held, event, now);
      if (!stepped.ok || stepped.value === held) return stepped;
      statements.update.run(rowOf(stepped.value));
      const facts = factsOf(stepped.value, event);
      const entry = { actor: event.by.subject, action: actions[event.event], subject: id, facts };
      context.audit(held.scope, entry, now);
      return stepped;
    },
  };
};
