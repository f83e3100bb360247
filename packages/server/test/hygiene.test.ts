import assert from 'node:assert/strict';
import { test } from 'node:test';
import { epochMs } from '@hauberk/primitives';
import fc from 'fast-check';
import { replyHeaders, upstreamHeaders } from '../src/gateway/hygiene.ts';
import type { RequestHead } from '../src/gateway/request-head.ts';
import { startPlainTrace } from '../src/observability/trace-context.ts';

const headOf = (rawHeaders: readonly string[]): RequestHead => {
  const headers: Record<string, string> = {};
  for (let index = 0; index < rawHeaders.length; index += 2)
    headers[(rawHeaders[index] ?? '').toLowerCase()] = rawHeaders[index + 1] ?? '';
  return {
    target: { method: 'GET', path: '/', query: '?' },
    headers,
    rawHeaders,
    address: '198.51.100.4',
    secure: true,
    arrivedAt: epochMs(0),
    trace: startPlainTrace(headers, false),
  };
};

const pairs = (flat: readonly string[]): Record<string, string[]> => {
  const out: Record<string, string[]> = {};
  for (let index = 0; index < flat.length; index += 2)
    (out[(flat[index] ?? '').toLowerCase()] ??= []).push(flat[index + 1] ?? '');
  return out;
};

/** What a CGI-like server makes of a header name. */
const folded = (name: string): string => name.toUpperCase().replaceAll('-', '_').replaceAll('.', '_');

const facts = ['hauberk-verified-state', 'verified', 'hauberk-verified-customer', 'c-1'];

test('hygiene strips forged facts in every spelling that a server may fold into the real name', () => {
  const letter = (character: string) =>
    character === '-'
      ? fc.constantFrom('-', '_', '.')
      : fc.constantFrom(character.toLowerCase(), character.toUpperCase());
  const spelling = fc.tuple(...'hauberk-verified-customer'.split('').map(letter)).map((letters) => letters.join(''));
  fc.assert(
    fc.property(spelling, (name) => {
      const headers = pairs(upstreamHeaders(headOf(['Host', 'b', name, 'victim']), facts));
      const reaching = Object.entries(headers).filter(([each]) => folded(each) === 'HAUBERK_VERIFIED_CUSTOMER');
      assert.deepEqual(reaching, [['hauberk-verified-customer', ['c-1']]]);
    }),
    { numRuns: 500 },
  );
});

for (const name of [
  'Connection',
  'Keep-Alive',
  'TE',
  'Trailer',
  'Transfer-Encoding',
  'Upgrade',
  'Expect',
  'Proxy-Connection',
  'Proxy-Authorization',
  'Content-Length',
  'Signature',
  'Signature-Input',
  'Content-Digest',
  'Hauberk-Ticket',
  'hauberk-hello',
  'HAUBERK-STEP-UP',
  'hauberk_verified_device',
  'Forwarded',
  'X-Real-IP',
  'Via',
  'content_length',
]) {
  test(`hygiene: ${name} ends at the gateway`, () => {
    const headers = pairs(upstreamHeaders(headOf(['Host', 'b', name, 'x']), []));
    assert.equal(headers[name.toLowerCase()], undefined);
  });
}

test('hygiene: what Connection lists is stripped, and it cannot strip what the gateway adds', () => {
  const raw = [
    'Host',
    'b',
    'Connection',
    'close, X-Secret , hauberk-verified-state, x-forwarded-for',
    'X-Secret',
    '1',
    'X-Kept',
    '2',
  ];
  const headers = pairs(upstreamHeaders(headOf(raw), facts));
  assert.equal(headers['x-secret'], undefined);
  assert.deepEqual(headers['x-kept'], ['2']);
  assert.deepEqual(headers['hauberk-verified-state'], ['verified']);
  assert.deepEqual(headers['x-forwarded-for'], ['198.51.100.4']);
});

test("hygiene: forwarding headers are the gateway's own, whatever the client sent", () => {
  const raw = [
    'Host',
    'bank.example',
    'X-Forwarded-For',
    '1.1.1.1',
    'x_forwarded_for',
    '2.2.2.2',
    'X-Forwarded-Proto',
    'http',
  ];
  const headers = pairs(upstreamHeaders(headOf(raw), []));
  assert.deepEqual(headers['x-forwarded-for'], ['198.51.100.4']);
  assert.equal(headers['x_forwarded_for'], undefined);
  assert.deepEqual(headers['x-forwarded-proto'], ['https']);
  assert.deepEqual(headers['x-forwarded-host'], ['bank.example']);
  assert.equal(headers['host'], undefined);
});

test('hygiene: identity, decoded and preserveHost rewrite what they name', () => {
  const raw = ['Host', 'b', 'Accept-Encoding', 'br', 'Content-Encoding', 'gzip', 'Hauberk-Service', 'api'];
  const headers = pairs(upstreamHeaders(headOf(raw), [], { identity: true, decoded: true, preserveHost: true }));
  assert.deepEqual(headers['accept-encoding'], ['identity']);
  assert.equal(headers['content-encoding'], undefined);
  assert.deepEqual(headers['host'], ['b']);
  assert.deepEqual(headers['hauberk-service'], ['api']);
  const plain = pairs(upstreamHeaders(headOf(raw), []));
  assert.deepEqual(plain['accept-encoding'], ['br']);
  assert.deepEqual(plain['content-encoding'], ['gzip']);
});

test("hygiene: replies lose hop-by-hop headers, listed ones, CORS and anything in the gateway's name; cookies stay apart", () => {
  const reply = replyHeaders([
    'connection',
    'x-internal',
    'x-internal',
    '1',
    'transfer-encoding',
    'chunked',
    'content-length',
    '4',
    'date',
    'now',
    'hauberk-answer',
    'forged',
    'access-control-allow-origin',
    '*',
    'set-cookie',
    'a=1',
    'set-cookie',
    'b=2',
    'etag',
    '"1"',
  ]);
  assert.deepEqual(reply, ['set-cookie', 'a=1', 'set-cookie', 'b=2', 'etag', '"1"']);
});
