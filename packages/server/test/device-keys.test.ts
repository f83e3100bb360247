/** Keys of devices over the wire: one hands over to another, and those of two apps make one device. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { endpoint, linkBytes, type SharedRoute } from '@hauberk/channel/client';
import { nodeCrypto } from '@hauberk/crypto/node';
import { fromUtf8, type KeyPair, toBase64Url } from '@hauberk/primitives';
import type { GatewayTrust } from '../src/index.ts';
import {
  call,
  enrol,
  enrolKey,
  enrolmentDocument,
  fetchChallenge,
  openSession,
  type TestDevice,
  type TestSession,
} from './channel-device.ts';
import { type EchoGateway, startEchoGateway } from './echo-gateway.ts';

let gateway: EchoGateway;
let url = '';
before(async () => {
  gateway = await startEchoGateway({ routes: [{ path: '/api/echo' }] }, () => ({
    apps: [{ id: 'app' }, { id: 'other' }],
  }));
  url = gateway.running.url;
});
after(() => gateway.close());

const pair = (): KeyPair => nodeCrypto.generateKeyPair('p256', 'sign');
const trustOf = (app: string): GatewayTrust => ({ ...gateway.running.trust(), apps: [app] });
const echo = (session: TestSession) => call(session, { url: '/api/echo', body: '{}' });

const open = async (app = 'app'): Promise<{ device: TestDevice; session: TestSession; trust: GatewayTrust }> => {
  const trust = trustOf(app);
  const device = await enrol(url, trust);
  return { device, session: await openSession(url, trust, device), trust };
};

const codeOf = (reply: { readonly status: number; readonly body: Uint8Array }): string =>
  reply.status < 300 ? 'accepted' : String((JSON.parse(fromUtf8(reply.body) ?? '{}') as { code?: string }).code);

const sendDocument = (session: TestSession, body: string) =>
  call(session, { url: endpoint.enrol, mode: 'sealed', headers: { 'content-type': 'text/plain' }, body });

test('an identity key hands over inside its session: the device stays itself, the old key is out for good', async () => {
  const { device, session, trust } = await open();
  const successor = pair();
  const document = await enrolmentDocument(url, trust, successor, device.deviceId, 'identity');
  assert.equal(codeOf(await sendDocument(session, document)), 'accepted');
  assert.notEqual((await echo(session)).status, 200, 'open sessions end');
  const rotated = { key: successor, deviceId: device.deviceId };
  assert.equal((await echo(await openSession(url, trust, rotated))).status, 200);
  await assert.rejects(openSession(url, trust, device));
  await assert.rejects(enrolKey(url, trust, device.key));
  const shown = await gateway.running.deviceAdministration.show(device.deviceId);
  assert.ok(shown.ok);
  assert.deepEqual(shown.value.keys.map(({ purpose }) => purpose).toSorted(), ['identity', 'retired']);
});

test("a session rotates its own device's key and no other's, and no key that is taken", async () => {
  const [{ session, trust }, { device: other }] = [await open(), await open()];
  const foreign = await enrolmentDocument(url, trust, pair(), other.deviceId, 'identity');
  assert.equal(codeOf(await sendDocument(session, foreign)), 'refused');
  const { deviceId } = session.client.core;
  const taken = await enrolmentDocument(url, trust, other.key, deviceId, 'identity');
  assert.equal(codeOf(await sendDocument(session, taken)), 'refused');
  assert.equal((await echo(session)).status, 200);
});

interface Joint {
  readonly session: TestSession;
  readonly trust: GatewayTrust;
  readonly own: KeyPair;
  readonly shared: KeyPair;
  readonly route?: SharedRoute;
  readonly app?: string;
}

const link = async ({ session, trust, own, shared, route = 'server-link', app = trust.apps[0] ?? '' }: Joint) => {
  const challenge = await fetchChallenge(url, trust);
  const { deviceId } = session.client.core;
  const bytes = linkBytes({ challenge, organisation: trust.organisation, app, deviceId, route });
  const sign = ({ privateKey }: KeyPair): string => toBase64Url(nodeCrypto.sign(privateKey, bytes));
  const proof = {
    challenge: toBase64Url(challenge),
    route,
    ownSignature: sign(own),
    sharedKey: toBase64Url(shared.publicKey),
    sharedSignature: sign(shared),
  };
  return call(session, { url: endpoint.link, mode: 'sealed', body: JSON.stringify(proof) });
};

const sharedOf = async (device: TestDevice): Promise<string | null> => {
  const shown = await gateway.running.deviceAdministration.show(device.deviceId);
  assert.ok(shown.ok);
  return shown.value.sharedIdentity;
};

test('two apps whose keys both sign are one device from then on, and the verdict says which way', async () => {
  const [first, second] = [await open('app'), await open('other')];
  const reply = await link({ ...second, own: second.device.key, shared: first.device.key });
  assert.equal(codeOf(reply), 'accepted');
  assert.equal((JSON.parse(fromUtf8(reply.body) ?? '') as { route: string }).route, 'server-link');
  const identity = await sharedOf(first.device);
  assert.ok(identity !== null);
  assert.equal(await sharedOf(second.device), identity);
  const found = await gateway.running.deviceAdministration.list({ text: identity });
  assert.deepEqual(
    found.ok && found.value.devices.map(({ id }) => id),
    [first.device.deviceId, second.device.deviceId].toSorted(),
  );
});

test('no proof joins a device to itself, to a stranger, to a switched-off one, or by a way that its phone has not', async () => {
  const [first, second] = [await open('app'), await open('other')];
  const own = second.device.key;
  const shared = first.device.key;
  assert.equal(codeOf(await link({ ...second, own, shared: own })), 'refused');
  assert.equal(codeOf(await link({ ...second, own, shared: pair() })), 'refused');
  assert.equal(codeOf(await link({ ...second, own: pair(), shared })), 'refused');
  assert.equal(codeOf(await link({ ...second, own, shared, route: 'keychain-group' })), 'refused');
  assert.equal(codeOf(await link({ ...second, own, shared, app: 'app' })), 'refused', 'a statement of another app');
  await gateway.running.deviceAdministration.suspend(first.device.deviceId, { actor: 'operator', reason: 'test' });
  assert.equal(codeOf(await link({ ...second, own, shared })), 'refused');
  assert.equal(await sharedOf(second.device), null);
});
