/** What the book of identities knows of a device is part of the next decision about it: through the API of the administration, over two workers. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { call, enrol, openSession, type TestSession } from '../channel-device.ts';
import { type EchoGateway, startEchoGateway } from '../echo-gateway.ts';
import { operatorToken } from '../operator-token.ts';

const rule = (id: string, when: string): object => ({
  id,
  scenes: ['balance-query'],
  when,
  outcome: 'observe',
  reason: id,
});
const policy = {
  id: 'bank',
  rules: [
    rule('twin', 'identity.isPossibleTwin'),
    rule('known', '!identity.isPossibleTwin'),
    rule('sure-alias', 'identity.aliasConfidence > 0.7'),
  ],
};
const section = (folder: string): object => {
  writeFileSync(join(folder, 'policy.json'), JSON.stringify(policy));
  return { decision: { policies: [{ file: 'policy.json' }], profiles: 1024, deadlineMs: 10_000 } };
};

let gateway: EchoGateway;
let token = '';
before(async () => {
  gateway = await startEchoGateway({ routes: [{ path: '/read', decision: { scene: 'balance-query' } }] }, section);
  token = await operatorToken(gateway.running);
});
after(() => gateway.close());

const session = async (): Promise<TestSession> => {
  const { url } = gateway.running;
  const trust = gateway.running.trust();
  return openSession(url, trust, await enrol(url, trust));
};

const post = async (path: string, body: object) => {
  const reply = await fetch(`${gateway.running.adminUrl}/admin/v1/apps/app${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify(body),
  });
  return { status: reply.status, json: (await reply.json()) as Readonly<Record<string, unknown>> };
};
const sight = async (body: object): Promise<Readonly<Record<string, unknown>>> => {
  const { status, json } = await post('/identities', body);
  assert.equal(status, 200, JSON.stringify(json));
  return json;
};
const alias = (id: string): object => ({ source: 'vendor', id });

/** The rules that met the facts of a request of this device. */
const reasons = async (opened: TestSession): Promise<readonly string[]> => {
  assert.equal((await call(opened, { url: '/read' })).status, 200);
  const told = String(gateway.seen.at(-1)?.headers['hauberk-verified-reasons'] ?? '');
  return told === '' ? [] : told.split(/[,\s]+/).toSorted();
};

test('a device of which the book knows nothing has no such fact', async () => {
  assert.deepEqual(await reasons(await session()), []);
});

test('a possible twin is one in the next decision on every worker, and no more once somebody merged the two', async () => {
  const opened = await session();
  const device = opened.client.core.deviceId;
  const known = await sight({ aliases: [alias('one')] });
  const found = await sight({ device, aliases: [alias('one')] });
  assert.deepEqual([found['by'], found['identity'], found['confidence']], ['key', device, 1]);
  assert.ok(found['possibleTwin'], 'its alias meant somebody else');
  // Requests of one device land on either worker.
  for (let turn = 0; turn < 4; turn += 1) assert.deepEqual(await reasons(opened), ['sure-alias', 'twin']);
  const merged = await post(`/devices/${device}/identity-changes`, {
    action: 'merge',
    other: known['identity'],
    reason: 'one phone, says the customer',
  });
  assert.equal(merged.status, 200);
  assert.deepEqual(await reasons(opened), ['known', 'sure-alias']);
});

test('a device that was merged into another is what that one is, until the merge is undone', async () => {
  const [first, second] = [await session(), await session()];
  const [one, two] = [first.client.core.deviceId, second.client.core.deviceId];
  await sight({ device: one, aliases: [] });
  await sight({ device: two, aliases: [] });
  assert.deepEqual(await reasons(first), ['known']);
  const merged = await post(`/devices/${two}/identity-changes`, { action: 'merge', other: one, reason: 'one phone' });
  assert.equal(merged.status, 200);
  await sight({ aliases: [alias('three')] });
  await sight({ device: two, aliases: [alias('three')] });
  assert.deepEqual(await reasons(first), ['sure-alias', 'twin']);
  const undone = { action: 'undo', event: merged.json['id'], reason: 'two phones' };
  assert.equal((await post(`/devices/${two}/identity-changes`, undone)).status, 200);
  assert.deepEqual([await reasons(first), await reasons(second)], [['known'], ['sure-alias', 'twin']]);
});

test('a device that this app did not enrol is nobody', async () => {
  assert.equal((await post('/identities', { device: 'A'.repeat(22), aliases: [] })).status, 404);
});
