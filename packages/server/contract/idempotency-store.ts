/** What every idempotency store keeps to. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { epochMs, hours, utf8 } from '@hauberk/primitives';
import type {
  IdempotencyAttempt,
  IdempotencyBegin,
  IdempotencyKey,
  IdempotencyOutcome,
} from '../src/storage/idempotency-store.ts';
import type { Scope } from '../src/storage/scope.ts';
import type { Stores } from '../src/storage/stores.ts';
import { accepted, bank, enrolled, type OpenStorageHarness, otherApp, withStorage } from './harness.ts';

// Outcomes are sealed under keys that live by the real clock.
const start = epochMs(Date.now());
const at = (hour: number) => epochMs(start + hours(hour));

const request = { fingerprint: 'f1', expiresAtMs: at(24), retryUnknown: false };
const keyOf = (device: string, over: Partial<IdempotencyKey> = {}): IdempotencyKey => ({
  device,
  customer: 'alice',
  route: 'transfers',
  key: 'k1',
  ...over,
});
const content = utf8('{"transfer":"done"}');
const outcome: IdempotencyOutcome = { kept: true, status: 201, content };

const begin = async (
  stores: Stores,
  key: IdempotencyKey,
  over: Partial<typeof request> = {},
  { scope = bank, now = start }: { scope?: Scope; now?: typeof start } = {},
): Promise<IdempotencyBegin> => accepted(await stores.idempotency.begin(scope, key, { ...request, ...over }, now));

const fresh = async (...parameters: Parameters<typeof begin>): Promise<IdempotencyAttempt> => {
  const begun = await begin(...parameters);
  assert.equal(begun.state, 'fresh');
  return begun.state === 'fresh' ? begun.attempt : assert.fail();
};

const executionRules = (open: OpenStorageHarness): void => {
  test(
    'a key runs once: fresh, then running, then the stored outcome for every retry',
    withStorage(open, async ({ stores, other }) => {
      const key = keyOf(await enrolled(stores, 'a'));
      const attempt = await fresh(stores, key);
      assert.equal((await begin(other, key)).state, 'running');
      assert.equal(accepted(await stores.idempotency.finish(attempt, outcome, start)), true);
      for (const client of [stores, other]) {
        assert.deepEqual(await begin(client, key), { state: 'done', outcome });
      }
    }),
  );
  test(
    'of many begins at once from two clients exactly one is fresh',
    withStorage(open, async ({ stores, other }) => {
      const key = keyOf(await enrolled(stores, 'a'));
      const racing = Array.from({ length: 100 }, (_, index) => begin(index % 2 === 0 ? stores : other, key));
      const states = (await Promise.all(racing)).map(({ state }) => state);
      assert.equal(states.filter((state) => state === 'fresh').length, 1);
      assert.equal(states.filter((state) => state === 'running').length, 99);
    }),
  );
  test(
    'another fingerprint under the same key is a mismatch in every state',
    withStorage(open, async ({ stores }) => {
      const key = keyOf(await enrolled(stores, 'a'));
      const attempt = await fresh(stores, key);
      const states = [];
      states.push(await begin(stores, key, { fingerprint: 'f2' }));
      await stores.idempotency.markUnknown(attempt, start);
      states.push(await begin(stores, key, { fingerprint: 'f2', retryUnknown: true }));
      await stores.idempotency.finish(attempt, outcome, start);
      states.push(await begin(stores, key, { fingerprint: 'f2' }));
      assert.deepEqual(
        states.map(({ state }) => state),
        ['fingerprint-mismatch', 'fingerprint-mismatch', 'fingerprint-mismatch'],
      );
    }),
  );
  test(
    'device, customer, route, key, app and organisation each have their own entry',
    withStorage(open, async ({ stores }) => {
      const device = await enrolled(stores, 'a');
      const attempt = await fresh(stores, keyOf(device));
      await stores.idempotency.finish(attempt, outcome, start);
      await fresh(stores, keyOf(device, { customer: 'bob' }));
      await fresh(stores, keyOf(device, { route: 'payees' }));
      await fresh(stores, keyOf(device, { key: 'k2' }));
      await fresh(stores, keyOf('other'));
      await fresh(stores, keyOf(device), {}, { scope: otherApp });
      // No two of these may be joined to the same text.
      await fresh(stores, keyOf(device, { customer: 'alice transfers', route: '' }));
      await fresh(stores, keyOf(device, { customer: 'alice', route: ' transfers' }));
    }),
  );
  test(
    'an outcome that was not kept answers status and digest',
    withStorage(open, async ({ stores }) => {
      const key = keyOf(await enrolled(stores, 'a'));
      const notKept = { kept: false, status: 200, digest: new Uint8Array(32).fill(5) } as const;
      await stores.idempotency.finish(await fresh(stores, key), notKept, start);
      assert.deepEqual(await begin(stores, key), { state: 'done', outcome: notKept });
    }),
  );
};

const unknownRules = (open: OpenStorageHarness): void => {
  test(
    'an unknown outcome is not executed again, unless the route says that its upstream may be asked twice',
    withStorage(open, async ({ stores }) => {
      const key = keyOf(await enrolled(stores, 'a'));
      const first = await fresh(stores, key);
      assert.equal(accepted(await stores.idempotency.markUnknown(first, start)), true);
      assert.equal((await begin(stores, key)).state, 'outcome-unknown');
      const again = await begin(stores, key, { retryUnknown: true });
      assert.ok(again.state === 'fresh' && again.again);
      assert.equal(again.attempt.attempt, first.attempt + 1);
      assert.equal((await begin(stores, key, { retryUnknown: true })).state, 'running');
    }),
  );
  test(
    'an earlier attempt that answers late neither finishes, marks nor frees what a later one runs',
    withStorage(open, async ({ stores }) => {
      const key = keyOf(await enrolled(stores, 'a'));
      const first = await fresh(stores, key);
      await stores.idempotency.markUnknown(first, start);
      const second = await fresh(stores, key, { retryUnknown: true });
      assert.equal(accepted(await stores.idempotency.finish(first, outcome, start)), false);
      assert.equal(accepted(await stores.idempotency.markUnknown(first, start)), false);
      assert.equal(accepted(await stores.idempotency.release(first)), false);
      assert.equal(accepted(await stores.idempotency.release(second)), false, 'the first may have executed');
      assert.equal((await begin(stores, key)).state, 'running');
      assert.equal(accepted(await stores.idempotency.finish(second, outcome, start)), true);
    }),
  );
  test(
    'what a client had started when it went away is unknown, and listed for operators; what others run is not',
    withStorage(open, async ({ stores, other, loseOther }) => {
      const device = await enrolled(stores, 'a');
      await fresh(stores, keyOf(device, { key: 'mine' }));
      const lost = await fresh(other, keyOf(device, { key: 'theirs' }));
      await loseOther();
      assert.deepEqual(await stores.idempotency.listUnknown(bank, 10), [
        { entry: lost.entry, device, route: 'transfers', startedAtMs: start },
      ]);
      assert.deepEqual(await stores.idempotency.listUnknown(otherApp, 10), []);
      assert.equal((await begin(stores, keyOf(device, { key: 'mine' }))).state, 'running');
      assert.equal((await begin(stores, keyOf(device, { key: 'theirs' }))).state, 'outcome-unknown');
    }),
  );
  test(
    'an operator settles an unknown outcome: executed stays used up, not executed is free again',
    withStorage(open, async ({ stores }) => {
      const device = await enrolled(stores, 'a');
      const [first, second] = [keyOf(device, { key: '1' }), keyOf(device, { key: '2' })];
      const [one, two] = [await fresh(stores, first), await fresh(stores, second)];
      assert.equal(accepted(await stores.idempotency.settle(bank, one.entry, 'executed', 'op', start)), false, 'runs');
      await stores.idempotency.markUnknown(one, start);
      await stores.idempotency.markUnknown(two, start);
      assert.equal(accepted(await stores.idempotency.settle(otherApp, one.entry, 'executed', 'op', start)), false);
      assert.equal(accepted(await stores.idempotency.settle(bank, one.entry, 'executed', 'op', start)), true);
      assert.equal(accepted(await stores.idempotency.settle(bank, two.entry, 'not-executed', 'op', start)), true);
      const settled = await begin(stores, first);
      assert.deepEqual(settled, { state: 'done', outcome: { kept: false, status: 0, digest: new Uint8Array() } });
      await fresh(stores, second);
    }),
  );
};

const timeRules = (open: OpenStorageHarness): void => {
  test(
    'a finished key is forgotten when it expires; a running or unknown one is not',
    withStorage(open, async ({ stores }) => {
      const device = await enrolled(stores, 'a');
      const [done, running, unknown] = ['done', 'running', 'unknown'].map((key) => keyOf(device, { key }));
      assert.ok(done !== undefined && running !== undefined && unknown !== undefined);
      await stores.idempotency.finish(await fresh(stores, done), outcome, start);
      await fresh(stores, running);
      await stores.idempotency.markUnknown(await fresh(stores, unknown), start);
      const late = { now: at(24) };
      assert.equal((await begin(stores, done, {}, { now: epochMs(at(24) - 1) })).state, 'done');
      assert.equal((await begin(stores, done, { fingerprint: 'new', expiresAtMs: at(48) }, late)).state, 'fresh');
      assert.equal((await begin(stores, running, {}, late)).state, 'running');
      assert.equal((await begin(stores, unknown, {}, late)).state, 'outcome-unknown');
    }),
  );
  test(
    'a key whose request never reached the upstream is free again',
    withStorage(open, async ({ stores }) => {
      const key = keyOf(await enrolled(stores, 'a'));
      const attempt = await fresh(stores, key);
      assert.equal(accepted(await stores.idempotency.release(attempt)), true);
      const second = await fresh(stores, key, { fingerprint: 'f2' });
      await stores.idempotency.finish(second, outcome, start);
      assert.equal(accepted(await stores.idempotency.release(second)), false, 'done is done');
    }),
  );
};

const revocationRules = (open: OpenStorageHarness): void => {
  const digest = new Uint8Array(createHash('sha256').update(content).digest());
  const stripped = { state: 'done', outcome: { kept: false, status: 201, digest } };
  const suspend = { state: 'suspended', actor: 'operator', reason: 'test' } as const;
  test(
    'a device that loses its rights loses stored outcomes for ever, and its used keys stay used',
    withStorage(open, async ({ stores }) => {
      const device = await enrolled(stores, 'a');
      await stores.idempotency.finish(await fresh(stores, keyOf(device)), outcome, start);
      await stores.devices.changeState(bank, device, suspend, start);
      await stores.devices.changeState(bank, device, { ...suspend, state: 'enrolled' }, start);
      assert.deepEqual(await begin(stores, keyOf(device)), stripped);
    }),
  );
  test(
    'an outcome that arrives after the device lost its rights is kept without content',
    withStorage(open, async ({ stores }) => {
      const device = await enrolled(stores, 'a');
      const attempt = await fresh(stores, keyOf(device));
      await stores.devices.changeState(bank, device, suspend, start);
      assert.equal(accepted(await stores.idempotency.finish(attempt, outcome, start)), true);
      await stores.devices.changeState(bank, device, { ...suspend, state: 'enrolled' }, start);
      assert.deepEqual(await begin(stores, keyOf(device)), stripped);
    }),
  );
};

/** The contract of `IdempotencyStore`. */
export const idempotencyStoreContract = (adapter: string, open: OpenStorageHarness): void => {
  describe(`idempotency, ${adapter}`, () => {
    executionRules(open);
    unknownRules(open);
    timeRules(open);
    revocationRules(open);
  });
};
