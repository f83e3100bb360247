/** Every code of a refusal is explained on the pages about evidence. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import test from 'node:test';

const folder = new URL('../', import.meta.url).pathname;
const unionForm = /export type \w+Code =\s*((?:\|?\s*(?:'[^']+'|\w+)\s*)+);/g;

const codes = new Set(
  globSync('src/*.ts', { cwd: folder }).flatMap((file) => {
    const source = readFileSync(folder + file, 'utf8');
    return [...source.matchAll(unionForm)].flatMap(([union]) =>
      [...union.matchAll(/'([^']+)'/g)].map(([, code]) => code ?? ''),
    );
  }),
);

test('every code is on the page about evidence, or on the one about devices', () => {
  const pages = ['attestation', 'device-matrix'].map((name) => readFileSync(`${folder}../../docs/${name}.md`, 'utf8'));
  assert.ok(codes.size > 120, `${codes.size} codes`);
  assert.deepEqual(
    [...codes].filter((code) => !pages.some((page) => page.includes(`\`${code}\``))),
    [],
  );
});
