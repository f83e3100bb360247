/** The commands of operators against a real gateway: from the secret of the first start to a change that two people agreed on. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, mock, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import type { GatewayTrust } from '../../src/index.ts';
import { run } from '../../src/main.ts';
import { enrol } from '../channel-device.ts';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'hauberk-admin-commands-'));
const config = join(folder, 'hauberk.yaml');
const clean = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('HAUBERK')));

interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
  readonly json: Readonly<Record<string, unknown>>;
}

let gateway: ChildProcess | undefined;
let url = '';
let trust: GatewayTrust;
let publicUrl = '';
let startupSecret = '';

const text = async (stream: NodeJS.ReadableStream | null): Promise<string> => {
  let all = '';
  for await (const piece of stream ?? []) all += String(piece);
  return all;
};

/** Runs a command; with `--json` its last line is read. */
const hauberk = async (
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  input = '',
): Promise<Ran> => {
  const child = spawn(process.execPath, [main, ...args], { env: { ...clean, HAUBERK_URL: url, ...environment } });
  const closed = once(child, 'close');
  child.stdin.end(input);
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = (await closed) as [number | null];
  const last = out.trimEnd().split('\n').at(-1) ?? '';
  const json = args.includes('--json') && last !== '' ? (JSON.parse(last) as Ran['json']) : {};
  return { code, out, err, json };
};

