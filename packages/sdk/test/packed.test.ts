/** The package as it is published: packed, installed into an empty project without a network, and used by plain JavaScript. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { createLog, openStorage, parseConfig, type RunningGateway, startGateway } from '@hauberk/server';
import { writePackage } from '../build.ts';

const folder = mkdtempSync(join(tmpdir(), 'hauberk-packed-'));
const project = join(folder, 'project');

/** npm that can reach nothing: an empty cache and no registry. */
const npm = (cwd: string, ...args: readonly string[]): string => {
  const { status, stdout, stderr } = spawnSync('npm', [...args, '--offline', '--no-audit', '--no-fund'], {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, npm_config_cache: join(folder, 'cache'), npm_config_update_notifier: 'false' },
  });
  assert.equal(status, 0, stdout + stderr);
  return stdout;
};

/** The first Node 20 on the path, where there is one. */
const node20 = (process.env['PATH'] ?? '')
  .split(delimiter)
  .map((entry) => join(entry, 'node'))
  .find((file) => (spawnSync(file, ['--version'], { encoding: 'utf8' }).stdout ?? '').startsWith('v20.'));

const program = `
import { createHauberk, fileStorage, HauberkError } from '@hauberk/sdk/node';
import { openJournal } from '@hauberk/sdk/journal';
import { bind } from '@hauberk/sdk/bind';
import { openKeys } from '@hauberk/sdk/keys';

const options = JSON.parse(process.env.OPTIONS);
let told;
const ended = new Promise((resolve) => { told = resolve; });
const keys = openKeys();
const hauberk = createHauberk(
  { ...options, keys, journal: openJournal({ onEntry: ({ state }) => told(state) }) },
  { storage: fileStorage('./device.json') },
);
const signed = (await hauberk.fetch('/api/signed')).status;
const sealed = await (await hauberk.fetch('/api/sealed', { method: 'POST', body: 'plain' })).text();
const before = (await hauberk.connect()).deviceId;
await keys.rotate();
const rotated = (await hauberk.fetch('/api/signed')).status === 200 && hauberk.status().deviceId === before;
const soft = (await bind({ hauberk })).code;
await hauberk.owner('alice');
await hauberk.enqueue({ url: '/api/keyed', method: 'POST', body: 'once' });
const journal = await ended;
const device = hauberk.status().deviceId;
const again = createHauberk(options, { storage: fileStorage('./device.json') });
const resumed = (await again.fetch('/api/signed')).status;
const refused = await hauberk.fetch('https://elsewhere.example/').catch((error) => error instanceof HauberkError && error.code);
console.log(JSON.stringify({ signed, sealed, rotated, soft, journal, resumed, isSame: again.status().deviceId === device, refused }));
await hauberk.logout();
`;

