/** The documents of decisions that were made. */
import { outcomes } from '@hauberk/decision';
import { z } from 'zod';
import { named } from './documents.ts';

const instant = z.int().describe('Milliseconds since 1970.');
const facts = z.record(z.string(), z.unknown());

const decisionShape = {
  id: z.string(),
  atMs: instant,
  scene: z.string(),
  outcome: z.enum(outcomes),
  points: z.number(),
  policy: z.string().describe('First half of the hash of the policy that decided; empty without one.'),
  reasons: z.array(z.string()),
  entities: z.array(z.string()).describe('Kind and keyed hash, as `device:0123456789abcdef`.'),
};

/** A page of decisions. */
export const decisionPageSchema: z.ZodType = named(
  'DecisionPage',
  z.object({ items: z.array(z.object(decisionShape)), next: z.string().nullable() }),
);

const label = z.object({ fraud: z.boolean(), knownAtMs: instant, source: z.string() }).nullable();

/** One decision. */
export const decisionSchema: z.ZodType = named('Decision', z.object({ ...decisionShape, label }));

const wordedShape = { code: z.string(), en: z.string(), zh: z.string() };
const worded = z.object(wordedShape);

const rule = z.object({
  ...wordedShape,
  rule: z.string(),
  nearness: z
    .number()
    .describe('Share of its conditions that held, 0 to 1; numbers on the way to their bound count in part.'),
  conditions: z.array(
    z.object({
      text: z.string(),
      value: z.enum(['true', 'false', 'missing']),
      fields: facts,
      nearness: z.number().nullable(),
    }),
  ),
});

/** The page of one decision. */
export const decisionWhySchema: z.ZodType = named(
  'DecisionWhy',
  z.object({
    id: z.string(),
    atMs: instant,
    scene: worded,
    outcome: z.enum(outcomes),
    points: z.number(),
    obligations: z.array(facts),
    isDuplicate: z.boolean(),
    policy: z
      .object({
        id: z.string(),
        hash: z.string(),
        version: z.int().nullable(),
        state: z.string().nullable(),
        isChallenger: z.boolean(),
      })
      .nullable(),
    label,
    reasons: z.array(worded),
    fired: z.array(rule),
    notFired: z.array(rule).describe('Nearest first.'),
    model: z.object({ hash: z.string(), score: z.number().nullable(), reasons: z.array(worded) }).nullable(),
    cluster: facts.nullable(),
    facts: z.record(z.string(), facts).describe('By what they are about; of entities as they were before the event.'),
    entities: z.array(
      z.object({
        entity: z.string(),
        lists: z.array(z.string()),
        decisions: z.array(z.object({ id: z.string(), atMs: instant, scene: z.string(), outcome: z.string() })),
        seenWith: z.array(z.object({ entity: z.string(), decisions: z.int() })),
      }),
    ),
  }),
);

/** A page of the outbox for a replay. */
export const decisionRecordsSchema: z.ZodType = named(
  'DecisionRecords',
  z.object({
    items: z.array(
      z.object({
        position: z.int(),
        kind: z.enum(['record', 'label']),
        atMs: instant,
        payload: z.string().describe('Base64.'),
      }),
    ),
    next: z.int().nullable().describe('Position to go on after; null at the end.'),
  }),
);

/** A text that records name. */
export const decisionTextSchema: z.ZodType = named(
  'DecisionText',
  z.object({
    kind: z.enum(['schema', 'policy', 'model', 'run']),
    hash: z.string(),
    document: z.string().describe('JSON.'),
  }),
);
