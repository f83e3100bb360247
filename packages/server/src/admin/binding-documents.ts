/** The documents of binding. Numbers of customers are keyed hashes; the raw one is in `CustomerNumber` only, which asks for a right of its own. */
import {
  attemptStates,
  type Binding,
  type BindingAttempt,
  bindingWays,
  judgeTrail,
  ruleIds,
  rules,
  type Trail,
  type TrailStep,
} from '@hauberk/binding';
import { z } from 'zod';
import { type Block, blockSubjects } from '../binding/binding-store.ts';
import { type PoolFigures, vmnOutcomes } from '../binding/vmn-health.ts';
import { named, reasonSchema } from './documents.ts';

const instant = z.int().min(0).describe('Milliseconds since 1970.');
const numberHash = z.string().describe('Keyed hash of a number; equal numbers have equal hashes.');

const bindingSchema = named(
  'Binding',
  z.object({
    attempt: z.string().describe('The attempt that made it.'),
    profile: z.string().describe('The customer, as the login names them.'),
    device: z.string(),
    numberHash,
    boundAtMs: instant,
    usedAtMs: instant,
    end: z.object({ why: z.string(), atMs: instant }).nullable().describe('Null while it is live.'),
  }),
);

const next = z
  .string()
  .nullable()
  .describe('Goes on after this part, which may be shorter than asked for; null at the end.');

/** A part of the bindings. */
export const bindingsSchema: z.ZodType = named('BindingPage', z.object({ items: z.array(bindingSchema), next }));

const attemptShape = {
  attempt: z.string(),
  state: z.enum(attemptStates),
  open: z.boolean().describe('Whether it may still end bound.'),
  code: z.string().nullable().describe('Why it ended, see docs/reasons.md; null while nothing stands against it.'),
  rule: z.enum(ruleIds).nullable().describe('The rule that decided, see docs/binding.md.'),
  words: z.string().nullable().describe('That rule in words.'),
  platform: z.enum(['android', 'ios']),
  way: z.enum(bindingWays).describe('How possession was to be shown.'),
  profile: z.string(),
  device: z.string(),
  numberHash,
  vmn: z.string().nullable().describe('Where the SMS had to come to; null when no token was given.'),
  startedAtMs: instant,
  changedAtMs: instant,
};

const attemptLineSchema = named('BindingAttemptLine', z.object(attemptShape));

/** A part of the attempts. */
export const attemptsSchema: z.ZodType = named(
  'BindingAttemptPage',
  z.object({ items: z.array(attemptLineSchema), next }),
);

/** Everything about an attempt. */
export const attemptSchema: z.ZodType = named(
  'BindingAttempt',
  z.object({
    ...attemptShape,
    key: z.string().describe('Thumbprint of the key that asked.'),
    fingerprint: z.string(),
    steps: z
      .array(
        z.object({
          atMs: instant,
          event: z.string(),
          from: z.enum(attemptStates),
          to: z.enum(attemptStates),
          code: z.string().nullable(),
          rule: z.enum(ruleIds).nullable(),
          note: z.string(),
        }),
      )
      .describe('What happened, oldest first.'),
    rules: z
      .array(
        z.object({
          rule: z.enum(ruleIds),
          words: z.string(),
          source: z.string(),
          decidedBy: z.enum(['server', 'attested-client', 'both']),
          verdict: z.enum(['pass', 'fail', 'not-judged']),
          why: z
            .string()
            .nullable()
            .describe(
              'Why nobody judged it: other-platform, other-way (without SMS, or without a SIM), after-binding, not-reached.',
            ),
          code: z.string().nullable(),
          atMs: instant.nullable(),
        }),
      )
      .describe('Every rule, with what it came to.'),
    details: z
      .object({
        link: z.string().nullable().describe('The link that the SMS came over.'),
        smsAtMs: instant.nullable(),
        proofs: z.array(z.string()),
        sentItem: z.enum(['unasked', 'delivered', 'sent', 'absent']),
        polls: z.int(),
        codeSent: z.boolean(),
      })
      .nullable()
      .describe('Kept for 24 h, and only where a token was given.'),
  }),
);

const blockSchema = named(
  'BindingBlock',
  z.object({
    source: z.enum(['rule', 'operator']).describe('`rule`: B09; it runs out by itself and cannot be lifted.'),
    subject: z.enum(blockSubjects),
    value: z.string(),
    by: z.string(),
    reason: z.string(),
    atMs: instant,
    untilMs: instant,
  }),
);

/** A block. */
export const bindingBlockSchema: z.ZodType = blockSchema;
/** A part of the blocks. */
export const blocksSchema: z.ZodType = named('BindingBlockPage', z.object({ items: z.array(blockSchema), next }));