/** Runs the program in the project; the gateway that it talks to is in this process, which must stay awake. */
const runProgram = async (node: string, options: object, args: readonly string[] = []): Promise<unknown> => {
  rmSync(join(project, 'device.json'), { force: true });
  const child = spawn(node, [...args, 'program.mjs'], {
    cwd: project,
    env: { PATH: process.env['PATH'], OPTIONS: JSON.stringify(options) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [told, errors] = ['', ''];
  child.stdout.on('data', (piece: Buffer) => void (told += piece.toString()));
  child.stderr.on('data', (piece: Buffer) => void (errors += piece.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  assert.equal(code, 0, errors);
  return JSON.parse(told);
};

describe('the packed SDK', () => {
  const upstream = createServer((incoming, response) => {
    response.setHeader('content-type', 'text/plain');
    incoming.pipe(response);
  });
  let gateway: RunningGateway | undefined;
  let options: object = {};

  before(async () => {
    const built = join(folder, 'built');
    await writePackage(built);
    npm(folder, 'pack', built);
    const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? '';
    mkdirSync(project);
    writeFileSync(join(project, 'package.json'), '{"private":true,"type":"module"}');
    writeFileSync(join(project, 'program.mjs'), program);
    npm(project, 'install', join(folder, tarball));
    upstream.listen(0, '127.0.0.1');
    await once(upstream, 'listening');
    const loaded = parseConfig(
      {
        organisation: 'demo',
        apps: [{ id: 'tool' }],
        state: 'state',
        workers: 1,
        listen: { port: 0 },
        services: [
          {
            id: 'bank',
            upstream: 'core',
            routes: [
              { path: '/api/signed' },
              { path: '/api/sealed', mode: 'sealed' },
              { path: '/api/keyed', mode: 'sealed', idempotency: { demand: 'required' } },
            ],
          },
        ],
        upstreams: {
          core: {
            origin: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`,
            factsKey: 'f'.repeat(40),
          },
        },
        sessions: { tiers: [{ name: 'software', sessions: 64 }], devices: 64, strikes: 2048 },
        log: { access: 'none' },
      },
      join(folder, 'made.yaml'),
    );
    assert.ok(loaded.ok, loaded.ok ? '' : JSON.stringify(loaded.issues));
    const storage = await openStorage({ folder: loaded.config.state });
    const log = createLog('error', () => undefined);
    gateway = await startGateway({ config: loaded.config, storage, version: '0', log });
    const { organisation, configKeys } = gateway.trust();
    options = {
      organisation,
      app: 'tool',
      service: 'bank',
      endpoints: [gateway.url],
      trust: { configKeys, minConfigVersion: 1, buildTimeMs: 0 },
    };
  });
  after(async () => {
    await gateway?.stop();
    upstream.closeAllConnections();
    upstream.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const expected = {
    signed: 200,
    sealed: 'plain',
    rotated: true,
    soft: 'binding.not-attested',
    journal: 'sent',
    resumed: 200,
    isSame: true,
    refused: 'foreign-endpoint',
  };

  test('enrols, signs, seals, queues and resumes without anything that came after Node 20', async () => {
    const prelude = new URL('only-node-20.mjs', import.meta.url).href;
    assert.deepEqual(await runProgram(process.execPath, options, ['--import', prelude]), expected);
  });

  if (node20 !== undefined)
    test('does so in Node 20 itself', async () => {
      assert.deepEqual(await runProgram(node20, options), expected);
    });

  test('brings nothing but itself: no dependencies, no scripts; its licence, its types, and the single files for pages', () => {
    assert.deepEqual(
      readdirSync(join(project, 'node_modules')).filter((name) => !name.startsWith('.')),
      ['@hauberk'],
    );
    const root = join(project, 'node_modules/@hauberk/sdk');
    const description = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<string, unknown>;
    for (const member of ['dependencies', 'scripts', 'private']) assert.equal(description[member], undefined, member);
    assert.deepEqual(description['engines'], { node: '>=20' });
    const files = readdirSync(root);
    for (const name of ['LICENSE', 'README.md', 'hauberk.js', 'hauberk-journal.js', 'types'])
      assert.ok(files.includes(name), name);
    for (const name of files.filter((each) => /\.m?js$/.test(each)))
      assert.doesNotMatch(readFileSync(join(root, name), 'utf8'), /@hauberk\/(?:primitives|channel|crypto)/, name);
  });

  test('every door of it opens', async () => {
    const root = join(project, 'node_modules/@hauberk/sdk');
    const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      readonly exports: Readonly<Record<string, string | { readonly types: string; readonly default: string }>>;
    };
    for (const [door, target] of Object.entries(exports)) {
      const file = typeof target === 'string' ? target : target.default;
      assert.ok(readFileSync(join(root, file)).length > 0, door);
      if (typeof target === 'string') continue;
      assert.ok(readFileSync(join(root, target.types)).length > 0, door);
      const module = (await import(pathToFileURL(join(root, file)).href)) as object;
      assert.ok(Object.keys(module).length > 0, door);
    }
  });
});
