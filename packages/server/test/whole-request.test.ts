/** The reader of whole requests takes a strict subset of what node's parser takes, and reads it alike. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { longestWholeBody, readWhole } from '../src/gateway/whole-request.ts';

const limits = { headerBytes: 16_384, headers: 64 };
const read = (text: string) => readWhole(Buffer.from(text, 'latin1'), limits);
const head = (lines: readonly string[], line = 'POST /a?b=1 HTTP/1.1'): string =>
  `${[line, ...lines].join('\r\n')}\r\n\r\n`;

const table: readonly (readonly [title: string, text: string, expected: string])[] = [
  ['no body', head(['Host: b'], 'GET /a HTTP/1.1'), 'request 0'],
  ['a body', `${head(['Host: b', 'Content-Length: 2'])}ok`, 'request 2'],
  ['a body that is not all there', `${head(['Host: b', 'Content-Length: 3'])}ok`, 'partial'],
  ['half a head', 'GET /a HTTP/1.1\r\nHost: b\r\n', 'partial'],
  ['another request behind', `${head(['Host: b'])}GET /`, 'request 0'],
  ['keep-alive said', head(['Host: b', 'Connection: Keep-Alive']), 'request 0'],
  ['chunks', `${head(['Host: b', 'Transfer-Encoding: chunked'])}0\r\n\r\n`, 'other'],
  ['a length and chunks', `${head(['Content-Length: 0', 'Transfer-Encoding: chunked'])}0\r\n\r\n`, 'other'],
  ['two lengths', `${head(['Content-Length: 0', 'content-length: 0'])}`, 'other'],
  ['a signed length', `${head(['Content-Length: +0'])}`, 'other'],
  ['a length with a zero before', `${head(['Content-Length: 01'])}x`, 'other'],
  ['a list of lengths', `${head(['Content-Length: 1, 1'])}x`, 'other'],
  ['a length in hexadecimal', `${head(['Content-Length: 0x1'])}x`, 'other'],
  ['a body that is too long to wait for', head([`Content-Length: ${longestWholeBody + 1}`]), 'other'],
  ['an end of the connection', head(['Connection: close']), 'other'],
  ['an upgrade', head(['Connection: upgrade', 'Upgrade: websocket']), 'other'],
  ['an expectation', head(['Expect: 100-continue', 'Content-Length: 0']), 'other'],
  ['HEAD', head(['Host: b'], 'HEAD /a HTTP/1.1'), 'other'],
  ['a method in lower case', head(['Host: b'], 'get /a HTTP/1.1'), 'other'],
  ['a whole URL', head(['Host: b'], 'GET http://b/a HTTP/1.1'), 'other'],
  ['an asterisk', head(['Host: b'], 'OPTIONS * HTTP/1.1'), 'other'],
  ['HTTP/1.0', head(['Host: b'], 'GET /a HTTP/1.0'), 'other'],
  ['two spaces', head(['Host: b'], 'GET  /a HTTP/1.1'), 'other'],
  ['a tab in the line', head(['Host: b'], 'GET\t/a HTTP/1.1'), 'other'],
  ['an empty line before', `\r\n${head(['Host: b'])}`, 'other'],
  ['a folded header', head(['a: 1', ' 2']), 'other'],
  ['a space before the colon', head(['Host : b']), 'other'],
  ['no name', head([': b']), 'other'],
  ['no colon', head(['Host']), 'other'],
  ['a bare line feed', 'GET /a HTTP/1.1\r\nHost: b\nX: 1\r\n\r\n', 'other'],
  ['a bare carriage return', 'GET /a HTTP/1.1\r\nHost: b\rX: 1\r\n\r\n', 'other'],
  ['a byte beyond ASCII', head(['X: \x80']), 'other'],
  ['a nul', head(['X: \0']), 'other'],
  ['too many headers', head(Array.from({ length: 65 }, (_, index) => `x${index}: 1`)), 'other'],
  ['a head that is too long', head([`x: ${'y'.repeat(17_000)}`]), 'other'],
  ['a head that is too long and has no end', `GET /a HTTP/1.1\r\nx: ${'y'.repeat(17_000)}`, 'other'],
];

for (const [title, text, expected] of table)
  test(`whole request: ${title}`, () => {
    const seen = read(text);
    assert.equal(seen.kind === 'request' ? `request ${seen.request.body.length}` : seen.kind, expected);
  });

interface Read {
  readonly method: string;
  readonly url: string;
  readonly rawHeaders: readonly string[];
  readonly body: string;
}

let seenByNode: Read[] = [];
const server = createServer({ requireHostHeader: false }, (incoming, response) => {
  const chunks: Buffer[] = [];
  incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
  incoming.on('end', () => {
    const body = Buffer.concat(chunks).toString('latin1');
    seenByNode.push({ method: incoming.method ?? '', url: incoming.url ?? '', rawHeaders: incoming.rawHeaders, body });
    response.end();
  });
});
before(() => once(server.listen(0, '127.0.0.1'), 'listening'));
after(() => {
  server.closeAllConnections();
  server.close();
});

const readByNode = async (bytes: Buffer): Promise<readonly Read[]> => {
  seenByNode = [];
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.resume();
  socket.end(bytes);
  await once(socket, 'close');
  return seenByNode;
};

const line = fc.constantFrom(
  'Content-Length: 4',
  'content-length:0',
  'Content-Length:  4\t',
  'Content-Length: 04',
  'Transfer-Encoding: chunked',
  'Connection: keep-alive',
  'Connection: x',
  'X: a b',
  'X:',
  'x-y_z.1: "q"; a=1, b',
  ' folded',
  'Sp ace: 1',
  'Cookie: a=1',
);
const start = fc.constantFrom(
  'POST /a?b=1 HTTP/1.1',
  'GET / HTTP/1.1',
  'DELETE /%41 HTTP/1.1',
  'PUT //x HTTP/1.1',
  'GET /a HTTP/1.0',
  'PATCH /a\\b HTTP/1.1',
);
const tail = fc.constantFrom('', 'body', '4\r\nbody\r\n0\r\n\r\n');
const mutation = fc.option(fc.tuple(fc.nat(300), fc.constantFrom('\r', '\n', ' ', '\0', '\t', ':', '0', '\x80', '')), {
  nil: undefined,
});
const message = fc
  .tuple(start, fc.array(line, { maxLength: 4 }), tail, mutation)
  .map(([first, lines, rest, change]) => {
    const text = `${head(['Host: b', ...lines], first)}${rest}`;
    if (change === undefined) return text;
    const at = change[0] % text.length;
    return `${text.slice(0, at)}${change[1]}${text.slice(at + 1)}`;
  });

test('whole request: whatever is taken, node reads alike and to the same byte', async () => {
  let taken = 0;
  await fc.assert(
    fc.asyncProperty(message, async (text) => {
      const bytes = Buffer.from(text, 'latin1');
      const ours = readWhole(bytes, limits);
      if (ours.kind !== 'request') return;
      taken += 1;
      const { method, url, rawHeaders, body } = ours.request;
      const expected = { method, url, rawHeaders, body: Buffer.from(body).toString('latin1') };
      assert.deepEqual(await readByNode(bytes.subarray(0, ours.end)), [expected]);
    }),
    { numRuns: 800 },
  );
  assert.ok(taken > 60, `only ${taken} were taken`);
});
