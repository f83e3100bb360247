/** SIGKILL in the middle of writing: nothing that was acknowledged is lost, nothing is executed twice, the audit log is whole. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { epochMs } from '@hauberk/primitives';
import { accepted, bank } from '../contract/harness.ts';
import { verifyAuditFolder } from '../src/audit/verify-folder.ts';
import { openStorage } from '../src/storage/index.ts';

const rounds = process.env['HAUBERK_FULL'] === '1' ? 100 : 5;
const seed = Number(process.env['HAUBERK_SEED'] ?? Date.now() % 1_000_000);

/** A small generator (mulberry32), so that a printed seed repeats the moments of the kills. */
const generator = (start: number) => {
  let state = start;
  return (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};

/** Runs the child and kills it once it has said so much and a moment has passed; answers its whole lines. */
const runUntilKilled = async (folder: string, round: number, bytes: number, moment: number): Promise<string[][]> => {
  const child = fileURLToPath(new URL('./storage-crash-child.ts', import.meta.url));
  const said = join(folder, `said-${round}`);
  const running = spawn(process.execPath, [child, folder, String(round)], { stdio: ['ignore', 'ignore', 'inherit'] });
  const closed = once(running, 'close') as Promise<[number | null, string | null]>;
  const hasEnded = (): boolean => running.exitCode !== null;
  while (!hasEnded() && (statSync(said, { throwIfNoEntry: false })?.size ?? 0) < bytes) await pause(2);
  await pause(moment);
  running.kill('SIGKILL');
  assert.deepEqual(await closed, [null, 'SIGKILL'], 'the child ended by itself');
  const text = readFileSync(said, 'utf8');
  const whole = text.slice(0, Math.max(0, text.lastIndexOf('\n')));
  return whole.split('\n').map((line) => line.split(' '));
};

const executions = (folder: string): Map<string, number> => {
  const counts = new Map<string, number>();
  const file = join(folder, 'executed');
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : [];
  for (const key of lines) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
};

interface Acknowledged {
  readonly boots: number[];
  readonly devices: string[];
  readonly audits: [string, number][];
  readonly events: [string, number][];
  readonly done: Set<string>;
}

const gather = (acknowledged: Acknowledged, lines: readonly (readonly string[])[]): void => {
  for (const [kind, name = '', number] of lines) {
    if (kind === 'boot') acknowledged.boots.push(Number(name));
    else if (kind === 'device') acknowledged.devices.push(name);
    else if (kind === 'audit') acknowledged.audits.push([name, Number(number)]);
    else if (kind === 'event') acknowledged.events.push([name, Number(number)]);
    else if (kind === 'done') acknowledged.done.add(name);
  }
};

const textOf = (value: unknown): string =>
  value instanceof Uint8Array ? Buffer.from(value).toString() : String(value);

const checkRecord = (folder: string, acknowledged: Acknowledged): void => {
  const database = new DatabaseSync(join(folder, 'state', 'record.db'), { readOnly: true });
  const device = database.prepare('select 1 from device_keys where organisation = ? and app = ? and thumbprint = ?');
  for (const name of acknowledged.devices) {
    assert.notEqual(device.get(bank.organisation, bank.app, name), undefined, `device ${name}`);
  }
  const audit = database.prepare('select entry from audit_entries where sequence = ?');
  for (const [name, sequence] of acknowledged.audits) {
    const { subject } = JSON.parse(textOf(audit.get(sequence)?.['entry'])) as { subject: string };
    assert.equal(subject, name);
  }
  const event = database.prepare('select payload from outbox_events where position = ?');
  for (const [name, position] of acknowledged.events) assert.equal(textOf(event.get(position)?.['payload']), name);
  const { events, last } =
    database.prepare('select count(*) as events, max(position) as last from outbox_events').get() ?? {};
  assert.equal(events, last ?? 0, 'positions have no gap');
  database.close();
};

const checkWhole = (folder: string): void => {
  const database = new DatabaseSync(join(folder, 'state', 'record.db'), { readOnly: true });
  assert.equal(database.prepare('pragma integrity_check').get()?.['integrity_check'], 'ok');
  database.close();
  const report = verifyAuditFolder(join(folder, 'state'), { pinned: [], anchors: [] });
  // A first round that lives for less than a second has signed nothing yet.
  const findings = report.findings.filter(({ code }) => code !== 'anchor-missing' && code !== 'log-unsigned');
  assert.deepEqual(findings, []);
};

const nothing = (): Acknowledged => ({ boots: [], devices: [], audits: [], events: [], done: new Set() });

/** Begins every executed key once more: it is done with its outcome, or unknown and listed, never fresh. */
const checkKeys = async (folder: string, acknowledged: Acknowledged): Promise<void> => {
  const storage = await openStorage({ folder: join(folder, 'state') });
  const now = epochMs(Date.now());
  const request = { fingerprint: 'f', expiresAtMs: epochMs(now + 3_600_000), retryUnknown: false };
  const first = await storage.ports.devices.findByThumbprint(bank, 'first', 'identity');
  const device = first?.device.id ?? '';
  const unknown = new Set((await storage.ports.idempotency.listUnknown(bank, 100_000)).map(({ entry }) => entry));
  let unknownExecuted = 0;
  for (const [key, times] of executions(folder)) {
    assert.equal(times, 1, `${key} was executed ${times} times`);
    const scopeKey = { device, customer: 'c', route: 'r', key };
    const begun = accepted(await storage.ports.idempotency.begin(bank, scopeKey, request, now));
    if (acknowledged.done.has(key)) assert.equal(begun.state, 'done', `${key} was acknowledged`);
    else assert.ok(begun.state === 'done' || begun.state === 'outcome-unknown', `${key} is ${begun.state}`);
    if (begun.state === 'outcome-unknown') unknownExecuted += 1;
    if (begun.state === 'done') {
      assert.ok(begun.outcome.kept);
      assert.equal(Buffer.from(begun.outcome.content).toString(), key);
    }
  }
  assert.ok(unknown.size >= unknownExecuted, 'every unknown outcome is listed');
  assert.ok(storage.boot > Math.max(...acknowledged.boots));
  await storage.close();
};

test(`SIGKILL: after each of ${rounds} kills all that was acknowledged is there and no key was executed twice`, async (context) => {
  context.diagnostic(`seed ${seed}`);
  const random = generator(seed);
  const folder = mkdtempSync(join(tmpdir(), 'hauberk-crash-'));
  const acknowledged = nothing();
  try {
    for (let round = 0; round < rounds; round += 1) {
      const [bytes, moment] = [20 + Math.floor(random() * 12_000), random() * 30];
      const lines = await runUntilKilled(folder, round, bytes, moment);
      const news = nothing();
      gather(news, lines);
      gather(acknowledged, lines);
      checkRecord(folder, news);
      if (round < 5 || round % 10 === 0) checkWhole(folder);
      if (round % 10 === 9) context.diagnostic(`${round + 1} of ${rounds} kills`);
    }
    checkRecord(folder, acknowledged);
    checkWhole(folder);
    await checkKeys(folder, acknowledged);
    assert.deepEqual(
      acknowledged.boots,
      [...new Set(acknowledged.boots)].toSorted((left, right) => left - right),
    );
    assert.equal(verifyAuditFolder(join(folder, 'state'), { pinned: [], anchors: [] }).ok, true);
    assert.ok(acknowledged.done.size > 0 && acknowledged.audits.length > 0, 'the rounds did something');
  } finally {
    rmSync(folder, { recursive: true });
  }
});
