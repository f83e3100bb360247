/** Operations on SIM and device binding that look: what is bound, what is under way, why an attempt went as it did, how the VMNs fare. */
import { attemptStates, type BindingCode, ruleIds } from '@hauberk/binding';
import { z } from 'zod';
import { BankSilent } from '../binding/bank-directory.ts';
import type { BindingAdministration, PartAsk } from '../binding/binding-administration.ts';
import { type AdminRefusal, deny } from './admin-problem.ts';
import type { Caller } from './administration.ts';
import {
  attemptDocument,
  attemptLine,
  attemptSchema,
  attemptsSchema,
  bindingDocument,
  bindingsSchema,
  customerNumberSchema,
  type NumberAsk,
  vmnsDocument,
  vmnsSchema,
} from './binding-documents.ts';
import { scopeOf } from './device-operations.ts';
import { defaultPage, named, pageQuery, profileSchema, reasonSchema } from './documents.ts';
import { type AdminReply, type Call, type Operation, operation, reply } from './operation.ts';
import { storageRefusal } from './storage-problem.ts';

/** The bindings of the app that a call names; undefined where it does not bind. */
export const bindingsOf = (
  { administration, path }: Pick<Call<unknown, unknown>, 'administration' | 'path'>,
  caller: Caller,
): BindingAdministration | undefined => administration.bindingsOf(scopeOf(caller, path));

const printable = (most: number) => z.string().min(1).max(most);

/** Where a part of a list begins, and how long it is. */
export const partQuery: { readonly limit: typeof pageQuery.limit; readonly after: z.ZodType<string | undefined> } = {
  limit: pageQuery.limit,
  after: printable(512).optional().describe('`next` of the part before.'),
};

/** What a list is asked for. */
export const partOf = ({
  limit,
  after,
}: {
  readonly limit?: number | undefined;
  readonly after?: string | undefined;
}): PartAsk => ({
  limit: limit ?? defaultPage,
  after: after ?? '',
});

const flag = z.enum(['true', 'false']).optional();
const isTrue = (text: 'true' | 'false' | undefined): boolean | undefined =>
  text === undefined ? undefined : text === 'true';
const instantText = z
  .string()
  .regex(/^\d{1,15}$/)
  .transform(Number)
  .pipe(z.int().min(0))
  .optional();

const listBindings: Operation = operation({
  id: 'listBindings',
  method: 'GET',
  path: '/apps/{app}/bindings',
  tag: 'binding',
  summary: 'SIM and device bindings of an app by profile, ended ones too.',
  access: { kind: 'app', area: 'binding', verb: 'read' },
  query: {
    ...partQuery,
    profile: profileSchema.optional(),
    device: printable(128).optional(),
    number: printable(64).optional().describe('Keyed hash of the number.'),
    live: flag.describe('Live ones only, or ended ones only.'),
  },
  replies: { 200: { description: 'A part.', schema: bindingsSchema } },
  run: async (call, caller) => {
    const { profile, device, number, live } = call.query;
    const part = await bindingsOf(call, caller)?.bindings(
      { profile, device, number, isLive: isTrue(live) },
      partOf(call.query),
    );
    if (part === undefined) return deny('not-found');
    return reply(200, { items: part.items.map(bindingDocument), next: part.next ?? null });
  },
});

const listBindingAttempts: Operation = operation({
  id: 'listBindingAttempts',
  method: 'GET',
  path: '/apps/{app}/binding-attempts',
  tag: 'binding',
  summary: 'Attempts to bind, newest first, those that got no token too. Kept for `binding.trailDays`.',
  access: { kind: 'app', area: 'binding', verb: 'read' },
  query: {
    ...partQuery,
    open: flag.describe('Only those that may still end bound, or only the others.'),
    state: z.enum(attemptStates).optional(),
    profile: profileSchema.optional(),
    device: printable(128).optional(),
    number: printable(64).optional().describe('Keyed hash of the number.'),
    rule: z.enum(ruleIds).optional().describe('The rule that decided.'),
    code: z
      .string()
      .regex(/^binding\.[a-z-]{1,64}$/)
      .optional()
      .describe('The reason, see docs/reasons.md.'),
    since: instantText.describe('Begun at or after, milliseconds since 1970.'),
    until: instantText.describe('Begun at or before.'),
  },
  replies: { 200: { description: 'A part.', schema: attemptsSchema } },
  run: async (call, caller) => {
    const bindings = bindingsOf(call, caller);
    if (bindings === undefined) return deny('not-found');
    const { open, state, profile, device, number, rule, code, since, until } = call.query;
    const filter = { isOpen: isTrue(open), state, profile, device, number, rule, sinceMs: since, untilMs: until };
    const part = await bindings.attempts({ ...filter, code: code as BindingCode | undefined }, partOf(call.query));
    const items = part.items.map((trail) => attemptLine(trail, bindings.isOpen(trail)));
    return reply(200, { items, next: part.next ?? null });
  },
});

