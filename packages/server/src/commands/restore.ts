/** `hauberk restore --in FILE --state DIR`: puts a backup in place of the state. */
import { parseArgs } from 'node:util';
import { suppliedMasterKey } from '../keys/master-key.ts';
import { type RestoreSummary, restoreState } from '../storage/restore.ts';
import { refusalText, usageError } from './state-command.ts';

const usage = 'usage: hauberk restore --in FILE --state DIR [--accept-rollback] [--json]';

const parse = (args: readonly string[]) =>
  parseArgs({
    args: [...args],
    options: {
      in: { type: 'string' },
      state: { type: 'string' },
      'accept-rollback': { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  });

const summaryText = ({ epoch, rollback, kept, replaced }: RestoreSummary): string =>
  [
    `restored, epoch ${epoch}: every login and session starts anew`,
    ...(rollback === null
      ? []
      : [`AUDIT ROLLBACK (${rollback.kind}): ${rollback.presentSize} entries before, ${rollback.backupSize} now`]),
    `kept of the replaced state: ${kept.revocations} revocations, ${kept.idempotency} idempotency keys`,
    ...(replaced === null ? [] : [`the replaced record is in ${replaced}`]),
    '',
  ].join('\n');

/** Runs `hauberk restore`. */
export async function restore(args: readonly string[]): Promise<number> {
  const parsed = usageError(() => parse(args), usage);
  if (parsed === undefined) return 2;
  const { in: file, state, 'accept-rollback': acceptRollback, json } = parsed.values;
  if (file === undefined || state === undefined) {
    process.stderr.write(`${usage}\n`);
    return 2;
  }
  try {
    const master = suppliedMasterKey(process.env);
    const summary = await restoreState({ file, folder: state, master, acceptRollback, nowMs: Date.now() });
    process.stdout.write(json ? `${JSON.stringify({ restored: true, ...summary })}\n` : summaryText(summary));
    return 0;
  } catch (error) {
    return refusalText(error, json, { restored: false });
  }
}
