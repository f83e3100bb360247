import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import {
  helloMemorySeconds,
  helloSkewSeconds,
  openStrikeRegister,
  type StrikeRegister,
  strike,
  strikeRegisterBytes,
} from '@hauberk/channel';
import { nodeCrypto } from '@hauberk/crypto/node';
import { type EpochSeconds, epochSeconds, utf8 } from '@hauberk/primitives';
import fc from 'fast-check';
import { seeded } from './fixture/seed.ts';

const bornAt = epochSeconds(1_790_000_000);
const span = 100;
const at = (second: number): EpochSeconds => epochSeconds(bornAt + second);
const hashOf = (index: number): Uint8Array => nodeCrypto.sha256(utf8(`hello ${index}`));
const fresh = (capacity: number): StrikeRegister =>
  openStrikeRegister(new SharedArrayBuffer(strikeRegisterBytes(capacity)), span, bornAt);

describe('strike register', () => {
  it('remembers as long as a hello can be fresh and as long as early data can', () => {
    assert.ok(helloMemorySeconds(120) > 2 * helloSkewSeconds);
    assert.ok(helloMemorySeconds(600) >= 630);
  });

  it('remembers an entry for a whole span from whatever second it came', () => {
    for (let second = 0; second < 3 * span; second += 7) {
      const register = fresh(64);
      assert.equal(strike(register, hashOf(1), at(second)), 'first');
      for (const later of [0, 1, span - 1, span])
        assert.equal(strike(register, hashOf(1), at(second + later)), 'repeated');
    }
  });

  it('forgets after two spans, also after a long silence', () => {
    for (const silence of [2 * span, 3 * span, 4 * span, 1000 * span]) {
      const register = fresh(64);
      strike(register, hashOf(1), at(50));
      assert.equal(strike(register, hashOf(1), at(50 + silence)), 'first');
      assert.equal(strike(register, hashOf(1), at(50 + silence)), 'repeated');
    }
  });

  it('old entries take no room', () => {
    const register = fresh(256);
    for (let turn = 0; turn < 50; turn += 1) {
      for (let index = 0; index < 128; index += 1)
        assert.equal(strike(register, hashOf(turn * 1000 + index), at(turn * span)), 'first', `turn ${turn}`);
    }
  });

  it('a clock set back forgets nothing', () => {
    const register = fresh(64);
    strike(register, hashOf(1), at(10 * span));
    assert.equal(strike(register, hashOf(1), at(9 * span - 1)), 'repeated');
    assert.equal(strike(register, hashOf(2), at(-5 * span)), 'first');
    assert.equal(strike(register, hashOf(2), at(10 * span)), 'repeated');
  });

  it('full means refused, never forgotten', () => {
    const register = fresh(8);
    const first = [...Array(64).keys()].map((index) => strike(register, hashOf(index), at(0)));
    assert.equal(first.filter((verdict) => verdict === 'first').length, 8);
    assert.equal(first.filter((verdict) => verdict === 'full').length, 56);
    for (const [index, verdict] of first.entries())
      assert.equal(strike(register, hashOf(index), at(1)), verdict === 'first' ? 'repeated' : 'full');
  });

  it('a thread that is a turn behind sees what the others struck, and they see what it strikes', () => {
    const register = fresh(64);
    strike(register, hashOf(1), at(span));
    assert.equal(strike(register, hashOf(1), at(span - 1)), 'repeated');
    assert.equal(strike(register, hashOf(2), at(span - 1)), 'first');
    assert.equal(strike(register, hashOf(2), at(span)), 'repeated');
  });

  it('of two threads on both sides of a turn, the one in the middle of its strike sees the other', () => {
    const register = fresh(64);
    strike(register, hashOf(0), at(0));
    const exchange = Atomics.compareExchange.bind(Atomics);
    let ahead: string | undefined;
    const overtaken = mock.method(Atomics, 'compareExchange', ((...given: Parameters<typeof exchange>) => {
      overtaken.mock.restore();
      ahead = strike(register, hashOf(1), at(span));
      return exchange(...given);
    }) as typeof Atomics.compareExchange);
    assert.equal(strike(register, hashOf(1), at(span - 1)), 'repeated');
    assert.equal(ahead, 'first');
  });

  it('agrees with a model: first at most once within a span, and always when it was not seen for two', () => {
    const steps = fc.array(fc.record({ key: fc.nat(30), wait: fc.nat(60) }), { maxLength: 300 });
    fc.assert(
      fc.property(steps, (run) => {
        const register = fresh(256);
        const lastFirst = new Map<number, number>();
        let second = 0;
        for (const { key, wait } of run) {
          second += wait;
          const verdict = strike(register, hashOf(key), at(second));
          const age = second - (lastFirst.get(key) ?? Number.NEGATIVE_INFINITY);
          if (verdict === 'first') {
            assert.ok(age > span, `first again after ${age} s`);
            lastFirst.set(key, second);
          } else {
            assert.equal(verdict, 'repeated');
            assert.ok(age < 2 * span, `refused after ${age} s`);
          }
        }
      }),
      seeded('strike register', 1000),
    );
  });
});
