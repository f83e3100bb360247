/** Every command that README.md shows exists and does what stands beside it. */
import assert from 'node:assert/strict';
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { cpSync, existsSync, globSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { plainEnvironment, startProcess } from './support/ready-process.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'hauberk-readme-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const blocksOf = (language: string): readonly string[] =>
  [...readme.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(([, block = '']) => block);

/** Commands without what is said of them. */
const commands = blocksOf('sh')
  .flatMap((block) => block.split('\n'))
  .map((line) => line.replace(/\s+#.*$/, '').trim())
  .filter((line) => line !== '');

const run = (command: string, args: readonly string[]): SpawnSyncReturns<string> =>
  spawnSync(command, [...args], { cwd: folder, env: plainEnvironment(), encoding: 'utf8' });

/** Runs a command line of the README in a folder that has a `hauberk.yaml`, with more arguments. */
const hauberk = (line: string, ...more: readonly string[]): SpawnSyncReturns<string> =>
  run(join(root, 'bin/hauberk'), [...line.split(' ').slice(1), ...more]);

const npm = (line: string, ...more: readonly string[]): SpawnSyncReturns<string> =>
  spawnSync('npm', [...line.split(' ').slice(1), '--silent', '--', ...more], {
    cwd: root,
    env: plainEnvironment(),
    encoding: 'utf8',
  });

const expectDone = ({ status, stdout, stderr }: SpawnSyncReturns<string>): string => {
  assert.equal(status, 0, stdout + stderr);
  return stdout;
};

/** `npm start` with a port of its own; everything temporary must go to `temporary` and be gone afterwards. */
const tryStart = async (): Promise<void> => {
  const temporary = mkdtempSync(join(folder, 'tmp-'));
  const args = [join(root, 'scripts/run.mjs'), 'start', '--port', '0'];
  const demo = await startProcess(args, { TMPDIR: temporary });
  assert.deepEqual(Object.keys(demo.ready), ['gateway', 'bank', 'console']);
  const page = await fetch(String(demo.ready['gateway']));
  assert.equal(page.status, 200, 'the app is served');
  assert.deepEqual(
    readdirSync(temporary).filter((name) => name.startsWith('hauberk-demo-')).length,
    1,
    'state is in a temporary folder',
  );
  assert.deepEqual(await demo.end('SIGINT'), { code: 0, signal: null }, demo.errors());
  assert.deepEqual(
    readdirSync(temporary).filter((name) => name.startsWith('hauberk')),
    [],
  );
};

const tryServe = async (line: string): Promise<void> => {
  const environment = { HAUBERK__listen__port: '0', HAUBERK__admin__port: '0', HAUBERK__log__level: 'error' };
  const place = { command: join(root, 'bin/hauberk'), cwd: folder };
  const gateway = await startProcess(line.split(' ').slice(1), environment, place);
  assert.equal((await fetch(`${String(gateway.ready['admin'])}/healthz`)).status, 200);
  assert.deepEqual(await gateway.end('SIGTERM'), { code: 0, signal: null }, gateway.errors());
};

/** Operators come in by the start-up secret: here by a new one, made while the gateway is stopped. */
/** A command of an operator: the first of them logs in, with the secret of the first start. */
const tryAsOperator = async (line: string, expected: RegExp): Promise<void> => {
  const isFirst = !existsSync(join(folder, 'operator.token'));
  const made = isFirst ? expectDone(hauberk('bin/hauberk admin secret --config hauberk.yaml --json')) : '{}';
  const { secret = '' } = JSON.parse(made) as { readonly secret?: string };
  const environment = { HAUBERK__listen__port: '0', HAUBERK__admin__port: '0', HAUBERK__log__level: 'error' };
  const place = { command: join(root, 'bin/hauberk'), cwd: folder };
  const gateway = await startProcess(['serve', '--config', 'hauberk.yaml'], environment, place);
  const asOperator = (more: Readonly<Record<string, string>>, args: readonly string[]): string => {
    const env = { ...plainEnvironment(), HAUBERK_URL: String(gateway.ready['admin']), ...more };
    return expectDone(spawnSync(place.command, [...args], { cwd: folder, env, encoding: 'utf8' }));
  };
  if (isFirst) asOperator({ HAUBERK_STARTUP_SECRET: secret }, ['admin', 'login', '--out', 'operator.token']);
  const listed = asOperator(
    { HAUBERK_TOKEN_FILE: 'operator.token', HAUBERK_APP: 'mailbrook-h5' },
    line.split(' ').slice(1),
  );
  assert.match(listed, expected);
  await gateway.end('SIGTERM');
};

/** How each command is tried: whole, or in a short form where it would run for ever or for minutes. */
const trials: Readonly<Record<string, (line: string) => void | Promise<void>>> = {
  'npm start': tryStart,
  'npm test': (line) => {
    const output = expectDone(npm(line, 'packages/primitives/test/words'));
    assert.match(output.trimEnd().split('\n').at(-1) ?? '', /^[1-9]\d* passed, 0 failed$/);
  },
  'bin/hauberk serve --config hauberk.yaml': tryServe,
  'bin/hauberk config check hauberk.yaml': (line) => void expectDone(hauberk(line)),
  'bin/hauberk attack --json': (line) => {
    const { held, broken } = JSON.parse(expectDone(hauberk(line, '--only', 'unsigned-direct'))) as Record<
      string,
      number
    >;
    assert.deepEqual({ held, broken }, { held: 1, broken: 0 });
  },
  'bin/hauberk device list': (line) => tryAsOperator(line, /^id +state +tier/),
  'bin/hauberk privacy findings': (line) => tryAsOperator(line, /^(?:id|no findings|finding)/),
  'bin/hauberk audit verify --state ./state': (line) => void expectDone(hauberk(line)),
  'bin/hauberk backup --state ./state --out b.hbk': (line) => {
    expectDone(hauberk(line));
    assert.ok(existsSync(join(folder, 'b.hbk')));
  },
};

// In the README's order: what `serve` leaves behind is what `audit` and `backup` read.
cpSync(join(root, 'examples/bank/hauberk.yaml'), join(folder, 'hauberk.yaml'));
cpSync(join(root, 'examples/bank/policies'), join(folder, 'policies'), { recursive: true });
for (const line of commands) {
  test(`README.md: ${line}`, async () => {
    const trial = trials[line];
    assert.ok(trial !== undefined, 'the README shows a command that this test does not try');
    await trial(line);
  });
}

test('README.md: nothing is tried that is no longer shown', () => {
  assert.deepEqual(
    Object.keys(trials).filter((line) => !commands.includes(line)),
    [],
  );
});

for (const file of globSync('examples/*/hauberk.yaml', { cwd: root })) {
  test(`${file} is accepted`, () => {
    const place = mkdtempSync(join(folder, 'example-'));
    cpSync(join(root, file), join(place, 'hauberk.yaml'));
    const policies = join(root, dirname(file), 'policies');
    if (existsSync(policies)) cpSync(policies, join(place, 'policies'), { recursive: true });
    // What an installation brings itself: the file that `factsKey_FILE` names.
    writeFileSync(join(place, 'facts-key'), 'a'.repeat(40));
    const check = [join(root, 'packages/server/src/main.ts'), 'config', 'check', 'hauberk.yaml'];
    expectDone(spawnSync(process.execPath, check, { cwd: place, env: plainEnvironment(), encoding: 'utf8' }));
  });
}

test('README.md: what the program imports is there', async () => {
  const imports = blocksOf('ts').flatMap((block) => [...block.matchAll(/^import \{ ([^}]*) \} from '([^']+)'/gm)]);
  assert.ok(imports.length > 0);
  for (const [, names = '', specifier = ''] of imports) {
    const module = (await import(specifier)) as Readonly<Record<string, unknown>>;
    for (const name of names.split(', ')) assert.ok(name in module, `${specifier} has no ${name}`);
  }
});
