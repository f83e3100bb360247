/** Operations on SIM and device binding: what is bound, and why an attempt went as it did. Numbers are never told: the record has only hashes. */
import { type Binding, type BindingAttempt, rules } from '@hauberk/binding';
import { z } from 'zod';
import { deny } from './admin-problem.ts';
import { scopeOf } from './device-operations.ts';
import { defaultPage, named, pageQuery } from './documents.ts';
import { type Operation, operation, reply } from './operation.ts';

const bindingSchema = named(
  'Binding',
  z.object({
    attempt: z.string().describe('The attempt that made it.'),
    profile: z.string().describe('The customer, as the login names them.'),
    device: z.string(),
    boundAtMs: z.int(),
    usedAtMs: z.int(),
    end: z.object({ why: z.string(), atMs: z.int() }).nullable().describe('Null while it is live.'),
  }),
);

const bindingsSchema = named('BindingPage', z.object({ items: z.array(bindingSchema), next: z.string().nullable() }));

const attemptSchema = named(
  'BindingAttempt',
  z.object({
    attempt: z.string(),
    state: z.enum(['idle', 'issued', 'seen', 'proven', 'bound', 'declined', 'expired', 'blocked']),
    code: z.string().nullable().describe('Why it ended, see docs/reasons.md; null while nothing stands against it.'),
    rule: z.string().nullable().describe('The rule that decided, see docs/binding.md.'),
    words: z.string().nullable().describe('That rule in words.'),
    platform: z.enum(['android', 'ios']),
    profile: z.string(),
    device: z.string(),
    vmn: z.string().describe('The number that the SMS had to come to.'),
    link: z.string().nullable().describe('The link that the SMS came over.'),
    smsAtMs: z.int().nullable(),
    issuedAtMs: z.int(),
    proofs: z.array(z.string()),
    sentItem: z.enum(['unasked', 'delivered', 'sent', 'absent']),
    polls: z.int(),
    codeSent: z.boolean(),
  }),
);

const bindingDocument = ({ id, profile, device, boundAtMs, usedAtMs, end }: Binding) => ({
  attempt: id,
  profile,
  device,
  boundAtMs,
  usedAtMs,
  end: end === undefined ? null : { why: end.why, atMs: end.atMs },
});

const attemptDocument = (attempt: BindingAttempt) => {
  const { id, state, code, platform, profile, device, vmn, sms, issuedAt, proofs, sentItem, polls, otp } = attempt;
  const rule = code === undefined ? undefined : rules.find(({ codes }) => codes.includes(code));
  return {
    attempt: id,
    state,
    code: code ?? null,
    rule: rule?.id ?? null,
    words: rule?.words ?? null,
    platform,
    profile,
    device: device.id,
    vmn,
    link: sms?.link ?? null,
    smsAtMs: sms?.receivedAtMs ?? null,
    issuedAtMs: issuedAt.wallMs,
    proofs: [...proofs],
    sentItem,
    polls,
    codeSent: otp !== undefined,
  };
};

const listBindings: Operation = operation({
  id: 'listBindings',
  method: 'GET',
  path: '/apps/{app}/bindings',
  tag: 'devices',
  summary: 'SIM and device bindings of an app by profile, ended ones too.',
  access: { kind: 'app', area: 'binding', verb: 'read' },
  query: {
    limit: pageQuery.limit,
    after: z.string().max(256).optional().describe('`next` of the page before: a profile.'),
  },
  replies: { 200: { description: 'A page.', schema: bindingsSchema } },
  run: async ({ administration, path, query }, caller) => {
    const { limit = defaultPage, after = '' } = query;
    const held = await administration.stores.bindings.list(scopeOf(caller, path), 'binding', after, limit);
    const next = held.length === limit ? (held.at(-1)?.profile ?? null) : null;
    return reply(200, { items: held.map(bindingDocument), next });
  },
});

const explainBinding: Operation = operation({
  id: 'explainBinding',
  method: 'GET',
  path: '/apps/{app}/bindings/{attempt}',
  tag: 'devices',
  summary: 'Why an attempt to bind went as it did: its state, and the rule that decided, in words. Kept for 24 h.',
  access: { kind: 'app', area: 'binding', verb: 'read' },
  replies: { 200: { description: 'The attempt.', schema: attemptSchema } },
  run: async ({ administration, path }, caller) => {
    const key = { kind: 'attempt', id: path['attempt'] ?? '' } as const;
    const [row] = await administration.stores.bindings.load(scopeOf(caller, path), [key]);
    return row?.value === undefined ? deny('not-found') : reply(200, attemptDocument(row.value as BindingAttempt));
  },
});

/** Operations on bindings. */
export const bindingOperations: readonly Operation[] = [listBindings, explainBinding];
