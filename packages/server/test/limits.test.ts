import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { createKeyedHash, epochMs } from '@hauberk/primitives';
import fc from 'fast-check';
import { decodeBody, isCoded } from '../src/gateway/body-coding.ts';
import { createHold } from '../src/gateway/hold.ts';
import { createRateLimiter, rateTableBytes } from '../src/gateway/rate-limit.ts';
import type { RateLimit } from '../src/gateway/route.ts';

const born = epochMs(1_700_000_000_000);
const at = (milliseconds: number) => epochMs(born + milliseconds);
const limiterOf = (cells: number, key = new Uint8Array(8)) =>
  createRateLimiter(new SharedArrayBuffer(rateTableBytes(cells)), key, born);

test('keyed hash: HalfSipHash-2-4 with 64 bits, as its authors publish it', () => {
  const hash = createKeyedHash(Uint8Array.from([0, 1, 2, 3, 4, 5, 6, 7]));
  const value = { low: 0, high: 0 };
  const published = ['218d1f59b9b83cc8', 'be552412f8387315', '064f39ef7c50eb57', 'ce0f1a45f7060679'];
  for (const [length, expected] of published.entries()) {
    hash(String.fromCharCode(...Array.from({ length }, (_, index) => index)), value);
    const bytes = Buffer.alloc(8);
    bytes.writeInt32LE(value.low, 0);
    bytes.writeInt32LE(value.high, 4);
    assert.equal(bytes.toString('hex'), expected);
  }
});

test('limit: a burst passes at once, then one request an interval, and a rest restores the burst', () => {
  const limiter = limiterOf(1024);
  const limit = { perSecond: 2, burst: 3 };
  const admit = (time: number) => limiter.admit(limit, 'route', 'a', at(time)) === 0;
  assert.deepEqual([admit(0), admit(0), admit(0), admit(0)], [true, true, true, false]);
  assert.deepEqual([admit(499), admit(500), admit(501)], [false, true, false]);
  assert.deepEqual([admit(5000), admit(5000), admit(5000), admit(5000)], [true, true, true, false]);
});

test('limit: a refusal says after which time the next one is admitted', () => {
  const limiter = limiterOf(1024);
  const limit = { perSecond: 0.5, burst: 1 };
  assert.equal(limiter.admit(limit, 'route', 'a', at(0)), 0);
  const wait = limiter.admit(limit, 'route', 'a', at(100));
  assert.ok(wait > 1800 && wait <= 2000, String(wait));
  assert.equal(limiter.admit(limit, 'route', 'a', at(100 + wait)), 0);
});

test('limit: what is given back can be used again, once, and never more than the burst', () => {
  const limiter = limiterOf(1024);
  const limit = { perSecond: 0.001, burst: 2 };
  const admit = (): boolean => limiter.admit(limit, 'x', 'a', at(0)) === 0;
  limiter.giveBack(limit, 'x', 'a', at(0));
  assert.deepEqual([admit(), admit(), admit()], [true, true, false]);
  limiter.giveBack(limit, 'x', 'other', at(0));
  assert.equal(admit(), false);
  limiter.giveBack(limit, 'x', 'a', at(0));
  assert.deepEqual([admit(), admit()], [true, false]);
  for (let index = 0; index < 5; index += 1) limiter.giveBack(limit, 'x', 'a', at(0));
  assert.deepEqual([admit(), admit(), admit()], [true, true, false]);
});

test('limit: subjects and scopes do not share', () => {
  const limiter = limiterOf(1024);
  const limit = { perSecond: 0.001, burst: 1 };
  for (const [scope, subject] of [
    ['x', 'a'],
    ['x', 'b'],
    ['y', 'a'],
  ] as const)
    assert.equal(limiter.admit(limit, scope, subject, at(0)), 0);
  assert.ok(limiter.admit(limit, 'x', 'a', at(0)) > 0);
});

test('limit: agrees with GCRA in exact arithmetic within a sixteenth of an interval', () => {
  const steps = fc.array(fc.integer({ min: 0, max: 3000 }), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 8 }), steps, (perSecond, burst, waits) => {
      const limiter = limiterOf(64);
      const interval = 1000 / perSecond;
      let now = 0;
      let low = 0;
      let high = 0;
      for (const wait of waits) {
        now += wait;
        const admitted = limiter.admit({ perSecond, burst }, 's', 'k', at(now)) === 0;
        // Two references that err by the rounding to either side: what both say must hold.
        const slack = interval / 16;
        const mustAdmit = Math.max(high, now) + interval + slack <= now + burst * interval;
        const mayAdmit = Math.max(low, now) + interval - slack <= now + burst * interval;
        if (mustAdmit) assert.ok(admitted);
        if (!mayAdmit) assert.ok(!admitted);
        if (!admitted) continue;
        low = Math.max(low, now) + interval - slack;
        high = Math.max(high, now) + interval + slack;
      }
    }),
    { numRuns: 300 },
  );
});

