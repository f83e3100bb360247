/** A full disk: coded refusals, nothing acknowledged lost, and writing goes on when there is space again. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { epochMs } from '@hauberk/primitives';
import { accepted, bank, bytes, enrolment, refused } from '../contract/harness.ts';
import { verifyAuditFolder } from '../src/audit/verify-folder.ts';
import { type OpenStorage, openStorage } from '../src/storage/index.ts';

const now = epochMs(Date.now());

const append = (storage: OpenStorage, value: number) =>
  storage.ports.outbox.append([{ scope: bank, kind: 'k', atMs: now, payload: bytes(32_768, value) }]);

/** Writes until the first refusal; answers how many were acknowledged. */
const writeUntilFull = async (storage: OpenStorage, from: number): Promise<number> => {
  for (let position = from; position < 100_000; position += 1) {
    const answer = await append(storage, position & 0xff);
    if (!answer.ok) {
      assert.equal(answer.code, 'storage-full');
      return position;
    }
  }
  return assert.fail('never full');
};

/** What must hold on a disk that fills up and gets space again. */
const checkFullDisk = async (storage: OpenStorage, probed: string, makeSpace: () => void): Promise<number> => {
  const head = await writeUntilFull(storage, 0);
  assert.ok(head > 0);
  const together = await Promise.all(Array.from({ length: 20 }, () => append(storage, 1)));
  assert.ok(together.every((answer) => refused(answer) === 'storage-full'));
  assert.equal(await storage.ports.outbox.head(), head, 'reads go on');
  assert.equal(await storage.probe(), probed);
  makeSpace();
  // An order to the writer and a write travel on different ports: the first write may still meet the old limit.
  let answer = await append(storage, 7);
  for (let tries = 0; !answer.ok && tries < 100; tries += 1) answer = await append(storage, 7);
  assert.equal(accepted(answer), head + 1);
  assert.equal(await storage.probe(), 'ok');
  accepted(await storage.ports.devices.enrol(bank, enrolment('after'), now));
  return head + 1;
};

const checkReopened = async (folder: string, head: number): Promise<void> => {
  const again = await openStorage({ folder });
  assert.equal(await again.ports.outbox.head(), head);
  assert.equal((await again.ports.outbox.readAfter(0, head + 10)).length, head);
  assert.notEqual(await again.ports.devices.findByThumbprint(bank, 'thumbprint-after', 'identity'), undefined);
  await again.close();
  assert.equal(verifyAuditFolder(folder, { pinned: [], anchors: [] }).ok, true);
};

test('a record at its own limit refuses as full and goes on when the limit is raised', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hauberk-full-'));
  try {
    const storage = await openStorage({ folder, upkeepMs: 0, limits: { maxBytes: 2_000_000 } });
    const head = await checkFullDisk(storage, 'ok', () => storage.limit(null));
    await storage.close();
    await checkReopened(folder, head);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

const mountPoint = mkdtempSync(join(tmpdir(), 'hauberk-tmpfs-'));
const isMounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=6m', 'tmpfs', mountPoint]).status === 0;
if (isMounted) spawnSync('umount', [mountPoint]);
rmSync(mountPoint, { recursive: true });

// Where nothing may be mounted the test above stands for both: SQLite reports the same code.
if (isMounted) {
  test('a disk without space refuses as full and goes on when files are deleted', async () => {
    const disk = mkdtempSync(join(tmpdir(), 'hauberk-disk-'));
    assert.equal(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=6m', 'tmpfs', disk]).status, 0);
    try {
      const ballast = join(disk, 'ballast');
      writeFileSync(ballast, bytes(3_000_000, 0));
      const folder = join(disk, 'state');
      mkdirSync(folder, { mode: 0o700 });
      const storage = await openStorage({ folder, upkeepMs: 0 });
      const head = await checkFullDisk(storage, 'ENOSPC', () => rmSync(ballast));
      await storage.close();
      await checkReopened(folder, head);
    } finally {
      // Lazily: what a failed check left open must not keep the mount.
      spawnSync('umount', ['-l', disk]);
      rmSync(disk, { recursive: true });
    }
  });
}
