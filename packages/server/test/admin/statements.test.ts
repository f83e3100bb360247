/** Trusted statements over HTTP, made by services on a simulated phone, judged by an administration. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { nodeAsyncCrypto, nodeCrypto } from '@hauberk/crypto/node';
import { type Bytes, toBase64Url, utf8 } from '@hauberk/primitives';
import { bridgeBackend, type TrustedServices, trustedServices } from '@hauberk/sdk/trusted';
import { simulatedPhone } from '@hauberk/simulator';
import { type AdminWorld, everything, openAdminWorld } from './world.ts';

let world: AdminWorld;
let token: string;
let services: TrustedServices;
const order = utf8('{"amount":"20.00","to":"Bob"}');
const prompt = { title: 'Payment', text: 'Pay 20.00 EUR to Bob?' };
const challenge = nodeCrypto.random(32);
const hash = (data: Uint8Array): string => toBase64Url(nodeCrypto.sha256(data));

before(async () => {
  world = await openAdminWorld();
  token = await world.token('shop', [{ app: 'corporate', role: 'devices:read' }]);
  const scope = { organisation: 'bank', app: 'corporate', service: 'api' };
  const options = { ...scope, crypto: nodeAsyncCrypto, now: () => world.clock.now };
  services = trustedServices(bridgeBackend(simulatedPhone('android').bridge), options);
});
after(() => world.close());

const question = async (purpose: 'device' | 'approve' | 'capture', kind: string, statement: string, data: Bytes) => ({
  statement,
  kind,
  service: 'api',
  publicKey: toBase64Url((await services.key(purpose)).publicKey),
  challenge: toBase64Url(challenge),
  dataSha256: hash(data),
});
const verdict = async (body: object, asked = token, app = 'corporate'): Promise<unknown> => {
  const answer = await world.ask('POST', `/apps/${app}/statements/verify`, { token: asked, body });
  return answer.status === 200
    ? answer.json['holds'] === true
      ? 'holds'
      : answer.json['reason']
    : answer.json['code'];
};

test('an approval holds for its data, its words and its key, and for nothing else', async () => {
  await services.createKey('approve', { challenge });
  const { statement } = await services.verifyUser(order, { challenge, mediaType: 'application/json', prompt });
  const asked = { ...(await question('approve', 'verify-user', statement, order)), prompt };
  assert.equal(await verdict(asked), 'holds');
  assert.equal(await verdict({ ...asked, kind: 'sign' }), 'trusted.kind');
  assert.equal(await verdict({ ...asked, service: 'other' }), 'trusted.scope');
  assert.equal(await verdict({ ...asked, dataSha256: hash(utf8('other')) }), 'trusted.digest');
  assert.equal(await verdict({ ...asked, prompt: { ...prompt, text: 'Log in?' } }), 'trusted.prompt');
  assert.equal(await verdict({ ...asked, challenge: toBase64Url(nodeCrypto.random(32)) }), 'trusted.challenge');
  const other = nodeCrypto.generateKeyPair('p256', 'sign').publicKey;
  assert.equal(await verdict({ ...asked, publicKey: toBase64Url(other) }), 'trusted.key');
  assert.equal(await verdict({ ...asked, publicKey: 'A'.repeat(87) }), 'trusted.malformed');
});

test('a capture is judged with its type and time', async () => {
  await services.createKey('capture', { challenge });
  // The phone's own clock takes the picture; the administration's stands still.
  const taken = await services.capture('photo', { challenge });
  const capture = { mediaType: taken.mediaType, capturedAtMs: taken.capturedAtMs };
  const asked = await question('capture', 'capture', taken.statement, taken.media);
  world.clock.now = taken.capturedAtMs as never;
  const again = await services.capture('photo', { challenge });
  const now = { ...asked, statement: again.statement, capture: { ...capture, capturedAtMs: again.capturedAtMs } };
  assert.equal(await verdict(now), 'holds');
  assert.equal(await verdict({ ...now, dataSha256: hash(utf8('other')) }), 'trusted.signature');
  assert.equal(await verdict({ ...now, capture: { ...now.capture, mediaType: 'image/png' } }), 'trusted.signature');
  assert.equal(await verdict(asked), 'trusted.malformed');
});

test('with a device in the place of a key, the key that it registered for this kind of statement counts, and no other', async () => {
  const scope = { organisation: 'bank', app: 'corporate' };
  const device = await world.enrol('bank', 'corporate', 'stating');
  const approve = await services.key('approve');
  const admitted = { tier: 'tee', userBinding: 'hardware', thumbprint: approve.thumbprint } as const;
  const key = { ...admitted, purpose: 'approve', publicKey: Uint8Array.from(approve.publicKey) } as const;
  const issued = await world.ask('POST', '/apps/corporate/statement-challenges', { token });
  const fresh = String(issued.json['challenge']);
  const given = { challenge: Buffer.from(fresh, 'base64url'), mediaType: 'application/json', prompt };
  const { statement } = await services.verifyUser(order, given);
  const { publicKey: _key, ...rest } = await question('approve', 'verify-user', statement, order);
  const asked = { ...rest, device, challenge: fresh, challengeOf: 'gateway', prompt };
  assert.equal(await verdict(asked), 'trusted.key-unregistered');
  const now = world.clock.now;
  assert.ok((await world.stores.trustedKeys.register(scope, device, key, now)).ok);
  assert.equal(await verdict({ ...asked, device: 'A'.repeat(22) }), 'trusted.device-unknown');
  assert.equal(await verdict({ ...asked, kind: 'sign' }), 'trusted.key-unregistered');
  assert.equal(await verdict({ ...asked, dataSha256: hash(utf8('other')) }), 'trusted.digest');
  assert.equal(await verdict({ ...asked, publicKey: 'A'.repeat(87) }), 'malformed');
  const answers = await Promise.all([1, 2, 3].map(() => verdict(asked)));
  assert.deepEqual(answers.map(String).toSorted(), ['holds', 'trusted.challenge-used', 'trusted.challenge-used']);
  assert.equal(await verdict({ ...asked, challengeOf: 'caller' }), 'holds');
  const enrolment = await world.stores.challenges.issue(scope, now);
  const other = await services.verifyUser(order, { ...given, challenge: enrolment });
  const foreign = { ...asked, statement: other.statement, challenge: toBase64Url(enrolment) };
  assert.equal(await verdict(foreign), 'trusted.challenge', 'a challenge of enrolment is none of a statement');
  const shown = await world.ask('GET', `/apps/corporate/devices/${device}`, { token });
  assert.equal((shown.json['trustedKeys'] as readonly { purpose: string }[])[0]?.purpose, 'approve');
  const reported = { state: 'lost', actor: 'x', reason: 'x' } as const;
  assert.ok((await world.stores.devices.changeState(scope, device, reported, now)).ok);
  assert.equal(await verdict({ ...asked, challengeOf: 'caller' }), 'trusted.device-off');
});

test('whoever may not read the devices of the app learns nothing', async () => {
  const asked = await question('approve', 'verify-user', 'x', order);
  const audit = await world.token('auditor', [{ app: 'corporate', role: 'audit:read' }]);
  assert.equal(await verdict(asked, audit), 'right-missing');
  const elsewhere = await world.token('eve', everything, { organisation: 'other' });
  assert.equal(await verdict(asked, elsewhere), 'not-found');
  assert.equal(await verdict({ ...asked, more: 1 }), 'malformed');
});
