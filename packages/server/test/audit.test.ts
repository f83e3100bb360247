/** The audit log: whatever is changed in it is found, and found where it is. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { epochMs, fromHex, toBase64Url } from '@hauberk/primitives';
import { accepted, bank, otherApp } from '../contract/harness.ts';
import { anchorText, parseAnchor } from '../src/audit/audit-anchor.ts';
import type { AuditFindingCode, AuditReport } from '../src/audit/verify-audit.ts';
import { type FolderTrust, verifyAuditFolder } from '../src/audit/verify-folder.ts';
import { readKeyring } from '../src/keys/file-keys.ts';
import { openStorage } from '../src/storage/index.ts';

const now = epochMs(Date.now());
const trust: FolderTrust = { pinned: [], anchors: [] };
const root = mkdtempSync(join(tmpdir(), 'hauberk-audit-'));
const pristine = join(root, 'pristine');
const early = join(root, 'early');
const entries = 300;

const record = (index: number) => ({
  actor: 'operator',
  action: 'limit.changed',
  subject: `account-${index}`,
  facts: { from: index, to: index + 1, note: 'grüße' },
});

before(async () => {
  const storage = await openStorage({ folder: pristine, upkeepMs: 0 });
  for (let index = 0; index < entries; index += 1) {
    const scope = index % 3 === 0 ? otherApp : bank;
    if (index < 20) accepted(await storage.ports.audit.append(scope, record(index), now));
    else void storage.ports.audit.append(scope, record(index), now);
    if (index === 100) accepted(await storage.ports.audit.append(bank, record(1000), now));
  }
  await storage.close();
  const again = await openStorage({ folder: pristine, upkeepMs: 0 });
  await again.close();
  cpSync(pristine, early, { recursive: true });
  const third = await openStorage({ folder: pristine, upkeepMs: 0 });
  accepted(await third.ports.audit.append(bank, record(2000), now));
  await third.close();
});
after(() => rmSync(root, { recursive: true }));

/** Runs on a copy of the log that may be spoiled. */
const onCopy = (run: (folder: string) => void): void => {
  const folder = mkdtempSync(join(root, 'copy-'));
  cpSync(pristine, folder, { recursive: true });
  run(folder);
};

const edit = (folder: string, sql: string): void => {
  const database = new DatabaseSync(join(folder, 'record.db'));
  database.exec(sql);
  database.close();
};

const codes = (report: AuditReport): AuditFindingCode[] => [...new Set(report.findings.map(({ code }) => code))];

test('an untouched log is whole, every entry signed', () => {
  const report = verifyAuditFolder(pristine, trust);
  assert.deepEqual(report.findings, []);
  assert.equal(report.ok, true);
  assert.equal(report.entries, entries + 1 + 3 + 1);
  assert.equal(report.signed, report.entries);
  assert.ok(report.checkpoints >= 4);
  assert.equal(report.keySource, 'sealed');
});