const explainBinding: Operation = operation({
  id: 'explainBinding',
  method: 'GET',
  path: '/apps/{app}/bindings/{attempt}',
  tag: 'binding',
  summary: 'Why an attempt to bind went as it did: its steps, and every rule with what it came to.',
  access: { kind: 'app', area: 'binding', verb: 'read' },
  replies: { 200: { description: 'The attempt.', schema: attemptSchema } },
  run: async (call, caller) => {
    const bindings = bindingsOf(call, caller);
    const found = await bindings?.attempt(call.path['attempt'] ?? '');
    if (bindings === undefined || found === undefined) return deny('not-found');
    return reply(200, attemptDocument(found.trail, found.attempt, bindings.isOpen(found.trail)));
  },
});

const listVmns: Operation = operation({
  id: 'listVmns',
  method: 'GET',
  path: '/apps/{app}/vmns',
  tag: 'binding',
  summary:
    'How the numbers fare that receive SMS: what came, what came wrongly, which fell silent. They are shared by all apps.',
  access: { kind: 'app', area: 'binding', verb: 'read' },
  replies: { 200: { description: 'The pool.', schema: vmnsSchema } },
  run: async (call, caller) => {
    const bindings = bindingsOf(call, caller);
    return bindings === undefined ? deny('not-found') : reply(200, vmnsDocument(bindings.vmns()));
  },
});

const numberAskSchema: z.ZodType<NumberAsk> = named(
  'NumberAsk',
  z
    .strictObject({
      number: printable(16).optional().describe('A number in E.164, to learn its hash.'),
      profile: profileSchema.optional().describe('A customer, to learn the number that the bank has for them.'),
      reason: reasonSchema,
    })
    .refine(({ number, profile }) => (number === undefined) !== (profile === undefined), 'takes a number or a profile'),
);

const numberOf = async (
  bindings: BindingAdministration,
  { number, profile }: NumberAsk,
): Promise<{ readonly number: string | null; readonly numberHash: string | null } | AdminRefusal> => {
  try {
    const found = number ?? (await bindings.registeredNumber(profile ?? ''));
    if (found === undefined) return { number: null, numberHash: null };
    const numberHash = bindings.hashNumber(found);
    if (numberHash === undefined)
      return deny('malformed', { errors: [{ in: 'body', pointer: '/number', message: 'is no number in E.164' }] });
    return { number: found, numberHash };
  } catch (error) {
    if (error instanceof BankSilent) return deny('overloaded', { detail: 'the bank does not answer' });
    throw error;
  }
};

const showNumber = async (call: Call<unknown, NumberAsk>, caller: Caller): Promise<AdminReply | AdminRefusal> => {
  const { administration, path, body, now } = call;
  const bindings = bindingsOf(call, caller);
  if (bindings === undefined) return deny('not-found');
  const shown = await numberOf(bindings, body);
  if ('ok' in shown) return shown;
  const audit = {
    actor: caller.subject,
    action: 'binding.number-shown',
    subject: body.profile ?? shown.numberHash ?? '',
    facts: { reason: body.reason, by: body.profile === undefined ? 'number' : 'profile' },
  };
  // Whoever sees a number is on record before they see it.
  const kept = await administration.stores.audit.append(scopeOf(caller, path), audit, now);
  return kept.ok ? reply(200, shown) : storageRefusal({ code: kept.code });
};

const findNumber: Operation = operation({
  id: 'findNumber',
  method: 'POST',
  path: '/apps/{app}/customer-numbers',
  tag: 'binding',
  summary: 'The number of a customer, asked of the bank, or the hash of a number, to search by. Each use is audited.',
  access: { kind: 'app', area: 'numbers', verb: 'read' },
  body: numberAskSchema,
  replies: { 200: { description: 'The number.', schema: customerNumberSchema } },
  run: showNumber,
});

/** Operations on bindings that change nothing. */
export const bindingOperations: readonly Operation[] = [
  listBindings,
  listBindingAttempts,
  explainBinding,
  listVmns,
  findNumber,
];
