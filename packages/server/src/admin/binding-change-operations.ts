/** Operations on binding that change something: block lists, and the end of a binding. What takes protection away needs two people. */
import { hours } from '@hauberk/primitives';
import { z } from 'zod';
import { deny } from './admin-problem.ts';
import { bindingBlockSchema, blockLiftSchema, blocksSchema, newBlockSchema } from './binding-documents.ts';
import { bindingsOf, partOf, partQuery } from './binding-operations.ts';
import { scopeOf } from './device-operations.ts';
import { approvalSchema, defaultPage, named, profileSchema, reasonSchema } from './documents.ts';
import { type Operation, operation, reply } from './operation.ts';
import { propose } from './proposed-change.ts';
import { storageRefusal } from './storage-problem.ts';

const proposed = { 202: { description: 'Proposed: somebody else must approve it.', schema: approvalSchema } };

/** Which binding is to end. */
interface NewBindingEnd {
  readonly profile: string;
  readonly attempt: string;
  readonly reason: string;
}

const newEndSchema: z.ZodType<NewBindingEnd> = named(
  'NewBindingEnd',
  z.strictObject({
    profile: profileSchema,
    attempt: z
      .string()
      .regex(/^[A-Za-z0-9_-]{22}$/)
      .describe('The attempt that made it: no other binding of the customer is meant.'),
    reason: reasonSchema,
  }),
);

const endBinding: Operation = operation({
  id: 'endBinding',
  method: 'POST',
  path: '/apps/{app}/binding-ends',
  tag: 'binding',
  summary: 'Proposes the end of a live binding, and of the logins of its device. Two people must always agree.',
  access: { kind: 'app', area: 'binding', verb: 'write' },
  body: newEndSchema,
  replies: proposed,
  problems: ['approvals-full'],
  run: async (call, caller) => {
    const { administration, path, body } = call;
    const { profile, attempt, reason } = body;
    const binding = await bindingsOf(call, caller)?.binding(profile);
    if (binding === undefined || binding.id !== attempt || binding.end !== undefined) return deny('not-found');
    const { device, boundAtMs } = binding;
    const content = { attempt, profile, device, boundAtMs, reason };
    return propose(administration, scopeOf(caller, path), { kind: 'binding.end', content }, caller);
  },
});

const listBindingBlocks: Operation = operation({
  id: 'listBindingBlocks',
  method: 'GET',
  path: '/apps/{app}/binding-blocks',
  tag: 'binding',
  summary: 'Who may not bind now: by B09, or by the word of an operator.',
  access: { kind: 'app', area: 'binding', verb: 'read' },
  query: partQuery,
  replies: { 200: { description: `A part, ${defaultPage} items when nothing is said.`, schema: blocksSchema } },
  run: async (call, caller) => {
    const part = await bindingsOf(call, caller)?.blocks(partOf(call.query));
    return part === undefined ? deny('not-found') : reply(200, { items: part.items, next: part.next ?? null });
  },
});

const addBindingBlock: Operation = operation({
  id: 'addBindingBlock',
  method: 'POST',
  path: '/apps/{app}/binding-blocks',
  tag: 'binding',
  summary:
    'Keeps a device, key, fingerprint, profile or number from binding. A block of the same thing is never made shorter.',
  access: { kind: 'app', area: 'binding', verb: 'write' },
  body: newBlockSchema,
  replies: { 200: { description: 'The block.', schema: bindingBlockSchema } },
  run: async (call, caller) => {
    const { hours: life, ...asked } = call.body;
    const added = await bindingsOf(call, caller)?.addBlock({ ...asked, life: hours(life) }, caller.subject);
    if (added === undefined) return deny('not-found');
    return added.ok ? reply(200, added.value) : storageRefusal({ code: added.code });
  },
});

const liftBindingBlock: Operation = operation({
  id: 'liftBindingBlock',
  method: 'POST',
  path: '/apps/{app}/binding-block-lifts',
  tag: 'binding',
  summary: 'Proposes to take a block of an operator back before its time. Blocks of B09 run out by themselves.',
  access: { kind: 'app', area: 'binding', verb: 'write' },
  body: blockLiftSchema,
  replies: proposed,
  problems: ['approvals-full'],
  run: async (call, caller) => {
    const { administration, path, body } = call;
    const { subject, value, reason } = body;
    const held = await bindingsOf(call, caller)?.block({ subject, value });
    if (held === undefined) return deny('not-found');
    const content = { subject, value, atMs: held.atMs, untilMs: held.untilMs, reason };
    return propose(administration, scopeOf(caller, path), { kind: 'binding.unblock', content }, caller);
  },
});

/** Operations on bindings that change something. */
export const bindingChangeOperations: readonly Operation[] = [
  endBinding,
  listBindingBlocks,
  addBindingBlock,
  liftBindingBlock,
];
