/** Operations on identities: who a device is taken for, and what people change of it. */
import { collisionClassOf } from '@hauberk/device';
import type { Result } from '@hauberk/primitives';
import type { IdentityBook, IdentityRefusal } from '../device/identity-book.ts';
import type { Scope } from '../storage/scope.ts';
import { type AdminRefusal, deny } from './admin-problem.ts';
import { scopeOf } from './device-operations.ts';
import {
  identityChangeSchema,
  identityEventSchema,
  identitySchema,
  type NewIdentityChange,
  resolvedSchema,
  sightSchema,
} from './identity-documents.ts';
import { type Operation, operation, reply } from './operation.ts';

const refusalOf = (code: IdentityRefusal): AdminRefusal => {
  if (code === 'identity-unknown') return deny('not-found');
  return code.startsWith('storage-') ? deny('overloaded') : deny('device-state', { detail: code });
};

const findIdentity: Operation = operation({
  id: 'findIdentity',
  method: 'GET',
  path: '/apps/{app}/devices/{device}/identity',
  tag: 'devices',
  summary: 'Who a device is taken for: its aliases with their intervals, possible twins, merges and splits.',
  access: { kind: 'app', area: 'devices', verb: 'read' },
  replies: { 200: { description: 'The identity.', schema: identitySchema } },
  run: async ({ administration, path }, caller) => {
    const shown = await administration.identities.show(scopeOf(caller, path), path['device'] ?? '');
    if (shown === undefined) return deny('not-found');
    const { id, createdAtMs, lastSeenMs, collision, mergedInto, twins } = shown.identity;
    const { aliases, events } = shown;
    return reply(200, { id, createdAtMs, lastSeenMs, collision, mergedInto, aliases, twins, events });
  },
});

const change = (
  identities: IdentityBook,
  scope: Scope,
  id: string,
  { reason, ...asked }: NewIdentityChange,
  actor: string,
): Promise<Result<unknown, IdentityRefusal>> => {
  const word = { actor, reason };
  if (asked.action === 'merge') return identities.merge(scope, id, asked.other, word);
  if (asked.action === 'split') return identities.split(scope, id, asked.aliases, word);
  return identities.undo(scope, id, asked.event, word);
};

const changeIdentity: Operation = operation({
  id: 'changeIdentity',
  method: 'POST',
  path: '/apps/{app}/devices/{device}/identity-changes',
  tag: 'devices',
  summary: 'Merges another identity into this one, splits aliases off it, or undoes either.',
  access: { kind: 'app', area: 'devices', verb: 'write' },
  body: identityChangeSchema,
  replies: { 200: { description: 'Done, as an event that can be undone.', schema: identityEventSchema } },
  problems: ['device-state'],
  run: async ({ administration, path, body }, caller) => {
    const scope = scopeOf(caller, path);
    const done = await change(administration.identities, scope, path['device'] ?? '', body, caller.subject);
    return done.ok ? reply(200, done.value) : refusalOf(done.code);
  },
});

const resolveIdentity: Operation = operation({
  id: 'resolveIdentity',
  method: 'POST',
  path: '/apps/{app}/identities',
  tag: 'devices',
  summary: 'Says who a device is, by its own id or those that others gave it and what it shows, and remembers them.',
  access: { kind: 'app', area: 'devices', verb: 'write' },
  body: sightSchema,
  replies: { 200: { description: 'Who it is.', schema: resolvedSchema } },
  problems: ['device-state'],
  run: async ({ administration, path, body, now }, caller) => {
    const { decisions, identities, stores } = administration;
    const scope = scopeOf(caller, path);
    const { device, aliases, attributes = {}, platform = '', browser = '' } = body;
    // An id that this app did not enrol is nobody's key.
    if (device !== undefined && (await stores.devices.find(scope, device)) === undefined) return deny('not-found');
    const resolved = await identities.resolve(scope, {
      atMs: now,
      ...(device === undefined ? {} : { device }),
      // Ids and values become keyed hashes here; nothing behind this knows them.
      aliases: aliases.map(({ source, id }) => ({ source, digest: decisions.pseudonym(`alias.${source}`, id) })),
      attributes: Object.fromEntries(
        Object.entries(attributes).map(([name, value]) => [name, decisions.pseudonym(`attribute.${name}`, value)]),
      ),
      collision: collisionClassOf(platform, browser),
    });
    if (!resolved.ok) return refusalOf(resolved.code);
    const { identity, by, confidence, isNew, twin, conflicts } = resolved.value;
    const { id, collision } = identity;
    return reply(200, { identity: id, by, confidence, isNew, collision, possibleTwin: twin ?? null, conflicts });
  },
});

/** Operations on identities. */
export const identityOperations: readonly Operation[] = [findIdentity, changeIdentity, resolveIdentity];
