/** `hauberk identity` as people type it, against the admin API over a socket. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { runCommand } from './run-command.ts';
import { type AdminWorld, openAdminWorld } from './world.ts';

let world: AdminWorld;
const tokens: Record<string, string> = {};
let device = '';

before(async () => {
  world = await openAdminWorld();
  tokens['ada'] = await world.token('ada', [{ app: 'retail', role: 'administrator' }]);
  tokens['eve'] = await world.token('eve', [{ app: 'retail', role: 'viewer' }]);
  device = await world.enrol('bank', 'retail', 'identity-phone');
});
after(() => world.close());

const hauberk = (who: string, ...args: readonly string[]) =>
  runCommand({ HAUBERK_URL: world.url, HAUBERK_APP: 'retail', HAUBERK_TOKEN: tokens[who] }, ['identity', ...args]);

const json = async (...args: readonly string[]): Promise<Readonly<Record<string, unknown>>> => {
  const ran = await hauberk('ada', ...args, '--json');
  assert.equal(ran.code, 0, ran.err);
  return JSON.parse(ran.out) as Readonly<Record<string, unknown>>;
};

test('a device is resolved, shown, merged, and the merge undone', async () => {
  const known = await json('resolve', '--alias', 'vendor=a=1', '--platform', 'android');
  const other = String(known['identity']);
  assert.deepEqual([known['by'], known['isNew']], ['new', true]);
  const found = await hauberk('ada', 'resolve', '--device', device, '--alias', 'vendor=a=1', '--attribute', 'model=x');
  assert.match(found.out, new RegExp(`^identity ${device}, by key, confidence 1.00, new\\npossible twin ${other}, `));
  assert.match((await hauberk('ada', 'show', device)).out, new RegExp(`possible twin .*\\n${other} `));
  const merged = await json('merge', device, '--other', other, '--reason', 'one phone');
  assert.deepEqual([merged['kind'], merged['kept'], merged['other']], ['merge', device, other]);
  assert.match((await hauberk('ada', 'show', other)).out, new RegExp(`merged into ${device}`));
  const undone = await json('undo', device, '--event', String(merged['id']), '--reason', 'two phones');
  assert.equal(undone['undoes'], merged['id']);
  assert.equal((await json('show', other))['mergedInto'], null);
  const again = await hauberk('ada', 'undo', device, '--event', String(merged['id']), '--reason', 'two phones');
  assert.deepEqual([again.code, /identity-undone/.test(again.err)], [1, true]);
});

test('an alias is split off as show prints it', async () => {
  await json('resolve', '--device', device, '--alias', 'legacy-app=b');
  const [, alias = ''] = /^(legacy-app=[0-9a-f]{16}) /m.exec((await hauberk('ada', 'show', device)).out) ?? [];
  const split = await json('split', device, '--digest', alias, '--reason', 'not his');
  assert.deepEqual([split['kind'], split['kept']], ['split', device]);
  assert.equal((await json('resolve', '--alias', 'legacy-app=b'))['identity'], split['other']);
});

test('what is asked wrongly is said, and who may only read changes nothing', async () => {
  for (const args of [[], ['show'], ['merge', device], ['merge', device, '--reason', 'x'], ['resolve', '--alias', 'x']])
    assert.equal((await hauberk('ada', ...args)).code, 2, args.join(' '));
  assert.equal((await hauberk('ada', 'show', 'A'.repeat(22))).code, 1);
  assert.equal((await hauberk('ada', 'resolve', '--device', 'A'.repeat(22))).code, 1);
  assert.equal((await hauberk('eve', 'show', device)).code, 0);
  const refused = await hauberk('eve', 'undo', device, '--event', 'A'.repeat(22), '--reason', 'x');
  assert.deepEqual([refused.code, /devices:write/.test(refused.err)], [1, true]);
});
