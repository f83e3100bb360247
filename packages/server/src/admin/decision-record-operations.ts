/** Operations on decisions that were made. All of them only read; who looked at one, or took many out, is written down. */
import { outcomes } from '@hauberk/decision';
import { z } from 'zod';
import type { IndexedDecision } from '../decision/record-rows.ts';
import { textKinds } from '../decision/record-texts.ts';
import { deny } from './admin-problem.ts';
import { decisionRefusal } from './decision-operations.ts';
import {
  decisionPageSchema,
  decisionRecordsSchema,
  decisionSchema,
  decisionTextSchema,
  decisionWhySchema,
} from './decision-record-documents.ts';
import { scopeOf } from './device-operations.ts';
import { defaultPage } from './documents.ts';
import { type Operation, operation, reply } from './operation.ts';

const reads = { kind: 'app', area: 'decisions', verb: 'read' } as const;
const number = (most: number) =>
  z
    .string()
    .regex(/^\d{1,15}$/)
    .transform(Number)
    .pipe(z.int().min(0).max(most));
const instant = number(8_640_000_000_000_000).optional().describe('Milliseconds since 1970.');
const name = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/);
const mostRecords = 2000;

const shown = ({ position: _position, ...decision }: IndexedDecision): object => decision;

const behind = (after: string | undefined): { readonly atMs: number; readonly id: string } | undefined => {
  const [atMs = '', id = ''] = after?.split('.') ?? [];
  return after === undefined ? undefined : { atMs: Number(atMs), id };
};

const listDecisions: Operation = operation({
  id: 'listDecisions',
  method: 'GET',
  path: '/apps/{app}/decisions',
  tag: 'decisions',
  summary: 'Decisions, newest first. Of one entity, that is its timeline.',
  access: reads,
  query: {
    fromMs: instant,
    toMs: instant,
    entity: z
      .string()
      .regex(/^[A-Za-z_][A-Za-z0-9_]{0,63}:[0-9a-f]{16}$/)
      .optional()
      .describe('Kind and keyed hash.'),
    reason: name.optional(),
    outcome: z.enum(outcomes).optional(),
    scene: name.optional(),
    policy: z
      .string()
      .regex(/^[0-9a-f]{32}$/)
      .optional(),
    limit: number(1000).optional(),
    after: z
      .string()
      .regex(/^\d{1,15}\.[0-9a-f]{16}$/)
      .optional()
      .describe('`next` of the page before.'),
  },
  replies: { 200: { description: 'A page.', schema: decisionPageSchema } },
  run: async ({ administration, path, query }, caller) => {
    const { limit = defaultPage, after, ...asked } = query;
    const page = { ...asked, before: behind(after), limit: Math.max(1, limit) };
    const items = await administration.decisions.records.query(scopeOf(caller, path), page);
    const last = items.length === page.limit ? items.at(-1) : undefined;
    return reply(200, { items: items.map(shown), next: last === undefined ? null : `${last.atMs}.${last.id}` });
  },
});

const findDecision: Operation = operation({
  id: 'findDecision',
  method: 'GET',
  path: '/apps/{app}/decisions/{decision}',
  tag: 'decisions',
  summary: 'One decision, and what it turned out to be.',
  access: reads,
  replies: { 200: { description: 'The decision.', schema: decisionSchema } },
  run: async ({ administration, path }, caller) => {
    const scope = scopeOf(caller, path);
    const { records } = administration.decisions;
    const found = await records.find(scope, path['decision'] ?? '');
    if (found === undefined) return deny('not-found');
    const label = await records.label(scope, found.id);
    const told = label === undefined ? null : { fraud: label.fraud, knownAtMs: label.knownAtMs, source: label.source };
    return reply(200, { ...shown(found), label: told });
  },
});

const explainDecision: Operation = operation({
  id: 'explainDecision',
  method: 'GET',
  path: '/apps/{app}/decisions/{decision}/why',
  tag: 'decisions',
  summary: 'Why it was decided so: rules that fired and that nearly did, facts of that moment, related entities.',
  access: reads,
  replies: { 200: { description: 'The page.', schema: decisionWhySchema } },
  problems: ['decision-state'],
  run: async ({ administration, path }, caller) => {
    const scope = scopeOf(caller, path);
    const id = path['decision'] ?? '';
    const { records } = administration.decisions;
    const why = await records.why(scope, id);
    if (!why.ok) return decisionRefusal(why);
    await records.note(scope, { actor: caller.subject, action: 'decision.read', subject: id, facts: {} });
    return reply(200, why.value);
  },
});

const readRecords: Operation = operation({
  id: 'readDecisionRecords',
  method: 'GET',
  path: '/apps/{app}/decision-records',
  tag: 'decisions',
  summary: 'Records and labels of a span as they were kept, for a replay. They hold keyed hashes, and no ids.',
  access: reads,
  query: {
    fromMs: instant,
    toMs: instant,
    after: number(Number.MAX_SAFE_INTEGER).optional(),
    limit: number(mostRecords).optional(),
  },
  replies: { 200: { description: 'A page; it may be empty without being the last.', schema: decisionRecordsSchema } },
  run: async ({ administration, path, query }, caller) => {
    const scope = scopeOf(caller, path);
    const { fromMs = 0, toMs = Number.MAX_SAFE_INTEGER, after = 0, limit = mostRecords } = query;
    const { records } = administration.decisions;
    // Once for each export: its later pages say the same.
    if (after === 0)
      await records.note(scope, {
        actor: caller.subject,
        action: 'decision.exported',
        subject: 'records',
        facts: { fromMs, toMs },
      });
    const page = await records.records(scope, { fromMs, toMs, after, limit: Math.max(1, limit) });
    const items = page.items.map(({ payload, ...item }) => ({
      ...item,
      payload: Buffer.from(payload).toString('base64'),
    }));
    return reply(200, { items, next: page.next });
  },
});

const findText: Operation = operation({
  id: 'findDecisionText',
  method: 'GET',
  path: '/apps/{app}/decision-texts/{text}',
  tag: 'decisions',
  summary: 'A schema, policy or model as it was when it was decided by it.',
  access: reads,
  replies: { 200: { description: 'The text.', schema: decisionTextSchema } },
  run: async ({ administration, path }, caller) => {
    const [kind, hash = ''] = (path['text'] ?? '').split('-');
    const known = textKinds.find((each) => each === kind);
    const text =
      known === undefined ? undefined : await administration.decisions.records.text(scopeOf(caller, path), known, hash);
    return text === undefined ? deny('not-found') : reply(200, text);
  },
});

/** Operations on decisions that were made. */
export const decisionRecordOperations: readonly Operation[] = [
  listDecisions,
  findDecision,
  explainDecision,
  readRecords,
  findText,
];
