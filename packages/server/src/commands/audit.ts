/** `hauberk audit verify --state DIR`: checks an audit log without a running gateway. */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { fromBase64Url } from '@hauberk/primitives';
import { parseAnchor } from '../audit/audit-anchor.ts';
import type { AuditCheckpoint } from '../audit/audit-checkpoint.ts';
import {
  type BindingAuditReport,
  type BindingAuditRow,
  bindingAnchors,
  verifyBindingAudit,
} from '../audit/verify-binding-audit.ts';
import { type FolderReport, verifyAuditFolder } from '../audit/verify-folder.ts';
import { issueText } from '../config/config-issue.ts';
import { loadConfig } from '../config/load.ts';
import { suppliedMasterKey } from '../keys/master-key.ts';
import { postgresBindings } from '../storage/postgres/postgres-binding-store.ts';
import { stateFiles } from '../storage/state-folder.ts';
import { refusalText, usageError } from './state-command.ts';

/** What `--help` prints. */
export const usage: string =
  'usage: hauberk audit verify --state DIR [--config FILE] [--anchor FILE]... [--key PUBLIC_KEY]... [--json]';

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

/** The chains of binding in the database that a configuration names; none without one. */
const verifyBindings = async (state: string, file: string | undefined): Promise<readonly BindingAuditReport[]> => {
  if (file === undefined) return [];
  const loaded = loadConfig(file, process.env);
  if (!loaded.ok) throw new TypeError(loaded.issues.map(issueText).join('; '));
  const { organisation, storage, binding } = loaded.config;
  if (storage?.binding === undefined || binding === undefined) return [];
  const database = postgresBindings(storage.binding.postgres);
  try {
    const reports: BindingAuditReport[] = [];
    for (const app of Object.keys(binding.apps)) {
      const scope = { organisation, app };
      const anchors = bindingAnchors(stateFiles(state).record, scope);
      // The head is read first: what comes meanwhile is longer, never shorter.
      const head = await database.auditHead(scope);
      reports.push(await verifyBindingAudit(scope, upTo(database.auditRows(scope), head.size), head, anchors));
    }
    return reports;
  } finally {
    await database.close();
  }
};

async function* upTo(rows: AsyncIterable<BindingAuditRow>, size: number): AsyncGenerator<BindingAuditRow> {
  for await (const row of rows) {
    if (row.sequence > size) return;
    yield row;
  }
}

const printFindings = (findings: FolderReport['findings']): void => {
  for (const { code, sequence, detail } of findings) {
    const at = sequence === undefined ? '' : ` at ${sequence}`;
    process.stdout.write(`${code}${at}${detail === undefined ? '' : `: ${detail}`}\n`);
  }
};

const printReport = (report: FolderReport, bindings: readonly BindingAuditReport[]): void => {
  const { entries, signed, checkpoints, keySource } = report;
  const line = `${entries} entries, ${signed} of them under ${checkpoints} signed checkpoints (keys: ${keySource})\n`;
  process.stdout.write(line);
  printFindings(report.findings);
  for (const { app, entries: count, anchored, findings } of bindings) {
    process.stdout.write(`bindings of ${app}: ${count} entries in the database, ${anchored} of them anchored here\n`);
    printFindings(findings);
  }
  const isWhole = report.ok && bindings.every(({ ok }) => ok);
  process.stdout.write(isWhole ? 'the audit log is whole\n' : 'THE AUDIT LOG WAS CHANGED\n');
};

const parse = (args: readonly string[]) =>
  parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      state: { type: 'string' },
      config: { type: 'string' },
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
    const bindings = await verifyBindings(values.state, values.config);
    const ok = report.ok && bindings.every((each) => each.ok);
    const more = values.config === undefined ? {} : { bindings };
    if (values.json) process.stdout.write(`${JSON.stringify({ ...report, ok, ...more })}\n`);
    else printReport(report, bindings);
    return ok ? 0 : 1;
  } catch (error) {
    return refusalText(error, values.json, { ok: false });
  }
}
