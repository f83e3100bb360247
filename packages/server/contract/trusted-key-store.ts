/** What every record of trusted keys keeps to. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { maxTrustedKeys, type NewTrustedKey } from '../src/storage/trusted-key-store.ts';
import {
  accepted,
  at,
  bank,
  bytes,
  enrolled,
  type OpenStorageHarness,
  otherApp,
  refused,
  start,
  withStorage,
} from './harness.ts';

const key = (name: string, purpose: NewTrustedKey['purpose'] = 'approve'): NewTrustedKey => ({
  thumbprint: `trusted-${name}`,
  purpose,
  publicKey: bytes(65, name.length),
  tier: 'tee',
  userBinding: purpose === 'approve' ? 'hardware' : 'nobody',
});

/** The contract of `TrustedKeyStore`. */
export const trustedKeyStoreContract = (adapter: string, open: OpenStorageHarness): void => {
  describe(`trusted keys, ${adapter}`, () => {
    test(
      'a key is kept with what its evidence said, seen by every client, and registering it again changes nothing',
      withStorage(open, async ({ stores, other }) => {
        const device = await enrolled(stores, 'phone');
        const kept = accepted(await stores.trustedKeys.register(bank, device, key('a'), start));
        assert.deepEqual(kept, { ...key('a'), device, createdAtMs: start, endedAtMs: null });
        assert.deepEqual(accepted(await other.trustedKeys.register(bank, device, key('a'), at(1))), kept);
        assert.deepEqual(await other.trustedKeys.ofDevice(bank, device), [kept]);
        assert.deepEqual(await other.trustedKeys.ofDevice(otherApp, device), []);
        const { history } = (await stores.attestations.record(bank, device))?.record ?? { history: [] };
        if (adapter !== 'in memory')
          assert.deepEqual(
            history.filter(({ kind }) => kind === 'key').map(({ reason }) => reason),
            ['trusted approve'],
          );
      }),
    );
    test(
      'a new key of a purpose ends the one before, which never counts again; other purposes are left alone',
      withStorage(open, async ({ stores }) => {
        const device = await enrolled(stores, 'phone');
        const { trustedKeys } = stores;
        for (const each of [key('a'), key('c', 'capture'), key('b')])
          accepted(await trustedKeys.register(bank, device, each, at(1)));
        const live = (await trustedKeys.ofDevice(bank, device)).filter(({ endedAtMs }) => endedAtMs === null);
        assert.deepEqual(live.map(({ thumbprint }) => thumbprint).toSorted(), ['trusted-b', 'trusted-c']);
        assert.equal(refused(await trustedKeys.register(bank, device, key('a'), at(2))), 'device-key-taken');
      }),
    );
    test(
      'a key that another device, another purpose or a channel uses is refused',
      withStorage(open, async ({ stores }) => {
        const [device, thief] = [await enrolled(stores, 'phone'), await enrolled(stores, 'thief')];
        const { trustedKeys } = stores;
        accepted(await trustedKeys.register(bank, device, key('a'), start));
        assert.equal(refused(await trustedKeys.register(bank, thief, key('a'), start)), 'device-key-taken');
        assert.equal(refused(await trustedKeys.register(bank, device, key('a', 'device'), start)), 'device-key-taken');
        const identity = { ...key('x'), thumbprint: 'thumbprint-phone' };
        assert.equal(refused(await trustedKeys.register(bank, thief, identity, start)), 'device-key-taken');
      }),
    );
    test(
      'only devices that are switched on register keys, and not without end',
      withStorage(open, async ({ stores }) => {
        const { trustedKeys } = stores;
        assert.equal(refused(await trustedKeys.register(bank, 'nobody', key('a'), start)), 'device-unknown');
        const device = await enrolled(stores, 'phone');
        for (let index = 0; index < maxTrustedKeys; index += 1)
          accepted(await trustedKeys.register(bank, device, key(`n${index}`), at(index)));
        assert.equal(refused(await trustedKeys.register(bank, device, key('more'), at(99))), 'device-keys-full');
        const off = await enrolled(stores, 'off');
        const change = { state: 'suspended', actor: 'x', reason: 'x' } as const;
        accepted(await stores.devices.changeState(bank, off, change, start));
        assert.equal(refused(await trustedKeys.register(bank, off, key('a'), start)), 'device-not-enrolled');
      }),
    );
  });
};
