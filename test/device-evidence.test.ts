/** Devices that enrol by hardware evidence, end to end: simulated phones, the SDK, a real gateway with two workers. */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { epochMs } from '@hauberk/primitives';
import { HauberkError, memoryStorage } from '@hauberk/sdk/node';
import { type PhoneKind, type PhoneTrick, simulatedPhone, simulatedWorld } from '@hauberk/simulator';
import { createLocalJWKSet, createRemoteJWKSet, errors, type JWK, jwtVerify } from 'jose';
import { playKeysOf } from '../attack/world-trust.ts';
import { makeTrust, updateTrust } from '../packages/server/src/device/trust-snapshots.ts';
import { adminCaller } from './support/admin-caller.ts';
import { type PhoneGateway, startPhoneGateway } from './support/phone-gateway.ts';

const word = { actor: 'operator', reason: 'test' };

const codeOf = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'accepted',
    (error: unknown) => (error instanceof HauberkError ? error.code : String(error)),
  );

describe('phones before a gateway that believes their makers', () => {
  let gateway: PhoneGateway;
  before(async () => {
    gateway = await startPhoneGateway();
  });
  after(() => gateway.close());

  const kinds: readonly (readonly [PhoneKind, string, string])[] = [
    ['android', 'tee', 'android-key'],
    ['android-factory', 'tee', 'android-key'],
    ['android-strongbox', 'tee', 'android-key'],
    ['iphone', 'secure-element', 'app-attest'],
    ['harmony', 'tee', 'huks'],
  ];
  for (const [kind, level, evidence] of kinds)
    test(`${kind}: enrols as ${level}, passes a route that asks for hardware, and the upstream is told`, async () => {
      const client = gateway.clientOn(simulatedPhone(kind, { world: gateway.world }));
      const { deviceId = '', tier } = await client.connect();
      assert.equal(tier, 1);
      const reply = await client.fetch('/hard/accounts');
      assert.equal(reply.status, 200);
      assert.match(String(gateway.seen.at(-1)?.['hauberk-verified-attested']), new RegExp(`level=${level}`));
      const shown = await gateway.running().deviceAdministration.show(deviceId);
      assert.ok(shown.ok);
      assert.deepEqual(
        [shown.value.state, shown.value.tierName, shown.value.evidence],
        ['trusted', 'hardware', evidence],
      );
      assert.ok((shown.value.evidenceBase64 ?? '').length > 1000);
    });

  test('a key of software enrols on the lowest tier, and is told what a route asks for', async () => {
    const client = gateway.clientOn(undefined);
    assert.equal((await client.connect()).tier, 0);
    assert.equal((await client.fetch('/any/rates')).status, 200);
    const refused = await client.fetch('/hard/accounts');
    assert.equal(refused.status, 403);
    const problem = (await refused.json()) as Record<string, unknown>;
    assert.deepEqual([problem['code'], problem['tier']], ['attestation-required', 'hardware']);
    assert.equal(gateway.seen.at(-1)?.['hauberk-verified-attested'], undefined);
  });

  test('a device of software that gets hardware shows it where a route asks, without the caller noticing', async () => {
    const storage = memoryStorage();
    await gateway.clientOn(undefined, storage).connect();
    const phone = simulatedPhone('android', { world: gateway.world });
    const client = gateway.clientOn(phone, storage);
    // The key of software stays what it is: evidence of other hardware is not its own.
    assert.equal((await client.fetch('/hard/accounts')).status, 403);
  });

  const tricks: readonly (readonly [PhoneKind, PhoneTrick])[] = [
    ['android', 'forged-extension'],
    ['android', 'repackaged'],
    ['android', 'other-app'],
    ['android', 'unlocked'],
    ['android', 'swapped-key'],
    ['android', 'unknown-root'],
    ['android', 'expired-provisioning'],
    ['android-strongbox', 'level-mismatch'],
    ['iphone', 'development-build'],
    ['iphone', 'repackaged'],
    ['iphone', 'swapped-key'],
  ];
  for (const [kind, trick] of tricks)
    test(`${kind} with ${trick} is refused, and no device of it is kept`, async () => {
      const count = async (): Promise<number> => {
        const listed = await gateway.running().deviceAdministration.list({ limit: 1000 });
        return listed.ok ? listed.value.devices.length : -1;
      };
      const known = await count();
      const phone = simulatedPhone(kind, { world: gateway.world, tricks: [trick] });
      assert.equal(await codeOf(gateway.clientOn(phone).connect()), 'enrolment-refused');
      assert.equal(await count(), known);
    });

  test('suspended, a phone loses its session at once; reinstated, it brings new evidence on its own', async () => {
    const client = gateway.clientOn(simulatedPhone('iphone', { world: gateway.world }));
    const { deviceId = '' } = await client.connect();
    const { deviceAdministration: administration } = gateway.running();
    assert.ok((await administration.suspend(deviceId, word)).ok);
    const answers = await Promise.all(Array.from({ length: 8 }, () => codeOf(client.fetch('/any/thing'))));
    assert.ok(!answers.includes('accepted'), answers.join(' '));
    assert.ok((await administration.reinstate(deviceId, word)).ok);
    assert.equal((await client.fetch('/hard/accounts')).status, 200);
    const shown = await administration.show(deviceId);
    assert.ok(shown.ok);
    assert.deepEqual([shown.value.state, shown.value.reattest], ['trusted', null]);
    assert.deepEqual(
      shown.value.history.map(({ kind }) => kind),
      ['enrolled', 'state', 'state', 'attested'],
    );
  });

  test('a demand for new evidence is met between two calls, without trouble for the caller', async () => {
    const client = gateway.clientOn(simulatedPhone('android', { world: gateway.world }));
    const { deviceId = '' } = await client.connect();
    const { deviceAdministration: administration } = gateway.running();
    for (let turn = 0; turn < 2; turn += 1) {
      assert.ok((await administration.demandAttestation(deviceId, word)).ok);
      assert.equal((await client.fetch('/hard/accounts')).status, 200);
    }
    const shown = await administration.show(deviceId);
    assert.ok(shown.ok);
    assert.equal(shown.value.history.filter(({ kind }) => kind === 'attested').length, 2);
    assert.equal(shown.value.generation, 5);
  });

  test('a third party checks the verdict about a device with a JOSE library, the published keys and nothing of ours', async () => {
    const { deviceId = '' } = await gateway.clientOn(simulatedPhone('iphone', { world: gateway.world })).connect();
    const { adminUrl, deviceAdministration } = gateway.running();
    const call = await adminCaller(gateway.running(), 'viewer');
    const path = `/apps/mobile/devices/${deviceId}/verdict`;
    assert.equal((await fetch(`${adminUrl}/admin/v1${path}`)).status, 401);
    const keys = createRemoteJWKSet(new URL(`${adminUrl}/admin/v1/verdict-keys`));
    const expected = { typ: 'eat+jwt', issuer: 'hauberk', subject: deviceId, algorithms: ['ES256'] };
    const read = async () => {
      const jwt = String((await call('GET', `${path}?nonce=asked-by-the-partner`)).json['token']);
      const { payload } = await jwtVerify(jwt, keys, expected);
      const { device } = payload['submods'] as { device: Record<string, unknown> };
      return { jwt, claims: payload, device, verifier: device['ear_verifier_claims'] as Record<string, unknown> };
    };
    const fresh = await read();
    assert.equal(fresh.device['ear_status'], 'affirming');
    assert.deepEqual([fresh.verifier['tier'], fresh.verifier['evidence']], ['secure-element', 'app-attest']);
    assert.ok(fresh.claims['cnf'] !== undefined);
    assert.equal(fresh.claims['eat_nonce'], 'asked-by-the-partner');
    const [head, , signature] = fresh.jwt.split('.');
    const better = Buffer.from(JSON.stringify({ ...fresh.claims, exp: (fresh.claims.exp ?? 0) + 9 })).toString(
      'base64url',
    );
    await assert.rejects(
      jwtVerify(`${head}.${better}.${signature}`, keys, expected),
      errors.JWSSignatureVerificationFailed,
    );
    await deviceAdministration.demandAttestation(deviceId, word);
    assert.equal((await read()).device['ear_status'], 'warning');
    await deviceAdministration.markLost(deviceId, word);
    const lost = await read();
    assert.deepEqual([lost.device['ear_status'], lost.verifier['state']], ['contraindicated', 'lost']);
  });

  test('revoked for good: neither the session nor the key nor a restart brings it back', async () => {
    const storage = memoryStorage();
    const phone = simulatedPhone('android', { world: gateway.world });
    const client = gateway.clientOn(phone, storage);
    const { deviceId = '' } = await client.connect();
    assert.ok((await gateway.running().deviceAdministration.revoke(deviceId, word)).ok);
    assert.notEqual(await codeOf(client.fetch('/any/thing')), 'accepted');
    await gateway.restart();
    assert.equal(await codeOf(gateway.clientOn(phone, storage).connect()), 'handshake-refused');
  });

  test('a build that is withdrawn must be shown to be another one: a phone that cannot stays out', async () => {
    const phone = simulatedPhone('iphone', { world: gateway.world });
    const storage = memoryStorage();
    assert.equal(await codeOf(gateway.clientOn(phone, storage).connect()), 'accepted');
    gateway.writeBuilds([gateway.world.app.versionCode], ['6.0']);
    await new Promise((resolve) => setTimeout(resolve, 1100));
    assert.equal(await codeOf(gateway.clientOn(phone, storage).connect()), 'enrolment-refused');
    gateway.writeBuilds([gateway.world.app.versionCode], [gateway.world.app.bundleVersion]);
    await new Promise((resolve) => setTimeout(resolve, 1100));
    assert.equal(await codeOf(gateway.clientOn(phone, storage).connect()), 'accepted');
  });

  for (const saysBuild of ['when-made', 'never'] as const)
    test(`an iPhone that says ${saysBuild} which build runs is asked at most once when a build is withdrawn`, async () => {
      const phone = simulatedPhone('iphone', { world: gateway.world, saysBuild });
      const storage = memoryStorage();
      const { deviceId = '' } = await gateway.clientOn(phone, storage).connect();
      gateway.writeBuilds([gateway.world.app.versionCode], ['6.0']);
      await new Promise((resolve) => setTimeout(resolve, 1100));
      for (let turn = 0; turn < 3; turn += 1)
        assert.equal(await codeOf(gateway.clientOn(phone, storage).connect()), 'accepted');
      const shown = await gateway.running().deviceAdministration.show(deviceId);
      assert.ok(shown.ok);
      const asked = shown.value.history.filter(({ kind }) => kind === 'attested').length;
      assert.deepEqual([asked, shown.value.attested.appVersion], [saysBuild === 'never' ? 0 : 1, undefined]);
      gateway.writeBuilds([gateway.world.app.versionCode], [gateway.world.app.bundleVersion]);
      await new Promise((resolve) => setTimeout(resolve, 1100));
    });
});

