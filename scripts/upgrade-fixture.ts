/**
 * `node scripts/upgrade-fixture.ts OUT`: records what this source tree writes and speaks, for the next version's upgrade test: a state folder
 * with devices, logins, a revocation, outcomes and an audit chain in its second epoch; a backup; the storages of three apps; the SDK and the
 * record's migrations as bundles. Run it in the tree of the version that is about to become the previous one. Every key is test data.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { createHauberk, fileStorage, type Hauberk } from '@hauberk/sdk/node';
import { build } from 'esbuild';
import { buildSdk } from '../packages/sdk/build.ts';
import type { ReadyProcess } from '../test/support/ready-process.ts';
import {
  askOperator,
  type CoreService,
  startCore,
  startUpgradeGateway,
  upgradeFolder,
} from '../test/support/upgrade-world.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

interface Trust {
  readonly configKeys: readonly { readonly kid: string; readonly publicKey: string }[];
}

const appOf = (gateway: ReadyProcess, file: string): Hauberk =>
  createHauberk(
    {
      organisation: 'upgrade',
      app: 'upgrade-app',
      service: 'core',
      endpoints: [String(gateway.ready['gateway'])],
      trust: { configKeys: (gateway.ready['trust'] as Trust).configKeys, minConfigVersion: 1, buildTimeMs: 0 },
      confirm: () => Promise.resolve(true),
    },
    { storage: fileStorage(file) },
  );

const post = (app: Hauberk, path: string, body: object, headers: Record<string, string> = {}): Promise<Response> =>
  app.fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });

const logIn = async (app: Hauberk, user: string): Promise<string> => {
  const reply = (await (await post(app, '/api/login', { user, password: 'recorded' })).json()) as {
    readonly authorization: string;
  };
  return `Bearer ${reply.authorization}`;
};

const pay = async (app: Hauberk, authorization: string, user: string, reference: string, path = ''): Promise<number> =>
  (
    await post(
      app,
      `/api/transfers${path}`,
      { from: `${user}-1`, reference },
      { authorization, 'idempotency-key': `key-${reference}` },
    )
  ).status;

const expect = (is: unknown, what: string): void => {
  if (is !== true) throw new Error(`the fixture could not be recorded: ${what}`);
};

const command = (...args: readonly string[]): void => {
  const { status, stderr } = spawnSync(process.execPath, [join(root, 'packages/server/src/main.ts'), ...args], {
    encoding: 'utf8',
  });
  expect(status === 0, `${args.join(' ')}: ${stderr}`);
};

/** One start of the gateway. */
const during = async <Answer>(
  state: string,
  core: CoreService,
  work: (gateway: ReadyProcess) => Promise<Answer>,
): Promise<Answer> => {
  const gateway = await startUpgradeGateway(join(upgradeFolder, 'hauberk.yaml'), state, core.url, 0);
  const answer = await work(gateway);
  expect((await gateway.end('SIGTERM')).code === 0, 'the gateway ends');
  return answer;
};

/** What the apps do; answers their device ids and credentials. */
const record = async (gateway: ReadyProcess, folder: string): Promise<Record<string, unknown>> => {
  const app = (name: string): Hauberk => appOf(gateway, join(folder, `${name}.json`));
  const [alice, bob, carol] = [app('alice'), app('bob'), app('carol')];
  const authorization = await logIn(alice, 'alice');
  expect((await pay(alice, authorization, 'alice', 'paid-1')) === 200, 'a transfer');
  expect((await pay(alice, authorization, 'alice', 'approved-1', '/approved')) === 200, 'an approved transfer');
  expect((await pay(alice, authorization, 'alice', 'lost-1')) >= 500, 'a transfer whose outcome is unknown');
  await logIn(bob, 'bob');
  await logIn(carol, 'carol');
  const devices = Object.fromEntries(
    Object.entries({ alice, bob, carol }).map(([name, each]) => [name, each.status().deviceId ?? '']),
  );
  const reason = 'test data';
  await askOperator(gateway, `/devices/${devices['bob']}/changes`, { action: 'revoke', reason });
  await askOperator(gateway, `/devices/${devices['carol']}/changes`, { action: 'suspend', reason });
  return { devices, authorization, trust: gateway.ready['trust'] };
};

const bundleMigrations = async (): Promise<Uint8Array> => {
  const { outputFiles } = await build({
    entryPoints: [join(root, 'packages/server/src/storage/migrations.ts')],
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    legalComments: 'none',
    write: false,
  });
  return outputFiles[0]?.contents ?? new Uint8Array(0);
};

const [out] = process.argv.slice(2);
if (out === undefined) throw new Error('usage: node scripts/upgrade-fixture.ts OUT');
const folder = mkdtempSync(join(tmpdir(), 'hauberk-upgrade-fixture-'));
const core = await startCore();
try {
  const [first, state] = [join(folder, 'first'), join(folder, 'state')];
  await during(first, core, (gateway) => logIn(appOf(gateway, join(folder, 'nobody.json')), 'nobody'));
  command('backup', '--state', first, '--out', join(folder, 'first.backup'));
  mkdirSync(join(state, 'keys'), { recursive: true, mode: 0o700 });
  cpSync(join(first, 'keys/master.key'), join(state, 'keys/master.key'));
  command('restore', '--in', join(folder, 'first.backup'), '--state', state);
  const recorded = await during(state, core, (gateway) => record(gateway, folder));
  command('backup', '--state', state, '--out', join(folder, 'backup'));

  rmSync(out, { recursive: true, force: true });
  mkdirSync(join(out, 'state/keys'), { recursive: true });
  const keepPacked = (name: string, bytes: Uint8Array): void =>
    writeFileSync(join(out, `${name}.gz`), gzipSync(bytes, { level: 9 }));
  keepPacked('state/record.db', readFileSync(join(state, 'record.db')));
  keepPacked('backup', readFileSync(join(folder, 'backup')));
  for (const file of ['audit-anchor.json', 'keys/keyring.json', 'keys/master.key'])
    cpSync(join(state, file), join(out, 'state', file));
  for (const app of ['alice', 'bob', 'carol']) cpSync(join(folder, `${app}.json`), join(out, `${app}.json`));
  const sdk = (await buildSdk()).find(({ name }) => name === 'hauberk-node.mjs');
  keepPacked('hauberk-node.mjs', sdk?.bytes ?? new Uint8Array(0));
  keepPacked('migrations.mjs', await bundleMigrations());
  cpSync(join(upgradeFolder, 'hauberk.yaml'), join(out, 'hauberk.yaml'));
  const commit = execFileSync('git', ['rev-parse', '--short=12', 'HEAD'], { cwd: root, encoding: 'utf8' }).trim();
  const about = { note: 'test data: every key in this folder is public', commit, madeAtMs: Date.now(), ...recorded };
  writeFileSync(join(out, 'about.json'), `${JSON.stringify(about, undefined, 2)}\n`);
} finally {
  await core.close();
  rmSync(folder, { recursive: true, force: true });
}
