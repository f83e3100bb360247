/** What every inbox keeps to, in memory and in the record; and that the record shows nobody what it holds. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { epochMs, fromUtf8, utf8 } from '@hauberk/primitives';
import { openStorage } from '../../src/storage/index.ts';
import { memoryStorage } from '../../src/storage/memory/memory-stores.ts';
import type { NewSms, SmsInbox } from '../../src/storage/sms-inbox.ts';

const sms = (identity: string, at: number, since = 0): NewSms => ({
  identity,
  content: utf8(`content of ${identity}`),
  sameSinceMs: epochMs(since),
  receivedAtMs: epochMs(at),
  expiresAtMs: epochMs(at + 1000),
});

const keepsTo = async (inbox: SmsInbox): Promise<void> => {
  const take = async (given: NewSms): Promise<string> => {
    const taken = await inbox.take(given);
    return taken.ok ? taken.value : taken.code;
  };
  assert.equal(await take(sms('a', 100)), 'taken');
  assert.equal(await take(sms('a', 110)), 'known');
  assert.equal(await take(sms('a', 120, 101)), 'taken');
  assert.equal(await take(sms('b', 130)), 'taken');
  // Two that travel in one group are one message.
  assert.deepEqual((await Promise.all([take(sms('c', 140)), take(sms('c', 140))])).toSorted(), ['known', 'taken']);
  const waiting = await inbox.waiting(0, 10);
  assert.deepEqual(
    waiting.map(({ content }) => content && fromUtf8(content)),
    ['content of a', 'content of a', 'content of b', 'content of c'],
  );
  const [first, second, third] = waiting.map(({ position }) => position);
  assert.ok(first !== undefined && second !== undefined && third !== undefined && first < second);
  assert.equal((await inbox.waiting(second, 1))[0]?.position, third);
  const settled = await inbox.settle([first, second, first]);
  assert.ok(settled.ok && settled.value === 2);
  assert.equal(await inbox.countWaiting(), 2);
  assert.equal(await take(sms('a', 150)), 'known');
  const purged = await inbox.purge(epochMs(1120), 10);
  assert.ok(purged.ok && purged.value === 2);
  assert.equal(await take(sms('a', 1200)), 'taken');
};

test('an inbox in memory', () => keepsTo(memoryStorage().connect().stores.sms));

test('an inbox in the record, whose files hold neither content nor identity', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'hauberk-inbox-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const storage = await openStorage({ folder });
  await keepsTo(storage.ports.sms);
  await storage.ports.sms.take(sms('a-secret-identity', 5000));
  await storage.close();
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    statSync(join(folder, name)).isFile(),
  );
  assert.ok(files.length > 0);
  for (const name of files) {
    const octets = readFileSync(join(folder, name));
    assert.equal(octets.includes('content of'), false, name);
    assert.equal(octets.includes('a-secret-identity'), false, name);
  }
});
