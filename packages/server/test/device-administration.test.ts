/** What operators see of devices and do to them, over stores in memory and a shared table. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  deviceTableBytes,
  deviceTableKey,
  findDeviceRow,
  generationOf,
  openDeviceRow,
  openDeviceTable,
} from '@hauberk/channel';
import type { AttestedFacts } from '@hauberk/device';
import { epochMs, fromBase64Url, type Result, toEpochSeconds } from '@hauberk/primitives';
import { type DeviceAdministration, deviceAdministration } from '../src/device/device-administration.ts';
import { tokenClaims } from '../src/device/device-verdict.ts';
import { memoryStorage } from '../src/storage/memory/memory-stores.ts';

const start = epochMs(1_800_000_000_000);
const word = { actor: 'operator', reason: 'test' };
const phone: AttestedFacts = { platform: 'ios', level: 'secure-element', app: 'TEAM.example.bank' };

const valueOf = <Value>(result: Result<Value>): Value => {
  assert.ok(result.ok, result.ok ? '' : result.code);
  return result.value;
};
const codeOf = (result: Result<unknown>): string => (result.ok ? 'accepted' : result.code);

const open = () => {
  const { stores } = memoryStorage().connect();
  const table = openDeviceTable(new SharedArrayBuffer(deviceTableBytes(16)));
  const scopes = ['retail', 'corporate'].map((app) => ({ organisation: 'demo', app }));
  const tierNames = ['software', 'hardware'];
  const told: string[] = [];
  const administration: DeviceAdministration = deviceAdministration({
    scopes,
    stores,
    table,
    tierNames,
    now: () => start,
    onChange: (scope, { id, state }) => told.push(`${scope.app} ${id} ${state}`),
  });
  const enrol = async (app: number, name: string, facts: AttestedFacts): Promise<string> => {
    const scope = scopes[app];
    assert.ok(scope !== undefined);
    const tier = facts.level === 'software' ? 0 : 1;
    const verdictReference = `kind:${name}`;
    const appraised = { kind: 'app-attest', tier, facts, verdictReference };
    const asked = { thumbprint: name, publicKey: new Uint8Array(65), tier, verdictReference, appraised };
    return valueOf(await stores.devices.enrol(scope, asked, start)).device.id;
  };
  return { administration, enrol, table, told };
};

test('devices of all apps are listed in pages, filtered by app, tier by name or number, state and text', async () => {
  const { administration, enrol } = open();
  const [hard, soft] = [await enrol(0, 'a', phone), await enrol(1, 'b', { platform: 'other', level: 'software' })];
  const ids = async (query: Parameters<DeviceAdministration['list']>[0]) =>
    valueOf(await administration.list(query)).devices.map(({ id }) => id);
  assert.deepEqual(await ids({}), [hard, soft].toSorted());
  assert.deepEqual(await ids({ app: 'corporate' }), [soft]);
  assert.deepEqual(await ids({ tier: 'hardware' }), [hard]);
  assert.deepEqual(await ids({ tier: '0' }), [soft]);
  assert.deepEqual(await ids({ state: 'trusted' }), [hard]);
  assert.deepEqual(await ids({ text: soft.slice(0, 10) }), [soft]);
  const first = valueOf(await administration.list({ limit: 1 }));
  assert.equal(first.isFull, true);
  assert.deepEqual(await ids({ afterId: first.devices[0]?.id ?? '' }), [hard, soft].toSorted().slice(1));
  assert.equal(codeOf(await administration.list({ tier: 'gold' })), 'tier-unknown');
  assert.equal(codeOf(await administration.list({ app: 'nobody' })), 'app-unknown');
  assert.equal(codeOf(await administration.show('nobody')), 'device-unknown');
});

test('each change is kept, told, in the history with its words, and voids tickets in the shared table', async () => {
  const { administration, enrol, table, told } = open();
  const id = await enrol(0, 'a', phone);
  const key = deviceTableKey(fromBase64Url(id) ?? new Uint8Array(16));
  const row = openDeviceRow(table, key, 1, toEpochSeconds(start), toEpochSeconds(epochMs(start + 3_600_000)));
  assert.ok(row !== undefined);
  assert.equal(valueOf(await administration.suspend(id, word)).state, 'suspended');
  assert.equal(generationOf(table, findDeviceRow(table, key) ?? -1), 2);
  assert.equal(codeOf(await administration.demandAttestation(id, word)), 'device.suspended');
  const back = valueOf(await administration.reinstate(id, { actor: 'ann', reason: 'found under the sofa' }));
  assert.deepEqual([back.state, back.reattest, back.tierName], ['enrolled', 'reinstated', 'hardware']);
  assert.equal(valueOf(await administration.markLost(id, word)).state, 'lost');
  assert.equal(codeOf(await administration.reinstate(id, word)), 'device.lost');
  assert.equal(valueOf(await administration.revoke(id, word)).state, 'revoked');
  assert.equal(codeOf(await administration.suspend(id, word)), 'device.revoked');
  assert.equal(generationOf(table, row), 5);
  assert.deepEqual(
    told.map((line) => line.split(' ').at(-1)),
    ['suspended', 'enrolled', 'lost', 'revoked'],
  );
  const shown = valueOf(await administration.show(id));
  assert.deepEqual([shown.generation, shown.keys.length, shown.attested.platform], [5, 1, 'ios']);
  assert.match(shown.history.map(({ reason }) => reason).join('\n'), /found under the sofa/);
});

test('a demand ends sessions and shows until it is met; a verdict needs a signer', async () => {
  const { administration, enrol } = open();
  const id = await enrol(0, 'a', phone);
  assert.equal(valueOf(await administration.demandAttestation(id, word)).reattest, 'demanded');
  assert.equal(valueOf(await administration.show(id)).generation, 2);
  assert.equal(codeOf(await administration.verdict(id)), 'verdict-signer-missing');
  assert.equal(codeOf(await administration.verdict('nobody')), 'device-unknown');
});

test('a verdict says how the device was joined with the bank’s other apps', async () => {
  const { stores } = memoryStorage().connect();
  const scope = { organisation: 'demo', app: 'retail' };
  const enrolled = valueOf(
    await stores.devices.enrol(
      scope,
      { thumbprint: 'a', publicKey: new Uint8Array(65), tier: 0, verdictReference: 'software' },
      start,
    ),
  );
  const read = async (): Promise<string> => {
    const found = await stores.attestations.record(scope, enrolled.device.id);
    assert.ok(found !== undefined);
    return JSON.stringify(tokenClaims(found, start));
  };
  assert.match(await read(), /"sharedRoute":null/);
  const shared = { identity: 'family', route: 'keychain-group' } as const;
  valueOf(await stores.attestations.link(scope, enrolled.device.id, shared, start));
  assert.match(await read(), /"sharedRoute":"keychain-group"/);
});
