import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { corporaIn, locateCorpora } from '../scripts/vectors/corpora.ts';
import { runners } from '../scripts/vectors/registry.ts';
import { runCorpus } from '../scripts/vectors/run-corpus.ts';

const corpora = locateCorpora(process.env);
const folders = corporaIn(corpora);
const withRunner = runners.map(({ folder }) => folder).filter((folder) => folders?.includes(folder) === true);

test('official corpora', {
  skip: folders === undefined ? 'no corpora here; HAUBERK_VECTORS may name their folder' : false,
}, async (context) => {
  for (const folder of withRunner)
    await context.test(`every case of ${folder} has its expected result`, async () => {
      const { line, faults } = await runCorpus(corpora, folder);
      assert.deepEqual(faults, []);
      assert.match(line, /^vectors [a-z0-9-]+: [1-9]\d* passed, 0 failed, \d+ skipped$/);
    });
  assert.ok(withRunner.length > 0, 'a folder of corpora that holds none that we know');
});

test('every runner has a folder of its own', () => {
  const names = runners.map(({ folder }) => folder);
  assert.equal(new Set(names).size, names.length);
});

const script = fileURLToPath(new URL('../scripts/vectors.ts', import.meta.url));

/** Runs the command over a folder with these files. */
const runOver = (context: TestContext, files: { readonly [path: string]: string }): ReturnType<typeof spawnVectors> => {
  const folder = mkdtempSync(join(tmpdir(), 'vectors-'));
  context.after(() => rmSync(folder, { recursive: true }));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    if (text === 'nowhere') symlinkSync(join(folder, 'absent'), join(folder, path));
    else writeFileSync(join(folder, path), text);
  }
  return spawnVectors(folder);
};

const spawnVectors = (folder: string): { status: number | null; lines: string[]; stderr: string } => {
  const environment = { ...process.env, HAUBERK_VECTORS: folder };
  const { status, stdout, stderr } = spawnSync(process.execPath, [script], { env: environment, encoding: 'utf8' });
  return { status, lines: stdout.split('\n').slice(0, -1), stderr };
};

const field = { name: 'one', raw: ['1'], header_type: 'item', expected: [1, []] };
const wrongField = { ...field, expected: [2, []] };
const mac = {
  algorithm: 'HMACSM3',
  schema: 'mac_test_schema_v1.json',
  testGroups: [
    {
      type: 'MacTest',
      keySize: 8,
      tagSize: 256,
      tests: [{ tcId: 1, key: '00', msg: '', tag: '00'.repeat(32), result: 'invalid' }],
    },
  ],
};

test('one line for each folder, from the first column, whatever the files are called', (context) => {
  const { status, lines } = runOver(context, {
    'structured-fields/odd name.json': JSON.stringify([field]),
    'structured-fields/deeper/still.json': JSON.stringify([field]),
    'wycheproof/x': JSON.stringify(mac),
    'unheard-of/file': 'anything',
    'README.md': 'no folder',
  });
  assert.deepEqual(lines, [
    'vectors structured-fields: 2 passed, 0 failed, 0 skipped',
    'vectors unheard-of: no runner',
    'vectors wycheproof: 1 passed, 0 failed, 0 skipped',
  ]);
  assert.equal(status, 0);
});

test('a failed case is counted, told on stderr, and fails the run', (context) => {
  const { status, lines, stderr } = runOver(context, {
    'structured-fields/a.json': JSON.stringify([field, wrongField]),
  });
  assert.deepEqual(lines, ['vectors structured-fields: 1 passed, 1 failed, 0 skipped']);
  assert.match(stderr, /structured-fields.*a\.json/);
  assert.equal(status, 1);
});

const unreadable: readonly (readonly [string, string])[] = [
  ['structured-fields/a.json', '[{"name":'],
  ['wycheproof/a.json', '{"algorithm":'],
  ['wycheproof/a.json', 'nowhere'],
];
for (const [path, text] of unreadable)
  test(`a file of a known corpus that cannot be read fails the run: ${path} holding ${text}`, (context) => {
    const { status, lines, stderr } = runOver(context, { [path]: text });
    assert.equal(lines.length, 1);
    assert.match(stderr, /unreadable/);
    assert.equal(status, 1);
  });

test('an unreadable file of a corpus without a runner is nobody’s fault', (context) => {
  const { status, lines } = runOver(context, { 'unheard-of/a': 'nowhere' });
  assert.deepEqual([status, lines], [0, ['vectors unheard-of: no runner']]);
});

test('a named folder that is not there fails the run', () => {
  const { status, lines, stderr } = spawnVectors(join(tmpdir(), 'no-such-folder-of-vectors'));
  assert.deepEqual([status, lines], [1, []]);
  assert.match(stderr, /HAUBERK_VECTORS/);
});

test('without a name the folder beside the repository is meant, and may be absent', () => {
  assert.equal(locateCorpora({}).isNamed, false);
  assert.match(locateCorpora({}).path, /shared[\\/]vectors$/);
  assert.equal(corporaIn({ path: join(tmpdir(), 'no-such-folder-of-vectors'), isNamed: false }), undefined);
});