test('tokens of Play Integrity: asked for beside the evidence of the key, in the facts, and in the verdict as one of two', async () => {
  const world = simulatedWorld();
  const playIntegrity = { ...playKeysOf(world), use: 'required', leastLabel: 'MEETS_STRONG_INTEGRITY' };
  const gateway = await startPhoneGateway({ playIntegrity }, world);
  try {
    const without = simulatedPhone('android', { world });
    assert.equal(await codeOf(gateway.clientOn(without).connect()), 'enrolment-refused');
    const client = gateway.clientOn(simulatedPhone('android', { world, hasPlay: true }));
    const { deviceId = '', tier } = await client.connect();
    assert.equal(tier, 1);
    await client.fetch('/hard/accounts');
    assert.match(String(gateway.seen.at(-1)?.['hauberk-verified-attested']), /level=tee;.*play=strong/);
    const { deviceAdministration } = gateway.running();
    const token = await deviceAdministration.verdict(deviceId);
    assert.ok(token.ok);
    const keys = createLocalJWKSet({ keys: [...gateway.running().trust().verdictKeys.keys] as JWK[] });
    const submods = (await jwtVerify(token.value, keys)).payload['submods'] as Record<string, Record<string, unknown>>;
    assert.equal(submods['device']?.['ear_status'], 'affirming');
    assert.match(JSON.stringify(submods['play-integrity']), /"securityLevel":"MEETS_STRONG_INTEGRITY"/);
    assert.ok((await deviceAdministration.demandAttestation(deviceId, word)).ok);
    assert.equal((await client.fetch('/hard/accounts')).status, 200, 'with a new token each time');
    const iphone = simulatedPhone('iphone', { world });
    assert.equal(await codeOf(gateway.clientOn(iphone).connect()), 'accepted', 'it is asked of Androids alone');
  } finally {
    await gateway.close();
  }
});