const blockedValue = z
  .string()
  .min(1)
  .max(256)
  .regex(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+$/u, 'must be one line of printable characters')
  .describe('Id of a device, thumbprint of a key, fingerprint, profile, or the keyed hash of a number.');

/** What is asked for when something is blocked. */
export interface NewBindingBlock {
  readonly subject: Block['subject'];
  readonly value: string;
  readonly reason: string;
  readonly hours: number;
}

/** What is asked for when something is blocked. */
export const newBlockSchema: z.ZodType<NewBindingBlock> = named(
  'NewBindingBlock',
  z.strictObject({
    subject: z.enum(blockSubjects),
    value: blockedValue,
    reason: reasonSchema,
    hours: z.int().min(1).max(8784).describe('After so many hours it ends by itself.'),
  }),
);

/** What is asked for when a block is to be lifted. */
export interface BlockLift {
  readonly subject: Block['subject'];
  readonly value: string;
  readonly reason: string;
}

/** What is asked for when a block is to be lifted. */
export const blockLiftSchema: z.ZodType<BlockLift> = named(
  'BindingBlockLift',
  z.strictObject({ subject: z.enum(blockSubjects), value: blockedValue, reason: reasonSchema }),
);

/** The health of the pool. */
export const vmnsSchema: z.ZodType = named(
  'VmnHealth',
  z.object({
    sinceMs: instant.describe('Counts begin here: the start of the process that was asked.'),
    elsewhere: z.int().describe('SMS to numbers that are not in the pool.'),
    items: z.array(
      z.object({
        vmn: z.string(),
        outcomes: z.object(Object.fromEntries(vmnOutcomes.map((outcome) => [outcome, z.int()]))),
        lastSeenMs: instant.nullable().describe('Of the last SMS that carried a token.'),
        quietMs: z.int(),
        silent: z.boolean().describe('Quiet for longer than `binding.vmnSilentMinutes` while the others are not.'),
      }),
    ),
  }),
);

/** A number of a customer. */
export const customerNumberSchema: z.ZodType = named(
  'CustomerNumber',
  z.object({
    number: z.string().nullable().describe('Null when the bank has none.'),
    numberHash: z.string().nullable(),
  }),
);

/** Which number is asked for. */
export interface NumberAsk {
  readonly number?: string | undefined;
  readonly profile?: string | undefined;
  readonly reason: string;
}

type Document = Readonly<Record<string, unknown>>;

/** A binding as the API shows it. */
export const bindingDocument = ({ id, profile, device, number, boundAtMs, usedAtMs, end }: Binding): Document => ({
  attempt: id,
  profile,
  device,
  numberHash: number,
  boundAtMs,
  usedAtMs,
  end: end === undefined ? null : { why: end.why, atMs: end.atMs },
});

/** An attempt in one line. */
export const attemptLine = (trail: Trail, isOpen: boolean): Document => {
  const { id, state, code, rule, platform, way = 'sms', profile, device, number, vmn, startedAtMs, steps } = trail;
  return {
    attempt: id,
    state,
    open: isOpen,
    code: code ?? null,
    rule: rule ?? null,
    words: rules.find((each) => each.id === rule)?.words ?? null,
    platform,
    way,
    profile,
    device: device.id,
    numberHash: number,
    vmn: vmn ?? null,
    startedAtMs,
    changedAtMs: steps.at(-1)?.atMs ?? startedAtMs,
  };
};

const stepDocument = ({ atMs, event, from, to, code, rule, note }: TrailStep) => ({
  atMs,
  event,
  from,
  to,
  code: code ?? null,
  rule: rule ?? null,
  note,
});

const detailsOf = ({ sms, proofs, sentItem, polls, otp }: BindingAttempt) => ({
  link: sms?.link ?? null,
  smsAtMs: sms?.receivedAtMs ?? null,
  proofs: [...proofs],
  sentItem,
  polls,
  codeSent: otp !== undefined,
});

/** Everything about an attempt. */
export const attemptDocument = (trail: Trail, attempt: BindingAttempt | undefined, isOpen: boolean): Document => ({
  ...attemptLine(trail, isOpen),
  key: trail.device.key,
  fingerprint: trail.device.fingerprint,
  steps: trail.steps.map(stepDocument),
  rules: judgeTrail(trail).map(({ rule, verdict, why, code, atMs }) => ({
    rule: rule.id,
    words: rule.words,
    source: rule.source,
    decidedBy: rule.decidedBy,
    verdict,
    why: why ?? null,
    code: code ?? null,
    atMs: atMs ?? null,
  })),
  details: attempt === undefined ? null : detailsOf(attempt),
});

/** The health of the pool. */
export const vmnsDocument = ({ sinceMs, elsewhere, vmns }: PoolFigures): Document => ({
  sinceMs,
  elsewhere,
  items: vmns.map(({ isSilent, ...figures }) => ({ ...figures, silent: isSilent })),
});