test('limit: 200 parallel calls from four threads pass exactly as often as the burst allows', async () => {
  const memory = new SharedArrayBuffer(rateTableBytes(1024));
  const admitted = new SharedArrayBuffer(8);
  const gate = new Int32Array(admitted);
  const limiterModule = new URL('../src/gateway/rate-limit.ts', import.meta.url).href;
  const program = `
    import { workerData } from 'node:worker_threads';
    const { createRateLimiter } = await import(${JSON.stringify(limiterModule)});
    const limiter = createRateLimiter(workerData.memory, new Uint8Array(8), workerData.born);
    const gate = new Int32Array(workerData.admitted);
    Atomics.add(gate, 1, 1);
    while (Atomics.load(gate, 1) < 4) {}
    for (let turn = 0; turn < 50; turn += 1)
      if (limiter.admit({ perSecond: 0.001, burst: 10 }, 'coupon', 'everyone', workerData.born) === 0) Atomics.add(gate, 0, 1);
  `;
  const workers = Array.from(
    { length: 4 },
    () =>
      new Worker(new URL(`data:text/javascript,${encodeURIComponent(program)}`), {
        workerData: { memory, admitted, born },
      }),
  );
  await Promise.all(workers.map((worker) => once(worker, 'exit')));
  assert.equal(Atomics.load(gate, 0), 10);
});

test('limit: a full table takes recovered keys first and still limits the busy one', () => {
  const limiter = limiterOf(8);
  const limit: RateLimit = { perSecond: 0.1, burst: 3 };
  for (let turn = 0; turn < 3; turn += 1) limiter.admit(limit, 's', 'busy', at(0));
  for (let other = 0; other < 500; other += 1) limiter.admit(limit, 's', `other-${other}`, at(0));
  assert.ok(limiter.admit(limit, 's', 'busy', at(0)) > 0);
});

test('limit: a clock that was set back forgets a debt instead of locking anybody out', () => {
  const limiter = limiterOf(64);
  const limit = { perSecond: 1, burst: 2 };
  assert.equal(limiter.admit(limit, 's', 'k', at(86_400_000)), 0);
  assert.equal(limiter.admit(limit, 's', 'k', at(0)), 0);
});

test('hold: holds so many, refuses the rest, and makes room again', async () => {
  const hold = createHold(() => ({ slowMs: 20, heldRequests: 2 }));
  const first = [hold(), hold()];
  assert.equal(await hold(), false);
  assert.deepEqual(await Promise.all(first), [true, true]);
  assert.equal(await hold(), true);
});

const plain = Buffer.from(JSON.stringify({ amount: 5, note: 'x'.repeat(100) }));
const limits = { decompressedBytes: 1_048_576, decompressionRatio: 50 };
const codings = [
  ['gzip', gzipSync],
  ['deflate', deflateSync],
  ['br', brotliCompressSync],
  ['zstd', zstdCompressSync],
] as const;
for (const [coding, compress] of codings) {
  test(`coding: ${coding} is undone within bounds`, async () => {
    const decoded = await decodeBody(coding.toUpperCase(), compress(plain), limits);
    assert.ok(decoded.ok);
    assert.deepEqual(Buffer.from(decoded.value), plain);
  });
  test(`coding: a ${coding} bomb stops at the ratio`, async () => {
    const decoded = await decodeBody(coding, compress(Buffer.alloc(5_000_000)), limits);
    assert.equal(decoded.ok ? decoded.value.length : decoded.code, 'coding.bomb');
  });
  test(`coding: a ${coding} body over the size cap is refused`, async () => {
    const decoded = await decodeBody(coding, compress(plain), { decompressedBytes: 50, decompressionRatio: 50 });
    assert.equal(decoded.ok ? 'decoded' : decoded.code, 'coding.bomb');
  });
  test(`coding: a cut-off ${coding} body is malformed`, async () => {
    const whole = compress(plain);
    const decoded = await decodeBody(coding, whole.subarray(0, whole.length >> 1), limits);
    assert.equal(decoded.ok ? 'decoded' : decoded.code, 'coding.malformed');
  });
}

test('coding: unknown and stacked codings are unsupported, identity is none', async () => {
  for (const coding of ['gzip, br', 'compress', 'aes128gcm']) {
    const decoded = await decodeBody(coding, plain, limits);
    assert.equal(decoded.ok ? 'decoded' : decoded.code, 'coding.unsupported');
  }
  assert.deepEqual(
    [isCoded(undefined), isCoded('identity'), isCoded('IDENTITY'), isCoded('gzip')],
    [false, false, false, true],
  );
});
