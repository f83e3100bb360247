import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { candidates, createResolver, readHosts, readSearch } from '../src/gateway/resolver.ts';

const folder = mkdtempSync(join(tmpdir(), 'resolver-'));
const closers: (() => void)[] = [() => rmSync(folder, { recursive: true })];
after(() => {
  for (const close of closers) close();
});

const nameIn = (query: Buffer): string => {
  const labels: string[] = [];
  for (let offset = 12; (query[offset] ?? 0) > 0; offset += (query[offset] ?? 0) + 1)
    labels.push(query.subarray(offset + 1, offset + 1 + (query[offset] ?? 0)).toString());
  return labels.join('.');
};

/** A name server: A records from a table, an empty answer for everything else. */
const startNameServer = async (records: Record<string, string>) => {
  const asked: string[] = [];
  const state = { mute: false };
  const socket = createSocket('udp4');
  socket.on('message', (query, peer) => {
    const name = nameIn(query);
    const isA = query.readUInt16BE(query.length - 4) === 1 || query.includes(Buffer.from([0, 1, 0, 1]));
    asked.push(`${name} ${isA ? 'A' : 'AAAA'}`);
    if (state.mute) return;
    const address = isA ? records[name] : undefined;
    const questionEnd = 12 + name.length + 2 + 4;
    const head = Buffer.from(query.subarray(0, questionEnd));
    head.writeUInt16BE(address === undefined && !(name in records) ? 0x8183 : 0x8180, 2);
    head.writeUInt16BE(address === undefined ? 0 : 1, 6);
    head.writeUInt32BE(0, 8);
    const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, ...(address ?? '').split('.').map(Number)]);
    socket.send(address === undefined ? head : Buffer.concat([head, record]), peer.port, peer.address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  closers.push(() => socket.close());
  return { asked, state, server: `127.0.0.1:${socket.address().port}` };
};

const file = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

test('resolver reads hosts and resolv.conf as their manual pages say', () => {
  const hosts = readHosts('127.0.0.1 localhost Loop # note\n::1 localhost\nnonsense x\n#10.0.0.1 off\n');
  assert.deepEqual(hosts.get('localhost'), [
    { address: '127.0.0.1', family: 4 },
    { address: '::1', family: 6 },
  ]);
  assert.equal(hosts.get('loop')?.length, 1);
  assert.equal(hosts.get('off'), undefined);
  assert.deepEqual(readSearch('nameserver 1.1.1.1\nsearch a.example b.example\noptions timeout:1 ndots:2\n'), {
    domains: ['a.example', 'b.example'],
    dots: 2,
  });
});

const orders: readonly (readonly [name: string, expected: readonly string[]])[] = [
  ['bank', ['bank.a', 'bank']],
  ['bank.core', ['bank.core.a', 'bank.core']],
  ['api.bank.core', ['api.bank.core', 'api.bank.core.a']],
  ['bank.', ['bank']],
];
for (const [name, expected] of orders) {
  test(`resolver asks for ${name} as ${expected.join(', ')}`, () =>
    assert.deepEqual(candidates(name, { domains: ['a'], dots: 2 }), expected));
}

test('resolver prefers the hosts file, then search domains, and keeps answers', async () => {
  const names = await startNameServer({ 'bank.corp.example': '10.1.1.1' });
  const resolver = createResolver({
    servers: [names.server],
    hostsFile: file('hosts', '10.9.9.9 fixed\n'),
    resolvFile: file('resolv', 'search corp.example\n'),
    timeoutMs: 300,
    tries: 1,
  });
  assert.deepEqual(await resolver.resolve('FIXED'), [{ address: '10.9.9.9', family: 4 }]);
  assert.deepEqual(names.asked, []);
  assert.deepEqual(await resolver.resolve('bank'), [{ address: '10.1.1.1', family: 4 }]);
  const asked = names.asked.length;
  await resolver.resolve('bank');
  assert.equal(names.asked.length, asked);
  assert.deepEqual(await resolver.resolve('127.0.0.1'), [{ address: '127.0.0.1', family: 4 }]);
});

test('resolver: a name server that falls silent does not take a known upstream down', async () => {
  const names = await startNameServer({ bank: '10.1.1.2' });
  const resolver = createResolver({
    servers: [names.server],
    hostsFile: file('empty', ''),
    resolvFile: file('none', ''),
    longestTtlSeconds: 0.05,
    timeoutMs: 100,
    tries: 1,
  });
  await resolver.resolve('bank');
  names.state.mute = true;
  const asked = names.asked.length;
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.deepEqual(await resolver.resolve('bank'), [{ address: '10.1.1.2', family: 4 }]);
  assert.ok(names.asked.length > asked);
  await assert.rejects(resolver.resolve('other'), { code: 'ENOTFOUND' });
});
