/** Whom limits by address count, and that a subscriber's /64 is one. */
import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { endpoint } from '@hauberk/channel';
import fc from 'fast-check';
import { networkOf } from '../src/gateway/address-network.ts';
import { send } from './channel-device.ts';
import { type EchoGateway, startEchoGateway } from './echo-gateway.ts';

describe('the network of an address', () => {
  for (const [address, expected] of [
    ['192.0.2.7', '192.0.2.7'],
    ['', ''],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001:0002::1', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['2001:db8:1::', '2001:db8:1:0::/64'],
    ['::', '0:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['::ffff:c000:207', '192.0.2.7'],
    ['0:0:0:0:0:ffff:c000:0207', '192.0.2.7'],
    ['64:ff9b::192.0.2.7', '64:ff9b:0:0::/64'],
  ] as const)
    test(`${address} is ${expected}`, () => assert.equal(networkOf(address), expected));

  test('two addresses share one exactly when their first 64 bits are the same, however they are written', () => {
    const groups = fc.array(fc.integer({ min: 1, max: 0xffff }), { minLength: 8, maxLength: 8 });
    const text = (parts: readonly number[]): string => parts.map((part) => part.toString(16)).join(':');
    fc.assert(
      fc.property(groups, groups, (left, right) => {
        const moved = [...left.slice(0, 4), ...right.slice(4)];
        assert.equal(networkOf(text(moved)), networkOf(text(left).toUpperCase()));
        const isSame = text(left.slice(0, 4)) === text(right.slice(0, 4));
        assert.equal(networkOf(text(left)) === networkOf(text(right)), isSame);
        const short = `${text(left.slice(0, 4))}::`;
        assert.equal(isIP(short), 6);
        assert.equal(networkOf(short), networkOf(text(left)));
      }),
    );
  });
});

describe('limits by address behind a proxy', () => {
  let gateway: EchoGateway;
  const address = { requests: 3, perSeconds: 3600, burst: 3 };
  before(async () => {
    gateway = await startEchoGateway({ routes: [{ path: '/open', protection: 'none', limits: { address } }] }, () => ({
      listen: { port: 0, trustedProxies: ['127.0.0.1'] },
      limits: { enrolmentsPerSecond: 1, enrolmentBurst: 3 },
    }));
  });
  after(() => gateway.close());

  const statuses = async (url: string, method: string, clients: readonly string[]): Promise<readonly number[]> => {
    const seen: number[] = [];
    for (const client of clients)
      seen.push((await send(gateway.running.url, { method, url, headers: { 'x-forwarded-for': client } })).status);
    return seen;
  };

  test('a subscriber of IPv6 is counted once, whatever address the requests come from; the neighbour is not', async () => {
    const own = ['2001:db8:0:1::1', '2001:db8:0:1::2', '2001:db8:0:1:ffff::3', '2001:db8:0:1:abcd:1:2:3'];
    assert.deepEqual(await statuses('/open', 'GET', own), [200, 200, 200, 429]);
    assert.deepEqual(await statuses('/open', 'GET', ['2001:db8:0:2::1']), [200]);
  });

  test('two IPv4 addresses are two', async () => {
    const pair = ['192.0.2.1', '192.0.2.1', '192.0.2.1', '192.0.2.1', '192.0.2.2'];
    assert.deepEqual(await statuses('/open', 'GET', pair), [200, 200, 200, 429, 200]);
  });

  test('enrolment counts the same', async () => {
    const path = endpoint.enrolChallenge;
    const own = Array.from({ length: 30 }, (_, index) => `2001:db8:5:5::${index.toString(16)}`);
    const seen = await statuses(path, 'POST', own);
    assert.ok(seen.includes(429), String(seen));
    assert.ok(!(await statuses(path, 'POST', ['2001:db8:5:6::1'])).includes(429));
  });
});
