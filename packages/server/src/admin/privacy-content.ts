/** Changes of privacy that two people may have to agree on, exactly as they are hashed. */
import { exceptionKinds } from '@hauberk/privacy';
import { z } from 'zod';
import type { RuleContent } from '../privacy/response-rules.ts';
import type { StopOrder } from '../privacy/stop-chains.ts';

/** Id of a chain. */
export const chainIdSchema: z.ZodType<string> = z
  .string()
  .regex(/^[0-9a-f]{16}$/)
  .describe('Id of a call chain, see docs/call-chains.md.');
const line = (most: number) =>
  z
    .string()
    .min(1)
    .max(most)
    .regex(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+$/u, 'must be one line of printable characters');
/** Why something is done. */
export const privacyReason: z.ZodType<string> = line(256).describe('Why; kept in the audit log.');
const api = z.string().regex(/^[a-z][a-z-]{0,31}:[A-Za-z_$][A-Za-z0-9_$.]{0,95}$/);

const instant = z.int().min(0).describe('Milliseconds since 1970.');

const stages = z
  .array(z.int().min(1).max(1000))
  .min(1)
  .max(16)
  .refine(
    (list) => list.at(-1) === 1000 && list.every((share, index) => share > (list[index - 1] ?? 0)),
    'must rise to 1000',
  );

/** A stop as it is ordered, and as it is proposed. */
export const stopOrderSchema: z.ZodType<StopOrder> = z
  .strictObject({
    chain: chainIdSchema,
    apis: z.array(api).min(1).max(64).optional().describe('Every function that is watched when absent.'),
    action: z.enum(['empty', 'deny', 'delay']),
    delayMs: z.int().min(1).max(60_000).optional().describe('For `delay`.'),
    hours: z.int().min(1).max(8784).optional().describe('Until somebody resumes it when absent.'),
    stages: stages.optional().describe('Shares in thousandths, rising to 1000; everybody at once when absent.'),
    reason: privacyReason,
  })
  .refine(({ action, delayMs }) => (action === 'delay') === (delayMs !== undefined), {
    path: ['delayMs'],
    message: 'is for delay, which needs it',
  });

/** Exactly what two people agree on. */
export const ruleContentSchema: z.ZodType<RuleContent> = z
  .strictObject({
    kind: z.enum(exceptionKinds),
    action: z.enum(['empty', 'deny', 'delay']),
    delayMs: z.int().min(1).max(60_000).nullable(),
    minDevices: z.int().min(1).max(64).describe('Devices that must have seen the exception.'),
    perDay: z.int().min(1).max(100).describe('Stops that it may make in a day.'),
    stopHours: z.int().min(1).max(720).describe('How long what it stops stays stopped.'),
    expiresAtMs: instant.describe('When the rule ends by itself.'),
    reason: privacyReason,
  })
  .refine(({ action, delayMs }) => (action === 'delay') === (delayMs !== null), {
    path: ['delayMs'],
    message: 'is for delay, which needs it',
  });
