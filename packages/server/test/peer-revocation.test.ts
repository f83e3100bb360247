/** What nodes tell each other of devices, and what they make of it: over stores in memory, without any network. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type DeviceState, deviceStates, isActiveState } from '@hauberk/device';
import { epochMs, type Result } from '@hauberk/primitives';
import fc from 'fast-check';
import {
  followRevocation,
  ownRevocations,
  type PeerRevocation,
  readRevocations,
  revocationsText,
  shouldFollow,
} from '../src/device/peer-revocation.ts';
import { memoryStorage } from '../src/storage/memory/memory-stores.ts';
import type { Stores } from '../src/storage/stores.ts';

const scope = { organisation: 'demo', app: 'app' };
const at = (second: number) => epochMs(1_800_000_000_000 + second * 1000);
const open = (): Stores => memoryStorage().connect().stores;
const valueOf = <Value>(result: Result<Value>): Value => {
  assert.ok(result.ok, result.ok ? '' : result.code);
  return result.value;
};
const publicKey = new Uint8Array(65).fill(4);
const asked = { thumbprint: 'key', publicKey, tier: 0, verdictReference: 'software' };
const enrol = async (stores: Stores): Promise<string> =>
  valueOf(await stores.devices.enrol(scope, asked, at(0))).device.id;
const entry = (state: DeviceState, second: number): PeerRevocation => ({
  position: 1,
  ...scope,
  state,
  reason: 'test',
  atMs: at(second),
  keys: [{ thumbprint: 'key', publicKey }],
});

test('what is told has the keys, survives its text, and leaves out what other nodes told', async () => {
  const [here, there] = [open(), open()];
  const id = await enrol(here);
  await enrol(there);
  valueOf(await here.devices.changeState(scope, id, { state: 'suspended', actor: 'ann', reason: 'stolen' }, at(1)));
  const told = await ownRevocations(here, 0);
  assert.deepEqual(
    told.entries.map(({ state, keys }) => [state, keys[0]?.thumbprint]),
    [['suspended', 'key']],
  );
  assert.deepEqual(readRevocations(revocationsText(told)), told);
  for (const each of told.entries) await followRevocation(there, 1, each, true);
  assert.deepEqual(await ownRevocations(there, 0), { entries: [], readTo: 1 });
});

test('an answer that is none is refused, whatever it is', () => {
  const good = JSON.parse(revocationsText({ entries: [entry('lost', 1)], readTo: 1 })) as { entries: object[] };
  for (const bent of [{}, [], null, { ...good, more: 1 }, { ...good, readTo: -1 }, { readTo: 0, entries: [{}] }])
    assert.equal(readRevocations(JSON.stringify(bent)), undefined);
  fc.assert(fc.property(fc.string(), (text) => assert.doesNotThrow(() => readRevocations(text))));
});

test('a key that was never seen here is barred by what takes rights away, and by nothing else', async () => {
  for (const state of deviceStates) {
    const stores = open();
    await followRevocation(stores, 1, entry(state, 1), true);
    const found = await stores.devices.findByThumbprint(scope, 'key', 'identity');
    assert.equal(found?.device.state, isActiveState(state) ? undefined : state);
  }
});

test('whoever comes back at another node owes this one its evidence', async () => {
  const stores = open();
  await followRevocation(stores, 1, entry('suspended', 1), true);
  await followRevocation(stores, 1, entry('enrolled', 2), true);
  const found = await stores.devices.findByThumbprint(scope, 'key', 'identity');
  assert.ok(found !== undefined);
  assert.equal(found.device.state, 'enrolled');
  assert.equal((await stores.attestations.current(scope, found.device)).demand?.reason, 'reinstated');
});

test('no word of another node gives rights back that were taken here later, and revoked is for good', () => {
  const anyState = fc.constantFrom(...deviceStates);
  fc.assert(
    fc.property(anyState, anyState, fc.nat(9), fc.nat(9), fc.boolean(), (held, told, heldAt, toldAt, isLive) => {
      const follows = shouldFollow({ state: held, changedAtMs: at(heldAt) }, { state: told, atMs: at(toldAt) }, isLive);
      if (held === 'revoked') assert.equal(follows, false);
      else if (told === 'revoked') assert.equal(follows, true);
      if (follows && isActiveState(told)) assert.ok(toldAt > heldAt && held === 'suspended');
      if (!isLive && follows && told !== 'revoked') assert.ok(toldAt > heldAt);
      if (isLive && isActiveState(held) && !isActiveState(told)) assert.equal(follows, true);
    }),
  );
});
