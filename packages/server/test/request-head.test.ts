import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { test } from 'node:test';
import { epochMs } from '@hauberk/primitives';
import fc from 'fast-check';
import { type ConnectionTrust, plainAddress, proxyList, readCidr } from '../src/gateway/connection-trust.ts';
import { hasBody, judgeTarget, readHead } from '../src/gateway/request-head.ts';

const direct: ConnectionTrust = {
  peer: '192.0.2.1',
  isProxy: false,
  clientOf: () => ({ address: '192.0.2.1', secure: true }),
};

const read = (url: string, rawHeaders: readonly string[] = ['Host', 'bank.example'], method = 'GET') =>
  readHead({ method, url, rawHeaders } as IncomingMessage, epochMs(1000), direct);

const refusals: readonly (readonly [url: string, code: string])[] = [
  ['http://bank.example/api', 'head.target-form'],
  ['*', 'head.target-form'],
  ['bank.example:443', 'head.target-form'],
  ['//bank.example/api', 'head.path-empty-segment'],
  ['/api//accounts', 'head.path-empty-segment'],
  ['/api/accounts//', 'head.path-empty-segment'],
  ['/api/../admin', 'head.path-dot-segment'],
  ['/api/.', 'head.path-dot-segment'],
  ['/api/%2e%2e/admin', 'head.path-dot-segment'],
  ['/api/.%2E/admin', 'head.path-dot-segment'],
  ['/api/%2E', 'head.path-dot-segment'],
  ['/api%2fadmin', 'head.path-encoded-separator'],
  ['/api%5Cadmin', 'head.path-encoded-separator'],
  ['/api\\admin', 'head.path-encoded-separator'],
  ['/api/a%00b', 'head.path-control'],
  ['/api/a%0d%0ab', 'head.path-control'],
  ['/api/a%7f', 'head.path-control'],
  ['/api/%61ccounts', 'head.path-encoding'],
  ['/api/%7Euser', 'head.path-encoding'],
  ['/api/%zz', 'head.path-encoding'],
  ['/api/%4', 'head.path-encoding'],
  ['/api/%c0%ae%c0%ae/admin', 'head.path-encoding'],
  ['/api/%ff', 'head.path-encoding'],
  ['/api/%ed%a0%80', 'head.path-encoding'],
  ['/api/a b', 'head.path-character'],
  ['/api/<x>', 'head.path-character'],
  ['/api/{x}', 'head.path-character'],
  ['/api/"x"', 'head.path-character'],
  ['/api/caf\u00e9', 'head.path-character'],
  ['/api#part', 'head.path-character'],
  ['/api?q=<x>', 'head.query-character'],
  ['/api?q="x"', 'head.query-character'],
  ['/api?q=a b', 'head.query-character'],
  ['/api?q=a\\b', 'head.query-character'],
];
for (const [url, code] of refusals) {
  test(`head refuses the target ${JSON.stringify(url)} as ${code}`, () => {
    const head = read(url);
    assert.equal(head.ok ? 'accepted' : head.code, code);
  });
}

const accepted = [
  '/',
  '/api/accounts',
  '/api/accounts/',
  '/api/accounts/A-1_2~3',
  '/.well-known/hauberk/hello',
  '/api/a%20b',
  '/api/caf%C3%A9',
  '/api/...',
  '/api/a.b',
  '/api/x:y@z!$&()*+,;=',
  "/api/it's",
  '/api?x=1&y=%0A&z=[1]',
  '/api?',
];
for (const url of accepted) {
  test(`head accepts the target ${url}`, () => assert.ok(read(url).ok));
}

test('head keeps path and query apart, `?` alone without a query', () => {
  const head = read('/api/x?a=1?b');
  assert.ok(head.ok);
  assert.deepEqual(head.value.target, { method: 'GET', path: '/api/x', query: '?a=1?b' });
  const bare = read('/api/x');
  assert.equal(bare.ok && bare.value.target.query, '?');
});

test('head: an accepted path is what the URL standard makes of it, so that no upstream sees another', () => {
  const piece = fc.constantFrom(
    '/',
    '.',
    '..',
    '%2e',
    '%2F',
    '%41',
    'a',
    'b-c',
    '%20',
    '\\',
    '{',
    ' ',
    '%',
    '//',
    '%00',
    '~',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      const path = `/${pieces.join('')}`;
      if (judgeTarget(path) !== undefined) return;
      assert.equal(new URL(path, 'http://x').pathname, path);
      // Decoding once more must not make new separators or dot segments.
      assert.doesNotMatch(decodeURIComponent(path), /\/\/|\/\.\.?(?:\/|$)|\\/);
    }),
    { numRuns: 3000 },
  );
});

