/** What every device store keeps to. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { DeviceState } from '../src/storage/device-store.ts';
import {
  accepted,
  at,
  bank,
  bytes,
  enrolled,
  enrolment,
  type OpenStorageHarness,
  otherApp,
  otherBank,
  refused,
  start,
  withStorage,
} from './harness.ts';

const change = (state: DeviceState) => ({ state, actor: 'operator', reason: 'test' });

const transitions: readonly [DeviceState, DeviceState, boolean][] = [
  ['enrolled', 'suspended', true],
  ['enrolled', 'lost', true],
  ['enrolled', 'revoked', true],
  ['suspended', 'enrolled', true],
  ['suspended', 'lost', true],
  ['suspended', 'revoked', true],
  ['lost', 'suspended', true],
  ['lost', 'revoked', true],
  ['lost', 'enrolled', false],
  ['revoked', 'enrolled', false],
  ['revoked', 'suspended', false],
  ['revoked', 'lost', false],
];

const enrolmentRules = (open: OpenStorageHarness): void => {
  test(
    'an enrolment is idempotent by thumbprint: the second answers the first device unchanged',
    withStorage(open, async ({ stores }) => {
      const first = accepted(await stores.devices.enrol(bank, enrolment('a'), start));
      const second = accepted(await stores.devices.enrol(bank, { ...enrolment('a'), tier: 3 }, at(1)));
      assert.equal(first.created, true);
      assert.equal(second.created, false);
      assert.deepEqual(second.device, first.device);
      assert.deepEqual(Uint8Array.from(second.key.publicKey), enrolment('a').publicKey);
      assert.equal(first.device.generation, 1);
    }),
  );
  test(
    'of many enrolments of one key at once exactly one creates, and all answer the same device',
    withStorage(open, async ({ stores, other }) => {
      const racing = Array.from({ length: 40 }, (_, index) =>
        (index % 2 === 0 ? stores : other).devices.enrol(bank, enrolment('raced'), at(index)),
      );
      const answers = (await Promise.all(racing)).map(accepted);
      assert.equal(answers.filter(({ created }) => created).length, 1);
      assert.equal(new Set(answers.map(({ device }) => device.id)).size, 1);
    }),
  );
  test(
    'a revoked key stays the revoked device when it enrols again',
    withStorage(open, async ({ stores }) => {
      const id = await enrolled(stores, 'a');
      await stores.devices.changeState(bank, id, change('revoked'), at(1));
      const again = accepted(await stores.devices.enrol(bank, enrolment('a'), at(2)));
      assert.equal(again.device.id, id);
      assert.equal(again.device.state, 'revoked');
    }),
  );
  test(
    'organisations and apps do not see each other: one key is another device in each',
    withStorage(open, async ({ stores }) => {
      const ids = await Promise.all([bank, otherApp, otherBank].map((scope) => enrolled(stores, 'a', scope)));
      assert.equal(new Set(ids).size, 3);
      assert.equal(await stores.devices.find(otherApp, ids[0] ?? ''), undefined);
      assert.equal(
        refused(await stores.devices.changeState(otherBank, ids[0] ?? '', change('lost'), start)),
        'device-unknown',
      );
      assert.equal((await stores.devices.list(bank, { limit: 10 })).length, 1);
    }),
  );
};

const keyRules = (open: OpenStorageHarness): void => {
  const stepUp = (name: string) => ({
    thumbprint: `step-up-${name}`,
    purpose: 'step-up' as const,
    publicKey: bytes(65, 7),
  });
  test(
    'a key is found under its own purpose only, and never enrols as an identity',
    withStorage(open, async ({ stores }) => {
      const id = await enrolled(stores, 'a');
      accepted(await stores.devices.addKey(bank, id, stepUp('a'), at(1)));
      const found = await stores.devices.findByThumbprint(bank, 'step-up-a', 'step-up');
      assert.equal(found?.device.id, id);
      assert.equal(await stores.devices.findByThumbprint(bank, 'step-up-a', 'identity'), undefined);
      assert.equal(await stores.devices.findByThumbprint(bank, 'thumbprint-a', 'step-up'), undefined);
      const sameKey = { ...enrolment('b'), thumbprint: 'step-up-a' };
      assert.equal(refused(await stores.devices.enrol(bank, sameKey, at(2))), 'device-key-taken');
    }),
  );
  test(
    'adding a key is idempotent, bounded, and refused for keys of others and devices without rights',
    withStorage(open, async ({ stores }) => {
      const [id, second] = [await enrolled(stores, 'a'), await enrolled(stores, 'bb')];
      const first = accepted(await stores.devices.addKey(bank, id, stepUp('a'), at(1)));
      assert.deepEqual(accepted(await stores.devices.addKey(bank, id, stepUp('a'), at(2))), first);
      assert.equal(refused(await stores.devices.addKey(bank, second, stepUp('a'), at(2))), 'device-key-taken');
      assert.equal(refused(await stores.devices.addKey(bank, 'nobody', stepUp('x'), at(2))), 'device-unknown');
      accepted(await stores.devices.addKey(bank, id, stepUp('b'), at(3)));
      accepted(await stores.devices.addKey(bank, id, stepUp('c'), at(3)));
      assert.equal(refused(await stores.devices.addKey(bank, id, stepUp('d'), at(3))), 'device-keys-full');
      await stores.devices.changeState(bank, second, change('suspended'), at(4));
      assert.equal(refused(await stores.devices.addKey(bank, second, stepUp('e'), at(5))), 'device-not-enrolled');
    }),
  );
};

const stateRules = (open: OpenStorageHarness): void => {
  for (const [from, to, isAllowed] of transitions) {
    test(
      `a device that is ${from} ${isAllowed ? 'may become' : 'never becomes'} ${to}`,
      withStorage(open, async ({ stores }) => {
        const id = await enrolled(stores, 'a');
        if (from !== 'enrolled') accepted(await stores.devices.changeState(bank, id, change(from), at(1)));
        const before = await stores.devices.find(bank, id);
        const changed = await stores.devices.changeState(bank, id, change(to), at(2));
        const after = await stores.devices.find(bank, id);
        if (!isAllowed) assert.equal(refused(changed), 'device-state-final');
        assert.equal(after?.state, isAllowed ? to : from);
        assert.equal(after?.generation, (before?.generation ?? 0) + (isAllowed ? 1 : 0));
      }),
    );
  }
  test(
    'every change raises the generation by one and is in the revocation log; asking for the present state changes nothing',
    withStorage(open, async ({ stores, other }) => {
      const id = await enrolled(stores, 'a');
      accepted(await stores.devices.changeState(bank, id, change('suspended'), at(1)));
      accepted(await stores.devices.changeState(bank, id, change('suspended'), at(2)));
      accepted(await other.devices.changeState(bank, id, { ...change('enrolled'), tier: 0 }, at(3)));
      accepted(await other.devices.changeState(bank, id, { ...change('enrolled'), verdictReference: 'v2' }, at(4)));
      const log = await stores.devices.revocationsAfter(0, 10);
      assert.deepEqual(
        log.map(({ generation, state, tier }) => [generation, state, tier]),
        [
          [2, 'suspended', 1],
          [3, 'enrolled', 0],
          [4, 'enrolled', 0],
        ],
      );
      assert.deepEqual(log[0]?.scope, bank);
      assert.equal(log[0]?.reason, 'test');
      assert.deepEqual(await stores.devices.revocationsAfter(log[0]?.position ?? 0, 1), log.slice(1, 2));
      assert.equal((await stores.devices.find(bank, id))?.verdictReference, 'v2');
    }),
  );
  test(
    'of changes at once each takes effect on the one before: no generation is given twice',
    withStorage(open, async ({ stores, other }) => {
      const id = await enrolled(stores, 'a');
      const racing = Array.from({ length: 20 }, (_, tier) =>
        (tier % 2 === 0 ? stores : other).devices.changeState(
          bank,
          id,
          { ...change('enrolled'), tier: tier + 2 },
          at(tier),
        ),
      );
      const generations = (await Promise.all(racing)).map((result) => accepted(result).generation);
      assert.deepEqual(
        generations.toSorted((left, right) => left - right),
        Array.from({ length: 20 }, (_, index) => index + 2),
      );
    }),
  );
  test(
    'devices are listed by id in pages, and by state',
    withStorage(open, async ({ stores }) => {
      const ids = [];
      for (const name of ['a', 'b', 'c', 'd', 'e']) ids.push(await enrolled(stores, name));
      const sorted = ids.toSorted();
      await stores.devices.changeState(bank, sorted[1] ?? '', change('lost'), at(1));
      const page = await stores.devices.list(bank, { limit: 2, afterId: sorted[0] ?? '' });
      assert.deepEqual(
        page.map(({ id }) => id),
        sorted.slice(1, 3),
      );
      const lost = await stores.devices.list(bank, { state: 'lost', limit: 10 });
      assert.deepEqual(
        lost.map(({ id }) => id),
        sorted.slice(1, 2),
      );
    }),
  );
};

/** The contract of `DeviceStore`. */
export const deviceStoreContract = (adapter: string, open: OpenStorageHarness): void => {
  describe(`devices, ${adapter}`, () => {
    enrolmentRules(open);
    keyRules(open);
    stateRules(open);
  });
};
