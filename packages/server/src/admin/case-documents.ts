/** The documents of alerts and cases. */
import { z } from 'zod';
import { maxCaseDecisions } from '../decision/case-book.ts';
import { alertSeverities, alertStates, caseOutcomes, type KeptAlertRule } from '../decision/case-rows.ts';
import { named } from './documents.ts';
import { privacyReason as line } from './privacy-content.ts';

const instant = z.int().min(0).describe('Milliseconds since 1970.');
const decisionId = z.string().regex(/^[0-9a-f]{16}$/);

const ruleShape = {
  id: z.string(),
  hash: z.string(),
  name: z.string(),
  severity: z.enum(alertSeverities),
  scene: z.string().nullable(),
  decisionReason: z.string().nullable(),
  outcome: z.string().nullable(),
  group: z.string().nullable(),
  threshold: z.int(),
  windowMinutes: z.int(),
  expiresAtMs: instant,
  response: z
    .object({
      action: z.enum(['list', 'case', 'suspend']),
      list: z.string().optional(),
      days: z.int().optional(),
      perDay: z.int(),
    })
    .nullable(),
  reason: z.string(),
  approvedBy: z.string(),
  state: z.enum(['active', 'ended']),
  answers: z.int().describe('Answers that it gave and remembers.'),
};
/** A rule. */
export const alertRuleSchema: z.ZodType = named('AlertRule', z.object(ruleShape));
/** All rules. */
export const alertRulesSchema: z.ZodType = named('AlertRules', z.object({ items: z.array(alertRuleSchema) }));
/** The document of a rule. */
export const alertRuleDocument = ({ answers, ...rule }: KeptAlertRule): object => ({
  ...rule,
  answers: answers.length,
});
/** The end of a rule. */
export const alertRuleEndSchema: z.ZodType<{ readonly rule: string; readonly reason: string }> = named(
  'AlertRuleEnd',
  z.strictObject({ rule: z.string().regex(/^[0-9a-f]{20}$/), reason: line }),
);

/** An alert. */
export const alertSchema: z.ZodType = named(
  'Alert',
  z.object({
    id: z.string(),
    rule: z.string(),
    name: z.string(),
    severity: z.enum(alertSeverities),
    entity: z.string().describe('Empty where all are counted together.'),
    state: z.enum(alertStates),
    count: z.int(),
    firstAtMs: instant,
    lastAtMs: instant,
    decisions: z.array(z.string()).describe('The newest, at most 10.'),
    answered: z.string().nullable().describe('What its rule did.'),
    changedBy: z.string(),
    note: z.string().nullable(),
  }),
);
/** Alerts. */
export const alertsSchema: z.ZodType = named('Alerts', z.object({ items: z.array(alertSchema) }));
/** A step of an alert. */
export const alertStepSchema: z.ZodType<{ readonly action: 'acknowledge' | 'close'; readonly note: string }> = named(
  'AlertStep',
  z.strictObject({ action: z.enum(['acknowledge', 'close']), note: line }),
);

/** A case. */
export const caseSchema: z.ZodType = named(
  'Case',
  z.object({
    id: z.string(),
    title: z.string(),
    state: z.enum(['open', 'closed']),
    owner: z.string().nullable(),
    alert: z.string().nullable(),
    decisions: z.array(z.string()),
    entities: z.array(z.string()),
    notes: z.array(z.object({ by: z.string(), atMs: instant, text: z.string() })),
    outcome: z.enum(caseOutcomes).nullable(),
    openedBy: z.string(),
    openedAtMs: instant,
    changedAtMs: instant,
  }),
);
/** Cases. */
export const casesSchema: z.ZodType = named('Cases', z.object({ items: z.array(caseSchema) }));
/** A case that is to be opened. */
export const newCaseSchema: z.ZodType<{
  readonly title: string;
  readonly decisions?: readonly string[] | undefined;
  readonly alert?: string | undefined;
}> = named(
  'NewCase',
  z.strictObject({
    title: line,
    decisions: z.array(decisionId).max(maxCaseDecisions).optional(),
    alert: z
      .string()
      .regex(/^[0-9a-f]{20}$/)
      .optional(),
  }),
);

/** A step of a case as it is asked for. */
export interface NewCaseStep {
  readonly action: 'assign' | 'note' | 'close' | 'reopen';
  readonly owner?: string | undefined;
  readonly text?: string | undefined;
  readonly outcome?: (typeof caseOutcomes)[number] | undefined;
}
const needs: Readonly<Record<NewCaseStep['action'], readonly ('owner' | 'text' | 'outcome')[]>> = {
  assign: ['owner'],
  note: ['text'],
  close: ['outcome', 'text'],
  reopen: ['text'],
};
/** See `NewCaseStep`. */
export const caseStepSchema: z.ZodType<NewCaseStep> = named(
  'NewCaseStep',
  z
    .strictObject({
      action: z.enum(['assign', 'note', 'close', 'reopen']),
      owner: z
        .string()
        .regex(/^[a-z0-9][a-z0-9._@-]{0,63}$/)
        .optional()
        .describe('For `assign`.'),
      text: line.optional().describe('For `note`, `close` and `reopen`.'),
      outcome: z
        .enum(caseOutcomes)
        .optional()
        .describe('For `close`; fraud and honest become labels of its decisions.'),
    })
    .refine(
      (step) =>
        (['owner', 'text', 'outcome'] as const).every(
          (member) => (step[member] !== undefined) === needs[step.action].includes(member),
        ),
      { path: ['action'], message: 'assign takes owner; note and reopen take text; close takes outcome and text' },
    ),
);
