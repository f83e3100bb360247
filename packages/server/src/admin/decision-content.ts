/** Changes of what is decided by that two people may have to agree on, exactly as they are hashed. */
import { z } from 'zod';
import { policyActions } from '../decision/policy-life.ts';
import type { ListContent } from '../decision/policy-list.ts';
import type { ModelContent } from '../decision/policy-model.ts';
import type { PolicyStepContent } from '../decision/policy-office.ts';
import { privacyReason as reason } from './privacy-content.ts';

/** Form of the names of policies and lists. */
export const ruleName: z.ZodType<string> = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/);
/** A content hash. */
export const contentHash: z.ZodType<string> = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .describe('SHA-256 of the canonical document.');

/** A step of a policy as it is proposed. */
export const policyStepContentSchema: z.ZodType<PolicyStepContent> = z
  .strictObject({
    policy: ruleName,
    version: z.int().min(1).max(99_999_999),
    hash: contentHash,
    action: z.enum(policyActions),
    perMille: z.int().min(1).max(500).optional().describe('Share of a challenger in thousandths.'),
    reason,
  })
  .refine(({ action, perMille }) => (action === 'challenge') === (perMille !== undefined), {
    path: ['perMille'],
    message: 'is for challenge, which needs it',
  });

/** A change of a list as it is proposed. */
export const listContentSchema: z.ZodType<ListContent> = z.strictObject({
  list: ruleName,
  change: contentHash.describe('Hash of everything that the staged change does.'),
  adds: z.int().min(0),
  removes: z.int().min(0),
  reason,
});

/** The activation of a model as it is proposed. */
export const modelContentSchema: z.ZodType<ModelContent> = z.strictObject({
  model: z
    .string()
    .regex(/^(?:[0-9a-f]{64})?$/)
    .describe('Empty for none.'),
  reason,
});
