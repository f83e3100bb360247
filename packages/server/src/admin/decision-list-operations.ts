/** Operations on lists. */
import type { DecisionOffice } from '../decision/policy-office.ts';
import type { ListChange } from '../decision/policy-rows.ts';
import { deny } from './admin-problem.ts';
import {
  listChangedSchema,
  listChangeSchema,
  listEntriesSchema,
  listsSchema,
  type NamedMember,
  type NewListChange,
  stagedListSchema,
} from './decision-documents.ts';
import { decisionRefusal, documentBody } from './decision-operations.ts';
import { scopeOf } from './device-operations.ts';
import { approvalSchema, defaultPage, pageQuery } from './documents.ts';
import { type Operation, operation, reply } from './operation.ts';
import { propose } from './proposed-change.ts';

const reads = { kind: 'app', area: 'policy', verb: 'read' } as const;
const shownEntries = 200;

const listLists: Operation = operation({
  id: 'listDecisionLists',
  method: 'GET',
  path: '/apps/{app}/lists',
  tag: 'decisions',
  summary: 'Lists that policies may ask.',
  access: reads,
  replies: { 200: { description: 'All of them.', schema: listsSchema } },
  run: async ({ administration, path }, caller) => {
    const lists = await administration.decisions.lists.lists(scopeOf(caller, path));
    return reply(200, { items: lists.map(({ changed: _changed, ...shown }) => shown) });
  },
});

const listEntries: Operation = operation({
  id: 'listDecisionListEntries',
  method: 'GET',
  path: '/apps/{app}/lists/{list}/entries',
  tag: 'decisions',
  summary: 'Entries of a list, in the order of their keyed hashes.',
  access: reads,
  query: pageQuery,
  replies: { 200: { description: 'A page.', schema: listEntriesSchema } },
  run: async ({ administration, path, query }, caller) => {
    const { limit = defaultPage, after } = query;
    const scope = scopeOf(caller, path);
    const { lists } = administration.decisions;
    if (!(await lists.exists(scope, path['list'] ?? ''))) return deny('not-found');
    const page = { limit, after };
    const items = await lists.entries(scope, path['list'] ?? '', page);
    return reply(200, { items, next: items.length === limit ? (items.at(-1)?.member ?? null) : null });
  },
});

const memberOf = (office: DecisionOffice, kind: string, { id, member }: NamedMember): string =>
  member ?? office.pseudonym(kind, id ?? '');

/** Ids become keyed hashes here; nothing behind this knows them. */
const hashed = (office: DecisionOffice, list: string, { kind, add = [], remove = [] }: NewListChange): ListChange => ({
  list,
  kind,
  add: add.map(({ source, reason, expiresAtMs, ...name }) => ({
    member: memberOf(office, kind, name),
    source,
    reason,
    expiresAtMs: expiresAtMs ?? null,
  })),
  remove: remove.map((name) => memberOf(office, kind, name)),
});

const changeList: Operation = operation({
  id: 'changeDecisionList',
  method: 'POST',
  path: '/apps/{app}/lists/{list}/changes',
  tag: 'decisions',
  summary: 'Adds and removes entries, as one change that two people agree on. Ids are hashed at once and never kept.',
  access: { kind: 'app', area: 'policy', verb: 'write' },
  body: listChangeSchema,
  bodyLimits: documentBody,
  replies: {
    200: { description: 'Changed.', schema: listChangedSchema },
    202: { description: 'Proposed: somebody else must approve it.', schema: approvalSchema },
  },
  problems: ['decision-state', 'approvals-full'],
  run: async ({ administration, path, body }, caller) => {
    const office = administration.decisions;
    const scope = scopeOf(caller, path);
    const change = hashed(office, path['list'] ?? '', body);
    const staged = await office.lists.stage(scope, change, caller.subject);
    if (!staged.ok) return decisionRefusal(staged);
    const counts = { adds: change.add.length, removes: change.remove.length };
    const content = { list: change.list, change: staged.value, ...counts, reason: body.reason };
    if (administration.settings().fourEyes.list !== 'never')
      return propose(administration, scope, { kind: 'list.change', content }, caller);
    const applied = await office.lists.apply(scope, content, caller.subject);
    return applied.ok ? reply(200, { list: change.list, change: staged.value, ...counts }) : decisionRefusal(applied);
  },
});

const findListChange: Operation = operation({
  id: 'findDecisionListChange',
  method: 'GET',
  path: '/apps/{app}/list-changes/{change}',
  tag: 'decisions',
  summary: 'A change that waits for a second person.',
  access: reads,
  replies: { 200: { description: 'What it does.', schema: stagedListSchema } },
  run: async ({ administration, path }, caller) => {
    const staged = await administration.decisions.lists.staged(scopeOf(caller, path), path['change'] ?? '');
    if (staged === undefined) return deny('not-found');
    const { add, remove, ...shown } = staged;
    const counts = { adds: add.length, removes: remove.length };
    return reply(200, { ...shown, ...counts, add: add.slice(0, shownEntries), remove: remove.slice(0, shownEntries) });
  },
});

/** Operations on lists. */
export const decisionListOperations: readonly Operation[] = [listLists, listEntries, changeList, findListChange];
