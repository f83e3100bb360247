/** A restore gives no right back: tokens that were revoked since stay revoked, and nothing that was approved before is carried out after. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { days, epochMs } from '@hauberk/primitives';
import { accepted, bank, refused } from '../../contract/harness.ts';
import type { StoredAdminToken } from '../../src/admin/admin-token.ts';
import { proposal } from '../../src/admin/approval.ts';
import { backupState } from '../../src/storage/backup.ts';
import { openStorage } from '../../src/storage/index.ts';
import { restoreState } from '../../src/storage/restore.ts';

const root = mkdtempSync(join(tmpdir(), 'hauberk-admin-restore-'));
after(() => rmSync(root, { recursive: true, force: true }));

const now = epochMs(Date.now());
const acting = { actor: 'root', now };
const later = epochMs(now + days(1));

const token = (id: string): StoredAdminToken => ({
  id,
  organisation: 'bank',
  subject: id,
  lineage: [],
  label: '',
  grants: [],
  createdBy: 'root',
  createdAtMs: now,
  expiresAtMs: later,
  lastUsedAtMs: null,
  revokedAtMs: null,
  hash: new Uint8Array(32),
  keyId: 1,
});

test('revoked tokens stay revoked, waiting secrets end, open proposals are withdrawn', async () => {
  const folder = join(root, 'state');
  const file = join(root, 'backup');
  const alice = { subject: 'alice', token: 'a', lineage: [] };
  const storage = await openStorage({ folder, upkeepMs: 0 });
  const { adminTokens, approvals } = storage.ports;
  accepted(await adminTokens.issue(token('stays'), acting));
  accepted(await adminTokens.issue(token('revoked'), acting));
  const secret = { id: 's', organisation: 'bank', hash: new Uint8Array(32), keyId: 1, createdAtMs: now };
  accepted(await adminTokens.issueStartup({ ...secret, expiresAtMs: later, usedAtMs: null }, true, acting));
  for (const id of ['open', 'done']) {
    const change = { kind: 'test', content: id };
    accepted(await approvals.propose(proposal(id, bank, change, alice, { now, expiresAtMs: later }), now));
  }
  await backupState(folder, file, now);
  accepted(await adminTokens.revoke('bank', 'revoked', acting));
  accepted(await adminTokens.issue(token('later'), acting));
  accepted(await approvals.step(bank, 'done', { event: 'withdraw', by: alice }, now));
  await storage.close();

  await restoreState({ file, folder, acceptRollback: true, nowMs: Date.now() });
  const restored = await openStorage({ folder, upkeepMs: 0 });
  try {
    const { ports } = restored;
    const ended = (await ports.adminTokens.list('bank', { limit: 9 })).map(({ id, revokedAtMs }) => [
      id,
      revokedAtMs !== null,
    ]);
    assert.deepEqual(ended, [
      ['later', false],
      ['revoked', true],
      ['stays', false],
    ]);
    assert.equal(refused(await ports.adminTokens.redeemStartup('s', token('new'), acting)), 'startup-secret-used');
    for (const id of ['open', 'done']) assert.equal((await ports.approvals.find(bank, id))?.state, 'withdrawn', id);
  } finally {
    await restored.close();
  }
});