test('where the app refuses software, a device without hardware does not enrol', async () => {
  const gateway = await startPhoneGateway({ software: 'refused' });
  try {
    assert.equal(await codeOf(gateway.clientOn(undefined).connect()), 'enrolment-refused');
    const emulator = simulatedPhone('android', { world: gateway.world, tricks: ['emulator'] });
    assert.equal(await codeOf(gateway.clientOn(emulator).connect()), 'enrolment-refused');
    const phone = simulatedPhone('android', { world: gateway.world });
    assert.equal(await codeOf(gateway.clientOn(phone).connect()), 'accepted');
  } finally {
    await gateway.close();
  }
});

test('a keybox that leaks after its phone enrolled: its devices owe evidence at once, and cannot give any; others go on', async () => {
  const gateway = await startPhoneGateway();
  try {
    const { world } = gateway;
    const storage = memoryStorage();
    // The list that names the keybox is not written yet.
    const leaking = simulatedPhone('android', { world, tricks: ['leaked-keybox'] });
    const client = gateway.clientOn(leaking, storage);
    const { deviceId = '' } = await client.connect();
    const honest = gateway.clientOn(simulatedPhone('android-factory', { world }));
    const { deviceId: other = '' } = await honest.connect();
    gateway.writeRevocations();
    const { deviceAdministration } = gateway.running();
    const shownOf = async (device: string) => {
      const shown = await deviceAdministration.show(device);
      assert.ok(shown.ok);
      return shown.value;
    };
    while ((await shownOf(deviceId)).reattest === null) await new Promise((resolve) => setTimeout(resolve, 20));
    const { reattest, history, generation } = await shownOf(deviceId);
    assert.deepEqual([reattest, history.at(-1)?.reason, generation], ['risk', 'CERTIFICATE_REVOKED', 2]);
    assert.equal(await codeOf(client.fetch('/any/thing')), 'enrolment-refused', 'its session is void at once');
    assert.match((await shownOf(deviceId)).history.at(-1)?.reason ?? '', /CERTIFICATE_REVOKED/);
    assert.equal((await honest.fetch('/hard/accounts')).status, 200);
    assert.deepEqual([(await shownOf(other)).reattest, (await shownOf(other)).generation], [null, 1]);
    const again = simulatedPhone('android', { world, tricks: ['leaked-keybox'] });
    assert.equal(await codeOf(gateway.clientOn(again).connect()), 'enrolment-refused');
    await gateway.restart();
    const after = await gateway.running().deviceAdministration.show(deviceId);
    assert.deepEqual(after.ok && [after.value.reattest, after.value.generation], ['risk', 2], 'once for one cause');
  } finally {
    await gateway.close();
  }
});

