/** What apps download. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import vm from 'node:vm';
import { buildSdk } from '../build.ts';

const built = buildSdk();
const sizeOf = async (name: string): Promise<number> =>
  (await built).find((file) => file.name === name)?.gzipBytes ?? Number.POSITIVE_INFINITY;

describe('SDK build', () => {
  for (const [name, limit] of [
    ['hauberk.mjs', 20],
    ['hauberk.js', 20],
    ['hauberk-noble.mjs', 45],
  ] as const)
    it(`${name} is at most ${limit} KB gzipped`, async () => {
      const size = await sizeOf(name);
      assert.ok(size <= limit * 1024, `${size} bytes`);
    });

  it('the file for pages without modules defines one global', async () => {
    const file = (await built).find(({ name }) => name === 'hauberk.js');
    const sandbox: { Hauberk?: { createHauberk?: unknown } } = {};
    vm.runInNewContext(
      `${new TextDecoder().decode(file?.bytes)};this.Hauberk = Hauberk`,
      vm.createContext(Object.assign(sandbox, { TextEncoder, TextDecoder })),
    );
    assert.equal(typeof sandbox.Hauberk?.createHauberk, 'function');
  });

  it('no web build names a module that a page would have to find', async () => {
    const file = (await built).find(({ name }) => name === 'hauberk.mjs');
    assert.doesNotMatch(new TextDecoder().decode(file?.bytes), /\bfrom\s*["']|\brequire\(|\bimport\s*["'(]/);
  });
});
