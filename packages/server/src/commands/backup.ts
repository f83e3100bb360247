/** `hauberk backup --state DIR --out FILE`: copies the state of a gateway, running or not, into one sealed file. The master key is not in it. */
import { parseArgs } from 'node:util';
import { suppliedMasterKey } from '../keys/master-key.ts';
import { backupState } from '../storage/backup.ts';
import { readPassphrase, refusalText, usageError } from './state-command.ts';

/** What `--help` prints. */
export const usage: string = `usage: hauberk backup --state DIR --out FILE [--passphrase-file FILE] [--force] [--json]
  --passphrase-file   seal it under the passphrase in this file, at least 12 characters; otherwise under the master key
  --force             replace FILE when it is there`;

const parse = (args: readonly string[]) =>
  parseArgs({
    args: [...args],
    options: {
      state: { type: 'string' },
      out: { type: 'string' },
      'passphrase-file': { type: 'string' },
      force: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  });

/** Runs `hauberk backup`. */
export async function backup(args: readonly string[]): Promise<number> {
  const parsed = usageError(() => parse(args), usage);
  if (parsed === undefined) return 2;
  const { state, out, force, json, 'passphrase-file': passphraseFile } = parsed.values;
  if (state === undefined || out === undefined) {
    process.stderr.write(`${usage}\n`);
    return 2;
  }
  try {
    const passphrase = readPassphrase(passphraseFile);
    const master = suppliedMasterKey(process.env);
    const summary = await backupState(state, out, Date.now(), { force, passphrase, master });
    process.stderr.write(
      'a restore needs the master key, which is not in the backup: keep keys/master.key elsewhere\n',
    );
    process.stdout.write(
      json
        ? `${JSON.stringify({ backedUp: true, file: out, ...summary })}\n`
        : `${out}: epoch ${summary.epoch}, ${summary.auditEntries} audit entries, ${summary.bytes} bytes\n`,
    );
    return 0;
  } catch (error) {
    return refusalText(error, json, { backedUp: false });
  }
}
