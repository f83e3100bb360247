/** `hauberk attack --target` against a demo that runs as a process of its own, and against what is no protected system. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { BARE_GUARDS, createBank, DEMO_CUSTOMERS, type RunningBank } from '@hauberk/example-bank';
import { parse } from 'yaml';
import { type ReadyProcess, startProcess } from '../test/support/ready-process.ts';
import { attacks } from './catalogue.ts';
import type { AttackSummary } from './run.ts';
import { readTargetFile } from './target.ts';

const main = fileURLToPath(new URL('../packages/server/src/main.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'hauberk-target-'));
let demo: ReadyProcess;
let control: RunningBank;
let trust: object;
let files = 0;

before(async () => {
  demo = await startProcess([main, 'demo', '--port', '0', '--customers', '0', '--no-attacker']);
  control = await createBank({ guards: BARE_GUARDS });
  const published = await (await fetch(`${gatewayUrl()}/hauberk-trust.json`)).json();
  const { organisation, app, service, configKeys } = published as Readonly<Record<string, unknown>>;
  trust = { organisation, app, service, configKeys };
});
after(async () => {
  await demo.end('SIGINT');
  await control.close();
  rmSync(folder, { recursive: true, force: true });
});

const gatewayUrl = (): string => String(demo.ready['gateway']);

const customers = DEMO_CUSTOMERS.slice(0, 3).map(({ customerId, username, password, accounts }) => ({
  customerId,
  username,
  password,
  accounts: accounts.map(({ accountId, currency }) => ({ accountId, currency })),
}));

const fileWith = (members: object): string => {
  files += 1;
  const file = join(folder, `target-${files}.json`);
  writeFileSync(file, JSON.stringify({ trust, customers, ...members }));
  return file;
};

const attackWith = async (...args: readonly string[]) => {
  const child = spawn(process.execPath, [main, 'attack', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString('utf8')));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString('utf8')));
  await once(child, 'close');
  const summary = stdout === '' ? undefined : (JSON.parse(stdout) as AttackSummary);
  return { code: child.exitCode, stderr, summary };
};

const at = (target: string, file: string): readonly string[] => ['--target', target, '--routes', file, '--json'];
const only = (...ids: readonly string[]): readonly string[] => ids.flatMap((id) => ['--only', id]);
const verdicts = (summary: AttackSummary | undefined) =>
  Object.fromEntries((summary?.attacks ?? []).map(({ id, held, controlSucceeded }) => [id, [held, controlSucceeded]]));

test('a protected system holds, and what needs a gateway of its own does not apply', async () => {
  const held = ['coupon-grab', 'foreign-account', 'replay-at-once', 'swallow-and-refuse', 'tamper-body', 'two-tabs'];
  const notApplicable = ['forged-facts', 'replay-after-restart', 'revoked-device'];
  const { code, stderr, summary } = await attackWith(
    ...at(gatewayUrl(), fileWith({ control: control.url })),
    ...only(...held, ...notApplicable, 'unsigned-direct'),
  );
  assert.equal(code, 0, stderr);
  assert.deepEqual(verdicts(summary), {
    ...Object.fromEntries([...held, 'unsigned-direct'].map((id) => [id, [true, true]])),
    ...Object.fromEntries(notApplicable.map((id) => [id, [null, false]])),
  });
  assert.deepEqual([summary?.held, summary?.broken, summary?.notApplicable], [7, 0, 3]);
  assert.deepEqual(Object.keys(summary?.attacks[0] ?? {}), [
    'id',
    'title',
    'expected',
    'observed',
    'held',
    'controlSucceeded',
  ]);
});

test('without a control system an attack that needs one does not apply; nor does one without its route', async () => {
  const routes = ['POST /api/login', 'POST /api/login/otp', 'GET /api/accounts', 'GET /api/accounts/{accountId}'];
  const { code, stderr, summary } = await attackWith(
    ...at(gatewayUrl(), fileWith({ routes })),
    ...only('replay-at-once', 'splice-sessions', 'hello-resigned'),
  );
  assert.equal(code, 0, stderr);
  assert.deepEqual(verdicts(summary), {
    'hello-resigned': [true, true],
    'replay-at-once': [null, false],
    'splice-sessions': [null, false],
  });
});

test('a system without protection is broken: exit 1', async () => {
  const target = await createBank({ guards: BARE_GUARDS });
  const { code, summary } = await attackWith(
    ...at(target.url, fileWith({ control: control.url })),
    ...only('unsigned-direct'),
  );
  await target.close();
  assert.deepEqual([code, summary?.broken], [1, 1]);
});

test('wrong usage and a wrong file: exit 2, nothing on stdout', async () => {
  const good = fileWith({});
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [['--target', gatewayUrl()], /usage:/],
    [['--routes', good], /usage:/],
    [['--only', 'no-such-attack'], /usage:/],
    [['--target', 'gateway.example', '--routes', good], /is not http:/],
    [['--target', gatewayUrl(), '--routes', join(folder, 'nowhere.yaml')], /ENOENT/],
    [['--target', gatewayUrl(), '--routes', fileWith({ customers: customers.slice(0, 1) })], /customers: /],
    [['--target', gatewayUrl(), '--routes', fileWith({ extra: 1 })], /extra/],
  ];
  for (const [args, message] of cases) {
    const { code, stderr, summary } = await attackWith(...args);
    assert.deepEqual([code, summary], [2, undefined], args.join(' '));
    assert.match(stderr, message);
  }
});

test('the example of docs/attack-target.md is read, and its list of attacks that never apply is right', () => {
  const page = readFileSync(new URL('../docs/attack-target.md', import.meta.url), 'utf8');
  const example = /```yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? '';
  const file = join(folder, 'example.yaml');
  writeFileSync(file, example);
  assert.deepEqual(readTargetFile(file), { ok: true, value: parse(example) });
  const never = new Set(
    [...page.slice(page.indexOf('These never apply')).matchAll(/`([a-z-]+)`/g)].map(([, id]) => id),
  );
  const own = attacks.filter(({ needs }) => needs === 'own-gateway').map(({ id }) => id);
  assert.deepEqual(never, new Set([...own, 'forged-facts', 'path-confusion', 'smuggling']));
});
