/** What every login store keeps to. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type EpochMs, minutes } from '@hauberk/primitives';
import { type LoginOpening, maxGrants } from '../src/storage/login-store.ts';
import type { Stores } from '../src/storage/stores.ts';
import {
  accepted,
  at,
  bank,
  enrolled,
  type OpenStorageHarness,
  otherApp,
  refused,
  start,
  withStorage,
} from './harness.ts';

const opening = (device: string, over: Partial<LoginOpening> = {}): LoginOpening => ({
  device,
  credentialHash: 'credential-1',
  customer: 'alice',
  grants: ['account:1'],
  expiresAtMs: at(60),
  ...over,
});

const grantsOf = async (stores: Stores, device: string, credential: string, now: EpochMs) =>
  [...((await stores.logins.find(bank, device, credential, now))?.grants ?? [])].toSorted();

const openRules = (open: OpenStorageHarness): void => {
  test(
    'a login is found by device and credential, only in its scope, until it expires',
    withStorage(open, async ({ stores, other }) => {
      const device = await enrolled(stores, 'a');
      const login = accepted(await stores.logins.open(bank, opening(device), start));
      assert.deepEqual(await other.logins.find(bank, device, 'credential-1', at(59)), login);
      assert.equal(await stores.logins.find(bank, device, 'credential-1', at(60)), undefined);
      assert.equal(await stores.logins.find(bank, device, 'credential-2', at(1)), undefined);
      assert.equal(await stores.logins.find(bank, 'another', 'credential-1', at(1)), undefined);
      assert.equal(await stores.logins.find(otherApp, device, 'credential-1', at(1)), undefined);
    }),
  );
  test(
    'the same customer again adds grants to the same login; another customer never inherits them',
    withStorage(open, async ({ stores }) => {
      const device = await enrolled(stores, 'a');
      const first = accepted(await stores.logins.open(bank, opening(device), start));
      const second = accepted(await stores.logins.open(bank, opening(device, { grants: ['account:2'] }), at(1)));
      assert.equal(second.id, first.id);
      assert.deepEqual(await grantsOf(stores, device, 'credential-1', at(2)), ['account:1', 'account:2']);
      const bob = opening(device, { customer: 'bob', grants: ['account:9'] });
      const third = accepted(await stores.logins.open(bank, bob, at(3)));
      assert.notEqual(third.id, first.id);
      assert.deepEqual(await grantsOf(stores, device, 'credential-1', at(4)), ['account:9']);
      const late = { device, id: first.id };
      assert.equal(refused(await stores.logins.grant(bank, late, ['account:3'], at(4))), 'login-unknown');
    }),
  );
  test(
    'grants are added to a live login only, by its own device, and are bounded',
    withStorage(open, async ({ stores }) => {
      const device = await enrolled(stores, 'a');
      const { id } = accepted(await stores.logins.open(bank, opening(device), start));
      const many = Array.from({ length: maxGrants }, (_, index) => `account:${index}`);
      const granted = await stores.logins.grant(bank, { device, id }, ['account:2'], at(1));
      assert.equal(accepted(granted).grants.has('account:2'), true);
      assert.equal(
        refused(await stores.logins.grant(bank, { device: 'x', id }, ['account:3'], at(1))),
        'login-unknown',
      );
      assert.equal(refused(await stores.logins.grant(bank, { device, id }, ['account:3'], at(60))), 'login-unknown');
      const over = [...many, 'account:more'];
      assert.equal(refused(await stores.logins.grant(bank, { device, id }, over, at(1))), 'login-grants-full');
      assert.equal(
        refused(await stores.logins.open(bank, opening(device, { grants: over }), at(1))),
        'login-grants-full',
      );
      assert.deepEqual(await grantsOf(stores, device, 'credential-1', at(2)), ['account:1', 'account:2']);
    }),
  );
  test(
    'grants that many requests add at once are all there',
    withStorage(open, async ({ stores, other }) => {
      const device = await enrolled(stores, 'a');
      const { id } = accepted(await stores.logins.open(bank, opening(device, { grants: [] }), start));
      const racing = Array.from({ length: 30 }, (_, index) =>
        (index % 2 === 0 ? stores : other).logins.grant(bank, { device, id }, [`account:${index}`], at(1)),
      );
      await Promise.all(racing);
      assert.equal((await grantsOf(stores, device, 'credential-1', at(2))).length, 30);
    }),
  );
};

const moveRules = (open: OpenStorageHarness): void => {
  const move = (device: string, from: string, to: string) => ({ device, from, to, overlap: minutes(1) });
  test(
    'a refresh moves the login to the new credential; the old one counts for the overlap, which a second refresh does not prolong',
    withStorage(open, async ({ stores }) => {
      const device = await enrolled(stores, 'a');
      const { id } = accepted(await stores.logins.open(bank, opening(device), start));
      const moved = await stores.logins.move(
        bank,
        { ...move(device, 'credential-1', 'c2'), expiresAtMs: at(90) },
        at(1),
      );
      assert.equal(accepted(moved).id, id);
      accepted(await stores.logins.move(bank, move(device, 'credential-1', 'c3'), at(1.5)));
      assert.equal((await stores.logins.find(bank, device, 'credential-1', at(1.9)))?.id, id);
      assert.equal(await stores.logins.find(bank, device, 'credential-1', at(2)), undefined);
      for (const credential of ['c2', 'c3']) {
        assert.equal((await stores.logins.find(bank, device, credential, at(89)))?.id, id);
      }
    }),
  );
  test(
    'a refresh never takes the credential of another live login, nor starts from an unknown one',
    withStorage(open, async ({ stores }) => {
      const device = await enrolled(stores, 'a');
      accepted(await stores.logins.open(bank, opening(device), start));
      const bob = opening(device, { customer: 'bob', credentialHash: 'bobs' });
      accepted(await stores.logins.open(bank, bob, start));
      const taking = move(device, 'credential-1', 'bobs');
      assert.equal(refused(await stores.logins.move(bank, taking, at(1))), 'login-credential-taken');
      assert.equal(refused(await stores.logins.move(bank, move(device, 'nothing', 'c2'), at(1))), 'login-unknown');
      assert.equal((await stores.logins.find(bank, device, 'bobs', at(2)))?.customer, 'bob');
    }),
  );
};

const endRules = (open: OpenStorageHarness): void => {
  test(
    'logout ends one login by id or credential, or all of a device, and tells how many',
    withStorage(open, async ({ stores }) => {
      const device = await enrolled(stores, 'a');
      for (const name of ['1', '2', '3', '4']) {
        accepted(await stores.logins.open(bank, opening(device, { credentialHash: name, customer: name }), start));
      }
      const first = await stores.logins.find(bank, device, '1', at(1));
      const byId = await stores.logins.end(bank, { device, login: first?.id ?? '' }, at(1));
      assert.equal(accepted(byId), 1);
      assert.equal(accepted(await stores.logins.end(bank, { device, login: first?.id ?? '' }, at(1))), 0);
      assert.equal(accepted(await stores.logins.end(bank, { device, credentialHash: '2' }, at(1))), 1);
      assert.equal(accepted(await stores.logins.end(bank, { device, credentialHash: 'none' }, at(1))), 0);
      assert.equal(accepted(await stores.logins.end(otherApp, { device }, at(1))), 0);
      assert.equal(accepted(await stores.logins.end(bank, { device }, at(1))), 2);
      for (const name of ['1', '2', '3', '4']) {
        assert.equal(await stores.logins.find(bank, device, name, at(2)), undefined);
      }
    }),
  );
  for (const state of ['suspended', 'lost', 'revoked'] as const) {
    test(
      `a device that becomes ${state} loses its logins and opens none`,
      withStorage(open, async ({ stores }) => {
        const device = await enrolled(stores, 'a');
        accepted(await stores.logins.open(bank, opening(device), start));
        await stores.devices.changeState(bank, device, { state, actor: 'operator', reason: 'test' }, at(1));
        assert.equal(await stores.logins.find(bank, device, 'credential-1', at(2)), undefined);
        assert.equal(refused(await stores.logins.open(bank, opening(device), at(2))), 'device-not-enrolled');
      }),
    );
  }
  test(
    'a lower tier ends logins, a higher one does not',
    withStorage(open, async ({ stores }) => {
      const device = await enrolled(stores, 'a');
      const change = { state: 'enrolled', actor: 'operator', reason: 'test' } as const;
      accepted(await stores.logins.open(bank, opening(device), start));
      await stores.devices.changeState(bank, device, { ...change, tier: 2 }, at(1));
      assert.notEqual(await stores.logins.find(bank, device, 'credential-1', at(2)), undefined);
      await stores.devices.changeState(bank, device, { ...change, tier: 1 }, at(3));
      assert.equal(await stores.logins.find(bank, device, 'credential-1', at(4)), undefined);
    }),
  );
};

/** The contract of `LoginStore`. */
export const loginStoreContract = (adapter: string, open: OpenStorageHarness): void => {
  describe(`logins, ${adapter}`, () => {
    openRules(open);
    moveRules(open);
    endRules(open);
  });
};
