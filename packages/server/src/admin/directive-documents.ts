/** The documents of directives: what is drafted, and how a rollout is shown. */
import type { EpochMs } from '@hauberk/primitives';
import {
  directiveKinds,
  guardEvidence,
  maxRolloutReason,
  maxTargetList,
  nextShare,
  presentShare,
  rolloutStates,
  wholeShare,
} from '@hauberk/rollout';
import { z } from 'zod';
import type { StoredRollout } from '../storage/directive-store.ts';
import type { NewDirective } from './directive-plan.ts';
import { named } from './documents.ts';

const kinds = Object.keys(directiveKinds) as [keyof typeof directiveKinds, ...(keyof typeof directiveKinds)[]];
const word = z.string().regex(/^[\x21-\x7e]{1,64}$/);
const reason = z.string().trim().min(1).max(maxRolloutReason);
const lifeHours = z.int().min(1).max(8784);
const rate = z.int().min(1).max(999_999).nullable();
const range = z.strictObject({ from: word.nullable(), below: word.nullable() });
const instant = z.int();

/** The body of a draft. */
export const newDirectiveSchema: z.ZodType<NewDirective> = named(
  'NewDirective',
  z
    .strictObject({
      kind: z.enum(kinds),
      service: word.nullable().optional().describe('One service of the app; all of them when absent.'),
      body: z.record(z.string(), z.unknown()).describe('What the kind defines, see docs/rollout.md.'),
      audience: z
        .strictObject({
          versions: z.array(range).max(maxTargetList).optional(),
          cohorts: z.array(word).max(maxTargetList).optional(),
        })
        .optional()
        .describe('Everybody when absent.'),
      stages: z
        .array(z.int().min(1).max(wholeShare))
        .min(1)
        .max(16)
        .optional()
        .describe('Shares in thousandths, rising, the last one 1000; 10, 50, 250, 1000 when absent.'),
      guard: z
        .strictObject({
          falseHaltPerMille: z.int().min(1).max(200).optional(),
          crashesPerMillion: rate.optional(),
          errorsPerMillion: rate.optional(),
        })
        .nullable()
        .optional()
        .describe('Null: nothing halts it by itself.'),
      lifeHours: lifeHours.optional().describe('How long each publication holds; 720 when absent.'),
      reason,
    })
    .describe('docs/rollout.md'),
);

/** The words with which a rollout is ended. */
export interface DirectiveEnd {
  readonly reason: string;
}

/** The body of a halt or a reversal. */
export const directiveEndSchema: z.ZodType<DirectiveEnd> = named('DirectiveEnd', z.strictObject({ reason }));

const counts = z.object({ sessions: z.int(), crashed: z.int(), failed: z.int() });

/** A rollout as the API shows it. */
export const directiveSchema: z.ZodType = named(
  'DirectiveRollout',
  z.object({
    id: z.string(),
    app: z.string(),
    state: z.enum(rolloutStates),
    plan: z.object({
      kind: z.string(),
      kindVersion: z.int(),
      service: z.string().nullable(),
      body: z.record(z.string(), z.unknown()),
      audience: z.object({ versions: z.array(range), cohorts: z.array(z.string()) }),
      stages: z.array(z.int()),
      guard: z.object({ falseHaltPerMille: z.int(), crashesPerMillion: rate, errorsPerMillion: rate }).nullable(),
      lifeMs: z.int(),
      reason: z.string(),
    }),
    perMille: z.int().describe('The share that is published.'),
    nextPerMille: z.int().nullable().describe('The share that comes next.'),
    stages: z.array(z.object({ perMille: z.int(), version: z.int(), revision: z.int(), atMs: instant })),
    guard: z
      .object({
        staged: counts,
        control: counts,
        crash: z.number().describe('Evidence as an e-value: it halts at `haltsAt`.'),
        error: z.number(),
        haltsAt: z.number(),
        halted: z.enum(['crash', 'error']).nullable(),
      })
      .nullable(),
    draftedBy: z.string(),
    approvedBy: z.string().nullable(),
    createdAtMs: instant,
    changedAtMs: instant,
    expiresAtMs: instant,
    end: z.string().nullable().describe('How it ended: words, or `guard: crash`.'),
  }),
);

/** A page of rollouts. */
export const directivePageSchema: z.ZodType = named(
  'DirectivePage',
  z.object({ items: z.array(directiveSchema), next: z.string().nullable() }),
);

/** JSON has no infinity. */
const finite = (value: number): number => Math.min(value, Number.MAX_VALUE);

/** The document of a rollout. */
export const directiveDocument = ({ scope, rollout }: StoredRollout): Readonly<Record<string, unknown>> => {
  const { id, state, plan, stages, guard, draftedBy, approvedBy, createdAtMs, changedAtMs, expiresAtMs, end } = rollout;
  const evidence = guard === null || plan.guard === null ? undefined : guardEvidence(plan.guard, guard);
  const times: Readonly<Record<string, EpochMs>> = { createdAtMs, changedAtMs, expiresAtMs };
  return {
    id,
    app: scope.app,
    state,
    plan,
    perMille: presentShare(rollout),
    nextPerMille: nextShare(rollout) ?? null,
    stages,
    guard:
      guard === null || evidence === undefined
        ? null
        : {
            ...guard.counts,
            crash: finite(evidence.crash),
            error: finite(evidence.error),
            haltsAt: evidence.haltsAt,
            halted: guard.halted,
          },
    draftedBy,
    approvedBy,
    ...times,
    end,
  };
};
