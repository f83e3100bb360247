/** Operations on what the record tells: the audit log, outcomes that nobody knows. */
import { toHex } from '@hauberk/primitives';
import { z } from 'zod';
import type { AuditEntry } from '../audit/audit-log.ts';
import type { Scope } from '../storage/scope.ts';
import { deny } from './admin-problem.ts';
import type { Administration } from './administration.ts';
import { scopeOf } from './device-operations.ts';
import { auditPageSchema, defaultPage, pageQuery, settlementSchema, unknownOutcomesSchema } from './documents.ts';
import { type AdminReply, type Operation, operation, reply } from './operation.ts';
import { storageRefusal } from './storage-problem.ts';

const auditQuery = {
  limit: pageQuery.limit,
  after: z
    .string()
    .regex(/^\d{1,15}$/)
    .transform(Number)
    .pipe(z.int().min(0))
    .optional()
    .describe('`next` of the page before: a sequence number.'),
};

const entryDocument = ({ sequence, atMs, actor, action, subject, facts, hash }: AuditEntry) => ({
  sequence,
  atMs,
  actor,
  action,
  subject,
  facts,
  hash: toHex(new Uint8Array(hash)),
});

const auditPage = async (
  administration: Administration,
  scope: Scope,
  { limit = defaultPage, after = 0 }: { readonly limit?: number | undefined; readonly after?: number | undefined },
): Promise<AdminReply> => {
  const entries = await administration.stores.audit.readAfter(scope, after, limit);
  const next = entries.length === limit ? String(entries.at(-1)?.sequence ?? 0) : null;
  return reply(200, { items: entries.map(entryDocument), next });
};

const listAudit: Operation = operation({
  id: 'listAudit',
  method: 'GET',
  path: '/apps/{app}/audit',
  tag: 'audit',
  summary: 'Audit entries of an app, oldest first. `hauberk audit verify` checks the whole chain.',
  access: { kind: 'app', area: 'audit', verb: 'read' },
  query: auditQuery,
  replies: { 200: { description: 'A page.', schema: auditPageSchema } },
  run: ({ administration, path, query }, caller) => auditPage(administration, scopeOf(caller, path), query),
});

const listOrganisationAudit: Operation = operation({
  id: 'listOrganisationAudit',
  method: 'GET',
  path: '/audit',
  tag: 'audit',
  summary: 'Audit entries of the organisation as a whole: tokens and start-up secrets.',
  access: { kind: 'organisation', area: 'audit', verb: 'read' },
  query: auditQuery,
  replies: { 200: { description: 'A page.', schema: auditPageSchema } },
  run: ({ administration, query }, { organisation }) => auditPage(administration, { organisation, app: '' }, query),
});

const listUnknownOutcomes: Operation = operation({
  id: 'listUnknownOutcomes',
  method: 'GET',
  path: '/apps/{app}/unknown-outcomes',
  tag: 'outcomes',
  summary: 'Idempotency keys whose outcome nobody knows, oldest first; at most 1000.',
  access: { kind: 'app', area: 'outcomes', verb: 'read' },
  replies: { 200: { description: 'The outcomes.', schema: unknownOutcomesSchema } },
  run: async ({ administration, path }, caller) =>
    reply(200, { items: await administration.stores.idempotency.listUnknown(scopeOf(caller, path), 1000) }),
});

const settleUnknownOutcome: Operation = operation({
  id: 'settleUnknownOutcome',
  method: 'POST',
  path: '/apps/{app}/unknown-outcomes/{entry}',
  tag: 'outcomes',
  summary: 'Says what became of it, as the upstream knows.',
  access: { kind: 'app', area: 'outcomes', verb: 'write' },
  body: settlementSchema,
  replies: { 200: { description: 'Those that are left.', schema: unknownOutcomesSchema } },
  run: async ({ administration, path, body, now }, caller) => {
    const { idempotency } = administration.stores;
    const scope = scopeOf(caller, path);
    const settled = await idempotency.settle(scope, path['entry'] ?? '', body.settlement, caller.subject, now);
    if (!settled.ok) return storageRefusal(settled);
    return settled.value ? reply(200, { items: await idempotency.listUnknown(scope, 1000) }) : deny('not-found');
  },
});

/** Operations on the record. */
export const recordOperations: readonly Operation[] = [
  listAudit,
  listOrganisationAudit,
  listUnknownOutcomes,
  settleUnknownOutcome,
];
