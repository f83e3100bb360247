import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { connectionTrust, proxyList } from '../src/gateway/connection-trust.ts';

const proxies = proxyList(['10.0.0.0/8']);
const from = (remoteAddress: string, encrypted = false) =>
  connectionTrust({ remoteAddress, encrypted } as unknown as Socket, proxies);

test('trust: a stranger cannot name an address for itself', () => {
  const trust = from('192.0.2.7');
  assert.deepEqual(trust.clientOf({ 'x-forwarded-for': '127.0.0.1', 'x-forwarded-proto': 'https' }), {
    address: '192.0.2.7',
    secure: false,
  });
});

const chains: readonly (readonly [chain: string, address: string])[] = [
  ['198.51.100.4', '198.51.100.4'],
  ['198.51.100.4, 10.2.0.1', '198.51.100.4'],
  // Whatever the client put in front is not believed: the last hop that is no proxy of ours is the client.
  ['127.0.0.1, 198.51.100.4, 10.2.0.1', '198.51.100.4'],
  ['10.3.0.1, 10.2.0.1', '10.3.0.1'],
  ['::ffff:198.51.100.4', '198.51.100.4'],
];
for (const [chain, address] of chains) {
  test(`trust: behind a proxy ${chain} means ${address}`, () => {
    const client = from('::ffff:10.0.0.1').clientOf({ 'x-forwarded-for': chain, 'x-forwarded-proto': 'https' });
    assert.deepEqual(client, { address, secure: true });
  });
}

test('trust: a proxy that sends something else than addresses is not believed at all', () => {
  for (const chain of ['unknown', '198.51.100.4,', '198.51.100.4:80', ''])
    assert.equal(from('10.0.0.1').clientOf({ 'x-forwarded-for': chain }), undefined, chain);
});

test('trust: without a chain the proxy itself is the client', () => {
  assert.deepEqual(from('10.0.0.1').clientOf({}), { address: '10.0.0.1', secure: false });
  assert.deepEqual(from('192.0.2.7', true).clientOf({}), { address: '192.0.2.7', secure: true });
});
