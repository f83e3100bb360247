/** Keys of trusted services, end to end: a phone registers them in its session, a server of the bank has their statements verified. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { nodeAsyncCrypto, nodeCrypto } from '@hauberk/crypto/node';
import { fromBase64Url, toBase64Url, utf8 } from '@hauberk/primitives';
import type { Hauberk } from '@hauberk/sdk/node';
import { KeyRefusedError, registerTrustedKey, type TrustedServices, trustedServices } from '@hauberk/sdk/trusted';
import { nodeTrustedServices } from '@hauberk/sdk/trusted-node';
import { type PhoneKind, type SimulatedPhone, simulatedPhone } from '@hauberk/simulator';
import { adminCaller } from './support/admin-caller.ts';
import { type PhoneGateway, startPhoneGateway } from './support/phone-gateway.ts';

let gateway: PhoneGateway;
let ask: Awaited<ReturnType<typeof adminCaller>>;
before(async () => {
  gateway = await startPhoneGateway();
  ask = await adminCaller(gateway.running());
});
after(() => gateway.close());

const scope = { organisation: 'demo', app: 'mobile', service: 'bank', crypto: nodeAsyncCrypto, now: Date.now };
const servicesOn = (phone: SimulatedPhone): TrustedServices => trustedServices(phone.backend, scope);

interface Customer {
  readonly hauberk: Hauberk;
  readonly services: TrustedServices;
  readonly device: string;
}

const customerOn = async (kind: PhoneKind): Promise<Customer> => {
  const phone = simulatedPhone(kind, { world: gateway.world });
  const hauberk = gateway.clientOn(phone);
  const { deviceId = '' } = await hauberk.connect();
  return { hauberk, services: servicesOn(phone), device: deviceId };
};

const challengeFor = async (): Promise<Uint8Array> => {
  const { json } = await ask('POST', '/apps/mobile/statement-challenges');
  return fromBase64Url(String(json['challenge'])) ?? new Uint8Array(0);
};

const order = utf8('{"amount":"20.00","to":"Bob"}');
const prompt = { title: 'Payment', text: 'Pay 20.00 EUR to Bob?' };

const verified = async (device: string, kind: string, statement: string, data: Uint8Array, more: object) => {
  const body = {
    device,
    kind,
    service: 'bank',
    statement,
    dataSha256: toBase64Url(nodeCrypto.sha256(data)),
    challengeOf: 'gateway',
    ...more,
  };
  return (await ask('POST', '/apps/mobile/statements/verify', body)).json;
};

const bindings: readonly (readonly [PhoneKind, string, string])[] = [
  ['android', 'tee', 'hardware'],
  ['android-strongbox', 'tee', 'hardware'],
  ['iphone', 'secure-element', 'app'],
  ['harmony', 'tee', 'app'],
];
for (const [kind, level, userBinding] of bindings)
  test(`${kind}: every service states, and the bank has each verified by the key of its purpose`, async () => {
    const { hauberk, services, device } = await customerOn(kind);
    for (const purpose of ['device', 'approve', 'capture'] as const)
      await registerTrustedKey({ hauberk, services, purpose, level: 'hardware' });
    const mediaType = 'application/json';
    const given = async () => {
      const challenge = await challengeFor();
      return { challenge, told: { challenge: toBase64Url(challenge) } };
    };
    const one = await given();
    const identity = await services.identify({ challenge: one.challenge });
    assert.equal((await verified(device, 'identify', identity, new Uint8Array(0), one.told))['holds'], true);
    const two = await given();
    const signed = await services.sign(order, { challenge: two.challenge, mediaType });
    assert.equal((await verified(device, 'sign', signed, order, two.told))['holds'], true);
    const three = await given();
    const { statement } = await services.verifyUser(order, { challenge: three.challenge, mediaType, prompt });
    const approved = await verified(device, 'verify-user', statement, order, { ...three.told, prompt });
    assert.deepEqual(approved['key'], { ...(approved['key'] as object), purpose: 'approve', level, userBinding });
    assert.equal((approved['device'] as { readonly tierName: string }).tierName, 'hardware');
    const again = await verified(device, 'verify-user', statement, order, { ...three.told, prompt });
    assert.equal(again['reason'], 'trusted.challenge-used');
    const four = await given();
    const taken = await services.capture('photo', { challenge: four.challenge });
    const capture = { mediaType: taken.mediaType, capturedAtMs: taken.capturedAtMs };
    const photo = await verified(device, 'capture', taken.statement, taken.media, { ...four.told, capture });
    assert.equal(photo['holds'], true, String(photo['reason']));
    const five = await given();
    const server = nodeCrypto.generateKeyPair('p256', 'agree');
    const sealed = await services.sealFor(server.publicKey, order, { challenge: five.challenge, mediaType });
    assert.equal((await verified(device, 'seal', sealed.statement, sealed.sealed, five.told))['holds'], true);
  });

test('a key that anybody may use approves nothing; a new key takes the place of the one before', async () => {
  const { hauberk, services, device } = await customerOn('android');
  // What a script in the page would do: ask the phone for a key that asks nobody, and call it one that approves.
  const careless: TrustedServices = {
    ...services,
    createKey: async (_purpose, asked) => ({ ...(await services.createKey('device', asked)), purpose: 'approve' }),
  };
  const options = { hauberk, services: careless, purpose: 'approve', level: 'hardware' } as const;
  await assert.rejects(
    registerTrustedKey(options),
    (error) => error instanceof KeyRefusedError && error.code === 'refused',
  );
  await services.deleteKey('device');
  const first = await registerTrustedKey({ hauberk, services, purpose: 'approve', level: 'hardware' });
  const second = await registerTrustedKey({ hauberk, services, purpose: 'approve', level: 'hardware' });
  const { json } = await ask('GET', `/apps/mobile/devices/${device}`);
  const keys = json['trustedKeys'] as readonly { readonly thumbprint: string; readonly endedAtMs: number | null }[];
  const liveOf = (thumbprint: string): boolean | undefined => {
    const found = keys.find((key) => key.thumbprint === thumbprint);
    return found === undefined ? undefined : found.endedAtMs === null;
  };
  assert.deepEqual([keys.length, liveOf(first.thumbprint), liveOf(second.thumbprint)], [2, false, true]);
});

test('a key belongs to one device, and evidence that was made for one purpose registers it for no other', async () => {
  const [mine, other] = [await customerOn('android'), await customerOn('android')];
  const key = await registerTrustedKey({ ...mine, purpose: 'device' });
  const asOwn: TrustedServices = { ...other.services, createKey: async () => key };
  await assert.rejects(registerTrustedKey({ ...other, services: asOwn, purpose: 'device' }), KeyRefusedError);
  const moved: Pick<Hauberk, 'fetch'> = {
    fetch: (input, init) =>
      other.hauberk.fetch(input, {
        ...init,
        body: (typeof init?.body === 'string' ? init.body : '').replace(
          '"do":"register","purpose":"device"',
          '"do":"register","purpose":"capture"',
        ),
      }),
  };
  const elsewhere = registerTrustedKey({ hauberk: moved, services: other.services, purpose: 'device' });
  await assert.rejects(elsewhere, KeyRefusedError);
  await assert.doesNotReject(registerTrustedKey({ ...other, purpose: 'device' }), 'the control');
});

test('a key of software proves itself; one of another device is not taken for it', async () => {
  const hauberk = gateway.clientOn(undefined);
  const { deviceId = '' } = await hauberk.connect();
  const services = nodeTrustedServices(scope);
  const key = await registerTrustedKey({ hauberk, services, purpose: 'device' });
  const challenge = await challengeFor();
  const signed = await services.sign(order, { challenge, mediaType: 'application/json' });
  const told = await verified(deviceId, 'sign', signed, order, { challenge: toBase64Url(challenge) });
  assert.deepEqual([told['holds'], (told['key'] as { level: string }).level], [true, 'software']);
  const thief = gateway.clientOn(undefined);
  await thief.connect();
  const named: TrustedServices = {
    ...nodeTrustedServices(scope),
    createKey: async (purpose) => ({ ...key, purpose }),
    identify: async () => 'e30.AA',
  };
  await assert.rejects(registerTrustedKey({ hauberk: thief, services: named, purpose: 'device' }), KeyRefusedError);
});
