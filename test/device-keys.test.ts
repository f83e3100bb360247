/** A device's key after enrolment, through the SDK before a real gateway: it hands over, and devices of two apps on one phone become one. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type DeviceKeys, openKeys, otherApp, sharedKey } from '@hauberk/sdk/keys';
import { type ClientStorage, createHauberk, type Hauberk, HauberkError, memoryStorage } from '@hauberk/sdk/node';
import { trustedDevice } from '@hauberk/sdk/trusted';
import { type PhoneKind, type SimulatedPhone, sharedKeychain, simulatedPhone } from '@hauberk/simulator';
import { type PhoneGateway, startPhoneGateway } from './support/phone-gateway.ts';

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'accepted',
    (error: unknown) => (error instanceof HauberkError ? `${error.code} ${error.detail ?? ''}`.trim() : String(error)),
  );

interface App {
  readonly hauberk: Hauberk;
  readonly keys: DeviceKeys;
  readonly storage: ClientStorage;
}

describe('keys of devices', () => {
  let gateway: PhoneGateway;
  before(async () => {
    gateway = await startPhoneGateway({}, undefined, { routes: [], apps: ['wallet'] });
  });
  after(() => gateway.close());

  const appOn = (phone: SimulatedPhone | undefined, app = 'mobile', storage = memoryStorage()): App => {
    const { organisation, configKeys, minConfigVersion } = gateway.running().trust();
    const keys = openKeys();
    const trust = { configKeys, minConfigVersion, buildTimeMs: 0 };
    const options = {
      organisation,
      app,
      service: 'bank',
      endpoints: [gateway.running().url],
      trust,
      keys,
      early: false,
    };
    const device = phone === undefined ? {} : { device: trustedDevice(phone.backend) };
    return { hauberk: createHauberk({ ...options, ...device }, { storage }), keys, storage };
  };
  const phoneOf = (kind: PhoneKind = 'android', more: object = {}): SimulatedPhone =>
    simulatedPhone(kind, { world: gateway.world, ...more });
  const deviceOf = async ({ hauberk }: App): Promise<string> => (await hauberk.connect()).deviceId ?? '';
  const purposesOf = async (id: string): Promise<readonly string[]> => {
    const shown = await gateway.running().deviceAdministration.show(id);
    assert.ok(shown.ok);
    return shown.value.keys.map(({ purpose }) => purpose).toSorted();
  };
  const works = async ({ hauberk }: App): Promise<number> => (await hauberk.fetch('/hard/accounts')).status;

  for (const kind of ['android', 'iphone'] as const)
    test(`${kind}: the key hands over, the device stays itself, and the old key is gone from phone and gateway`, async () => {
      const phone = phoneOf(kind);
      const app = appOn(phone);
      const id = await deviceOf(app);
      const old = await app.storage.read('identity');
      await app.keys.rotate();
      assert.equal(await works(app), 200);
      assert.equal(await deviceOf(app), id);
      const attested = kind === 'iphone' ? ['attestation'] : [];
      assert.deepEqual(await purposesOf(id), [...attested, 'identity', 'retired']);
      assert.ok(old !== undefined);
      const { trustedAlias: alias } = old.keyPair.privateKey.handle as { readonly trustedAlias: string };
      await assert.rejects(phone.backend.getKey({ alias }));
      assert.equal(await app.storage.read('successor'), undefined);
      await app.keys.rotate();
      assert.equal(await works(app), 200);
      // New evidence is of the key that came, by App Attest of the one that it was made with.
      const word = { actor: 'operator', reason: 'test' };
      assert.ok((await gateway.running().deviceAdministration.demandAttestation(id, word)).ok);
      assert.equal(await works(app), 200);
      assert.equal(await deviceOf(app), id);
    });

  test('a key of software hands over as well, and never from hardware to software', async () => {
    const app = appOn(undefined);
    const id = await deviceOf(app);
    await app.keys.rotate();
    assert.equal(await deviceOf(app), id);
    const hard = appOn(phoneOf());
    const hardId = await deviceOf(hard);
    // The same storage in an app without its phone.
    const soft = appOn(undefined, 'mobile', hard.storage);
    assert.notEqual(await codeOf(soft.keys.rotate()), 'accepted');
    assert.equal(await deviceOf(hard), hardId);
  });

  for (const arrives of [true, false])
    test(`an app that is killed while the key hands over is the same device afterwards; the gateway ${arrives ? 'had' : 'had not'} taken it`, async () => {
      const phone = phoneOf();
      const storage = memoryStorage();
      const first = appOn(phone, 'mobile', storage);
      const id = await deviceOf(first);
      // The kill: the storage takes nothing any more once the successor was made, or once the gateway has it.
      const dying = arrives ? dieAtUpdate(storage, 'identity') : storage;
      const killed = appOn(phone, 'mobile', dying);
      if (arrives) await assert.rejects(killed.keys.rotate(), /killed/);
      else {
        const lost = { ...phone.backend };
        const key = await lost.createKey({
          alias: 'successor-never-sent',
          use: 'sign',
          userVerification: 'none',
          level: 'hardware',
          challenge: new Uint8Array(32),
        });
        const handle = { trustedAlias: 'successor-never-sent', asks: false };
        const privateKey = { group: 'p256', usage: 'sign', handle } as const;
        await storage.update('successor', () => ({
          keyPair: { privateKey, publicKey: Uint8Array.from(key.publicKey) },
          deviceId: null,
        }));
      }
      assert.ok((await storage.read('successor')) !== undefined);
      const next = appOn(phone, 'mobile', storage);
      assert.equal(await works(next), 200);
      assert.equal(await deviceOf(next), id);
      assert.equal(await storage.read('successor'), undefined);
      assert.deepEqual(await purposesOf(id), arrives ? ['identity', 'retired'] : ['identity']);
    });

  const sharedOf = async (id: string): Promise<string | null> => {
    const shown = await gateway.running().deviceAdministration.show(id);
    assert.ok(shown.ok);
    return shown.value.sharedIdentity;
  };

  test('apps of one maker share a key: keychain group on iPhones, the bridge of the maker on others', async () => {
    for (const [kind, route] of [
      ['iphone', 'keychain-group'],
      ['android', 'vendor-bridge'],
    ] as const) {
      const keychain = sharedKeychain();
      const identities: string[] = [];
      for (const name of ['mobile', 'wallet']) {
        const phone = phoneOf(kind, { keychain });
        const app = appOn(phone, name);
        const ways = [sharedKey(phone.backend, 'keychain-group'), sharedKey(phone.backend, 'vendor-bridge')];
        const linked = await app.keys.link(ways);
        assert.equal(linked?.route, route);
        assert.equal(await sharedOf(await deviceOf(app)), linked.identity);
        identities.push(linked.identity);
      }
      assert.equal(identities[0], identities[1]);
      const stranger = phoneOf(kind, { keychain: sharedKeychain() });
      const other = await appOn(stranger).keys.link([sharedKey(stranger.backend, route)]);
      assert.notEqual(other?.identity, identities[0]);
    }
  });

  test('without a shared key the other app signs, and answers nothing but questions of its own bank’s other apps', async () => {
    const [first, second] = [appOn(phoneOf(), 'mobile'), appOn(phoneOf(), 'wallet')];
    const id = await deviceOf(first);
    const phone = phoneOf();
    let question = '';
    const ask = async (asked: string): Promise<string | undefined> => {
      question = asked;
      return first.keys.answer(asked);
    };
    const linked = await second.keys.link([sharedKey(phone.backend, 'vendor-bridge'), otherApp(ask)]);
    assert.equal(linked?.route, 'server-link');
    assert.equal(await sharedOf(id), linked.identity);
    assert.equal(await sharedOf(await deviceOf(second)), linked.identity);
    assert.equal(await second.keys.answer(question), undefined, 'its own question');
    // A key that hands over stays one with the other app's, and what it links later is the same device.
    await first.keys.rotate();
    assert.equal(await works(first), 200);
    assert.equal(await sharedOf(id), linked.identity);
    assert.equal((await second.keys.link([otherApp(ask)]))?.identity, linked.identity);
    for (const bent of ['', 'AAAA', question.slice(0, -4), `${question}AAAA`])
      assert.equal(await first.keys.answer(bent), undefined, bent);
  });

  test('without any way there is no link; a proof by a stranger’s key is refused, and nothing is linked', async () => {
    const phone = phoneOf();
    const app = appOn(phone);
    assert.equal(await app.keys.link([]), undefined);
    assert.equal(await app.keys.link([otherApp(async () => undefined), otherApp(async () => 'no')]), undefined);
    const stranger = sharedKeychain();
    const liar = otherApp(async () => {
      const { publicKey } = await stranger.pair();
      const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');
      return JSON.stringify({ publicKey: text(publicKey), signature: text(new Uint8Array(64)) });
    });
    assert.equal(await codeOf(app.keys.link([liar])), 'enrolment-refused refused');
    assert.equal(await sharedOf(await deviceOf(app)), null);
  });

  test('keys without a client say so', () => assert.rejects(async () => openKeys().rotate(), /option/));
});

/** A storage whose context is killed as it writes an entry that is there already. */
const dieAtUpdate = (storage: ClientStorage, name: 'identity'): ClientStorage => ({
  ...storage,
  update: async (written, change) => {
    if (written === name && (await storage.read('successor')) !== undefined) throw new Error('killed');
    return storage.update(written, change);
  },
});