/** Starts a gateway and answers what it said on standard error up to its ready line. */
const start = async (): Promise<string> => {
  const child = spawn(process.execPath, [main, 'serve', '--config', config], { env: clean });
  gateway = child;
  let errors = '';
  child.stderr.on('data', (piece: Buffer) => {
    errors += piece.toString();
  });
  for await (const line of createInterface(child.stdout)) {
    assert.match(line, /^ready \{/);
    const ready = JSON.parse(line.slice(6)) as { admin: string; gateway: string; trust: GatewayTrust };
    ({ admin: url, gateway: publicUrl, trust } = ready);
    return errors;
  }
  throw new Error(`no ready line: ${errors}`);
};

const stop = async (): Promise<void> => {
  if (gateway === undefined) return;
  const ended = once(gateway, 'exit');
  gateway.kill('SIGTERM');
  await ended;
  gateway = undefined;
};

before(async () => {
  writeFileSync(
    config,
    stringify({
      organisation: 'bank',
      apps: [{ id: 'retail' }],
      state: './state',
      workers: 1,
      listen: { port: 0 },
      services: [{ id: 'api', upstream: 'core', routes: [{ path: '/a' }] }],
      upstreams: { core: { origin: 'http://127.0.0.1:9', factsKey: 'f'.repeat(32) } },
      sessions: { tiers: [{ name: 'software', sessions: 256 }], devices: 64, strikes: 4096 },
      log: { access: 'none', level: 'error' },
    }),
  );
  const [secret = ''] = /hbs_\S+/.exec(await start()) ?? [];
  startupSecret = secret;
});
after(async () => {
  await stop();
  rmSync(folder, { recursive: true, force: true });
});

const tokenFile = (name: string): string => join(folder, `${name}.token`);
const as = (name: string): Readonly<Record<string, string>> => ({ HAUBERK_TOKEN_FILE: tokenFile(name) });

test('from the first start to a change that two people agreed on', async () => {
  assert.match(startupSecret, /^hbs_[0-9a-f]{20}_/);
  // The secret is exchanged once; the token goes into a file of its own.
  const login = await hauberk(['admin', 'login', '--out', tokenFile('root')], {}, `${startupSecret}\n`);
  assert.equal(login.code, 0, login.err);
  assert.ok(!login.out.includes('hbk_'));
  assert.equal(statSync(tokenFile('root')).mode & 0o777, 0o600);
  assert.match(readFileSync(tokenFile('root'), 'utf8'), /^hbk_/);
  const again = await hauberk(['admin', 'login', '--json'], { HAUBERK_STARTUP_SECRET: startupSecret });
  assert.deepEqual([again.code, again.json['code']], [1, 'login-required']);

  // Two people get tokens.
  const label = ['--label', 'operations desk'];
  for (const [subject, role] of [
    ['alice', 'operator'],
    ['bob', 'approver'],
  ] as const) {
    const args = ['token', 'create', '--subject', subject, ...label, '--grant', `retail=${role}`];
    const made = await hauberk([...args, '--out', tokenFile(subject), '--json'], as('root'));
    assert.equal(made.code, 0, made.err);
    assert.equal(made.json['secret'], undefined);
  }
  const over = ['token', 'create', '--subject', 'x', ...label, '--grant', '*=nobody', '--json'];
  const unknown = await hauberk(over, as('root'));
  assert.deepEqual([unknown.code, unknown.json['code']], [1, 'malformed']);
  assert.match(unknown.err, /body\/grants\/0\/role/);
  const denied = await hauberk(['token', 'list'], as('alice'));
  assert.equal(denied.code, 1);
  assert.match(denied.err, /right-missing: .*tokens:read on every app/);

  // A device is found, suspended by one, given back by two.
  const { deviceId } = await enrol(publicUrl, trust);
  const listed = await hauberk(['device', 'list'], as('alice'));
  assert.match(listed.out, new RegExp(`^id +state[^]*\\n${deviceId} +enrolled +software`));
  const found = await hauberk(['device', 'search', deviceId.slice(0, 8), '--json'], as('alice'));
  assert.equal((found.json['devices'] as readonly { id: string }[])[0]?.id, deviceId);
  const signals = await hauberk(['device', 'signals', deviceId], as('alice'));
  assert.match(signals.out, /^score - \(unknown\), last report -\n\nin force +value[^]*\nreported +scene/);
  const looked = await hauberk(['device', 'signals', deviceId, '--json'], as('alice'));
  assert.deepEqual([looked.json['band'], looked.json['signals'], looked.json['reports']], ['unknown', [], []]);
  const verdict = await hauberk(['device', 'verdict', deviceId, '--nonce', 'asked-before'], as('alice'));
  const claims = JSON.parse(
    Buffer.from(verdict.out.split('.')[1] ?? '', 'base64url').toString(),
  ) as typeof verdict.json;
  assert.deepEqual([claims['sub'], claims['eat_nonce']], [deviceId, 'asked-before']);
  const keys = await hauberk(['trust', '--state', join(folder, 'state'), '--json']);
  assert.deepEqual(keys.json['verdictKeys'], trust.verdictKeys);
  const suspended = await hauberk(['device', 'suspend', deviceId, '--reason', 'reported by phone'], as('alice'));
  assert.match(suspended.out, /done +suspended/);
  const asked = await hauberk(['device', 'unsuspend', deviceId, '--reason', 'found', '--json'], as('alice'));
  const { id, changeHash } = asked.json['proposed'] as { readonly id: string; readonly changeHash: string };
  assert.match((await hauberk(['approval', 'list'], as('bob'))).out, new RegExp(`${id} +pending +alice +unsuspend`));
  const own = await hauberk(['approval', 'approve', id, '--hash', changeHash, '--json'], as('root'));
  assert.equal(own.json['code'], 'approval-own', 'root stands behind alice');
  const approved = await hauberk(['approval', 'approve', id, '--hash', changeHash], as('bob'));
  assert.match(approved.out, /executed[^]*decided by bob/);
  const shown = await hauberk(['device', 'show', deviceId], as('bob'));
  assert.match(shown.out, /enrolled/);
  assert.match(shown.out, /alice, approved by bob +suspended to enrolled: found/);
  assert.match(shown.out, /alice +enrolled to suspended: reported by phone/);

  // A revoked token is worth nothing, and a new secret needs the state folder.
  const tokens = await hauberk(['token', 'list', '--json'], as('root'));
  const bob = (tokens.json['tokens'] as readonly { id: string; subject: string }[]).find(
    ({ subject }) => subject === 'bob',
  );
  assert.equal((await hauberk(['token', 'revoke', bob?.id ?? ''], as('root'))).code, 0);
  assert.match((await hauberk(['device', 'list'], as('bob'))).err, /login-required/);
  assert.match((await hauberk(['admin', 'secret', '--config', config])).err, /state-locked/);
  await stop();
  const fresh = await hauberk(['admin', 'secret', '--config', config, '--json']);
  assert.equal(fresh.code, 0, fresh.err);
  assert.doesNotMatch(await start(), /hbs_/, 'there are tokens, so nothing is told');
  const second = await hauberk(['admin', 'login', '--subject', 'second', '--json'], {
    HAUBERK_STARTUP_SECRET: String(fresh.json['secret']),
  });
  assert.match(String(second.json['secret']), /^hbk_/);
  const gone = await hauberk(['device', 'list', '--url', 'http://127.0.0.1:1'], as('alice'));
  assert.deepEqual([gone.code, gone.out], [1, '']);
});

/** Runs a command here, where a process of its own would tell nothing more. */
const inProcess = async (args: readonly string[]): Promise<{ readonly code: number; readonly err: string }> => {
  const written = mock.method(process.stderr, 'write', () => true);
  try {
    const code = await run(args);
    return { code, err: written.mock.calls.map((call) => String((call.arguments as readonly unknown[])[0])).join('') };
  } finally {
    written.mock.restore();
  }
};

test('wrong usage ends with 2 and tells how', async () => {
  for (const args of [
    ['token'],
    ['token', 'create', '--subject', 'x'],
    ['device'],
    ['device', 'suspend', 'x', '--app', 'a'],
    ['approval', 'approve', 'x', '--app', 'a'],
    ['approval', 'burn', 'x', '--app', 'a'],
    ['admin', 'burn'],
    ['admin', '--what'],
  ]) {
    const { code, err } = await inProcess(args);
    assert.equal(code, 2, args.join(' '));
    assert.match(err, /usage: hauberk/);
  }
});
