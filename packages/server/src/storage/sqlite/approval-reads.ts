/** Reads of proposals. */
import type { DatabaseSync } from 'node:sqlite';
import { epochMs, type JsonValue } from '@hauberk/primitives';
import type { Approval, ApprovalDecision, ProposedChange } from '../../admin/approval.ts';
import type { Person } from '../../admin/person.ts';
import type { ApprovalPage } from '../approval-store.ts';
import type { ApprovalTable } from '../record-schema.ts';
import type { Scope } from '../scope.ts';
import { prepare } from '../statement.ts';

/** Synchronous reads of proposals. */
export interface ApprovalReads {
  byId(scope: Scope, id: string): Approval | undefined;
  list(scope: Scope, page: ApprovalPage): readonly Approval[];
}

/** A proposal from its row. */
export const approvalOf = (row: ApprovalTable): Approval => ({
  id: row.id,
  scope: { organisation: row.organisation, app: row.app },
  version: row.version,
  state: row.state,
  change: JSON.parse(row.change) as ProposedChange,
  changeHash: row.change_hash,
  proposer: JSON.parse(row.proposer) as Person,
  createdAtMs: epochMs(row.created_at_ms),
  changedAtMs: epochMs(row.changed_at_ms),
  expiresAtMs: epochMs(row.expires_at_ms),
  decision: row.decision === null ? null : (JSON.parse(row.decision) as ApprovalDecision),
  outcome: row.outcome === null ? null : (JSON.parse(row.outcome) as JsonValue),
});

/** A page; an empty state stands for every state. */
interface Page extends Scope {
  readonly state: string;
  readonly afterId: string;
  readonly limit: number;
}

const prepareApprovalReads = (database: DatabaseSync) => ({
  byId: prepare(database, (query, $: Scope & { id: string }) =>
    query
      .selectFrom('approvals')
      .selectAll()
      .where('organisation', '=', $.organisation)
      .where('app', '=', $.app)
      .where('id', '=', $.id),
  ),
  oldestFirst: prepare(database, (query, $: Page) =>
    query
      .selectFrom('approvals')
      .selectAll()
      .where('organisation', '=', $.organisation)
      .where('app', '=', $.app)
      .where('id', '>', $.afterId)
      .where((where) => where.or([where('state', '=', $.state as never), where(where.val($.state), '=', '')]))
      .orderBy('id')
      .limit($.limit),
  ),
  newestFirst: prepare(database, (query, $: Page) =>
    query
      .selectFrom('approvals')
      .selectAll()
      .where('organisation', '=', $.organisation)
      .where('app', '=', $.app)
      .where('id', '<', $.afterId)
      .where((where) => where.or([where('state', '=', $.state as never), where(where.val($.state), '=', '')]))
      .orderBy('id', 'desc')
      .limit($.limit),
  ),
});

/** Sorts after every id. */
const beyondIds = 'g';

/** Prepares the reads of proposals on a connection. */
export const approvalReads = (database: DatabaseSync): ApprovalReads => {
  const statements = prepareApprovalReads(database);
  return {
    byId: ({ organisation, app }, id) => {
      const row = statements.byId.first({ organisation, app, id });
      return row === undefined ? undefined : approvalOf(row);
    },
    list: ({ organisation, app }, { state = '', newestFirst, afterId, limit }) => {
      const page = { organisation, app, state, limit, afterId: afterId ?? (newestFirst ? beyondIds : '') };
      return (newestFirst ? statements.newestFirst : statements.oldestFirst).all(page).map(approvalOf);
    },
  };
};
