/** A restore gives no person back: whoever was erased since the backup stays erased, and what was reported since is not judged twice. */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { epochMs } from '@hauberk/primitives';
import { eraseSubject, subjectOf } from '../src/privacy/subject-rights.ts';
import { backupState } from '../src/storage/backup.ts';
import { openStorage } from '../src/storage/index.ts';
import { restoreState } from '../src/storage/restore.ts';
import { accessAt, bank, privacyLoop, reportOf } from './privacy-kit.ts';

const root = mkdtempSync(join(tmpdir(), 'hauberk-privacy-restore-'));
after(() => rmSync(root, { recursive: true, force: true }));

const now = epochMs(Date.now());
const accesses = () => reportOf('privacy.accesses', { accesses: [accessAt(now - 1000)] });

test('over a state that knows of the erasure, the mapping of the backup is gone; elsewhere it is there until it is erased again', async () => {
  const folder = join(root, 'state');
  const file = join(root, 'backup');
  const storage = await openStorage({ folder, upkeepMs: 0 });
  const loop = privacyLoop(storage.ports, storage.keys, { consent: 'unrecorded' });
  loop.clock.now = now;
  for (const device of ['erased', 'stays']) await loop.report(device, accesses());
  const parts = { store: storage.ports.privacy, outbox: storage.ports.outbox, keys: storage.keys };
  const subject = (await subjectOf(parts, bank, { device: 'erased' }, now)) ?? '';
  const stays = await subjectOf(parts, bank, { device: 'stays' }, now);
  await backupState(folder, file, now);
  assert.ok((await eraseSubject(parts, bank, subject, { actor: 'officer', reason: 'asked' }, now)).ok);
  await loop.report('stays', accesses());
  await storage.close();

  await restoreState({ file, folder, acceptRollback: true, nowMs: Date.now() });
  const restored = await openStorage({ folder, upkeepMs: 0 });
  try {
    const { ports, keys } = restored;
    const again = { store: ports.privacy, outbox: ports.outbox, keys };
    assert.equal(await subjectOf(again, bank, { device: 'erased' }, now), undefined);
    assert.equal(await subjectOf(again, bank, { device: 'stays' }, now), stays);
    const after = privacyLoop(ports, keys, { consent: 'unrecorded' });
    await after.stream.drain();
    assert.equal(after.stream.counts.rows, 0);
    const [found] = await ports.privacy.list(bank, 'finding', { limit: 9 });
    assert.equal(found?.value?.finding.count, 3);
  } finally {
    await restored.close();
  }

  const elsewhere = join(root, 'elsewhere');
  mkdirSync(join(elsewhere, 'keys'), { recursive: true, mode: 0o700 });
  cpSync(join(folder, 'keys', 'master.key'), join(elsewhere, 'keys', 'master.key'));
  await restoreState({ file, folder: elsewhere, acceptRollback: true, nowMs: Date.now() });
  const fresh = await openStorage({ folder: elsewhere, upkeepMs: 0 });
  try {
    const there = { store: fresh.ports.privacy, outbox: fresh.ports.outbox, keys: fresh.keys };
    assert.equal(await subjectOf(there, bank, { device: 'erased' }, now), subject);
    assert.ok((await eraseSubject(there, bank, subject, { actor: 'officer', reason: 'asked before' }, now)).ok);
    assert.equal(await subjectOf(there, bank, { device: 'erased' }, now), undefined);
  } finally {
    await fresh.close();
  }
});
