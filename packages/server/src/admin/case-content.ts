/** Rules over decisions, exactly as they are hashed where two people must agree on them. */
import { outcomes } from '@hauberk/decision';
import { z } from 'zod';
import { type AlertRuleContent, alertSeverities } from '../decision/case-rows.ts';
import { ruleName } from './decision-content.ts';
import { privacyReason as line } from './privacy-content.ts';

const instant = z.int().min(0).describe('Milliseconds since 1970.');
const perDay = z.int().min(1).max(1000).describe('Answers that it may give in a day.');
const kind = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,63}$/);

/** A rule as it is proposed, and as it is put in force. */
export const alertRuleContentSchema: z.ZodType<AlertRuleContent> = z
  .strictObject({
    name: line,
    severity: z.enum(alertSeverities),
    scene: ruleName.nullable(),
    decisionReason: ruleName.nullable().describe('Reason code that decisions must have.'),
    outcome: z.enum(outcomes).nullable(),
    group: kind.nullable().describe('Kind of entity whose decisions are counted together; null for all together.'),
    threshold: z.int().min(1).max(1000),
    windowMinutes: z.int().min(1).max(10_080),
    expiresAtMs: instant.describe('When the rule ends by itself.'),
    response: z
      .discriminatedUnion('action', [
        z.strictObject({
          action: z.literal('list'),
          list: ruleName,
          days: z.int().min(1).max(365).describe('How long an entry holds.'),
          perDay,
        }),
        z.strictObject({ action: z.literal('case'), perDay }),
        z.strictObject({
          action: z.literal('suspend'),
          days: z.int().min(1).max(30).describe('When the device comes back by itself.'),
          perDay: perDay.max(100),
        }),
      ])
      .nullable()
      .describe('What it does by itself; then two people must agree on the rule.'),
    reason: line,
  })
  .refine(({ group, decisionReason }) => group !== null || decisionReason !== null, {
    path: ['group'],
    message: 'a rule needs a group or a reason, or it would count everything',
  })
  .refine(({ group, response }) => response?.action !== 'list' || group !== null, {
    path: ['group'],
    message: 'a response needs an entity',
  })
  .refine(({ group, response }) => response?.action !== 'suspend' || group === 'device', {
    path: ['group'],
    message: 'only devices can be suspended',
  });