interface Tampering {
  readonly name: string;
  readonly sql: string;
  readonly finds: AuditFindingCode;
  readonly at?: number;
}
const tamperings: readonly Tampering[] = [
  {
    name: 'a changed text',
    sql: `update audit_entries set entry = replace(entry, 'operator', 'somebody') where sequence = 50`,
    finds: 'entry-hash',
    at: 50,
  },
  {
    name: 'a changed hash',
    sql: 'update audit_entries set hash = zeroblob(32) where sequence = 51',
    finds: 'entry-hash',
    at: 51,
  },
  {
    name: 'a changed column',
    sql: `update audit_entries set app = 'x' where sequence = 52`,
    finds: 'entry-columns',
    at: 52,
  },
  {
    name: 'a changed action',
    sql: `update audit_entries set action = 'x' where sequence = 53`,
    finds: 'entry-columns',
  },
  {
    name: 'a changed instant',
    sql: 'update audit_entries set at_ms = at_ms + 1 where sequence = 54',
    finds: 'entry-columns',
  },
  { name: 'a dropped entry', sql: 'delete from audit_entries where sequence = 60', finds: 'entry-missing', at: 60 },
  { name: 'a dropped first entry', sql: 'delete from audit_entries where sequence = 1', finds: 'entry-missing', at: 1 },
  { name: 'dropped last entries', sql: 'delete from audit_entries where sequence > 290', finds: 'log-truncated' },
  { name: 'a log that was emptied', sql: 'delete from audit_entries', finds: 'log-truncated' },
  {
    name: 'a log that was emptied with its checkpoints',
    sql: 'delete from audit_entries; delete from audit_checkpoints',
    finds: 'log-truncated',
  },
  {
    name: 'last entries dropped with their checkpoints',
    sql: 'delete from audit_entries where sequence > 256; delete from audit_checkpoints where size > 256',
    finds: 'log-truncated',
  },
  {
    name: 'two entries that changed places',
    sql: `update audit_entries set sequence = -1 where sequence = 70; update audit_entries set sequence = 70 where sequence = 71;
      update audit_entries set sequence = 71 where sequence = -1`,
    finds: 'entry-hash',
    at: 70,
  },
  {
    name: 'an inserted entry',
    sql: `insert into audit_entries select (select max(sequence) + 1 from audit_entries), organisation, app, action, at_ms, entry, hash
      from audit_entries where sequence = 5`,
    finds: 'entry-hash',
  },
  {
    name: 'a changed checkpoint',
    sql: 'update audit_checkpoints set at_ms = at_ms + 1',
    finds: 'checkpoint-signature',
  },
  {
    name: 'a checkpoint of another size',
    sql: 'update audit_checkpoints set size = size - 1',
    finds: 'checkpoint-hash',
  },
  { name: 'a checkpoint of an unknown key', sql: 'update audit_checkpoints set key_id = 7', finds: 'checkpoint-key' },
  {
    name: 'a forged signature',
    sql: 'update audit_checkpoints set signature = zeroblob(64)',
    finds: 'checkpoint-signature',
  },
];
for (const { name, sql, finds, at } of tamperings) {
  test(`${name} is found as ${finds}`, () => {
    onCopy((folder) => {
      edit(folder, sql);
      const report = verifyAuditFolder(folder, trust);
      assert.equal(report.ok, false);
      const finding = report.findings.find(({ code }) => code === finds);
      assert.notEqual(finding, undefined, JSON.stringify(report.findings));
      if (at !== undefined) assert.equal(finding?.sequence, at);
    });
  });
}

test('a chain that was made anew from a changed entry on contradicts the signed checkpoints', async () => {
  const { chainHash } = await import('../src/audit/audit-log.ts');
  onCopy((folder) => {
    const database = new DatabaseSync(join(folder, 'record.db'));
    const rows = database.prepare('select sequence, entry, hash from audit_entries order by sequence').all();
    const update = database.prepare('update audit_entries set entry = ?, hash = ? where sequence = ?');
    let previous = new Uint8Array(32);
    database.exec('begin');
    for (const row of rows) {
      const entry = String(row['entry']).replace('account-40', 'account-41');
      previous = chainHash(previous, entry);
      update.run(entry, previous, Number(row['sequence']));
    }
    database.exec('commit');
    database.close();
    const report = verifyAuditFolder(folder, trust);
    assert.deepEqual(codes(report), ['checkpoint-hash']);
    assert.ok(report.signed < 42, 'at most what was signed before the changed entry still is');
  });
});

