/** `hauberk restore --in FILE --state DIR`: puts a backup in place of the state. */
import { parseArgs } from 'node:util';
import { suppliedMasterKey } from '../keys/master-key.ts';
import { type RestoreSummary, restoreState } from '../storage/restore.ts';
import { readPassphrase, refusalText, usageError } from './state-command.ts';

/** What `--help` prints. */
export const usage: string = `usage: hauberk restore --in FILE --state DIR [--passphrase-file FILE] [--accept-rollback] [--json]
  --passphrase-file   the passphrase that the backup was sealed under; otherwise the master key opens it
  --accept-rollback   also when entries of the present audit log are not in the backup; the replaced record is kept
The gateway must be stopped. Every login and session ends; devices that were revoked since stay revoked.`;

const parse = (args: readonly string[]) =>
  parseArgs({
    args: [...args],
    options: {
      in: { type: 'string' },
      state: { type: 'string' },
      'passphrase-file': { type: 'string' },
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
  const { in: file, state, 'passphrase-file': passphraseFile, 'accept-rollback': acceptRollback, json } = parsed.values;
  if (file === undefined || state === undefined) {
    process.stderr.write(`${usage}\n`);
    return 2;
  }
  try {
    const master = suppliedMasterKey(process.env);
    const passphrase = readPassphrase(passphraseFile);
    const nowMs = Date.now();
    const summary = await restoreState({ file, folder: state, master, passphrase, acceptRollback, nowMs });
    process.stdout.write(json ? `${JSON.stringify({ restored: true, ...summary })}\n` : summaryText(summary));
    return 0;
  } catch (error) {
    return refusalText(error, json, { restored: false });
  }
}
