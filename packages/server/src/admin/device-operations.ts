/** Operations on devices. */

import { deviceStates } from '@hauberk/device';
import type { Refusal, Result } from '@hauberk/primitives';
import { z } from 'zod';
import type { DeviceSummary } from '../device/device-administration.ts';
import type { Scope } from '../storage/scope.ts';
import { type AdminRefusal, deny } from './admin-problem.ts';
import type { Administration, Caller } from './administration.ts';
import { changeDevices, type DeviceChangeContent } from './device-changes.ts';
import {
  approvalSchema,
  defaultPage,
  deviceChangeSchema,
  deviceChangesOutcomeSchema,
  deviceChangesSchema,
  deviceDetailSchema,
  devicePageSchema,
  pageQuery,
} from './documents.ts';
import { needsSecondPerson } from './four-eyes.ts';
import { type AdminReply, type Operation, operation, reply } from './operation.ts';
import { propose } from './proposed-change.ts';

/** The scope of an operation on an app. */
export const scopeOf = (caller: Caller, path: Readonly<Record<string, string>>): Scope => ({
  organisation: caller.organisation,
  app: path['app'] ?? '',
});

const listDevices: Operation = operation({
  id: 'listDevices',
  method: 'GET',
  path: '/apps/{app}/devices',
  tag: 'devices',
  summary: 'Devices of an app, in the order of their ids.',
  access: { kind: 'app', area: 'devices', verb: 'read' },
  query: {
    ...pageQuery,
    state: z.enum(deviceStates).optional(),
    tier: z.string().min(1).max(64).optional().describe('Name or number of a tier.'),
    platform: z.enum(['android', 'ios', 'harmony', 'web', 'other']).optional(),
    text: z
      .string()
      .regex(/^[A-Za-z0-9_-]{1,64}$/)
      .optional()
      .describe('Begins the id or the thumbprint of a key, or is the shared identity.'),
  },
  replies: { 200: { description: 'A page.', schema: devicePageSchema } },
  run: async ({ administration, path, query }, caller) => {
    const { limit = defaultPage, after, ...asked } = query;
    const given = Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined));
    const page = { ...given, limit, ...(after === undefined ? {} : { afterId: after }) };
    const listed = await administration.devicesOf(scopeOf(caller, path)).list(page);
    if (!listed.ok)
      return deny('malformed', {
        errors: [{ in: 'query', pointer: '/tier', message: `names no tier: ${listed.detail}` }],
      });
    const { devices, isFull } = listed.value;
    return reply(200, { items: devices, next: isFull ? (devices.at(-1)?.id ?? null) : null });
  },
});

const findDevice: Operation = operation({
  id: 'findDevice',
  method: 'GET',
  path: '/apps/{app}/devices/{device}',
  tag: 'devices',
  summary: 'Everything about one device: state, evidence, keys, history with reasons.',
  access: { kind: 'app', area: 'devices', verb: 'read' },
  replies: { 200: { description: 'The device.', schema: deviceDetailSchema } },
  run: async ({ administration, path }, caller) => {
    const shown = await administration.devicesOf(scopeOf(caller, path)).show(path['device'] ?? '');
    return shown.ok ? reply(200, shown.value, String(shown.value.generation)) : deny('not-found');
  },
});

/** The devices as they stand now; the first that is not there ends it. */
const targetsOf = async (
  administration: Administration,
  scope: Scope,
  ids: readonly string[],
): Promise<Result<DeviceChangeContent['devices'], string>> => {
  const devices = administration.devicesOf(scope);
  const found = await Promise.all(ids.map((id) => devices.show(id)));
  const missing = found.findIndex(({ ok }) => !ok);
  if (missing >= 0) return { ok: false, code: 'device-unknown', detail: String(missing) } satisfies Refusal<string>;
  const list = found.flatMap((each) => (each.ok ? [each.value] : []));
  return { ok: true, value: list.map(({ id, generation }: DeviceSummary) => ({ id, generation })) };
};

/** Carries a change out, or proposes it where two people must agree. */
export const changeOrPropose = async (
  administration: Administration,
  scope: Scope,
  content: DeviceChangeContent,
  caller: Caller,
): Promise<AdminReply | AdminRefusal> => {
  const { settings, recent, devicesOf } = administration;
  const { fourEyes, manyDevices } = settings();
  const name = `${scope.organisation} ${caller.subject} ${content.action}`;
  const now = administration.now();
  const count = content.devices.length;
  if (needsSecondPerson(fourEyes[content.action], count, recent.count(name, now), manyDevices))
    return propose(administration, scope, { kind: 'device.change', content }, caller);
  recent.add(name, count, now);
  return reply(200, await changeDevices(devicesOf(scope), content, caller.subject));
};

const replies = {
  200: { description: 'Done, device by device.', schema: deviceChangesOutcomeSchema },
  202: { description: 'Proposed: somebody else must approve it.', schema: approvalSchema },
};

/** The one result of a change of one device, as a problem when it was refused. */
const singleAnswer = (answer: AdminReply | AdminRefusal, hasVersion: boolean): AdminReply | AdminRefusal => {
  if (!answer.ok || answer.status !== 200) return answer;
  const [result] = (
    answer.body as { readonly results: readonly { readonly code: string | null; readonly generation: number | null }[] }
  ).results;
  const code = result?.code ?? null;
  if (code === null) return { ...answer, version: String(result?.generation ?? '') };
  if (code === 'device-unknown') return deny('not-found');
  if (code === 'device-changed') return deny(hasVersion ? 'version-differs' : 'device-changed');
  return code.startsWith('storage-') ? deny('overloaded') : deny('device-state', { detail: code });
};

const changeDevice: Operation = operation({
  id: 'changeDevice',
  method: 'POST',
  path: '/apps/{app}/devices/{device}/changes',
  tag: 'devices',
  summary: 'Suspends, unsuspends, revokes or reports one device lost, or asks it for new evidence.',
  access: { kind: 'app', area: 'devices', verb: 'write' },
  body: deviceChangeSchema,
  ifMatch: 'optional',
  replies,
  problems: ['device-state', 'device-changed', 'version-differs', 'approvals-full'],
  run: async ({ administration, path, body, ifMatch }, caller) => {
    const scope = scopeOf(caller, path);
    const targets = await targetsOf(administration, scope, [path['device'] ?? '']);
    const [target] = targets.ok ? targets.value : [];
    if (target === undefined) return deny('not-found');
    if (ifMatch !== undefined && ifMatch !== String(target.generation)) return deny('version-differs');
    const answer = await changeOrPropose(administration, scope, { ...body, devices: [target] }, caller);
    return singleAnswer(answer, ifMatch !== undefined);
  },
});

const changeManyDevices: Operation = operation({
  id: 'changeDevices',
  method: 'POST',
  path: '/apps/{app}/device-changes',
  tag: 'devices',
  summary: 'The same for many devices; each is answered for on its own.',
  access: { kind: 'app', area: 'devices', verb: 'write' },
  body: deviceChangesSchema,
  replies,
  problems: ['approvals-full'],
  run: async ({ administration, path, body }, caller) => {
    const scope = scopeOf(caller, path);
    const targets = await targetsOf(administration, scope, body.devices);
    if (!targets.ok)
      return deny('malformed', {
        errors: [{ in: 'body', pointer: `/devices/${targets.detail}`, message: 'names no device of this app' }],
      });
    return changeOrPropose(administration, scope, { ...body, devices: targets.value }, caller);
  },
});

/** Operations on devices. */
export const deviceOperations: readonly Operation[] = [listDevices, findDevice, changeDevice, changeManyDevices];
