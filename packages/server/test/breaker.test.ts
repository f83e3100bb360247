/** Breakers, the guarded store and the time that a client gives. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { epochMs } from '@hauberk/primitives';
import fc from 'fast-check';
import type { RequestHead } from '../src/gateway/request-head.ts';
import { type Breaker, type BreakerEvent, closedBreaker, mayCall, stepBreaker } from '../src/overload/breaker.ts';
import { createGuard } from '../src/overload/guard.ts';
import { guardStore, type ServingStore } from '../src/overload/guarded-store.ts';
import { timeLeft } from '../src/overload/time-left.ts';

const failed = (successes = 0): BreakerEvent => ({ kind: 'failed', successes });
const fail = (state: Breaker, times: number, now: number, successes = 0): Breaker => {
  let next = state;
  for (let count = 0; count < times; count += 1) next = stepBreaker(next, failed(successes), now);
  return next;
};

describe('a breaker', () => {
  test('opens at ten failures when they are half of the calls, and not before', () => {
    assert.equal(fail(closedBreaker, 9, 0).phase, 'closed');
    assert.equal(fail(closedBreaker, 10, 0).phase, 'open');
    assert.equal(fail(closedBreaker, 100, 0, 2).phase, 'closed');
    assert.equal(fail(closedBreaker, 10, 0, 1).phase, 'open');
  });

  test('failures of another time do not add up', () => {
    assert.equal(fail(fail(closedBreaker, 9, 0), 9, 10_000).phase, 'closed');
  });

  test('open it refuses, then it lets one try after the other through, and three in a row close it', () => {
    let state = fail(closedBreaker, 10, 0);
    assert.equal(mayCall(state, 999), false);
    assert.equal(stepBreaker(state, { kind: 'ask' }, 999), state);
    for (let attempt = 0; attempt < 3; attempt += 1) {
      assert.equal(mayCall(state, 1000), true);
      state = stepBreaker(state, { kind: 'ask' }, 1000);
      assert.equal(state.phase, 'half-open');
      assert.equal(mayCall(state, 1000), false);
      state = stepBreaker(state, { kind: 'succeeded' }, 1000);
    }
    assert.equal(state.phase, 'closed');
  });

  test('a failed try opens it for twice as long, half a minute at most', () => {
    let state = fail(closedBreaker, 10, 0);
    let now = 0;
    const lengths: number[] = [];
    for (let round = 0; round < 8; round += 1) {
      assert.ok(state.phase === 'open');
      lengths.push(state.until - now);
      now = state.until;
      state = stepBreaker(stepBreaker(state, { kind: 'ask' }, now), failed(), now);
    }
    assert.deepEqual(lengths, [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
  });

  test('a try whose end is never told does not hold it for ever', () => {
    const state = stepBreaker(fail(closedBreaker, 10, 0), { kind: 'ask' }, 1000);
    assert.equal(mayCall(state, 10_999), false);
    assert.equal(mayCall(state, 11_000), true);
  });

  test('whatever happens, an open breaker lets nobody through before its time, and a half-open one a single try', () => {
    const event = fc.oneof(
      fc.constant<BreakerEvent>({ kind: 'ask' }),
      fc.constant<BreakerEvent>({ kind: 'succeeded' }),
      fc.nat(5).map(failed),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(event, fc.nat(2000)), { maxLength: 200 }), (script) => {
        let state = closedBreaker;
        let now = 0;
        let trying = false;
        for (const [each, elapsed] of script) {
          now += elapsed;
          const may = mayCall(state, now);
          if (state.phase === 'open') assert.equal(may, now >= state.until);
          if (state.phase === 'half-open' && trying && now - state.tryingSince < 10_000) assert.equal(may, false);
          const before = state;
          state = stepBreaker(state, each, now);
          if (each.kind === 'ask') trying = may && state.phase === 'half-open';
          else if (before.phase === 'half-open') trying = false;
        }
      }),
    );
  });
});

const attempt = { scope: { organisation: 'o', app: 'a' }, entry: 'e', attempt: 1 };
const begin = [{}, {}, {}, epochMs(0)] as unknown as Parameters<ServingStore['begin']>;

/** A store whose answers are given by hand. */
const slowStore = () => {
  const released: unknown[] = [];
  const waiting: ((value: unknown) => void)[] = [];
  let asked = 0;
  const answer = (): Promise<never> => {
    asked += 1;
    return new Promise((resolve) => waiting.push(resolve as (value: unknown) => void));
  };
  const store: ServingStore = {
    begin: answer,
    finish: answer,
    markUnknown: answer,
    release: (given) => {
      released.push(given);
      return Promise.resolve({ ok: true, value: true });
    },
  };
  return { store, released, waiting, asked: () => asked };
};

describe('the guarded store', () => {
  test('a mark that is late is refused, and taken back when it comes after all', async () => {
    const { store, released, waiting } = slowStore();
    const guarded = guardStore(store, createGuard(), 1);
    const begun = await guarded.begin(...begin);
    assert.deepEqual([begun.ok, !begun.ok && begun.code], [false, 'storage-slow']);
    assert.deepEqual(released, []);
    waiting[0]?.({ ok: true, value: { state: 'fresh', attempt, again: false } });
    await new Promise(setImmediate);
    assert.deepEqual(released, [attempt]);
  });

  test('a late answer that is no mark takes nothing back', async () => {
    const { store, released, waiting } = slowStore();
    await guardStore(store, createGuard(), 1).begin(...begin);
    waiting[0]?.({ ok: true, value: { state: 'running' } });
    await new Promise(setImmediate);
    assert.deepEqual(released, []);
  });

  test('after ten writes that hang the next one is refused at once, but what ends an execution is always written', async () => {
    const { store, asked } = slowStore();
    const guarded = guardStore(store, createGuard(), 1);
    await Promise.all(Array.from({ length: 10 }, () => guarded.begin(...begin)));
    const refused = await guarded.begin(...begin);
    assert.deepEqual([refused.ok, !refused.ok && refused.code], [false, 'storage-open']);
    assert.equal(asked(), 10);
    void guarded.finish(attempt as never, {} as never, epochMs(0));
    assert.equal(asked(), 11);
  });

  test('answers in time pass as they are', async () => {
    const { store, waiting } = slowStore();
    const begun = guardStore(store, createGuard(), 60_000).begin(...begin);
    const value = { ok: true, value: { state: 'running' } };
    waiting[0]?.(value);
    assert.equal(await begun, value);
  });
});

describe('the time that a client gives', () => {
  const head = (given: string | undefined): RequestHead =>
    ({ headers: { 'hauberk-time-left': given }, arrivedAt: epochMs(1000) }) as unknown as RequestHead;
  const at = (now: number) => () => epochMs(now);

  test('what passed since the head arrived is taken off, and never more than all', () => {
    assert.equal(timeLeft(head('500'), at(1200)), 300);
    assert.equal(timeLeft(head('500'), at(1500)), 0);
    assert.equal(timeLeft(head('500'), at(9000)), 0);
    assert.equal(timeLeft(head('0'), at(1000)), 0);
  });

  test('a clock that was set back gives nobody more', () => {
    assert.equal(timeLeft(head('500'), at(0)), 500);
  });

  test('none, or one that cannot be read, leaves the deadline to the route', () => {
    const given = [undefined, '', '-1', '+1', '1.5', '1e3', '0x10', ' 5', '05', '123456789', 'soon', '5, 6'];
    for (const each of given) assert.equal(timeLeft(head(each), at(1200)), undefined, String(each));
  });
});
