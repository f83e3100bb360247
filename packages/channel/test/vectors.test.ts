/** Our own vectors, both ways: the generator makes what the files hold, and the files alone lead to what they promise. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { makeVectorFiles } from '../vectors/generate.ts';
import type { VectorFile } from '../vectors/vector.ts';
import { vectorChecks } from './fixture/check-vector.ts';

const folder = new URL('../vectors/', import.meta.url);
const read = (name: string): VectorFile => JSON.parse(readFileSync(new URL(name, folder), 'utf8'));
const names = globSync('*.json', { cwd: folder }).toSorted();

describe('vectors', () => {
  it('the generator makes exactly the files that are there', async () => {
    const made = await makeVectorFiles();
    assert.deepEqual(Object.keys(made).toSorted(), names);
    for (const name of names) assert.deepEqual(read(name), JSON.parse(JSON.stringify(made[name])), name);
  });

  for (const name of names) {
    const { about, cases } = read(name);
    it(`${name} says what it is about, and every case has a name of its own`, () => {
      assert.ok(about.length > 20);
      assert.equal(new Set(cases.map((one) => one.name)).size, cases.length);
      assert.ok(cases.some(({ expect }) => expect === 'ok'));
    });
    for (const { name: title, given, expect, result } of cases) {
      it(`${name}: ${title} (${expect})`, async () => {
        const outcome = await vectorChecks[name]?.(given);
        assert.equal(outcome?.code, expect);
        if (result !== undefined) assert.deepEqual(outcome?.result, result);
      });
    }
  }
});
