/** Call-chain ids: the vectors, a real stack, and hostile texts. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { mutant, randomOf } from '@hauberk/primitives/mutate';
import {
  type ChainFrame,
  chainId,
  frameText,
  maxChainFrames,
  maxStackLine,
  maxStackText,
  readStack,
} from '../src/index.ts';

interface Vectors {
  readonly read: readonly { name: string; stack: string; frames: readonly unknown[]; id: string }[];
  readonly frames: readonly { frames: readonly (readonly [string, string, number])[]; id: string }[];
  readonly refused: readonly { stack: string; code: string }[];
}
const vectors = JSON.parse(readFileSync(new URL('../vectors/call-chains.json', import.meta.url), 'utf8')) as Vectors;
const sha256 = (input: Uint8Array) => new Uint8Array(createHash('sha256').update(input).digest());
const codeOf = (stack: string): string => {
  const read = readStack(stack);
  return read.ok ? 'ok' : read.code;
};

test('stack texts become the frames and the id of the vectors', () => {
  assert.ok(vectors.read.length > 0);
  for (const { name, stack, frames, id } of vectors.read) {
    const read = readStack(stack);
    assert.ok(read.ok, name);
    assert.deepEqual(
      read.value.map((frame) => JSON.parse(frameText(frame)) as unknown),
      frames,
      name,
    );
    assert.equal(chainId(read.value, sha256), id, name);
  }
});

test('frames of DEX and Mach-O have the ids of the vectors', () => {
  for (const { frames, id } of vectors.frames) {
    const chain = frames.map(
      ([kind, place, offset]): ChainFrame =>
        kind === 'dex' ? { kind, method: place, offset } : { kind: 'macho', image: place, offset },
    );
    assert.equal(chainId(chain, sha256), id);
  }
});

test('what is no stack is refused with its code', () => {
  for (const { stack, code } of vectors.refused) assert.equal(codeOf(stack), code, stack);
  assert.equal(codeOf('f@x.js:1:2\n'.repeat(maxStackText)), 'chain.too-long');
  assert.equal(codeOf(`f@${'x'.repeat(maxStackLine)}:1:2`), 'chain.too-long');
  assert.equal(codeOf('f\ud800@x.js:1:2'), 'chain.malformed');
});

test('names made of marks are read in one pass each', () => {
  for (const unit of ['/', '<', ' [as ', '*', '.', 'async ']) {
    const name = unit.repeat(Math.floor(4000 / unit.length));
    for (const line of [`${name}x@a.js:1:2`, `at ${name}x (a.js:1:2)`]) {
      const read = readStack(Array.from({ length: 16 }, () => line).join('\n'));
      assert.ok(read.ok && read.value.length === 16, unit);
      assert.ok(
        read.value.every((frame) => frame.kind === 'js' && frame.name.endsWith('x')),
        unit,
      );
    }
  }
});

test('this engine writes what is read; the innermost frames are kept', () => {
  const before = Error.stackTraceLimit;
  Error.stackTraceLimit = 100;
  const descend = (depth: number): string => (depth === 0 ? (new Error().stack ?? '') : descend(depth - 1));
  const stack = descend(70);
  Error.stackTraceLimit = before;
  const read = readStack(stack);
  assert.ok(read.ok);
  assert.equal(read.value.length, maxChainFrames);
  const [first] = read.value;
  assert.ok(first?.kind === 'js' && first.name === 'descend' && first.script.endsWith('/call-chain.test.ts'));
});

test('mutated texts never throw, and what is read has bounded, well-formed frames', () => {
  const random = randomOf(20_261_121);
  const seeds = vectors.read.map(({ stack }) => stack);
  const fragments = [
    '@',
    ':',
    ' (',
    ')',
    '\n',
    '    at ',
    '*',
    '/<',
    '[native code]',
    'eval at ',
    '?',
    '\ud800',
    ':1:2',
  ];
  const counts = { read: 0, refused: 0 };
  for (let run = 0; run < 20_000; run += 1) {
    const read = readStack(mutant(random, seeds, fragments));
    if (!read.ok) {
      counts.refused += 1;
      continue;
    }
    counts.read += 1;
    assert.ok(read.value.length > 0 && read.value.length <= maxChainFrames);
    assert.match(chainId(read.value, sha256), /^[0-9a-f]{16}$/);
  }
  assert.ok(counts.read > 500 && counts.refused > 500, JSON.stringify(counts));
});
