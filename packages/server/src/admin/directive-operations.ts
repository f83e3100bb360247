/** Operations on directives: drafts, their approval, stages, halts, and the kill switch. */
import { rolloutStates } from '@hauberk/rollout';
import { z } from 'zod';
import type { DeskCode, DeskResult } from '../directive/directive-desk.ts';
import type { StoredRollout } from '../storage/directive-store.ts';
import { type AdminRefusal, deny } from './admin-problem.ts';
import type { Caller } from './administration.ts';
import { scopeOf } from './device-operations.ts';
import {
  directiveDocument,
  directiveEndSchema,
  directivePageSchema,
  directiveSchema,
  newDirectiveSchema,
} from './directive-documents.ts';
import { killPlanOf, planOf } from './directive-plan.ts';
import { approvalSchema, defaultPage, directiveKillSchema, pageQuery } from './documents.ts';
import { type AdminReply, type Call, type Operation, operation, reply } from './operation.ts';
import { propose } from './proposed-change.ts';
import { storageRefusal } from './storage-problem.ts';

const shown = { 200: { description: 'The rollout.', schema: directiveSchema } };
const proposed = { 202: { description: 'Proposed: somebody else must approve it.', schema: approvalSchema } };

const answerOf = (status: number, stored: StoredRollout): AdminReply =>
  reply(status, directiveDocument(stored), String(stored.row));

const refusalOf = (code: DeskCode, detail: string | undefined): AdminRefusal => {
  switch (code) {
    case 'directive-unknown':
      return deny('not-found');
    case 'directive-row':
      return deny('version-differs');
    case 'storage-overloaded':
    case 'storage-full':
    case 'storage-closed':
      return storageRefusal({ code });
    case 'rollout.plan':
      return deny('malformed', {
        errors: [{ in: 'body', pointer: '', message: `is no plan: ${detail ?? 'unreadable'}` }],
      });
    case 'directive-busy':
    case 'directive-conflict':
    case 'rollout.expired':
    case 'rollout.no-stage':
    case 'rollout.wrong-state':
      return deny('directive-state', { detail: code });
  }
};

const settle = async (status: number, result: DeskResult): Promise<AdminReply | AdminRefusal> => {
  const settled = await result;
  return settled.ok ? answerOf(status, settled.value) : refusalOf(settled.code, settled.detail);
};

const listDirectives: Operation = operation({
  id: 'listDirectives',
  method: 'GET',
  path: '/apps/{app}/directives',
  tag: 'directives',
  summary: 'Rollouts of directives of an app, newest first.',
  access: { kind: 'app', area: 'policy', verb: 'read' },
  query: { ...pageQuery, state: z.enum(rolloutStates).optional() },
  replies: { 200: { description: 'A page.', schema: directivePageSchema } },
  run: async ({ administration, path, query }, caller) => {
    const { limit = defaultPage, after, state } = query;
    const page = {
      limit,
      newestFirst: true,
      ...(state === undefined ? {} : { state }),
      ...(after === undefined ? {} : { afterId: after }),
    };
    const listed = await administration.directives.list(scopeOf(caller, path), page);
    const next = listed.length === limit ? (listed.at(-1)?.rollout.id ?? null) : null;
    return reply(200, { items: listed.map(directiveDocument), next });
  },
});

const found = ({ administration, path }: Call<unknown, unknown>, caller: Caller): Promise<StoredRollout | undefined> =>
  administration.directives.find(scopeOf(caller, path), path['directive'] ?? '');

const findDirective: Operation = operation({
  id: 'findDirective',
  method: 'GET',
  path: '/apps/{app}/directives/{directive}',
  tag: 'directives',
  summary: 'A rollout: its plan, the shares that were published, what its guard has seen.',
  access: { kind: 'app', area: 'policy', verb: 'read' },
  replies: shown,
  run: async (call, caller) => {
    const held = await found(call, caller);
    return held === undefined ? deny('not-found') : answerOf(200, held);
  },
});

const draftDirective: Operation = operation({
  id: 'draftDirective',
  method: 'POST',
  path: '/apps/{app}/directives',
  tag: 'directives',
  summary: 'Drafts a directive and how it is rolled out. Nothing is published yet.',
  access: { kind: 'app', area: 'policy', verb: 'write' },
  body: newDirectiveSchema,
  replies: { 201: { description: 'The draft.', schema: directiveSchema } },
  run: ({ administration, path, body }, caller) =>
    settle(201, administration.directives.draft(scopeOf(caller, path), planOf(body), caller.subject)),
});

