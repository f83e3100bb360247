/** Programs that must not compile: the types alone keep an unverified request from being forwarded, and units and layers from being mixed. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('./wrong-programs/', import.meta.url));
const root = fileURLToPath(new URL('..', import.meta.url));
const files = globSync('*.ts', { cwd: folder }).toSorted();

/** The compiler of this checkout, through its package and not through a path that may lack it. */
const compiler = (): string => {
  const manifest = createRequire(import.meta.url).resolve('typescript/package.json');
  const { bin } = JSON.parse(readFileSync(manifest, 'utf8')) as { readonly bin: { readonly tsc: string } };
  return join(dirname(manifest), bin.tsc);
};

/** `file:line code` of every error that the compiler finds, in one run over all programs, as a pure package is compiled. */
const compile = (): readonly string[] => {
  const place = mkdtempSync(join(tmpdir(), 'wrong-programs-'));
  after(() => rmSync(place, { recursive: true }));
  const config = {
    extends: join(root, 'tsconfig.pure.json'),
    compilerOptions: { noUnusedLocals: false, isolatedDeclarations: false, declaration: false },
    include: [join(root, 'packages/primitives/ambient.d.ts'), join(folder, '*.ts')],
  };
  writeFileSync(join(place, 'tsconfig.json'), JSON.stringify(config));
  const { stdout, status } = spawnSync(process.execPath, [compiler(), '-p', place, '--pretty', 'false'], {
    cwd: root,
    encoding: 'utf8',
  });
  assert.notEqual(status, null, 'the compiler did not run');
  return [...stdout.matchAll(/^(.+?)\((\d+),\d+\): error (TS\d+)/gm)].map(
    ([, file = '', line, code]) => `${basename(file)}:${line} ${code}`,
  );
};

/** What a program says of itself: the line after each marker holds that error. */
const expectedOf = (file: string): readonly string[] =>
  readFileSync(join(folder, file), 'utf8')
    .split('\n')
    .flatMap((line, index) => {
      const code = /^\s*\/\/ expect (TS\d+)$/.exec(line)?.[1];
      return code === undefined ? [] : [`${file}:${index + 2} ${code}`];
    });

describe('programs that must not compile', () => {
  const found = compile();

  it('there are enough of them, and the compiler looked at nothing else', () => {
    assert.ok(files.length >= 21, `${files.length}`);
    assert.deepEqual(
      found.filter((error) => !files.includes(error.split(':')[0] ?? '')),
      [],
    );
  });

  for (const file of files) {
    const isControl = file === 'control.ts';
    it(isControl ? 'control: the right ways do compile' : basename(file, '.ts').replaceAll('-', ' '), () => {
      const expected = expectedOf(file);
      assert.equal(expected.length === 0, isControl, 'a wrong program says which error it expects');
      assert.deepEqual(found.filter((error) => error.startsWith(`${file}:`)).toSorted(), expected.toSorted());
    });
  }
});