test('any bit that is flipped in the bytes of an entry, its hash or a checkpoint is found', () => {
  const file = readFileSync(join(pristine, 'record.db'));
  const database = new DatabaseSync(join(pristine, 'record.db'), { readOnly: true });
  const rows = database.prepare('select entry, hash from audit_entries where sequence in (3, 150, 299)').all();
  const checkpoints = database.prepare('select hash, signature from audit_checkpoints').all();
  database.close();
  const parts = [
    ...rows.flatMap((row) => [Buffer.from(String(row['entry'])), Buffer.from(row['hash'] as Uint8Array)]),
    ...checkpoints.slice(0, 2).flatMap((row) => [Buffer.from(row['signature'] as Uint8Array)]),
  ];
  const folder = mkdtempSync(join(root, 'flip-'));
  cpSync(pristine, folder, { recursive: true });
  const target = join(folder, 'record.db');
  let flips = 0;
  for (const part of parts) {
    const offset = file.lastIndexOf(part);
    assert.ok(offset > 0, 'the bytes are in the file');
    // The short run's step is odd, so that all bit positions have their turn.
    const step = process.env['HAUBERK_FULL'] === '1' ? 1 : 67;
    for (let bit = 0; bit < part.length * 8; bit += step) {
      const changed = Buffer.from(file);
      const index = offset + (bit >> 3);
      changed[index] = (changed[index] ?? 0) ^ (1 << (bit & 7));
      writeFileSync(target, changed);
      assert.equal(verifyAuditFolder(folder, trust).ok, false, `bit ${bit} of ${part.toString('hex', 0, 40)}`);
      flips += 1;
    }
  }
  assert.ok(flips > 50);
  writeFileSync(target, file);
  assert.equal(verifyAuditFolder(folder, trust).ok, true, 'and the log as it was is whole');
});

test('a file that is damaged beyond reading is a finding, not a crash', () => {
  onCopy((folder) => {
    writeFileSync(join(folder, 'record.db'), 'no database at all, but of some length');
    assert.deepEqual(codes(verifyAuditFolder(folder, trust)), ['database-corrupt']);
  });
});

test('a whole record put back to an earlier day is found by the anchor beside it', () => {
  onCopy((folder) => {
    copyFileSync(join(early, 'record.db'), join(folder, 'record.db'));
    assert.deepEqual(codes(verifyAuditFolder(folder, trust)), ['log-truncated']);
  });
});

test('a whole folder put back to an earlier day is found by an anchor that was kept elsewhere', () => {
  const anchor = parseAnchor(readFileSync(join(pristine, 'audit-anchor.json'), 'utf8'));
  assert.ok(anchor !== undefined);
  assert.equal(verifyAuditFolder(early, trust).ok, true, 'by itself it is whole');
  const report = verifyAuditFolder(early, { ...trust, anchors: [anchor] });
  assert.deepEqual(codes(report), ['log-truncated']);
});

test('an anchor that is gone or unreadable is a finding', () => {
  onCopy((folder) => {
    rmSync(join(folder, 'audit-anchor.json'));
    assert.deepEqual(codes(verifyAuditFolder(folder, trust)), ['anchor-missing']);
    writeFileSync(join(folder, 'audit-anchor.json'), '{"v":1}');
    assert.deepEqual(codes(verifyAuditFolder(folder, trust)), ['anchor-malformed']);
  });
});

test('with a pinned key, checkpoints of any other key do not count', () => {
  const [key] = readKeyring(join(pristine, 'keys')).filter(({ purpose }) => purpose === 'audit-signing');
  assert.ok(key?.publicKey !== null && key !== undefined);
  const own = verifyAuditFolder(pristine, { ...trust, pinned: [key.publicKey] });
  assert.deepEqual([own.ok, own.keySource], [true, 'pinned']);
  const foreign = readKeyring(join(pristine, 'keys')).find(
    ({ purpose }) => purpose === 'facts' || purpose === 'status-signing',
  );
  const other = foreign?.publicKey ?? fromHex('04'.padEnd(130, '1')) ?? new Uint8Array();
  const report = verifyAuditFolder(pristine, { ...trust, pinned: [other] });
  assert.deepEqual([codes(report), report.signed], [['checkpoint-key'], 0]);
});

