/** A process that keeps records is killed in the middle of it: what it acknowledged is there, is found, and evaluates to the same bytes after the restart. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { epochMs } from '@hauberk/primitives';
import { DecisionOffice } from '../../src/decision/policy-office.ts';
import { pseudonyms } from '../../src/decision/record-key.ts';
import { Replay } from '../../src/decision/record-replay.ts';
import { openStorage } from '../../src/index.ts';
import type { OpenStorage } from '../../src/storage/index.ts';
import { engineKey, policyDocument } from './decision-kit.ts';

const program = fileURLToPath(new URL('record-crash-child.ts', import.meta.url));
const scope = { organisation: 'bank', app: 'retail' };
const isFull = process.env['HAUBERK_FULL'] === '1';

const officeOf = (storage: OpenStorage): DecisionOffice =>
  new DecisionOffice({
    store: storage.ports.decisions,
    outbox: storage.ports.outbox,
    scopes: [scope],
    pseudonym: pseudonyms(engineKey),
    configuredLists: [],
    configuredScenes: [],
    now: () => epochMs(Date.now()),
    failed: (error) => {
      throw error;
    },
  });

/** Lets a process decide and kills it once so many are acknowledged; answers the ids that it told. */
const decideAndDie = async (folder: string, enough: number): Promise<readonly string[]> => {
  const child = spawn(process.execPath, [program, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  const told: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    if (/^[0-9a-f]{16}$/.test(line)) told.push(line);
    if (told.length === enough) child.kill('SIGKILL');
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return told;
};

test('over two kills nothing that was acknowledged is lost, and every record comes out byte for byte', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hauberk-record-crash-'));
  const first = await openStorage({ folder });
  const office = officeOf(first);
  const drafted = await office.draft(scope, policyDocument(), 'r', 'ada');
  assert.ok(drafted.ok);
  const { version, hash } = drafted.value;
  for (const action of ['shadow', 'live'] as const)
    assert.ok((await office.step(scope, { policy: 'pay', version, hash, action, reason: 'r' }, 'ada')).ok);
  await office.keepTexts();
  await first.close();
  for (const enough of isFull ? [100_000, 100_000] : [400, 800]) {
    const told = await decideAndDie(folder, enough);
    const storage = await openStorage({ folder });
    const again = officeOf(storage);
    await again.stream.drain();
    // Events of both runs have the same ids: the second run's are known by the first, and its records are there all the same.
    for (const id of told.filter((_id, at) => at % 37 === 0))
      assert.ok((await again.records.find(scope, id)) !== undefined, id);
    const replay = new Replay(again.records.readerOf(scope));
    let after = 0;
    for (let next: number | null = 0; next !== null; ) {
      const page = await again.records.records(scope, { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER, after, limit: 2000 });
      for (const { payload } of page.items) await replay.take(payload);
      next = page.next;
      after = next ?? 0;
    }
    const { decisions, identical, skipped } = replay.report();
    assert.ok(decisions >= told.length, `${decisions} kept, ${told.length} acknowledged`);
    assert.deepEqual([identical, skipped], [decisions, {}]);
    await storage.close();
  }
  rmSync(folder, { recursive: true });
});
