/** `hauberk backup --state DIR --out FILE`: copies the state of a gateway, running or not. The master key is not in it. */
import { parseArgs } from 'node:util';
import { backupState } from '../storage/backup.ts';
import { refusalText, usageError } from './state-command.ts';

const usage = 'usage: hauberk backup --state DIR --out FILE [--json]';

const parse = (args: readonly string[]) =>
  parseArgs({
    args: [...args],
    options: { state: { type: 'string' }, out: { type: 'string' }, json: { type: 'boolean', default: false } },
  });

/** Runs `hauberk backup`. */
export async function backup(args: readonly string[]): Promise<number> {
  const parsed = usageError(() => parse(args), usage);
  if (parsed === undefined) return 2;
  const { state, out, json } = parsed.values;
  if (state === undefined || out === undefined) {
    process.stderr.write(`${usage}\n`);
    return 2;
  }
  try {
    const summary = await backupState(state, out, Date.now());
    process.stderr.write('the master key is not in the backup: keep keys/master.key elsewhere\n');
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
