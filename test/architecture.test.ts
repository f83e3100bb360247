/** The house rules of ARCHITECTURE.md, enforced: floors, doors, purity, sizes, dependencies. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import test from 'node:test';

/** Floor → packages. Imports go down only; a package of the same floor is a stranger. */
const floors: Readonly<Record<string, number>> = {
  primitives: 0,
  channel: 1,
  crypto: 1,
  'admin-client': 1,
  attestation: 1,
  privacy: 1,
  rollout: 1,
  device: 2,
  artifact: 2,
  binding: 3,
  decision: 3,
  signing: 3,
  identity: 3,
  operations: 4,
  server: 5,
  sdk: 5,
  console: 5,
  simulator: 6,
};
/** Compiled without any host type, so that they cannot name a file, a socket, a timer or a clock. */
const pure = [
  'primitives',
  'channel',
  'attestation',
  'privacy',
  'rollout',
  'device',
  'artifact',
  'binding',
  'decision',
  'signing',
  'identity',
  'operations',
];
/** The only packages that the SDK may need at run time. */
const sdkMayImport = ['primitives', 'channel', 'crypto'];
/** And doors that are made for clients: small, without the schema library. */
const clientDoors = ['@hauberk/privacy/client', '@hauberk/rollout/client', '@hauberk/device/client'];
const maxRuntimeDependencies = 12;

const sources = globSync('packages/*/src/**/*.ts').map((file) => file.split(sep).join('/'));
const packageOf = (file: string): string => file.split('/')[1] ?? '';

interface Import {
  readonly file: string;
  readonly specifier: string;
  readonly isType: boolean;
}

const importForm =
  /^\s*(?:import|export)\s+(type\s)?(?:[^'"`;]*?\sfrom\s+)?['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)/gm;
const importsOf = (file: string): readonly Import[] =>
  [...readFileSync(file, 'utf8').matchAll(importForm)].map((match) => ({
    file,
    specifier: match[2] ?? match[3] ?? '',
    isType: match[1] !== undefined,
  }));
const imports = sources.flatMap(importsOf);

const describeImport = ({ file, specifier }: Import): string => `${file} imports ${specifier}`;

test('every package stands on a known floor', () => {
  const unknown = globSync('packages/*')
    .map((folder) => folder.split(sep)[1] ?? '')
    .filter((name) => !(name in floors));
  assert.deepEqual(unknown, []);
});

test('imports go down a floor, never up and never sideways', () => {
  const wrong = imports.filter(({ file, specifier }) => {
    const target = /^@hauberk\/([a-z-]+)/.exec(specifier)?.[1];
    if (target === undefined || target === packageOf(file)) return false;
    return (floors[target] ?? 99) >= (floors[packageOf(file)] ?? 99);
  });
  assert.deepEqual(wrong.map(describeImport), []);
});

test('the SDK needs only the small packages at run time', () => {
  const wrong = imports.filter(({ file, specifier, isType }) => {
    const target = /^@hauberk\/([a-z-]+)/.exec(specifier)?.[1];
    if (packageOf(file) !== 'sdk' || target === undefined || isType || clientDoors.includes(specifier)) return false;
    return target !== 'sdk' && !sdkMayImport.includes(target);
  });
  assert.deepEqual(wrong.map(describeImport), []);
});

test('no relative import leaves its package', () => {
  const wrong = imports.filter(({ file, specifier }) => {
    if (!specifier.startsWith('.')) return false;
    const target = relative(process.cwd(), resolve(dirname(file), specifier))
      .split(sep)
      .join('/');
    return !target.startsWith(`packages/${packageOf(file)}/`);
  });
  assert.deepEqual(wrong.map(describeImport), []);
});

test('pure packages import neither node nor a library', () => {
  const wrong = imports.filter(
    ({ file, specifier }) =>
      pure.includes(packageOf(file)) &&
      !specifier.startsWith('.') &&
      !specifier.startsWith('@hauberk/') &&
      specifier !== 'zod',
  );
  assert.deepEqual(wrong.map(describeImport), []);
});

test('every pure package is compiled without host types', () => {
  const config = readFileSync('tsconfig.pure.json', 'utf8');
  const missing = pure.filter(
    (name) => existsSync(join('packages', name)) && !config.includes(`"packages/${name}/src"`),
  );
  assert.deepEqual(missing, []);
});

test('every import of a library is declared by its package', () => {
  const wrong = imports.filter(({ file, specifier }) => {
    if (specifier.startsWith('.') || specifier.startsWith('node:')) return false;
    const name = specifier
      .split('/')
      .slice(0, specifier.startsWith('@') ? 2 : 1)
      .join('/');
    if (name === `@hauberk/${packageOf(file)}`) return false;
    const manifest = JSON.parse(readFileSync(`packages/${packageOf(file)}/package.json`, 'utf8'));
    return !(name in { ...manifest.dependencies, ...manifest.peerDependencies });
  });
  assert.deepEqual(wrong.map(describeImport), []);
});

test(`at most ${maxRuntimeDependencies} direct run-time dependencies, none with an install script`, () => {
  const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
    packages: Record<
      string,
      { dependencies?: Record<string, string>; dev?: boolean; hasInstallScript?: boolean; optional?: boolean }
    >;
  };
  const direct = new Set(
    Object.entries(lock.packages)
      .filter(([path]) => path.startsWith('packages/'))
      .flatMap(([, entry]) => Object.keys(entry.dependencies ?? {}))
      .filter((name) => !name.startsWith('@hauberk/')),
  );
  assert.ok(direct.size <= maxRuntimeDependencies, [...direct].join(', '));
  const scripted = Object.entries(lock.packages)
    .filter(([, entry]) => entry.hasInstallScript === true && entry.dev !== true)
    .map(([path]) => path);
  assert.deepEqual(scripted, []);
});

test('the lock file names no registry', () => {
  assert.doesNotMatch(readFileSync('package-lock.json', 'utf8'), /"resolved": "https?:/);
});

test('functions have at most 60 lines, files at most 400', () => {
  const rules = ['-A', 'all', '-c', 'test/size-rules.json', '--format=unix', 'packages', 'scripts', 'bench'];
  const { stdout, status } = spawnSync('node_modules/.bin/oxlint', rules, { encoding: 'utf8' });
  assert.equal(status, 0, stdout);
});

test('nothing is checked in that a build makes', () => {
  const tracked = execFileSync('git', ['ls-files'], { encoding: 'utf8' }).split('\n');
  assert.deepEqual(
    tracked.filter((file) => /(^|\/)(dist|node_modules|coverage|\.cache)\//.test(file)),
    [],
  );
});
