/** `hauberk audit verify --state DIR`: checks an audit log without a running gateway. */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { fromBase64Url } from '@hauberk/primitives';
import { parseAnchor } from '../audit/audit-anchor.ts';
import type { AuditCheckpoint } from '../audit/audit-checkpoint.ts';
import { type FolderReport, verifyAuditFolder } from '../audit/verify-folder.ts';
import { suppliedMasterKey } from '../keys/master-key.ts';
import { refusalText, usageError } from './state-command.ts';

/** What `--help` prints. */
export const usage: string =
  'usage: hauberk audit verify --state DIR [--anchor FILE]... [--key PUBLIC_KEY]... [--json]';

const readOutsideAnchor = (file: string): AuditCheckpoint => {
  const anchor = parseAnchor(readFileSync(file, 'utf8'));
  if (anchor === undefined) throw new TypeError(`${file} is no audit anchor`);
  return anchor;
};

const readPinnedKey = (text: string): Uint8Array => {
  const point = fromBase64Url(text);
  if (point?.length !== 65) throw new TypeError('--key is a raw P-256 point as base64url');
  return point;
};

const printReport = (report: FolderReport): void => {
  const { entries, signed, checkpoints, keySource } = report;
  const line = `${entries} entries, ${signed} of them under ${checkpoints} signed checkpoints (keys: ${keySource})\n`;
  process.stdout.write(line);
  for (const { code, sequence, detail } of report.findings) {
    const at = sequence === undefined ? '' : ` at ${sequence}`;
    process.stdout.write(`${code}${at}${detail === undefined ? '' : `: ${detail}`}\n`);
  }
  process.stdout.write(report.ok ? 'the audit log is whole\n' : 'THE AUDIT LOG WAS CHANGED\n');
};

const parse = (args: readonly string[]) =>
  parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      state: { type: 'string' },
      json: { type: 'boolean', default: false },
      anchor: { type: 'string', multiple: true, default: [] },
      key: { type: 'string', multiple: true, default: [] },
    },
  });

/** Runs `hauberk audit`; 0 when the log is whole, 1 when it is not. */
export async function audit(args: readonly string[]): Promise<number> {
  const parsed = usageError(() => parse(args), usage);
  if (parsed === undefined) return 2;
  const { values, positionals } = parsed;
  if (positionals.join(' ') !== 'verify' || values.state === undefined) {
    process.stderr.write(`${usage}\n`);
    return 2;
  }
  try {
    const report = verifyAuditFolder(values.state, {
      anchors: values.anchor.map(readOutsideAnchor),
      pinned: values.key.map(readPinnedKey),
      master: suppliedMasterKey(process.env),
    });
    if (values.json) process.stdout.write(`${JSON.stringify(report)}\n`);
    else printReport(report);
    return report.ok ? 0 : 1;
  } catch (error) {
    return refusalText(error, values.json, { ok: false });
  }
}
