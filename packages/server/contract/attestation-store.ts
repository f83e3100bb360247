/** What every store of evidence keeps to. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Appraised, AttestedFacts, DeviceRecord } from '@hauberk/device';
import type { Scope } from '../src/storage/scope.ts';
import type { Stores } from '../src/storage/stores.ts';
import {
  accepted,
  at,
  bank,
  bytes,
  enrolment,
  type OpenStorageHarness,
  otherApp,
  refused,
  start,
  withStorage,
} from './harness.ts';

const phone: AttestedFacts = {
  platform: 'android',
  level: 'tee',
  app: 'example.bank',
  boot: 'verified',
  locked: true,
};
const appraised = (change: Partial<Appraised> = {}): Appraised => ({
  kind: 'android-key',
  tier: 1,
  facts: phone,
  verdictReference: 'android-key:1',
  ...change,
});
const evidence = bytes(100, 9);
const by = { actor: 'operator', reason: 'test' };

const enrolPhone = async (stores: Stores, name: string, change: Partial<Appraised> = {}, scope: Scope = bank) => {
  const worth = appraised(change);
  const { tier, verdictReference } = worth;
  const asked = { ...enrolment(name), tier, verdictReference, appraised: worth, evidence };
  return accepted(await stores.devices.enrol(scope, asked, start)).device.id;
};

const recordOf = async (stores: Stores, device: string): Promise<DeviceRecord> => {
  const found = await stores.attestations.record(bank, device);
  assert.ok(found !== undefined);
  return found.record;
};

const newEvidence = (name: string, change: Partial<Appraised> = {}) => ({
  appraised: appraised(change),
  signedBy: `thumbprint-${name}`,
  evidence: bytes(50, 3),
});

const evidenceRules = (open: OpenStorageHarness): void => {
  test(
    'an enrolment keeps facts, evidence and its first history entry; hardware makes it trusted',
    withStorage(open, async ({ stores, other }) => {
      const id = await enrolPhone(stores, 'a');
      const found = await other.attestations.record(bank, id);
      assert.deepEqual(found?.record.appraised, appraised());
      assert.deepEqual(found?.record.state, 'trusted');
      assert.deepEqual(Uint8Array.from(found?.evidence ?? []), evidence);
      assert.deepEqual(
        found?.record.history.map(({ kind, reason, facts }) => [kind, reason, facts]),
        [['enrolled', 'android-key', phone]],
      );
      const plain = accepted(await stores.devices.enrol(bank, enrolment('plain'), start)).device;
      assert.equal(plain.state, 'enrolled');
      assert.equal((await recordOf(stores, plain.id)).appraised.facts.level, 'software');
    }),
  );
  test(
    'new evidence under the bound key replaces the old, raises the generation and is in the revocation log',
    withStorage(open, async ({ stores, other }) => {
      const id = await enrolPhone(stores, 'a');
      const facts: AttestedFacts = { ...phone, patchLevel: 202_611 };
      const change = { facts, verdictReference: 'android-key:2' };
      const device = accepted(await other.attestations.attest(bank, id, newEvidence('a', change), at(1)));
      assert.deepEqual([device.generation, device.state, device.verdictReference], [2, 'trusted', 'android-key:2']);
      const found = await stores.attestations.record(bank, id);
      assert.deepEqual(found?.record.appraised.facts, facts);
      assert.equal(found?.record.attestedAtMs, at(1));
      assert.equal(found?.evidence?.length, 50);
      assert.equal((await stores.devices.revocationsAfter(0, 10)).length, 1);
    }),
  );
  test(
    'evidence under another key, of an unknown device or with a counter that does not rise changes nothing',
    withStorage(open, async ({ stores }) => {
      const id = await enrolPhone(stores, 'a', { counter: { key: 'apple', value: 4 } });
      const before = await recordOf(stores, id);
      const attest = (name: string, change: Partial<Appraised> = {}) =>
        stores.attestations.attest(bank, id, newEvidence(name, change), at(1));
      assert.equal(refused(await attest('b', { counter: { key: 'apple', value: 5 } })), 'reattest.not-chained');
      assert.equal(refused(await attest('a', { counter: { key: 'apple', value: 4 } })), 'reattest.counter');
      const elsewhere = await stores.attestations.attest(
        otherApp,
        id,
        newEvidence('a', { counter: { key: 'apple', value: 5 } }),
        at(1),
      );
      assert.equal(refused(elsewhere), 'device-unknown');
      assert.deepEqual(await recordOf(stores, id), before);
    }),
  );
  test(
    'of many pieces of evidence with one counter, racing, exactly one is taken',
    withStorage(open, async ({ stores, other }) => {
      const id = await enrolPhone(stores, 'a', { counter: { key: 'apple', value: 0 } });
      const racing = Array.from({ length: 20 }, (_, index) =>
        (index % 2 === 0 ? stores : other).attestations.attest(
          bank,
          id,
          newEvidence('a', { counter: { key: 'apple', value: 1 } }),
          at(1),
        ),
      );
      assert.equal((await Promise.all(racing)).filter(({ ok }) => ok).length, 1);
      assert.equal((await recordOf(stores, id)).generation, 2);
    }),
  );
};

const demandRules = (open: OpenStorageHarness): void => {
  test(
    'a demand stands until evidence meets it, and ends open sessions',
    withStorage(open, async ({ stores }) => {
      const id = await enrolPhone(stores, 'a');
      const demand = { reason: 'demanded', atMs: at(1) } as const;
      assert.equal(accepted(await stores.attestations.demand(bank, id, demand, by)).generation, 2);
      assert.deepEqual((await recordOf(stores, id)).demand, demand);
      accepted(await stores.attestations.attest(bank, id, newEvidence('a'), at(2)));
      assert.equal((await recordOf(stores, id)).demand, undefined);
      assert.equal(refused(await stores.attestations.demand(bank, 'nobody', demand, by)), 'device-unknown');
    }),
  );
  test(
    'a suspended device with hardware comes back enrolled, with a demand; evidence makes it trusted again',
    withStorage(open, async ({ stores }) => {
      const id = await enrolPhone(stores, 'a');
      const change = (state: 'suspended' | 'enrolled') => stores.devices.changeState(bank, id, { state, ...by }, at(1));
      accepted(await change('suspended'));
      assert.equal(refused(await stores.attestations.attest(bank, id, newEvidence('a'), at(2))), 'device.suspended');
      const noDemand = await stores.attestations.demand(bank, id, { reason: 'risk', atMs: at(2) }, by);
      assert.equal(refused(noDemand), 'device.suspended');
      assert.equal(accepted(await change('enrolled')).state, 'enrolled');
      assert.equal((await recordOf(stores, id)).demand?.reason, 'reinstated');
      assert.equal(accepted(await stores.attestations.attest(bank, id, newEvidence('a'), at(3))).state, 'trusted');
    }),
  );
  test(
    'a rotated key hands over: the new one says hello, the old one is known and never does again',
    withStorage(open, async ({ stores }) => {
      const id = await enrolPhone(stores, 'a');
      const successor = { thumbprint: 'successor', publicKey: bytes(65, 5) };
      const signedBy = ['thumbprint-a', 'successor'];
      const rotate = (names: readonly string[]) =>
        stores.attestations.rotate(bank, id, { ...successor, signedBy: names }, at(1));
      assert.equal(refused(await rotate(['successor'])), 'rotation.not-signed');
      assert.equal(accepted(await rotate(signedBy)).generation, 2);
      assert.equal((await stores.devices.findByThumbprint(bank, 'successor', 'identity'))?.device.id, id);
      assert.equal(await stores.devices.findByThumbprint(bank, 'thumbprint-a', 'identity'), undefined);
      assert.equal(refused(await stores.devices.enrol(bank, enrolment('a'), at(2))), 'device-key-taken');
      assert.equal(accepted(await rotate(signedBy)).generation, 2, 'repeated it changes nothing');
      const second = await enrolPhone(stores, 'b');
      const stolen = { ...successor, signedBy: ['thumbprint-b', 'successor'] };
      assert.equal(refused(await stores.attestations.rotate(bank, second, stolen, at(3))), 'rotation.key-taken');
    }),
  );
};

const listRules = (open: OpenStorageHarness): void => {
  test(
    'devices are found by state, tier, platform, id, key and shared identity, in pages ordered by id',
    withStorage(open, async ({ stores }) => {
      const ids = [
        await enrolPhone(stores, 'a'),
        await enrolPhone(stores, 'b'),
        await enrolPhone(stores, 'c'),
      ].toSorted();
      const plain = accepted(await stores.devices.enrol(bank, { ...enrolment('d'), tier: 0 }, start)).device.id;
      await enrolPhone(stores, 'a', {}, otherApp);
      accepted(await stores.attestations.link(bank, plain, { identity: 'family', route: 'server-link' }, at(1)));
      const found = async (query: object) =>
        (await stores.attestations.search(bank, { limit: 10, ...query })).map(({ device }) => device.id);
      assert.deepEqual(await found({}), [...ids, plain].toSorted());
      assert.deepEqual(await found({ state: 'enrolled' }), [plain]);
      assert.deepEqual(await found({ tier: 1 }), ids);
      assert.deepEqual(await found({ platform: 'android', limit: 2 }), ids.slice(0, 2));
      assert.deepEqual(await found({ platform: 'android', afterId: ids[1] }), ids.slice(2));
      assert.deepEqual(await found({ text: ids[0]?.slice(0, 12) }), ids.slice(0, 1));
      assert.deepEqual(await found({ text: 'thumbprint-d' }), [plain]);
      assert.deepEqual(await found({ text: 'family' }), [plain]);
      assert.deepEqual(await found({ text: '%' }), []);
    }),
  );
  test(
    'a history keeps its first entry and its newest ones, 64 in all',
    withStorage(open, async ({ stores }) => {
      const id = await enrolPhone(stores, 'a');
      for (let index = 0; index < 70; index += 1) {
        const entry = {
          kind: 'refused',
          atMs: at(index),
          actor: 'gateway',
          reason: `r${index}`,
          facts: undefined,
        } as const;
        accepted(await stores.attestations.note(bank, id, entry));
      }
      const [listed] = await stores.attestations.search(bank, { limit: 1 });
      assert.deepEqual(listed?.last, { kind: 'refused', reason: 'r69' });
      const { history } = await recordOf(stores, id);
      assert.equal(history.length, 64);
      assert.equal(history[0]?.kind, 'enrolled');
      assert.deepEqual([history[1]?.reason, history.at(-1)?.reason], ['r7', 'r69']);
    }),
  );
};

/** Runs the contract against an adapter. */
export const attestationStoreContract = (adapter: string, open: OpenStorageHarness): void => {
  describe(`evidence, ${adapter}`, () => {
    evidenceRules(open);
    demandRules(open);
    listRules(open);
  });
};
