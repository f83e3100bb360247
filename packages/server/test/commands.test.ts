/** The `hauberk` command as a process: dispatch, exit codes, what is printed where, signals. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'hauberk-commands-'));
const running = new Set<ChildProcess>();
after(() => {
  for (const child of running) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

const factsKey = 'facts-key-of-these-tests-and-no-other';
const clean = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('HAUBERK')));

const hauberk = (...args: readonly string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], { encoding: 'utf8', env: clean });
  return { status, stdout, stderr };
};

const write = (name: string, members: Readonly<Record<string, unknown>> = {}, path = '/a'): string => {
  const file = join(folder, name);
  const content = {
    organisation: 'demo',
    apps: [{ id: 'app' }],
    state: join(folder, `${name}.state`),
    workers: 1,
    listen: { port: 0 },
    services: [{ id: 'bank', upstream: 'core', routes: [{ path, protection: 'none', outcome: 'deny' }] }],
    upstreams: { core: { origin: 'http://127.0.0.1:9', factsKey } },
    sessions: { tiers: [{ name: 'software', sessions: 64 }], devices: 64, strikes: 2048 },
    ...members,
  };
  // Replaced in one step: a half-written file would be read as a mistake.
  writeFileSync(`${file}.next`, stringify(content));
  renameSync(`${file}.next`, file);
  return file;
};

describe('dispatch', () => {
  test('no command and an unknown command are wrong usage', () => {
    for (const args of [[], ['nope'], ['constructor'], ['__proto__']]) {
      const { status, stdout, stderr } = hauberk(...args);
      assert.deepEqual([status, stdout], [2, '']);
      assert.match(stderr, /usage: hauberk COMMAND/);
    }
  });

  test('every command explains itself', () => {
    for (const name of ['serve', 'config', 'trust', 'report', 'audit', 'backup', 'restore']) {
      const { status, stdout, stderr } = hauberk(name, '--help');
      assert.deepEqual([status, stderr], [0, ''], name);
      assert.match(stdout, new RegExp(`^usage: hauberk ${name}`));
    }
    assert.match(hauberk('restore', '--help').stdout, /--accept-rollback/);
  });

  test('help names every command', () => {
    const { status, stdout } = hauberk('help');
    assert.equal(status, 0);
    for (const name of ['serve', 'demo', 'attack', 'config', 'trust', 'audit', 'backup', 'restore', 'version'])
      assert.match(stdout, new RegExp(`^ {2}${name} `, 'm'));
  });

  test('version', () => assert.match(hauberk('version').stdout, /^\d+\.\d+\.\d+\n$/));
});

describe('config', () => {
  test('check accepts, and tells mistakes with file, place and hint', () => {
    assert.deepEqual(hauberk('config', 'check', write('good.yaml')), { status: 0, stdout: 'ok\n', stderr: '' });
    const file = write('bad.yaml', { workers: 'many' });
    const { status, stderr } = hauberk('config', 'check', file);
    assert.equal(status, 1);
    assert.match(stderr, /^\S+bad\.yaml:\d+: workers: .+ \(hint: .+\)\n$/);
  });

  test('check --json ends in one line of JSON', () => {
    const good = hauberk('config', 'check', write('good.yaml'), '--json');
    assert.deepEqual(JSON.parse(good.stdout), { ok: true, issues: [], warnings: [] });
    const bad = hauberk('config', 'check', write('bad.yaml', { node: -1 }), '--json');
    const answer = JSON.parse(bad.stdout) as { ok: boolean; issues: { path: string }[] };
    assert.deepEqual([bad.status, answer.ok, answer.issues.map(({ path }) => path)], [1, false, ['node']]);
  });

  test('print shows defaults and no secret, and only with --redacted', () => {
    const file = write('good.yaml');
    const { status, stdout } = hauberk('config', 'print', file, '--redacted');
    assert.equal(status, 0);
    assert.match(stdout, /maxAgeSeconds: 120/);
    assert.ok(!stdout.includes(factsKey));
    assert.equal(hauberk('config', 'print', file).status, 2);
  });

  test('schema prints JSON; anything else is wrong usage', () => {
    assert.equal((JSON.parse(hauberk('config', 'schema').stdout) as { type: string }).type, 'object');
    for (const args of [['config'], ['config', 'check'], ['config', 'burn', 'x'], ['config', '--what']])
      assert.equal(hauberk(...args).status, 2);
  });
});

interface Serving {
  readonly child: ChildProcess;
  readonly ready: {
    readonly gateway: string;
    readonly admin: string;
    readonly trust: { readonly configKeys: unknown[] };
  };
  readonly errors: () => string;
}

const serve = async (file: string): Promise<Serving> => {
  const child = spawn(process.execPath, [main, 'serve', '--config', file], {
    env: clean,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  let errors = '';
  child.stderr.on('data', (piece: Buffer) => {
    errors += piece.toString();
  });
  for await (const line of createInterface(child.stdout)) {
    assert.match(line, /^ready \{/);
    return { child, ready: JSON.parse(line.slice(6)) as Serving['ready'], errors: () => errors };
  }
  throw new Error(`no ready line: ${errors}`);
};

const stop = async (child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> => {
  const ended = once(child, 'exit');
  child.kill(signal);
  return ((await ended) as [number | null])[0];
};

const statusOf = async (url: string): Promise<number> => (await fetch(url)).status;

const until = async (condition: () => Promise<boolean> | boolean): Promise<void> => {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 50));
};

describe('serve', () => {
  test('prints one ready line with both addresses and what apps pin, and ends with 0 on SIGTERM', async () => {
    const file = write('serve.yaml');
    const { child, ready } = await serve(file);
    assert.equal(await statusOf(`${ready.gateway}/a`), 403);
    assert.equal(await statusOf(`${ready.admin}/readyz`), 200);
    assert.equal(await stop(child, 'SIGTERM'), 0);
    const { stdout } = hauberk('trust', '--state', join(folder, 'serve.yaml.state'), '--json');
    assert.deepEqual((JSON.parse(stdout) as { configKeys: unknown[] }).configKeys, ready.trust.configKeys);
  });

  test('takes a changed file over, on SIGHUP and by itself, and keeps the old one when the new is refused', async () => {
    const file = write('reload.yaml');
    const { child, ready, errors } = await serve(file);
    assert.equal(await statusOf(`${ready.gateway}/b`), 404);
    write('reload.yaml', {}, '/b');
    await until(async () => (await statusOf(`${ready.gateway}/b`)) === 403);
    write('reload.yaml', { workers: 3 }, '/c');
    child.kill('SIGHUP');
    await until(() => errors().includes('config.reload-refused'));
    assert.equal(await statusOf(`${ready.gateway}/c`), 404);
    assert.equal(await statusOf(`${ready.gateway}/b`), 403);
    assert.equal(await stop(child, 'SIGINT'), 0);
  });

  test('refuses a wrong configuration, a state in use and wrong usage', async () => {
    const wrong = hauberk('serve', '--config', write('wrong.yaml', { limits: { bodyCapBytes: -1 } }));
    assert.equal(wrong.status, 1);
    assert.match(wrong.stderr, /limits\.bodyCapBytes/);
    assert.equal(hauberk('serve', '--what').status, 2);
    const file = write('twice.yaml');
    const { child } = await serve(file);
    const second = hauberk('serve', '--config', file);
    assert.equal(second.status, 1);
    assert.match(second.stderr, /state-locked: .+\(hint: .+\)/);
    assert.equal(await stop(child, 'SIGTERM'), 0);
  });
});

describe('trust', () => {
  test('a folder without keys and wrong usage are refused', () => {
    assert.equal(hauberk('trust', '--state', join(folder, 'nowhere')).status, 1);
    assert.equal(hauberk('trust').status, 2);
  });
});