test('an audit key that was exchanged in the keyring is noticed by the master key', () => {
  onCopy((folder) => {
    const file = join(folder, 'keys', 'keyring.json');
    const ring = JSON.parse(readFileSync(file, 'utf8')) as { keys: { purpose: string; publicKey: string }[] };
    const foreign = ring.keys.find(({ purpose }) => purpose === 'status-signing')?.publicKey ?? '';
    for (const key of ring.keys) if (key.purpose === 'audit-signing') key.publicKey = foreign;
    writeFileSync(file, JSON.stringify(ring));
    assert.throws(() => verifyAuditFolder(folder, trust), { code: 'keys-malformed' });
  });
});

test('a rotated audit key signs on, and its predecessor still verifies', async () => {
  const folder = join(root, 'rotated');
  const storage = await openStorage({ folder, upkeepMs: 0 });
  accepted(await storage.ports.audit.append(bank, record(1), now));
  await storage.close();
  const second = await openStorage({ folder, upkeepMs: 0 });
  second.keys.rotate('audit-signing', epochMs(Date.now()));
  accepted(await second.ports.audit.append(bank, record(2), now));
  await second.close();
  const database = new DatabaseSync(join(folder, 'record.db'), { readOnly: true });
  const ids = database.prepare('select distinct key_id from audit_checkpoints').all();
  database.close();
  assert.equal(ids.length, 2);
  assert.deepEqual(verifyAuditFolder(folder, trust).findings, []);
});

describe('hauberk audit verify', () => {
  const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
  const run = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [main, 'audit', ...args], { encoding: 'utf8' });
    return { status, last: stdout.trimEnd().split('\n').at(-1) ?? '', stderr };
  };
  test('answers 0 and one JSON line for a whole log', () => {
    const { status, last } = run('verify', '--state', pristine, '--json');
    const report = JSON.parse(last) as AuditReport;
    assert.deepEqual([status, report.ok, report.entries], [0, true, entries + 5]);
  });
  test('answers 1 and says where a log was changed', () => {
    onCopy((folder) => {
      edit(folder, `update audit_entries set entry = replace(entry, 'from', 'form') where sequence = 9`);
      assert.equal(run('verify', '--state', folder).status, 1);
      const report = JSON.parse(run('verify', '--state', folder, '--json').last) as AuditReport;
      assert.deepEqual([report.ok, report.findings[0]?.sequence], [false, 9]);
    });
  });
  test('takes anchors and keys from the command line', () => {
    const [key] = readKeyring(join(pristine, 'keys')).filter(({ purpose }) => purpose === 'audit-signing');
    const anchor = join(pristine, 'audit-anchor.json');
    const pin = toBase64Url(key?.publicKey ?? new Uint8Array());
    assert.equal(run('verify', '--state', early, '--json').status, 0);
    assert.equal(run('verify', '--state', early, '--anchor', anchor).status, 1);
    assert.equal(run('verify', '--state', pristine, '--anchor', anchor, '--key', pin).status, 0);
  });
  test('refuses wrong usage with 2 and a folder without a record with a coded 1', () => {
    assert.equal(run('verify').status, 2);
    assert.equal(run('prove', '--state', pristine).status, 2);
    assert.equal(run('verify', '--state', pristine, '--what').status, 2);
    const { status, last } = run('verify', '--state', join(root, 'nothing'), '--json');
    assert.deepEqual([status, (JSON.parse(last) as { code: string }).code], [1, 'state-missing']);
  });
});

test('the text of an anchor is read back as it was, and anything else is none', () => {
  const text = readFileSync(join(pristine, 'audit-anchor.json'), 'utf8');
  const anchor = parseAnchor(text);
  assert.ok(anchor !== undefined);
  assert.equal(anchorText(anchor), text);
  for (const other of [
    '',
    '{}',
    'null',
    '[]',
    text.replace('"v":1', '"v":2'),
    text.replace(/"size":\d+/, '"size":-1'),
  ]) {
    assert.equal(parseAnchor(other), undefined, other);
  }
});
