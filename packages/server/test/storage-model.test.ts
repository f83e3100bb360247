/** Any sequence of calls gets the same answers from SQLite as from memory: one is the model of the other. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { epochMs, minutes } from '@hauberk/primitives';
import fc from 'fast-check';
import type { DeviceState } from '../src/storage/device-store.ts';
import type { IdempotencyAttempt } from '../src/storage/idempotency-store.ts';
import { openStorage, type Scope, type Stores } from '../src/storage/index.ts';
import { memoryStorage } from '../src/storage/memory/memory-stores.ts';

const runs = process.env['HAUBERK_FULL'] === '1' ? 1000 : 60;
const start = Date.now();

/** One side: its stores, and the random names that it gave in the order in which it gave them. */
class Side {
  readonly stores: Stores;
  readonly scope: Scope;
  readonly attempts: IdempotencyAttempt[] = [];
  readonly ids: string[] = [];
  constructor(stores: Stores, scope: Scope) {
    this.stores = stores;
    this.scope = scope;
  }
  device(index: number): string {
    return this.ids[index] ?? 'nobody';
  }
  /** The newest attempts are the ones that something still depends on. */
  attempt(index: number): IdempotencyAttempt {
    return this.attempts.at(-1 - index) ?? { scope: this.scope, entry: 'none', attempt: 1 };
  }
  /** The answer without what is random: ids by their number, bytes and sets as lists. */
  plain(answer: unknown): unknown {
    return JSON.parse(
      JSON.stringify(answer, (name, value: unknown) => {
        if (value instanceof Set) return [...value];
        if (value instanceof Uint8Array) return [...value];
        if (name === 'entry' || name === 'detail') return undefined;
        if (typeof value !== 'string' || value.length !== 22) return value;
        if (!this.ids.includes(value)) this.ids.push(value);
        return `id ${this.ids.indexOf(value)}`;
      }) ?? 'null',
    );
  }
}

type Step = (side: Side, now: number) => Promise<unknown>;

const small = fc.nat(2);
const few = fc.nat(1);
// Mostly states that one comes back from, else every history soon ends with revoked devices.
const states = fc
  .nat(20)
  .map((n): DeviceState => (n === 0 ? 'revoked' : n === 1 ? 'lost' : n % 3 === 0 ? 'suspended' : 'enrolled'));