for (const name of [
  'signature',
  'signature-input',
  'content-digest',
  'content-length',
  'content-type',
  'host',
  'authorization',
  'idempotency-key',
  'hauberk-ticket',
  'hauberk-service',
  'hauberk-anything',
  'transfer-encoding',
]) {
  test(`head refuses ${name} twice, whatever the case`, () => {
    const once = name === 'host' ? [] : ['Host', 'bank.example'];
    const value = name === 'content-length' ? '1' : 'chunked';
    const head = read('/api', [...once, name, value, name.toUpperCase(), value]);
    assert.equal(head.ok ? 'accepted' : head.code, 'head.duplicate');
  });
}

const framing: readonly (readonly [title: string, headers: readonly string[], code: string])[] = [
  ['both framings', ['content-length', '3', 'transfer-encoding', 'chunked'], 'head.framing'],
  ['another transfer coding', ['transfer-encoding', 'gzip, chunked'], 'head.framing'],
  ['a signed length', ['content-length', '+3'], 'head.framing'],
  ['a length list', ['content-length', '3, 3'], 'head.framing'],
  ['a padded length', ['content-length', '03'], 'head.framing'],
  ['a control character', ['x-note', 'a\u0001b'], 'head.header-value'],
  ['a raw byte', ['x-note', 'caf\u00e9'], 'head.header-value'],
  ['a WebSocket upgrade', ['upgrade', 'websocket', 'connection', 'upgrade'], 'head.upgrade'],
];
for (const [title, headers, code] of framing) {
  test(`head refuses ${title}`, () => {
    const head = read('/api', ['Host', 'bank.example', ...headers], 'POST');
    assert.equal(head.ok ? 'accepted' : head.code, code);
  });
}

test('head refuses a missing host, CONNECT and TRACE', () => {
  const codes = [read('/api', []), read('/api', undefined, 'TRACE'), read('/api', undefined, 'CONNECT')].map((head) =>
    head.ok ? 'accepted' : head.code,
  );
  assert.deepEqual(codes, ['head.host', 'head.method', 'head.method']);
});

test('head joins repeated list headers as their receivers do', () => {
  const head = read('/api', ['Host', 'b', 'Cookie', 'a=1', 'cookie', 'b=2', 'Accept', 'x', 'accept', 'y']);
  assert.ok(head.ok);
  assert.equal(head.value.headers['cookie'], 'a=1; b=2');
  assert.equal(head.value.headers['accept'], 'x, y');
});

test('head takes a header named __proto__ for a header', () => {
  const head = read('/api', ['Host', 'b', '__proto__', 'x']);
  assert.ok(head.ok);
  assert.equal(Object.getPrototypeOf(head.value.headers), null);
  assert.equal(({} as Record<string, unknown>)['x'], undefined);
});

test('head tells whether a body follows', () => {
  const of = (headers: readonly string[]) => {
    const head = read('/api', ['Host', 'b', ...headers], 'POST');
    assert.ok(head.ok);
    return hasBody(head.value);
  };
  assert.equal(of([]), false);
  assert.equal(of(['content-length', '0']), false);
  assert.equal(of(['content-length', '1']), true);
  assert.equal(of(['transfer-encoding', 'chunked']), true);
});

test('trust: CIDR forms are read strictly', () => {
  assert.deepEqual(readCidr('10.0.0.0/8'), { address: '10.0.0.0', prefix: 8, family: 'ipv4' });
  assert.deepEqual(readCidr('::1'), { address: '::1', prefix: 128, family: 'ipv6' });
  for (const text of ['10.0.0.0/33', '10.0.0/8', '10.0.0.0/08', '::1/129', 'x', '', '10.0.0.0/'])
    assert.equal(readCidr(text), undefined, text);
});

test('trust: proxies are recognised by block, mapped IPv4 addresses by their IPv4 form', () => {
  const isProxy = proxyList(['10.0.0.0/8', 'fd00::/8']);
  assert.equal(isProxy('10.9.8.7'), true);
  assert.equal(isProxy('11.0.0.1'), false);
  assert.equal(isProxy('fd12::1'), true);
  assert.equal(plainAddress('::ffff:10.1.2.3'), '10.1.2.3');
  assert.equal(plainAddress('::1'), '::1');
});
