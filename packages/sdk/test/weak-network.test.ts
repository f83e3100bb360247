/** Timeouts, hedges, budgets and origins that follow the network. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { EndpointList } from '../src/core/endpoint-list.ts';
import { hedged } from '../src/core/hedge.ts';
import { RetryBudget } from '../src/core/retry-budget.ts';
import { RoundTrips } from '../src/core/round-trips.ts';

describe('round trips', () => {
  it('nothing is known before the first reply', () => {
    const trips = new RoundTrips();
    assert.deepEqual([trips.lateMs(), trips.slowMs()], [undefined, undefined]);
  });

  it('a steady network is late soon after its usual time, an unsteady one much later', () => {
    const [steady, unsteady] = [new RoundTrips(), new RoundTrips()];
    for (let index = 0; index < 64; index += 1) {
      steady.learn(100);
      unsteady.learn(index % 2 === 0 ? 20 : 180);
    }
    assert.ok((steady.lateMs() ?? 0) < 110);
    assert.ok((unsteady.lateMs() ?? 0) > 300);
  });

  it('what is late is never less than the smoothed time, whatever came', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 60_000 }), { minLength: 1 }), (samples) => {
        const trips = new RoundTrips();
        for (const sample of samples) trips.learn(sample);
        assert.ok((trips.lateMs() ?? 0) >= Math.min(...samples));
      }),
    );
  });

  it('the slow end is that of the latest replies, once there are eight', () => {
    const trips = new RoundTrips();
    for (let sample = 1; sample < 8; sample += 1) trips.learn(sample);
    assert.equal(trips.slowMs(), undefined);
    for (let sample = 1; sample <= 32; sample += 1) trips.learn(sample);
    assert.equal(trips.slowMs(), 31);
  });
});

describe('retry budget', () => {
  it('ten at once, one more for every five replies or three seconds, never more than ten', () => {
    let now = 0;
    const budget = new RetryBudget(() => now);
    const taken = (): number => {
      let count = 0;
      while (budget.take()) count += 1;
      return count;
    };
    assert.equal(taken(), 10);
    for (let reply = 0; reply < 11; reply += 1) budget.succeed();
    assert.equal(taken(), 2);
    now += 6100;
    assert.equal(taken(), 2);
    now += 3_600_000;
    assert.equal(taken(), 10);
  });
});

/** Tries that are settled by hand. */
const tries = () => {
  const begun: { readonly signal: AbortSignal; readonly settle: PromiseWithResolvers<string> }[] = [];
  const second = Promise.withResolvers<void>();
  const run = (signal: AbortSignal, isSecond: boolean): Promise<string> => {
    const settle = Promise.withResolvers<string>();
    begun.push({ signal, settle });
    if (isSecond) second.resolve();
    return settle.promise;
  };
  return { begun, run, second: second.promise };
};

describe('hedged reads', () => {
  it('a reply in time asks nobody else', async () => {
    const { begun, run } = tries();
    const work = hedged(10_000, undefined, () => true, run);
    begun[0]?.settle.resolve('first');
    assert.equal(await work, 'first');
    assert.equal(begun.length, 1);
  });

  it('a late first try is joined by a second; whoever answers ends the other', async () => {
    for (const winner of [0, 1]) {
      const { begun, run, second } = tries();
      const work = hedged(1, undefined, () => true, run);
      await second;
      begun[winner]?.settle.resolve(`try ${winner}`);
      assert.equal(await work, `try ${winner}`);
      assert.deepEqual(
        begun.map(({ signal }) => signal.aborted),
        [winner === 1, winner === 0],
      );
    }
  });

  it('one failure waits for the other try; when both fail the earlier failure counts', async () => {
    const { begun, run, second } = tries();
    const work = hedged(1, undefined, () => true, run);
    await second;
    begun[1]?.settle.reject(new Error('second'));
    begun[0]?.settle.reject(new Error('first'));
    await assert.rejects(work, /^Error: second$/);
  });

  it('a spent budget hedges nothing', async () => {
    const { begun, run } = tries();
    const asked = Promise.withResolvers<void>();
    const refuse = (): boolean => {
      asked.resolve();
      return false;
    };
    const work = hedged(1, undefined, refuse, run);
    await asked.promise;
    assert.equal(begun.length, 1);
    begun[0]?.settle.resolve('first');
    assert.equal(await work, 'first');
  });

  it("the caller's abort ends both", async () => {
    const { begun, run, second } = tries();
    const outer = new AbortController();
    void hedged(1, outer.signal, () => true, run).catch(() => undefined);
    await second;
    outer.abort(new Error('away'));
    assert.deepEqual(
      begun.map(({ signal }) => signal.aborted),
      [true, true],
    );
  });
});

describe('endpoint memory', () => {
  const open = () => {
    const clock = { now: 0 };
    return { clock, list: new EndpointList(['a', 'b'], () => clock.now) };
  };

  it('an origin that fails again is left for twice as long, one that answered is forgiven', () => {
    const { clock, list } = open();
    list.leave('a');
    clock.now = 60_000;
    assert.equal(list.current(), 'a');
    list.leave('a');
    clock.now = 179_999;
    assert.equal(list.current(), 'b');
    clock.now = 180_000;
    assert.equal(list.current(), 'a');
    list.thrive('a', 10);
    list.leave('a');
    clock.now = 240_000;
    assert.equal(list.current(), 'a');
  });

  it('the next start knows what the last one left, for the time that remains', () => {
    const before = open();
    before.list.leave('a');
    before.clock.now = 20_000;
    const memory = before.list.memory();
    assert.deepEqual(memory, { a: 40_000 });
    const after = open();
    after.list.recall(memory);
    assert.equal(after.list.current(), 'b');
    after.clock.now = 40_000;
    assert.equal(after.list.current(), 'a');
  });

  it('a memory of nonsense is worth nothing', () => {
    const { list } = open();
    list.recall({ a: Number.NaN, b: -5, elsewhere: 1000 });
    assert.equal(list.current(), 'a');
  });

  it('patience is the whole limit at first, then follows the origin, doubles with every try and stays within its bounds', () => {
    const { list } = open();
    assert.equal(list.patienceMs('a', 2000, 30_000, 0), 30_000);
    for (let reply = 0; reply < 40; reply += 1) list.thrive('a', 100);
    assert.equal(list.patienceMs('a', 2000, 30_000, 0), 2000);
    assert.equal(list.patienceMs('a', 2000, 30_000, 2), 8000);
    assert.equal(list.patienceMs('a', 2000, 30_000, 9), 30_000);
    assert.equal(list.patienceMs('b', 2000, 30_000, 0), 30_000);
  });

  it('a second try goes to another origin where there is one', () => {
    assert.equal(open().list.beside('a'), 'b');
    assert.equal(new EndpointList(['only'], () => 0).beside('only'), 'only');
  });
});
