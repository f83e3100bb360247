/** What the gateway senses in traffic, and the operator's list of address ranges. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { holdSignals, signalRuleOf } from '@hauberk/device';
import { epochMs } from '@hauberk/primitives';
import fc from 'fast-check';
import { readNetworkList } from '../../src/signals/network-list.ts';
import { senseTraffic, zoneMinutesOf } from '../../src/signals/traffic-signals.ts';
import { signalLab, start } from './signals-kit.ts';

const list = (text: string) => {
  const read = readNetworkList(text);
  assert.ok(read.ok, `line ${read.ok ? '' : read.line}`);
  return read.list;
};
const lab = signalLab();
const senses = { memory: lab.signals.memory, networks: list('') };

const headOf = (pairs: readonly (readonly [string, string])[], address = '192.0.2.1') => ({
  headers: Object.fromEntries(pairs.map(([name, value]) => [name.toLowerCase(), value])),
  rawHeaders: pairs.flat(),
  address,
});
const chrome =
  'Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0.0.0 Mobile Safari/537.36';
const real = [
  ['Host', 'api.bank.example'],
  ['sec-ch-ua-platform', '"Android"'],
  ['User-Agent', chrome],
  ['sec-ch-ua', '"Chromium";v="128", "Not;A=Brand";v="24"'],
  ['sec-ch-ua-mobile', '?1'],
  ['Accept', '*/*'],
  ['Accept-Encoding', 'gzip, deflate, br'],
  ['Accept-Language', 'de-DE,de;q=0.9'],
] as const;
const sense = (pairs: readonly (readonly [string, string])[], address?: string) =>
  senseTraffic(senses, 'd', headOf(pairs, address), start);
const changed = (name: string, value: string) =>
  real.map(([known, held]) => (known === name ? ([known, value] as const) : ([known, held] as const)));

test('an honest browser, and a client that is none, show nothing', () => {
  assert.deepEqual(sense(real), []);
  assert.deepEqual(sense([['User-Agent', 'Bank/3.1 CFNetwork/1500']]), []);
  assert.deepEqual(sense([]), []);
});

test('hints that deny the user agent are seen', () => {
  assert.deepEqual(sense(changed('User-Agent', chrome.replace('128', '96'))), ['automation.hintsDisagree']);
  assert.deepEqual(sense(changed('sec-ch-ua-platform', '"Windows"')), ['automation.hintsDisagree']);
  assert.deepEqual(sense(changed('sec-ch-ua-mobile', '?0')), ['identity.agentSpoofed']);
  assert.deepEqual(sense(changed('User-Agent', 'Mozilla/5.0 (iPhone) Version/17 Mobile Safari')), [
    'automation.hintsDisagree',
  ]);
  assert.ok(sense(changed('User-Agent', chrome.replace('Chrome', 'HeadlessChrome'))).includes('automation.headless'));
});

test('headers in an order that Chromium never writes are seen', () => {
  const swapped = [...real.slice(0, -2), real[7], real[6]] as const;
  assert.deepEqual(sense(swapped as never), ['network.headerOrder']);
  assert.deepEqual(sense(changed('Accept-Language', '*')), ['network.headerOrder']);
});

const lines = [
  '203.0.113.0/24 zone=480 at=31.2,121.5   # Shanghai',
  '203.0.113.64/26 hosting',
  '198.51.100.0/24 zone=60 at=52.5,13.4',
  '198.51.100.7 tor vpn',
  '2001:db8::/32 hosting',
  '2001:db8:1::/48 zone=0',
].join('\n');

test('the narrowest range speaks for an address', () => {
  const of = list(lines);
  assert.equal(of('203.0.113.1')?.zoneMinutes, 480);
  assert.deepEqual(of('203.0.113.65'), {
    isHosting: true,
    isTor: false,
    isVpn: false,
    zoneMinutes: undefined,
    place: undefined,
  });
  assert.equal(of('198.51.100.7')?.isTor, true);
  assert.equal(of('2001:db8:2::1')?.isHosting, true);
  assert.equal(of('2001:db8:1:9::1')?.zoneMinutes, 0);
  for (const nobody of ['192.0.2.1', '::1', 'not an address', '']) assert.equal(of(nobody), undefined);
});

test('a line that cannot be read refuses the whole list and is named', () => {
  for (const line of [
    '203.0.113.0/33 hosting',
    '203.0.113.0/24',
    '203.0.113.0/24 mafia',
    'x hosting',
    '::/0 zone=9999',
    '::/0 at=99,0',
    '::/0 zone=',
  ])
    assert.deepEqual(readNetworkList(`${lines}\n${line}`), { ok: false, line: 7 }, line);
});

test('whatever an operator or a client writes, nothing throws', () => {
  fc.assert(fc.property(fc.string(), (text) => void readNetworkList(text)));
  const of = list(lines);
  fc.assert(fc.property(fc.oneof(fc.string(), fc.ipV4(), fc.ipV6()), (text) => void of(text)));
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom(...real.map(([name]) => name)), fc.string())), (pairs) => {
      sense(pairs);
    }),
  );
});

test('a time zone that the address denies is seen, and a data centre has none', () => {
  const { memory } = lab.signals;
  const networks = list(lines);
  const index = signalRuleOf('place.zoneOffset')?.index ?? 0;
  const untilS = start / 1000 + 3600;
  holdSignals(memory.table, memory.keyOf('berlin'), [{ index, value: 52, provenance: 'web', untilS }], start / 1000);
  assert.equal(zoneMinutesOf(52), 60);
  const at = (address: string) => senseTraffic({ memory, networks }, 'berlin', headOf([], address), start);
  assert.deepEqual(at('198.51.100.1'), []);
  assert.deepEqual(at('203.0.113.65'), ['network.hosting']);
  assert.deepEqual(at('198.51.100.7'), ['network.tor', 'network.knownVpn']);
  assert.ok(at('203.0.113.1').includes('network.zoneMismatch'));
});

test('who was in Berlin is in Shanghai half a day later, and not an hour later', () => {
  const { memory } = lab.signals;
  const networks = list(lines);
  const at = (device: string, address: string, hours: number) =>
    senseTraffic({ memory, networks }, device, headOf([], address), epochMs(start + hours * 3_600_000));
  assert.deepEqual(at('slow', '198.51.100.1', 0), []);
  assert.deepEqual(at('slow', '203.0.113.1', 12), []);
  assert.deepEqual(at('fast', '198.51.100.1', 0), []);
  assert.deepEqual(at('fast', '203.0.113.1', 1), ['place.impossibleTravel']);
  assert.deepEqual(at('fast', '203.0.113.2', 1), []);
});
