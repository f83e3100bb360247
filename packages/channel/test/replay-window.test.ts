import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  claimSequence,
  guaranteedWidth,
  isSequence,
  maxSequence,
  peekSequence,
  type WindowVerdict,
  windowWords,
} from '@hauberk/channel';
import fc from 'fast-check';
import { seeded } from './fixture/seed.ts';

/** The window by brute force: every claimed number, and for each of the eight places the highest block that was claimed in it. */
class Brute {
  private readonly claimed = new Set<number>();
  private readonly highest = new Map<number, number>();
  newest = -1;

  claim(sequence: number): WindowVerdict {
    const block = Math.floor(sequence / 16);
    const place = block % 8;
    if ((this.highest.get(place) ?? -1) > block) return 'too-old';
    if (this.claimed.has(sequence)) return 'replayed';
    this.claimed.add(sequence);
    this.highest.set(place, block);
    this.newest = Math.max(this.newest, sequence);
    return 'fresh';
  }
}

/** Runs of numbers as networks make them: near the newest, far behind, far ahead, at the ends. */
const deliveries = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('near' as const), by: fc.integer({ min: -160, max: 20 }) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('ahead' as const), by: fc.integer({ min: 0, max: 5000 }) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('any' as const), by: fc.nat(maxSequence - 1) }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('any' as const), by: fc.constantFrom(0, 1, 15, 16, maxSequence - 1) }),
    },
  ),
  { minLength: 1, maxLength: 400 },
);

const numberOf = (
  delivery: { readonly kind: 'near' | 'ahead' | 'any'; readonly by: number },
  newest: number,
): number => {
  const base = delivery.kind === 'any' ? 0 : Math.max(newest, 0);
  return Math.min(maxSequence - 1, Math.max(0, base + delivery.by));
};

describe('replay window', () => {
  it('says what brute force says, whatever arrives in whatever order', () => {
    fc.assert(
      fc.property(deliveries, (run) => {
        const table = new Int32Array(new SharedArrayBuffer(windowWords * 4));
        const brute = new Brute();
        for (const delivery of run) {
          const sequence = numberOf(delivery, brute.newest);
          const peeked = peekSequence(table, 0, sequence);
          const verdict = claimSequence(table, 0, sequence);
          assert.equal(peeked, verdict);
          assert.equal(verdict, brute.claim(sequence));
        }
      }),
      seeded('replay window', 3000),
    );
  });

  it('accepts nothing twice and refuses no first delivery within the guaranteed width', () => {
    fc.assert(
      fc.property(deliveries, (run) => {
        const table = new Int32Array(new SharedArrayBuffer(windowWords * 4));
        const accepted = new Set<number>();
        let newest = -1;
        for (const delivery of run) {
          const sequence = numberOf(delivery, newest);
          const verdict = claimSequence(table, 0, sequence);
          if (verdict === 'fresh') assert.ok(!accepted.has(sequence), `${sequence} twice`);
          else if (!accepted.has(sequence))
            assert.ok(newest - sequence >= guaranteedWidth, `${sequence} under ${newest}`);
          if (verdict !== 'fresh') continue;
          accepted.add(sequence);
          newest = Math.max(newest, sequence);
        }
      }),
      seeded('replay window width', 3000),
    );
  });

  it('the guaranteed width is exact: for every newest number the oldest guaranteed one passes, and for some no older one', () => {
    let narrowest = Number.POSITIVE_INFINITY;
    for (let newest = 1000; newest < 1000 + 128; newest += 1) {
      const table = new Int32Array(windowWords);
      for (let sequence = 0; sequence <= newest; sequence += 16) claimSequence(table, 0, sequence);
      claimSequence(table, 0, newest);
      let width = 1;
      while (peekSequence(table, 0, newest - width) !== 'too-old') width += 1;
      narrowest = Math.min(narrowest, width);
    }
    assert.equal(narrowest, guaranteedWidth);
  });

  it('the last sequence number is one below the limit', () => {
    assert.deepEqual([-1, 0, 0.5, maxSequence - 1, maxSequence, Number.NaN].map(isSequence), [
      false,
      true,
      false,
      true,
      false,
      false,
    ]);
    const table = new Int32Array(windowWords);
    assert.equal(claimSequence(table, 0, maxSequence - 1), 'fresh');
    assert.equal(claimSequence(table, 0, maxSequence - 1), 'replayed');
    assert.equal(claimSequence(table, 0, maxSequence - 129), 'too-old');
  });
});
