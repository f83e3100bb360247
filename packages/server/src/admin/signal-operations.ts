/** Operations on signals of devices. Who looks is in the audit log. */
import type { SignalStep } from '../signals/signal-stream.ts';
import { type AdminRefusal, deny } from './admin-problem.ts';
import type { Administration, Caller } from './administration.ts';
import { scopeOf } from './device-operations.ts';
import { type Operation, operation, reply } from './operation.ts';
import { deviceSignalsSchema, signalReportsSchema } from './signal-documents.ts';
import { storageRefusal } from './storage-problem.ts';

/** Keeps that somebody looked; answers what stands in the way. */
const noteLook = async (
  administration: Administration,
  caller: Caller,
  path: Readonly<Record<string, string>>,
  what: 'in-force' | 'reports',
): Promise<AdminRefusal | undefined> => {
  const scope = scopeOf(caller, path);
  const device = path['device'] ?? '';
  const shown = await administration.devicesOf(scope).show(device);
  if (!shown.ok) return deny('not-found');
  const record = { actor: caller.subject, action: 'signals.shown', subject: device, facts: { what } };
  const kept = await administration.stores.audit.append(scope, record, administration.now());
  // Whoever looks is on record before they see anything.
  return kept.ok ? undefined : storageRefusal({ code: kept.code });
};

const stepDocument = ({ receivedAtMs, eventAtMs, scene, sdk, counter, succession, ...step }: SignalStep) => ({
  receivedAtMs,
  eventAtMs,
  scene,
  sdk,
  counter,
  succession,
  ran: step.ran.length,
  skipped: step.skipped,
  signals: step.signals,
  refused: step.refused,
  score: step.score,
  band: step.band,
});

const deviceSignals: Operation = operation({
  id: 'deviceSignals',
  method: 'GET',
  path: '/apps/{app}/devices/{device}/signals',
  tag: 'devices',
  summary: 'Signals of a device that are in force, its score and band. Looking is audited.',
  access: { kind: 'app', area: 'devices', verb: 'read' },
  replies: { 200: { description: 'What is in force.', schema: deviceSignalsSchema } },
  run: async ({ administration, path, now }, caller) => {
    const refused = await noteLook(administration, caller, path, 'in-force');
    if (refused !== undefined) return refused;
    const {
      score = null,
      reportedAtMs = null,
      ...rest
    } = administration.signals.memory.signalsOf(path['device'] ?? '', now);
    return reply(200, { score, reportedAtMs, ...rest });
  },
});

const listSignalReports: Operation = operation({
  id: 'listSignalReports',
  method: 'GET',
  path: '/apps/{app}/devices/{device}/signal-reports',
  tag: 'devices',
  summary: 'The newest reports of a device with the score after each, newest last. Looking is audited.',
  access: { kind: 'app', area: 'devices', verb: 'read' },
  replies: { 200: { description: 'At most 32 reports.', schema: signalReportsSchema } },
  run: async ({ administration, path }, caller) => {
    const refused = await noteLook(administration, caller, path, 'reports');
    if (refused !== undefined) return refused;
    const steps = await administration.signals.stepsOf(path['device'] ?? '');
    return reply(200, { items: steps.map(stepDocument) });
  },
});

/** Operations on signals. */
export const signalOperations: readonly Operation[] = [deviceSignals, listSignalReports];