const enrol = small.map(
  (n): Step =>
    async ({ stores, scope }, now) => {
      const enrolment = { thumbprint: `t${n}`, publicKey: new Uint8Array(65), tier: n, verdictReference: `v${n}` };
      return stores.devices.enrol(scope, enrolment, epochMs(now));
    },
);
const addKey = fc.tuple(small, fc.nat(5)).map(
  ([device, n]): Step =>
    async (side, now) => {
      const key = { thumbprint: `t${n}`, purpose: 'step-up', publicKey: new Uint8Array(65) } as const;
      return side.stores.devices.addKey(side.scope, side.device(device), key, epochMs(now));
    },
);
const change = fc.tuple(small, states, fc.option(small)).map(
  ([device, state, tier]): Step =>
    async (side, now) => {
      const asked = { state, actor: 'a', reason: 'r', ...(tier === null ? {} : { tier }) };
      return side.stores.devices.changeState(side.scope, side.device(device), asked, epochMs(now));
    },
);
const find = fc.tuple(fc.nat(5), fc.boolean()).map(
  ([n, isStepUp]): Step =>
    async ({ stores, scope }) =>
      stores.devices.findByThumbprint(scope, `t${n}`, isStepUp ? 'step-up' : 'identity'),
);
const rarely = fc.nat(5).map((n) => n === 0);
const begin = fc.tuple(few, few, rarely, fc.boolean()).map(([device, n, isOther, retryUnknown]): Step => {
  const fingerprint = isOther ? 'f2' : 'f1';
  return async (side, now) => {
    const key = { device: side.device(device), customer: 'c', route: 'r', key: `k${n}` };
    const request = { fingerprint, retryUnknown, expiresAtMs: epochMs(now + minutes(10)) };
    const begun = await side.stores.idempotency.begin(side.scope, key, request, epochMs(now));
    if (begun.ok && begun.value.state === 'fresh') side.attempts.push(begun.value.attempt);
    return begun;
  };
});
const attempt = fc.nat(3);
const finish = fc.tuple(attempt, fc.boolean()).map(
  ([n, kept]): Step =>
    async (side, now) => {
      const bytes = new Uint8Array([n, 1]);
      const outcome = kept
        ? ({ kept, status: 200, content: bytes } as const)
        : ({ kept, status: 500, digest: bytes } as const);
      return side.stores.idempotency.finish(side.attempt(n), outcome, epochMs(now));
    },
);
const markUnknown = attempt.map(
  (n): Step =>
    async (side, now) =>
      side.stores.idempotency.markUnknown(side.attempt(n), epochMs(now)),
);
const release = attempt.map(
  (n): Step =>
    async (side) =>
      side.stores.idempotency.release(side.attempt(n)),
);
const settle = fc.tuple(attempt, fc.boolean()).map(
  ([n, isExecuted]): Step =>
    async (side, now) => {
      const settlement = isExecuted ? 'executed' : 'not-executed';
      return side.stores.idempotency.settle(side.scope, side.attempt(n).entry, settlement, 'a', epochMs(now));
    },
);
const listUnknown = fc.constant<Step>(async (side) =>
  (await side.stores.idempotency.listUnknown(side.scope, 100)).map(({ startedAtMs }) => startedAtMs),
);
const openLogin = fc.tuple(few, small, few, fc.constantFrom(0, 30, 60)).map(
  ([device, n, customer, life]): Step =>
    async (side, now) => {
      const expiresAtMs = epochMs(now + minutes(life));
      const grants = [`account:${customer}`, `account:${n}`];
      const opening = {
        device: side.device(device),
        credentialHash: `c${n}`,
        customer: `u${customer}`,
        grants,
        expiresAtMs,
      };
      return side.stores.logins.open(side.scope, opening, epochMs(now));
    },
);
const moveLogin = fc.tuple(few, small, small).map(
  ([device, from, to]): Step =>
    async (side, now) => {
      const move = { device: side.device(device), from: `c${from}`, to: `c${to}`, overlap: minutes(2) };
      return side.stores.logins.move(side.scope, move, epochMs(now));
    },
);
const findLogin = fc.tuple(few, small).map(
  ([device, n]): Step =>
    async (side, now) =>
      side.stores.logins.find(side.scope, side.device(device), `c${n}`, epochMs(now)),
);
const endLogin = fc.tuple(few, fc.option(small)).map(
  ([index, n]): Step =>
    async (side, now) => {
      const device = side.device(index);
      const which = n === null ? { device } : { device, credentialHash: `c${n}` };
      return side.stores.logins.end(side.scope, which, epochMs(now));
    },
);

const steps = fc.array(
  fc.tuple(
    fc.oneof(
      enrol,
      enrol,
      addKey,
      change,
      find,
      begin,
      begin,
      begin,
      begin,
      finish,
      markUnknown,
      markUnknown,
      release,
      release,
      settle,
      listUnknown,
      openLogin,
      openLogin,
      moveLogin,
      moveLogin,
      findLogin,
      findLogin,
      findLogin,
      endLogin,
    ),
    fc.constantFrom(0, 0, 1, 30_000, 60_000, 120_000, 600_000),
  ),
  { minLength: 60, maxLength: 200, size: 'max' },
);

test(`${runs} random histories of devices, logins and keys read the same from SQLite as from memory`, async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'hauberk-model-'));
  const storage = await openStorage({ folder, upkeepMs: 0 });
  const seed = Number(process.env['HAUBERK_SEED'] ?? Date.now() % 1_000_000);
  context.diagnostic(`seed ${seed}`);
  let history = 0;
  try {
    await fc.assert(
      fc.asyncProperty(steps, async (sequence) => {
        history += 1;
        const scope = { organisation: 'bank', app: `history-${history}` };
        const sides = [new Side(storage.ports, scope), new Side(memoryStorage(storage.boot).connect().stores, scope)];
        let now = start;
        for (const [step, pause] of sequence) {
          now += pause;
          const [kept, model] = await Promise.all(
            sides.map(async (side) => side.plain(await step(side, now).catch(String))),
          );
          assert.deepEqual(kept, model);
        }
      }),
      { numRuns: runs, seed },
    );
  } finally {
    await storage.close();
    rmSync(folder, { recursive: true });
  }
});
