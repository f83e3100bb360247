/** `hauberk cluster` as people type it, against the admin API over a socket. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { farmDevices, farmEntries } from '../clusters/cluster-kit.ts';
import { runCommand } from './run-command.ts';
import { type AdminWorld, openAdminWorld } from './world.ts';

let world: AdminWorld;
const tokens: Record<string, string> = {};

before(async () => {
  world = await openAdminWorld();
  tokens['ada'] = await world.token('ada', [{ app: 'retail', role: 'policy-author' }]);
  tokens['bob'] = await world.token('bob', [{ app: 'retail', role: 'approver' }]);
  const scope = { organisation: 'bank', app: 'retail' };
  assert.ok((await world.stores.outbox.append(farmEntries(scope, 12, world.clock.now - 120_000))).ok);
  await world.administration.clusters?.drain();
});
after(() => world.close());

const hauberk = (who: string, ...args: readonly string[]) =>
  runCommand({ HAUBERK_URL: world.url, HAUBERK_APP: 'retail', HAUBERK_TOKEN: tokens[who] }, args);

test('a farm is listed, told why, proposed for a list by one person and put on it by another', async () => {
  const listed = await hauberk('ada', 'cluster', 'list');
  assert.equal(listed.code, 0, listed.err);
  const [, id = ''] = /^([0-9a-f]{16}) +(?:grey|black) +0\.\d\d +12 /m.exec(listed.out) ?? [];
  assert.notEqual(id, '', listed.out);
  const shown = await hauberk('ada', 'cluster', 'show', id);
  assert.match(shown.out, /battery +12 of 12/);
  assert.match(shown.out, new RegExp(`device ${farmDevices(1)[0]}`));
  const proposed = await hauberk('ada', 'cluster', 'propose', id, '--list', 'black-devices', '--reason', 'one bench');
  assert.match(proposed.out, /Somebody else must approve this/, proposed.err);
  const { decisions } = world.administration;
  const scope = { organisation: 'bank', app: 'retail' };
  assert.equal(await decisions.lists.exists(scope, 'black-devices'), false);
  const [, approval = ''] = /proposal ([0-9a-f]{20})/.exec(proposed.out) ?? [];
  const [, hash = ''] = /hash ([0-9a-f]{64})\n$/.exec(proposed.out) ?? [];
  assert.match((await hauberk('bob', 'approval', 'approve', approval, '--hash', hash)).out, /executed/);
  const entries = await decisions.lists.entries(scope, 'black-devices', { limit: 100 });
  assert.deepEqual(
    entries.map(({ member }) => member),
    [...farmDevices(12)].sort(),
  );
  assert.ok(entries.every(({ source, expiresAtMs }) => source === 'cluster' && expiresAtMs !== null));
});

test('what is asked wrongly is said', async () => {
  assert.equal((await hauberk('ada', 'cluster')).code, 2);
  assert.equal((await hauberk('ada', 'cluster', 'propose', 'f'.repeat(16))).code, 2);
  assert.notEqual((await hauberk('ada', 'cluster', 'show', 'f'.repeat(16))).code, 0);
});
