/** What every outbox keeps to. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { EpochMs } from '@hauberk/primitives';
import { type OutboxEntry, segmentEvents } from '../src/storage/outbox.ts';
import type { Stores } from '../src/storage/stores.ts';
import {
  accepted,
  at,
  bank,
  bytes,
  type OpenStorageHarness,
  otherApp,
  refused,
  start,
  withStorage,
} from './harness.ts';

const entry = (value: number, over: Partial<OutboxEntry> = {}): OutboxEntry => ({
  scope: bank,
  kind: 'test',
  atMs: start,
  payload: bytes(4, value),
  ...over,
});

const valuesAfter = async (stores: Stores, position: number): Promise<(number | undefined)[]> =>
  (await stores.outbox.readAfter(position, 1000)).map(({ payload }) => payload[0]);

const fillSegment = async (stores: Stores, atMs: EpochMs): Promise<void> => {
  const batch = Array.from({ length: segmentEvents / 8 }, () => entry(1, { payload: bytes(1, 1), atMs }));
  for (let part = 0; part < 8; part += 1) accepted(await stores.outbox.append(batch));
};

const appendRules = (open: OpenStorageHarness): void => {
  test(
    'positions start at 1 and rise by one; events are read as they were written',
    withStorage(open, async ({ stores, other }) => {
      assert.equal(await stores.outbox.head(), 0);
      const late = entry(3, { scope: otherApp, kind: 'other', atMs: at(1) });
      assert.equal(accepted(await stores.outbox.append([entry(1), entry(2)])), 2);
      assert.equal(accepted(await other.outbox.append([late])), 3);
      const [third] = await stores.outbox.readAfter(2, 10);
      assert.deepEqual({ ...third, payload: Uint8Array.from(third?.payload ?? []) }, { ...late, position: 3 });
      assert.deepEqual(await valuesAfter(other, 0), [1, 2, 3]);
      assert.equal((await stores.outbox.readAfter(0, 2)).length, 2);
      assert.equal(accepted(await stores.outbox.append([])), 3);
    }),
  );
  test(
    'what is to be taken once is passed over when it comes again, within one batch and over clients, until its time is over',
    withStorage(open, async ({ stores, other }) => {
      const once = (mark: number, untilMs = at(1000)) => ({ mark: bytes(16, mark), untilMs });
      const first = entry(1, { once: once(1) });
      assert.equal(accepted(await stores.outbox.append([first, entry(2), first, entry(3, { once: once(2) })])), 3);
      assert.equal(accepted(await other.outbox.append([first])), 3);
      assert.equal(accepted(await other.outbox.append([entry(4, { once: once(1), scope: otherApp }), first])), 4);
      const later = entry(5, { once: once(1, at(3000)), atMs: at(1000) });
      assert.equal(accepted(await stores.outbox.append([later, later])), 5);
      assert.deepEqual(await valuesAfter(stores, 0), [1, 2, 3, 4, 5]);
      const racing = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          (index % 2 === 0 ? stores : other).outbox.append([entry(9, { once: once(9) })]),
        ),
      );
      racing.map(accepted);
      assert.equal(await stores.outbox.head(), 6);
    }),
  );
  test(
    'batches of two clients at once never mix: each is adjacent, in its own order',
    withStorage(open, async ({ stores, other }) => {
      const racing = Array.from({ length: 30 }, (_, batch) =>
        (batch % 2 === 0 ? stores : other).outbox.append([entry(batch), entry(batch), entry(batch)]),
      );
      const lasts = (await Promise.all(racing)).map(accepted);
      const values = await valuesAfter(stores, 0);
      assert.equal(values.length, 90);
      for (const [batch, last] of lasts.entries()) {
        assert.deepEqual(values.slice(last - 3, last), [batch, batch, batch]);
      }
    }),
  );
  test(
    'a full record refuses, keeps all that it acknowledged, and takes writes again once there is space, without a gap',
    withStorage(open, async ({ stores, fill }) => {
      accepted(await stores.outbox.append([entry(1)]));
      await fill(true);
      let head = 1;
      let refusal: string | undefined;
      for (let tries = 0; tries < 500 && refusal === undefined; tries += 1) {
        const answer = await stores.outbox.append([entry(2, { payload: bytes(65_536, 2) })]);
        if (answer.ok) head = answer.value;
        else refusal = refused(answer);
      }
      assert.equal(refusal, 'storage-full');
      assert.equal(await stores.outbox.head(), head);
      await fill(false);
      assert.equal(accepted(await stores.outbox.append([entry(3, { payload: bytes(65_536, 3) })])), head + 1);
      assert.equal((await valuesAfter(stores, 0)).length, head + 1);
    }),
  );
};

const retentionRules = (open: OpenStorageHarness): void => {
  test(
    'a consumer goes forward only, and not beyond the end',
    withStorage(open, async ({ stores, other }) => {
      await stores.outbox.append([entry(1), entry(2), entry(3)]);
      assert.equal(await stores.outbox.acknowledged('jobs'), 0);
      assert.equal(accepted(await stores.outbox.acknowledge('jobs', 2)), 2);
      assert.equal(accepted(await other.outbox.acknowledge('jobs', 1)), 2);
      assert.equal(accepted(await stores.outbox.acknowledge('jobs', 99)), 3);
      assert.equal(await other.outbox.acknowledged('jobs'), 3);
      assert.equal(await other.outbox.acknowledged('others'), 0);
    }),
  );
  test(
    'retention drops whole closed segments that are old or too much, never unread ones, and positions go on',
    withStorage(open, async ({ stores }) => {
      await fillSegment(stores, at(0));
      await fillSegment(stores, at(10));
      const last = accepted(await stores.outbox.append([entry(9, { atMs: at(20) })]));
      assert.equal((await stores.outbox.segments()).length, 3);
      const old = { keepAfterMs: at(5), maxBytes: Number.MAX_SAFE_INTEGER };
      accepted(await stores.outbox.acknowledge('slow', 1));
      assert.equal(accepted(await stores.outbox.retain(old)), 0, 'unread');
      accepted(await stores.outbox.acknowledge('slow', last));
      assert.equal(accepted(await stores.outbox.retain(old)), 1);
      assert.equal((await stores.outbox.readAfter(0, 1))[0]?.position, segmentEvents + 1);
      assert.equal(accepted(await stores.outbox.retain({ keepAfterMs: at(0), maxBytes: 1 })), 1);
      assert.deepEqual(await valuesAfter(stores, 0), [9]);
      assert.equal(accepted(await stores.outbox.retain({ keepAfterMs: at(99), maxBytes: 0 })), 0, 'the open segment');
      assert.equal(accepted(await stores.outbox.append([entry(1)])), last + 1);
    }),
  );
};

/** The contract of `Outbox`. */
export const outboxContract = (adapter: string, open: OpenStorageHarness): void => {
  describe(`outbox, ${adapter}`, () => {
    appendRules(open);
    retentionRules(open);
  });
};
