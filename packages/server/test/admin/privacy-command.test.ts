/** `hauberk privacy` as a privacy officer types it, against the admin API over a socket. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { recordConsent } from '../../src/privacy/consent-record.ts';
import { keepAccessReports } from '../../src/privacy/intake.ts';
import { declaredPrivacy } from '../../src/privacy/privacy-policy.ts';
import { PrivacyStream } from '../../src/privacy/privacy-stream.ts';
import { accessAt, chainAt, privacyConfig, reportOf } from '../privacy-kit.ts';
import { type AdminWorld, openAdminWorld } from './world.ts';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'hauberk-privacy-command-'));
let world: AdminWorld;
const tokens: Record<string, string> = {};
const scope = { organisation: 'bank', app: 'retail' };
const config = privacyConfig();
const { chain, frames } = chainAt('ads');
const other = chainAt('other');
let device = '';
let subject = '';

const report = async (...reports: readonly ReturnType<typeof reportOf>[]): Promise<void> => {
  const { stores, administration, clock } = world;
  const shell = { store: stores.privacy, keys: administration.keys, maxBehind: 999, count: () => {} };
  const kept = await keepAccessReports(shell, { scope, device, service: 'api', tier: 1 }, reports, clock.now);
  assert.ok(kept.ok);
  const stream = new PrivacyStream({
    isPublished: async () => true,
    outbox: stores.outbox,
    store: stores.privacy,
    config,
    declared: declaredPrivacy(config),
    now: () => clock.now,
    onFindings: async () => {},
    failed: (error) => {
      throw error;
    },
  });
  await stream.drain();
};

before(async () => {
  world = await openAdminWorld();
  tokens['olga'] = await world.token('olga', [{ app: 'retail', role: 'privacy-officer' }]);
  tokens['bob'] = await world.token('bob', [{ app: 'retail', role: 'approver' }]);
  tokens['viewer'] = await world.token('viewer', [{ app: 'retail', role: 'viewer' }]);
  device = await world.enrol('bank', 'retail', 'phone');
  const { now } = world.clock;
  const shell = { store: world.stores.privacy, keys: world.administration.keys, config, maxBehind: 9 };
  const event = {
    recordId: 'r1',
    notice: { id: 'n1', hash: 'n'.repeat(43), language: 'en' },
    sdkListHash: 's'.repeat(43),
    channel: 'app',
    state: 'given',
    purposes: [
      { purpose: 'find-branch', items: ['precise-location'], method: 'explicit', recipients: [], retentionDays: 1 },
    ],
    at: now - 60_000,
    expiresAt: null,
  };
  const kept = await recordConsent(shell, scope, device, Buffer.from(JSON.stringify(event)), now);
  assert.ok(kept.ok);
  ({ subject } = kept.value);
  const row = (of: string) => accessAt(now - 1000, { chain: of, isForeground: false });
  await report(
    reportOf('privacy.chain', { chain, owner: '@ads/web', ownerVersion: '3.1.0', frames }),
    reportOf('privacy.accesses', { accesses: [row(chain), row(other.chain)] }),
  );
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
const officer = (...args: readonly string[]) => hauberk('olga', 'privacy', ...args);
const json = async (...args: readonly string[]) =>
  JSON.parse((await officer(...args, '--json')).out) as Record<string, unknown>;

test('from the finding to the chain, the stop and its proof', async () => {
  const found = await officer('findings', '--kind', 'background');
  assert.match(found.out, /id +state +severity +rule/);
  assert.match(
    found.out,
    new RegExp(`open +high +background +web:navigator\\.geolocation\\S+ +@ads/web +${chain} +1 +1`),
  );
  const shown = await officer('chains', chain);
  assert.match(shown.out, new RegExp(`owner @ads/web 3\\.1\\.0[^]*at \\["js","https://bank\\.example/ads\\.js"`));
  assert.match(shown.out, new RegExp(`a stop meets 1 devices[^]*branch-finder +1[^]*these go on: ${other.chain}`));
  assert.match((await officer('chains')).out, new RegExp(`${chain} +@ads/web +3\\.1\\.0`));
  assert.equal((await officer('stop', chain, '--preview')).out, shown.out);
  const stopped = await officer('stop', chain, '--reason', 'in the background', '--hours', '24');
  assert.match(
    stopped.out,
    new RegExp(`chain ${chain} is stopped, 2 findings with it\ncarried by rollout \\w+, complete`),
  );
  assert.match((await officer('stops')).out, new RegExp(`${chain} +deny +all +\\d{4}-[^ ]+ +olga`));
  const { rollout } = (await json('stops')) as { rollout: string };
  const at = world.clock.now;
  const effect = {
    directive: rollout,
    version: 1,
    chain,
    applied: true,
    stopped: 4,
    firstStoppedAtMs: at,
    lastStoppedAtMs: at,
  };
  await report(reportOf('privacy.effect', effect));
  assert.match((await officer('effect', chain)).out, new RegExp(`${rollout} +1 +1 +4 `));
  assert.match((await officer('findings', '--state', 'stopped')).out, new RegExp(chain));
  assert.match((await officer('resume', chain, '--reason', 'fixed')).out, /goes on, 2 findings/);
  assert.match((await officer('matrix', '--days', '7')).out, /precise-location +C2 +@ads\/web +branch-finder/);
});

test('a finding is accepted with an end, and said to be fixed', async () => {
  const { items } = (await json('findings', '--chain', other.chain)) as { items: readonly { id: string }[] };
  const id = items[0]?.id ?? '';
  assert.match((await officer('accept', id, '--reason', 'known')).err, /malformed[^]*days/);
  assert.match((await officer('accept', id, '--days', '3', '--reason', 'known')).out, new RegExp(`${id} +accepted`));
  assert.match((await officer('accept', id, '--days', '3', '--reason', 'known')).err, /privacy-state/);
  assert.match((await officer('fix', id, '--reason', 'gone in 3.2')).out, new RegExp(`${id} +fixed`));
});

test('two people: a stop where it is asked for, a rule always', async () => {
  world.privacySettings.stopFourEyes = 'always';
  const asked = await json('stop', chain, '--reason', 'at night', '--action', 'empty');
  world.privacySettings.stopFourEyes = 'never';
  const { id, changeHash } = asked['proposed'] as { readonly id: string; readonly changeHash: string };
  assert.match((await hauberk('bob', 'approval', 'list')).out, new RegExp(`${id} +pending +olga +stop chain ${chain}`));
  assert.equal((await officer('stops')).out.includes(chain), false);
  assert.match((await hauberk('bob', 'approval', 'approve', id, '--hash', changeHash)).out, /executed[^]*done/);
  assert.match((await officer('stops')).out, new RegExp(`${chain} +empty[^\n]+olga, approved by bob`));

  // The clock of this administration is ahead of the one that the command counts days from.
  const proposed = await json('rule', 'add', 'background', '--days', '300', '--min-devices', '5', '--reason', 'nights');
  const rule = proposed['proposed'] as { readonly id: string; readonly changeHash: string };
  assert.match((await hauberk('bob', 'approval', 'show', rule.id)).out, /privacy\.rule: nights[^]*minDevices 5/);
  const own = await hauberk('olga', 'approval', 'approve', rule.id, '--hash', rule.changeHash);
  assert.match(own.err, /right-missing|approval-own/);
  assert.match((await officer('rule', 'list')).out, /^id[^\n]*\n$/);
  await hauberk('bob', 'approval', 'approve', rule.id, '--hash', rule.changeHash);
  const listed = await officer('rule', 'list');
  const [, ruleId = ''] = /\n(\w{20}) +active +background +deny +5 +5/.exec(listed.out) ?? [];
  assert.notEqual(ruleId, '', listed.out);
  assert.match((await officer('rule', 'end', ruleId, '--reason', 'over')).out, /is ended/);
  assert.match((await officer('rule', 'list')).out, /revoked/);
});

test('a person gets everything and is erased; the ledger verifies offline', async () => {
  const [key = ''] = (await officer('keys')).out.trim().split('\n');
  const ledger = (await officer('consent', '--device', device)).out;
  const file = join(folder, 'ledger');
  writeFileSync(file, ledger);
  assert.match((await officer('verify', file, '--key', key)).out, /the ledger is whole: 1 events/);
  writeFileSync(file, ledger.replace('given', 'gIven'));
  assert.equal((await officer('verify', file, '--key', key)).code, 1);
  const ld = JSON.parse((await officer('consent', subject, '--jsonld')).out) as { '@graph': readonly object[] };
  assert.equal(ld['@graph'].length, 1);
  assert.match((await officer('subject', subject)).out, /a device leads here\n1 consents, 1 proofs of effect/);
  assert.match((await officer('erase', '--device', device, '--reason', 'asked')).out, new RegExp(subject));
  assert.match((await officer('subject', '--device', device)).err, /not-found/);
  assert.match((await officer('subject', subject)).out, /no device leads here\n1 consents, 0 proofs of effect/);
});

test('who may look may not decide, and wrong usage ends with 2', async () => {
  assert.match((await hauberk('viewer', 'privacy', 'findings')).err, /right-missing: .*privacy:read/);
  assert.match(
    (await hauberk('bob', 'privacy', 'resume', chain, '--reason', 'x')).err,
    /right-missing: .*privacy:write/,
  );
  assert.match((await hauberk('bob', 'privacy', 'subject', '--device', device)).err, /right-missing: .*privacy:write/);
  for (const args of [[], ['stop', chain], ['findings', '--limit', 'x'], ['effect', 'a', 'b']]) {
    const { code, err } = await officer(...args);
    assert.equal(code, 2, args.join(' '));
    assert.match(err, /usage: hauberk privacy/);
  }
  const actions = (await world.stores.audit.readAfter(scope, 0, 999)).map(({ action }) => action);
  for (const action of [
    'privacy.stopped',
    'privacy.resumed',
    'privacy.finding-accepted',
    'privacy.erased',
    'privacy.rule-approved',
  ])
    assert.ok(actions.includes(action), action);
});
