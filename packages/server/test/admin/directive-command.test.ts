/** `hauberk directive` as an operator types it, against the admin API over a socket. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type AdminWorld, openAdminWorld } from './world.ts';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'hauberk-directive-'));
const file = join(folder, 'plan.json');
let world: AdminWorld;
const tokens: Record<string, string> = {};

before(async () => {
  world = await openAdminWorld();
  tokens['ann'] = await world.token('ann', [{ app: 'retail', role: 'policy-author' }]);
  tokens['ben'] = await world.token('ben', [{ app: 'retail', role: 'approver' }]);
  const stops = [{ chain: 'c1', action: 'deny' }];
  writeFileSync(file, JSON.stringify({ kind: 'privacy.stop', body: { stops }, reason: 'reads the location' }));
});
after(async () => {
  await world.close();
  rmSync(folder, { recursive: true });
});

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
const json = async (who: string, ...args: readonly string[]) => {
  const { code, out, err } = await hauberk(who, ...args, '--json');
  assert.equal(code, 0, out + err);
  return JSON.parse(out) as Record<string, unknown>;
};

test('draft, two people, stages, halt: and the plan that was approved is the plan that was drafted', async () => {
  const drafted = await json('ann', 'directive', 'draft', '--file', file);
  const id = String(drafted['id']);
  assert.equal(drafted['state'], 'drafted');
  const early = await hauberk('ann', 'directive', 'stage', id);
  assert.equal(early.code, 1);
  assert.match(early.err, /directive-state.*rollout\.wrong-state/);
  const { proposed } = (await json('ann', 'directive', 'approve', id)) as {
    readonly proposed: {
      readonly id: string;
      readonly changeHash: string;
      readonly change: { readonly content: object };
    };
  };
  assert.match(JSON.stringify(proposed.change.content), /"chain":"c1"/);
  const own = await hauberk('ann', 'approval', 'approve', proposed.id, '--hash', proposed.changeHash);
  assert.equal(own.code, 1, 'nobody approves their own');
  const seen = await hauberk('ben', 'approval', 'show', proposed.id);
  assert.match(seen.out, /approve directive/);
  await json('ben', 'approval', 'approve', proposed.id, '--hash', proposed.changeHash);
  assert.equal((await json('ann', 'directive', 'stage', id))['perMille'], 10);
  assert.equal((await json('ann', 'directive', 'stage', id))['perMille'], 50);
  const shown = await hauberk('ann', 'directive', 'show', id);
  assert.match(shown.out, /5 %/);
  assert.match(shown.out, /evidence: crash 1\.00, error 1\.00, halts at 200/);
  assert.equal((await json('ann', 'directive', 'halt', id, '--reason', 'second thoughts'))['state'], 'halted');
  const listed = (await json('ben', 'directive', 'list', '--state', 'halted')) as {
    readonly directives: readonly object[];
  };
  assert.equal(listed.directives.length, 1);
});

test('the kill switch needs nobody else, unless the configuration says so; then it does', async () => {
  const killed = await json('ann', 'directive', 'kill', 'privacy.stop', '--reason', 'it breaks the app');
  assert.deepEqual((killed['plan'] as { readonly body: unknown }).body, { kinds: ['privacy.stop'] });
  assert.equal((await json('ann', 'directive', 'unkill', '--reason', 'mended'))['state'], 'complete');
  const { current } = world.settings;
  world.settings.current = { ...current, fourEyes: { ...current.fourEyes, kill: 'always' } };
  const { proposed } = (await json('ann', 'directive', 'kill', '*', '--reason', 'all of it')) as {
    readonly proposed: { readonly id: string; readonly changeHash: string };
  };
  const approved = await json('ben', 'approval', 'approve', proposed.id, '--hash', proposed.changeHash);
  assert.equal(approved['state'], 'executed');
  world.settings.current = current;
  const published = await world.stores.directives.published();
  const kinds = published.filter(({ directive }) => directive.kind === 'kill').map(({ directive }) => directive.body);
  assert.deepEqual(kinds, [{ kinds: ['privacy.stop'] }, { kinds: [] }, { kinds: ['*'] }]);
});

test('what is no plan is refused, wrong usage is told', async () => {
  writeFileSync(join(folder, 'wrong.json'), JSON.stringify({ kind: 'privacy.stop', body: { stops: 1 }, reason: 'x' }));
  const wrong = await hauberk('ann', 'directive', 'draft', '--file', join(folder, 'wrong.json'));
  assert.equal(wrong.code, 1);
  assert.match(wrong.err, /malformed[\s\S]*directive\.body/);
  assert.equal((await hauberk('ben', 'directive', 'draft', '--file', file)).code, 1, 'an approver drafts nothing');
  for (const args of [['draft'], ['show'], ['explode', 'x'], ['halt', '0'.repeat(20)], ['kill', 'x']])
    assert.equal((await hauberk('ann', 'directive', ...args)).code, 2, args.join(' '));
});