const approveDirective: Operation = operation({
  id: 'approveDirective',
  method: 'POST',
  path: '/apps/{app}/directives/{directive}/approve',
  tag: 'directives',
  summary: 'Approves a draft, or proposes its approval where two people must agree: exactly this plan, by its hash.',
  access: { kind: 'app', area: 'policy', verb: 'write' },
  replies: { ...shown, ...proposed },
  problems: ['directive-state', 'approvals-full'],
  run: async (call, caller) => {
    const { administration, path } = call;
    const held = await found(call, caller);
    if (held === undefined) return deny('not-found');
    const { id, plan, state } = held.rollout;
    const scope = scopeOf(caller, path);
    if (administration.settings().fourEyes.directive === 'never')
      return settle(200, administration.directives.approve(scope, id, caller.subject));
    if (state !== 'drafted') return deny('directive-state', { detail: 'rollout.wrong-state' });
    const content = { directive: id, row: held.row, plan: { ...plan } };
    return propose(administration, scope, { kind: 'directive.approve', content }, caller);
  },
});

const stageDirective: Operation = operation({
  id: 'stageDirective',
  method: 'POST',
  path: '/apps/{app}/directives/{directive}/stage',
  tag: 'directives',
  summary: 'Publishes an approved directive to its next share of the devices.',
  access: { kind: 'app', area: 'policy', verb: 'write' },
  ifMatch: 'optional',
  replies: shown,
  problems: ['directive-state', 'version-differs'],
  run: async ({ administration, path, ifMatch }, caller) => {
    const row = ifMatch === undefined ? undefined : Number(ifMatch);
    const id = path['directive'] ?? '';
    return settle(200, administration.directives.stage(scopeOf(caller, path), id, caller.subject, row));
  },
});

const haltDirective: Operation = operation({
  id: 'haltDirective',
  method: 'POST',
  path: '/apps/{app}/directives/{directive}/halt',
  tag: 'directives',
  summary: 'Ends a rollout that is under way: what counted before it is published anew, to everybody.',
  access: { kind: 'app', area: 'policy', verb: 'write' },
  body: directiveEndSchema,
  replies: shown,
  problems: ['directive-state'],
  run: ({ administration, path, body }, caller) => {
    const scope = scopeOf(caller, path);
    return settle(200, administration.directives.halt(scope, path['directive'] ?? '', caller.subject, body.reason));
  },
});

const revertDirective: Operation = operation({
  id: 'revertDirective',
  method: 'POST',
  path: '/apps/{app}/directives/{directive}/revert',
  tag: 'directives',
  summary: 'Takes a complete rollout back: what counted before it is published anew, to everybody.',
  access: { kind: 'app', area: 'policy', verb: 'write' },
  body: directiveEndSchema,
  replies: shown,
  problems: ['directive-state'],
  run: ({ administration, path, body }, caller) => {
    const scope = scopeOf(caller, path);
    return settle(200, administration.directives.revert(scope, path['directive'] ?? '', caller.subject, body.reason));
  },
});

const killDirectives: Operation = operation({
  id: 'killDirectives',
  method: 'POST',
  path: '/apps/{app}/directive-kills',
  tag: 'directives',
  summary: 'The kill switch: sets kinds of directives aside on every device at once, or gives them back.',
  access: { kind: 'app', area: 'policy', verb: 'write' },
  body: directiveKillSchema,
  replies: { ...shown, ...proposed },
  problems: ['directive-state', 'approvals-full'],
  run: async ({ administration, path, body }, caller) => {
    const scope = scopeOf(caller, path);
    if (administration.settings().fourEyes.kill === 'always')
      return propose(administration, scope, { kind: 'directive.kill', content: body }, caller);
    const by = { draft: caller.subject, approve: caller.subject };
    return settle(200, administration.directives.publish(scope, killPlanOf(body), by));
  },
});

/** Operations on directives. */
export const directiveOperations: readonly Operation[] = [
  listDirectives,
  findDirective,
  draftDirective,
  approveDirective,
  stageDirective,
  haltDirective,
  revertDirective,
  killDirectives,
];
