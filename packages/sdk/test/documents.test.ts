/** docs/sdk.md says what the code does. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';

const read = (path: string): Promise<string> => readFile(new URL(path, import.meta.url), 'utf8');

/** The string literals of an exported union type. */
const literalsOf = (source: string, type: string): readonly string[] => {
  const body = new RegExp(`export type ${type} =([^;]+);`).exec(source)?.[1] ?? '';
  return [...body.matchAll(/'([a-z-]+)'/g)].map(([, literal = '']) => literal);
};

/** The code spans in the first cells of a table under a heading cell. */
const rowsOf = (document: string, heading: string): readonly string[] => {
  const table = document.split(`| ${heading} |`)[1]?.split('\n\n')[0] ?? '';
  const cells = table.split('\n').map((line) => line.split('|')[1] ?? '');
  return cells.flatMap((cell) => [...cell.matchAll(/`([A-Za-z.-]+)`/g)].map(([, span = '']) => span));
};

const sorted = (names: readonly string[]): readonly string[] => names.toSorted();

describe('docs/sdk.md', () => {
  for (const [heading, type, file] of [
    ['Code', 'HauberkCode', '../src/core/hauberk-error.ts'],
    ['Phase', 'FailurePhase', '../src/core/hauberk-error.ts'],
  ] as const)
    it(`names every ${type} and no other`, async () => {
      const literals = literalsOf(await read(file), type);
      assert.ok(literals.length > 5);
      assert.deepEqual(sorted(rowsOf(await read('../../../docs/sdk.md'), heading)), sorted(literals));
    });

  for (const [heading, name, file] of [
    ['Option', 'HauberkOptions', '../src/core/options.ts'],
    ['Entry | What it is | When it is gone', 'StoredEntries', '../src/core/storage.ts'],
  ] as const)
    it(`names every member of ${name}`, async () => {
      const body = (await read(file)).split(`export interface ${name} {`)[1]?.split('\n}')[0] ?? '';
      const members = [...body.matchAll(/^ {2}readonly '?([a-zA-Z-]+)'?\??:/gm)].map(([, member = '']) => member);
      const named = new Set(rowsOf(await read('../../../docs/sdk.md'), heading).map((span) => span.split('.')[0]));
      assert.ok(members.length > 4);
      assert.deepEqual(sorted([...named].map(String)), sorted(members));
    });

  it('every code is thrown somewhere', async () => {
    const files = [
      'call',
      'config-keeper',
      'deadline',
      'device-keeper',
      'exchange',
      'handshake',
      'plain-call',
      'reply-stream',
    ];
    const more = ['session-keeper', 'step-up'];
    const sources = await Promise.all([...files, ...more].map((file) => read(`../src/core/${file}.ts`)));
    const thrown = sources.flatMap((source) =>
      [...source.matchAll(/new HauberkError\(\s*'([a-z-]+)'/g)].map(([, code = '']) => code),
    );
    const literals = literalsOf(await read('../src/core/hauberk-error.ts'), 'HauberkCode');
    assert.deepEqual(sorted([...new Set(thrown)]), sorted(literals));
  });
});