test('roots from a snapshot that nobody renewed: refused or warned of as the operator says, until a newer one is taken over', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hauberk-roots-'));
  const at = (name: string): string => join(folder, name);
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  writeFileSync(at('key.pem'), privateKey.export({ format: 'pem', type: 'pkcs8' }));
  writeFileSync(at('key.pub'), publicKey.export({ format: 'pem', type: 'spki' }));
  const take = (state: string, roots: Readonly<Record<string, string>>, sequence: number, days: number): void => {
    const now = epochMs(Date.now());
    const takenAt = new Date(now - days * 86_400_000).toISOString();
    writeFileSync(at('plan.json'), JSON.stringify({ sequence, takenAt, roots }));
    writeFileSync(at('snapshot.jwt'), makeTrust({ plan: at('plan.json'), key: at('key.pem'), now }));
    updateTrust({ state, from: at('snapshot.jwt'), publisher: at('key.pub'), now });
  };
  let placed: readonly [string, Readonly<Record<string, string>>] = ['', {}];
  const gateway = await startPhoneGateway({}, simulatedWorld(), {
    routes: [],
    attestation: { maxSnapshotDays: 30, staleRevocations: { enrol: 'refuse', reattest: 'note' } },
    prepare: (state, roots) => {
      placed = [state, roots];
      take(state, roots, 1, 40);
    },
  });
  try {
    const phone = () => simulatedPhone('iphone', { world: gateway.world });
    assert.equal(await codeOf(gateway.clientOn(phone()).connect()), 'enrolment-refused');
    take(...placed, 2, 1);
    await new Promise((resolve) => setTimeout(resolve, 1100));
    const android = simulatedPhone('android', { world: gateway.world });
    const client = gateway.clientOn(android);
    const { deviceId = '' } = await client.connect();
    // Under new publishers the sequence begins anew, and so may an old snapshot.
    take(...placed, 3, 40);
    await new Promise((resolve) => setTimeout(resolve, 1100));
    const { deviceAdministration } = gateway.running();
    assert.ok((await deviceAdministration.demandAttestation(deviceId, word)).ok);
    assert.equal((await client.fetch('/hard/accounts')).status, 200, 'noted, not refused');
    const token = await deviceAdministration.verdict(deviceId);
    assert.ok(token.ok);
    assert.match(Buffer.from(token.value.split('.')[1] ?? '', 'base64url').toString(), /"code":"ANCHORS_STALE"/);
    assert.equal(await codeOf(gateway.clientOn(phone()).connect()), 'enrolment-refused');
  } finally {
    await gateway.close();
    rmSync(folder, { recursive: true });
  }
});
