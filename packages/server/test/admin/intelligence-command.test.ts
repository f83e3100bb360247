/** `hauberk intelligence` as people type it, against the admin API over a socket. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { stixTime } from '@hauberk/decision';
import { runCommand } from './run-command.ts';
import { type AdminWorld, openAdminWorld } from './world.ts';

let world: AdminWorld;
const folder = mkdtempSync(join(tmpdir(), 'hauberk-intelligence-'));
const tokens: Record<string, string> = {};

before(async () => {
  world = await openAdminWorld();
  tokens['ada'] = await world.token('ada', [{ app: '*', role: 'intelligence-partner' }]);
  tokens['bob'] = await world.token('bob', [{ app: '*', role: 'intelligence-reader' }]);
});
after(async () => {
  rmSync(folder, { recursive: true });
  await world.close();
});

const hauberk = (who: string, ...args: readonly string[]) =>
  runCommand({ HAUBERK_URL: world.url, HAUBERK_TOKEN: tokens[who] }, args);

const fileOf = (name: string, text: string): string => {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
};

test('a bundle comes in from a file, and what holds no rule is told', async () => {
  const at = stixTime(world.clock.now - 1000);
  const indicator = {
    type: 'indicator',
    spec_version: '2.1',
    id: 'indicator--4b1c8f0e-9d2a-4c3b-8e5f-1a2b3c4d5e6f',
    created: at,
    modified: at,
    valid_from: at,
    pattern: "[ipv4-addr:value = '198.51.100.9']",
    pattern_type: 'stix',
  };
  const bundle = { type: 'bundle', id: 'bundle--0', objects: [indicator, { ...indicator, pattern_type: 5 }] };
  const file = fileOf('bundle.json', JSON.stringify(bundle));
  const taken = await hauberk('ada', 'intelligence', 'import', file, '--collection', 'shared');
  assert.equal(taken.code, 0, taken.err);
  assert.match(taken.out, /^1 objects are in shared\nrefused indicator--4b1c8f0e.*: stix.member pattern_type/);
  assert.match((await hauberk('bob', 'intelligence', 'status')).out, /^1 indicators.*\n.*\n.* shared +Shared +counts/);
});

test('a partner is told digests, newer ones under the same ids, and revoked ones', async () => {
  const file = fileOf('entities.txt', '# a farm\nphone +86 138 0013 8000\ndevice AAAAAAAAAAAAAAAAAAAAAA\n');
  const share = (...more: readonly string[]) =>
    hauberk(
      'ada',
      'intelligence',
      'share',
      file,
      '--collection',
      'shared',
      '--partner',
      'bank-b',
      '--name',
      'farm',
      '--json',
      ...more,
    );
  const told = JSON.parse((await share()).out) as { readonly indicator: string };
  world.clock.now = (world.clock.now + 3 * 86_400_000) as typeof world.clock.now;
  tokens['ada'] = await world.token('ada', [{ app: '*', role: 'intelligence-partner' }]);
  const revoked = JSON.parse((await share('--revoke')).out) as { readonly indicator: string };
  assert.equal(revoked.indicator, told.indicator);
  const rows = await world.stores.decisions.list({ organisation: 'bank', app: '*' }, 'stix', { limit: 100 });
  const versions = rows.flatMap(({ value }) => (value?.id === told.indicator ? [JSON.parse(value.text)] : []));
  assert.equal(versions.length, 2);
  assert.equal(versions[0].created, versions[1].created);
  assert.equal(versions[1].revoked, true);
  assert.doesNotMatch(JSON.stringify(rows), /138|AAAAAAAA/);
});

test('rights and usage', async () => {
  const file = fileOf('none.txt', 'phone\n');
  assert.equal(
    (await hauberk('bob', 'intelligence', 'import', fileOf('b.json', '{"objects":[{}]}'), '--collection', 'shared'))
      .code,
    1,
  );
  assert.equal((await hauberk('ada', 'intelligence')).code, 2);
  assert.equal((await hauberk('ada', 'intelligence', 'import', file, '--collection', 'shared')).code, 2);
  assert.equal(
    (
      await hauberk(
        'ada',
        'intelligence',
        'share',
        file,
        '--collection',
        'shared',
        '--partner',
        'bank-b',
        '--name',
        'x',
      )
    ).code,
    2,
  );
  assert.equal(
    (await hauberk('ada', 'intelligence', 'import', fileOf('c.json', '{"objects":[{}]}'), '--collection', 'other'))
      .code,
    1,
  );
});
