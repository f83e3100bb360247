/** Operations on devices that touched a trap: support sees them, and takes back what was a mistake. Both are in the audit log. */
import { type AdminRefusal, deny } from './admin-problem.ts';
import type { Administration, Caller } from './administration.ts';
import { scopeOf } from './device-operations.ts';
import { type Operation, operation, reply } from './operation.ts';
import { storageRefusal } from './storage-problem.ts';
import { deviceTrapSchema, trapClearSchema } from './trap-documents.ts';

const trapDocument = ({ traps }: Administration, device: string) => {
  const mark = traps?.trapOf(device);
  return { kinds: mark?.kinds ?? [], sinceMs: mark === undefined ? null : mark.sinceSeconds * 1000 };
};

/** Keeps who did it before anything is told or changed; answers what stands in the way. */
const note = async (
  administration: Administration,
  caller: Caller,
  path: Readonly<Record<string, string>>,
  action: 'trap.shown' | 'trap.cleared',
  facts: Readonly<Record<string, string>>,
): Promise<AdminRefusal | undefined> => {
  const scope = scopeOf(caller, path);
  const subject = path['device'] ?? '';
  const shown = await administration.devicesOf(scope).show(subject);
  if (!shown.ok) return deny('not-found');
  const record = { actor: caller.subject, action, subject, facts };
  const kept = await administration.stores.audit.append(scope, record, administration.now());
  return kept.ok ? undefined : storageRefusal({ code: kept.code });
};

const deviceTrap: Operation = operation({
  id: 'deviceTrap',
  method: 'GET',
  path: '/apps/{app}/devices/{device}/trap',
  tag: 'devices',
  summary: 'Traps that a device touched, while it counts. Looking is audited.',
  access: { kind: 'app', area: 'devices', verb: 'read' },
  replies: { 200: { description: 'What it touched.', schema: deviceTrapSchema } },
  run: async ({ administration, path }, caller) => {
    const refused = await note(administration, caller, path, 'trap.shown', {});
    return refused ?? reply(200, trapDocument(administration, path['device'] ?? ''));
  },
});

const clearDeviceTrap: Operation = operation({
  id: 'clearDeviceTrap',
  method: 'POST',
  path: '/apps/{app}/devices/{device}/trap/clear',
  tag: 'devices',
  summary: 'Takes back that a device touched traps: from the next request on it is judged as any other.',
  access: { kind: 'app', area: 'devices', verb: 'write' },
  body: trapClearSchema,
  replies: { 200: { description: 'What still counts: nothing.', schema: deviceTrapSchema } },
  run: async ({ administration, path, body }, caller) => {
    const refused = await note(administration, caller, path, 'trap.cleared', { reason: body.reason });
    if (refused !== undefined) return refused;
    administration.traps?.clearTrap(path['device'] ?? '');
    return reply(200, trapDocument(administration, path['device'] ?? ''));
  },
});

/** Operations on traps. */
export const trapOperations: readonly Operation[] = [deviceTrap, clearDeviceTrap];
