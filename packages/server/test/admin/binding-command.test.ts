/** `hauberk binding` as an operator types it, against the admin API over a socket. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { aliceNumber, ask, bind, ok, smsOf } from '../binding-kit.ts';
import { type AdminWorld, openAdminWorld } from './world.ts';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
let world: AdminWorld;
const tokens: Record<string, string> = {};

before(async () => {
  world = await openAdminWorld();
  tokens['alice'] = await world.token('alice', [{ app: 'retail', role: 'operator' }]);
  tokens['bob'] = await world.token('bob', [{ app: 'retail', role: 'approver' }]);
  tokens['fraud'] = await world.token('fraud', [{ app: 'retail', role: 'numbers:read' }]);
});
after(() => world.close());

const hauberk = async (who: string, ...args: readonly string[]) => {
  const env = { PATH: process.env['PATH'], HAUBERK_URL: world.url, HAUBERK_APP: 'retail', HAUBERK_TOKEN: tokens[who] };
  const child = spawn(process.execPath, [main, ...args], { env });
  let [out, err] = ['', ''];
  child.stdout.on('data', (piece: Buffer) => {
    out += piece.toString();
  });
  child.stderr.on('data', (piece: Buffer) => {
    err += piece.toString();
  });
  const [code] = (await once(child, 'close')) as [number];
  return { code, out, err };
};
const json = async (who: string, ...args: readonly string[]) =>
  JSON.parse((await hauberk(who, ...args, '--json')).out) as Record<string, unknown>;

test('from the list to why, and from unbind to two people', async () => {
  const bank = world.bankOf('retail');
  const bound = await bind(bank);
  bank.clock.pass(60_000);
  const second = ok(await bank.service.requestToken(ask('bob')));
  bank.clock.pass(2000);
  await bank.service.inboundSms(smsOf(second, aliceNumber));

  const listed = await hauberk('alice', 'binding', 'list');
  assert.match(
    listed.out,
    new RegExp(`^attempt [^\\n]*\\n${second.attempt} +declined +B25 +binding.number-mismatch +bob`),
  );
  assert.match(listed.out, new RegExp(`${bound.attempt} +bound +- +- +alice`));
  const found = await json('alice', 'binding', 'list', '--rule', 'B25', '--since', '2020-01-01T00:00:00Z');
  assert.equal((found['attempts'] as readonly unknown[]).length, 1);
  assert.match((await hauberk('alice', 'binding', 'list', '--since', 'yesterday')).err, /--since takes an instant/);

  const why = await hauberk('alice', 'binding', 'why', second.attempt);
  assert.match(why.out, /B25 +BROKEN +binding\.number-mismatch +ours +The number that the SMS came from/);
  assert.match(why.out, /B14 +kept/);
  assert.match(why.out, /B15 +not judged +not-reached/);
  const timeline = await hauberk('alice', 'binding', 'timeline', second.attempt);
  assert.match(
    timeline.out,
    /\+0\.0 s +request +idle -> issued[^]*\+2\.0 s +sms +issued -> declined +B25 binding\.number-mismatch +link link-1/,
  );
  assert.match(
    (await hauberk('alice', 'binding', 'show', 'alice')).out,
    new RegExp(`alice +id-alice-phone[^]*${bound.attempt}`),
  );

  const vmn = await hauberk('alice', 'binding', 'vmn');
  assert.match(vmn.out, /vmn +health +messages +counted +wrong vmn/);
  assert.match(vmn.out, /\+919000000010 +ok +0/);

  assert.match(
    (await hauberk('alice', 'binding', 'block', 'profile', 'mallory', '--hours', '24', '--reason', 'ring')).out,
    /profile +mallory/,
  );
  assert.match((await hauberk('alice', 'binding', 'blocks')).out, /profile +mallory +[^\n]+alice +ring/);
  const lift = await hauberk('alice', 'binding', 'lift', 'profile', 'mallory', '--reason', 'mistaken');
  assert.match(lift.out, /Somebody else must approve this[^]*lift the block: mistaken/);

  const number = await hauberk('alice', 'binding', 'number', '--profile', 'alice', '--reason', 'x');
  assert.deepEqual([number.code, number.out], [1, '']);
  assert.match(number.err, /right-missing: .*numbers:read/);
  assert.match(
    (await hauberk('fraud', 'binding', 'number', '--profile', 'alice', '--reason', 'x')).out,
    /number \+919811111111\nhash /,
  );

  const asked = await json('alice', 'binding', 'unbind', 'alice', '--reason', 'asked at the counter');
  const { id, changeHash } = asked['proposed'] as { readonly id: string; readonly changeHash: string };
  assert.match((await hauberk('bob', 'approval', 'list')).out, new RegExp(`${id} +pending +alice +unbind alice`));
  const shown = await hauberk('bob', 'approval', 'show', id);
  assert.match(
    shown.out,
    new RegExp(
      `unbind: asked at the counter\\n  profile alice, device id-alice-phone[^]*${bound.attempt}[^]*${changeHash}`,
    ),
  );
  assert.match((await hauberk('bob', 'approval', 'approve', id, '--hash', changeHash)).out, /executed[^]*done/);
  assert.match((await hauberk('alice', 'binding', 'bound')).out, /alice[^\n]* operator /);
  assert.match((await hauberk('alice', 'binding', 'unbind', 'alice', '--reason', 'x')).err, /bound nowhere/);
});

test('wrong usage ends with 2 and tells how', async () => {
  for (const args of [
    [],
    ['why'],
    ['burn', 'x'],
    ['list', 'x'],
    ['block', 'device', '--reason', 'x'],
    ['unbind', 'alice'],
    ['feed', 'import'],
  ]) {
    const { code, err } = await hauberk('alice', 'binding', ...args);
    assert.equal(code, 2, args.join(' '));
    assert.match(err, /usage: hauberk binding/);
  }
});
