/** The reader of upstream replies: what it takes, what it refuses, that pieces do not matter, and that node's parser reads nothing else. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { ReplyReader } from '../src/gateway/reply-reader.ts';

interface Seen {
  readonly state: string;
  readonly status?: number;
  readonly headers?: readonly string[];
  readonly body?: string;
  readonly isReusable?: boolean;
}

const read = (pieces: readonly Buffer[], options: { isHead?: boolean; ends?: boolean; limit?: number } = {}): Seen => {
  const reader = new ReplyReader(options.isHead === true, options.limit ?? 100_000);
  let state: string = 'more';
  for (const piece of pieces) {
    if (state !== 'more') break;
    // What was pushed is overwritten afterwards, as the shared read buffer is.
    const lent = Buffer.from(piece);
    state = reader.push(lent);
    lent.fill(0x2a);
  }
  if (state === 'more' && options.ends === true) state = reader.end();
  if (state !== 'done') return { state };
  const { status, headers, body, isReusable } = reader.reply();
  return { state, status, headers, body: Buffer.from(body).toString('latin1'), isReusable };
};

const readText = (text: string, options: Parameters<typeof read>[1] = {}): Seen =>
  read([Buffer.from(text, 'latin1')], options);

const head = (lines: readonly string[], line = 'HTTP/1.1 200 OK'): string => `${[line, ...lines].join('\r\n')}\r\n\r\n`;

const table: readonly (readonly [
  title: string,
  text: string,
  expected: string,
  options?: Parameters<typeof read>[1],
])[] = [
  ['a length', `${head(['content-length: 2'])}ok`, 'done ok true'],
  ['no reason phrase', `${head(['content-length: 0'], 'HTTP/1.1 204')}`, 'done  true'],
  ['a close in the head', `${head(['content-length: 2', 'Connection: close'])}ok`, 'done ok false'],
  ['bytes behind the reply', `${head(['content-length: 2'])}okHTTP/1.1`, 'done ok false'],
  ['chunks', `${head(['transfer-encoding: chunked'])}3;x=1\r\nabc\r\n2\r\nde\r\n0\r\nt: 1\r\n\r\n`, 'done abcde true'],
  ['chunks and bytes behind them', `${head(['transfer-encoding: chunked'])}0\r\n\r\nx`, 'done  false'],
  ['a body up to the end', `${head([])}all`, 'done all false', { ends: true }],
  ['the end inside a body', `${head(['content-length: 9'])}half`, 'malformed', { ends: true }],
  ['the end before a head', 'HTTP/1.1 200', 'malformed', { ends: true }],
  [
    'informational heads',
    `${head([], 'HTTP/1.1 103 Hints')}${head([], 'HTTP/1.1 100 Go')}${head(['content-length: 0'])}`,
    'done  true',
  ],
  ['a reply to HEAD', head(['content-length: 50']), 'done  true', { isHead: true }],
  ['a 304 with a length', head(['content-length: 50'], 'HTTP/1.1 304 Same'), 'done  true'],
  ['HTTP/1.0', `${head(['content-length: 2'], 'HTTP/1.0 200 OK')}ok`, 'done ok false'],
  ['two lengths', `${head(['content-length: 2', 'Content-Length: 2'])}ok`, 'malformed'],
  ['a length and chunks', `${head(['content-length: 2', 'transfer-encoding: chunked'])}0\r\n\r\n`, 'malformed'],
  ['another coding', `${head(['transfer-encoding: gzip, chunked'])}0\r\n\r\n`, 'malformed'],
  ['chunks of HTTP/1.0', `${head(['transfer-encoding: chunked'], 'HTTP/1.0 200 OK')}0\r\n\r\n`, 'malformed'],
  ['a signed length', `${head(['content-length: +2'])}ok`, 'malformed'],
  ['a folded header', `${head(['a: 1', ' 2'])}`, 'malformed'],
  ['a space before the colon', `${head(['content-length : 2'])}ok`, 'malformed'],
  ['a bare line feed', 'HTTP/1.1 200 OK\r\na: 1\nb: 2\r\n\r\n', 'malformed'],
  ['a bare carriage return', 'HTTP/1.1 200 OK\r\na: 1\rb: 2\r\n\r\n', 'malformed'],
  ['a nul', 'HTTP/1.1 200 OK\r\na: \0\r\n\r\n', 'malformed'],
  ['an upgrade', head([], 'HTTP/1.1 101 Switch'), 'malformed'],
  ['another version', head([], 'HTTP/2.0 200 OK'), 'malformed'],
  ['no status', head([], 'HTTP/1.1 OK'), 'malformed'],
  ['a bad chunk size', `${head(['transfer-encoding: chunked'])}0x3\r\nabc\r\n`, 'malformed'],
  ['a chunk that is longer than it says', `${head(['transfer-encoding: chunked'])}2\r\nabc\r\n`, 'malformed'],
  ['a chunk size without end', `${head(['transfer-encoding: chunked'])}${'1'.repeat(2000)}`, 'malformed'],
  ['a length over the cap', head(['content-length: 11']), 'too-large', { limit: 10 }],
  [
    'chunks over the cap',
    `${head(['transfer-encoding: chunked'])}b\r\n${'x'.repeat(11)}\r\n`,
    'too-large',
    { limit: 10 },
  ],
  ['an event stream', head(['Content-Type: text/event-stream; charset=utf-8']), 'event-stream'],
  ['a head without end', `HTTP/1.1 200 OK\r\na: ${'x'.repeat(70_000)}`, 'malformed'],
];

for (const [title, text, expected, options] of table)
  test(`reply reader: ${title}`, () => {
    const seen = readText(text, options);
    const shown = seen.state === 'done' ? `done ${seen.body} ${seen.isReusable}` : seen.state;
    assert.equal(shown, expected);
  });

const line = fc.constantFrom(
  'content-length: 4',
  'Content-Length: 0',
  'content-length: 04',
  'content-length: 4, 4',
  'transfer-encoding: chunked',
  'Transfer-Encoding: Chunked',
  'transfer-encoding: identity',
  'connection: close',
  'set-cookie: a=1',
  'x:y',
  'x:  spaced\t',
  ' folded',
  'sp ace: 1',
  'content-type: text/plain',
  'keep-alive: timeout=5',
);
const start = fc.constantFrom(
  'HTTP/1.1 200 OK',
  'HTTP/1.1 404',
  'HTTP/1.0 200 OK',
  'HTTP/1.1 204 No',
  'HTTP/1.1 099 X',
  'HTTP/1.1  200',
);
const tail = fc.constantFrom(
  '',
  'body',
  '4\r\nbody\r\n0\r\n\r\n',
  '2;a\r\nbo\r\n2\r\ndy\r\n0\r\nx: y\r\n\r\n',
  '4\nbody\n0\n\n',
  'bodyHTTP/1.1 200 OK\r\n\r\n',
);
const mutation = fc.option(fc.tuple(fc.nat(400), fc.constantFrom('\r', '\n', ' ', '\0', '\t', ':', '0', '\x80', '')), {
  nil: undefined,
});

const message = fc
  .tuple(start, fc.array(line, { maxLength: 4 }), tail, mutation)
  .map(([first, lines, rest, change]) => {
    const text = `${head(lines, first)}${rest}`;
    if (change === undefined) return text;
    const at = change[0] % text.length;
    return `${text.slice(0, at)}${change[1]}${text.slice(at + 1)}`;
  });

test('reply reader: the pieces that a reply comes in do not matter', () => {
  fc.assert(
    fc.property(message, fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 8 }), (text, sizes) => {
      const bytes = Buffer.from(text, 'latin1');
      const pieces: Buffer[] = [];
      for (let at = 0, index = 0; at < bytes.length; index += 1) {
        const size = sizes[index % sizes.length] ?? 1;
        pieces.push(bytes.subarray(at, at + size));
        at += size;
      }
      const apart = read(pieces, { ends: true });
      const whole = read([bytes], { ends: true });
      // Bytes behind a reply are seen only when they come with it.
      assert.deepEqual({ ...apart, isReusable: false }, { ...whole, isReusable: false });
    }),
    { numRuns: 2000 },
  );
});

let answerText = '';
const server = createServer((socket) => {
  socket.on('error', () => undefined);
  socket.once('data', () => socket.end(Buffer.from(answerText, 'latin1')));
});
before(() => once(server.listen(0, '127.0.0.1'), 'listening'));
after(() => void server.close());

/** What node's own client makes of the same bytes. */
const readByNode = (text: string): Promise<Seen> =>
  new Promise((resolve) => {
    answerText = text;
    const { port } = server.address() as AddressInfo;
    const outgoing = request({ host: '127.0.0.1', port, method: 'GET', agent: false });
    outgoing.on('error', () => resolve({ state: 'refused' }));
    outgoing.on('response', (reply) => {
      const chunks: Buffer[] = [];
      reply.on('data', (chunk: Buffer) => chunks.push(chunk));
      reply.on('error', () => resolve({ state: 'refused' }));
      reply.on('end', () => {
        const headers = reply.rawHeaders.map((part, index) => (index % 2 === 0 ? part.toLowerCase() : part));
        const body = Buffer.concat(chunks).toString('latin1');
        resolve({ state: 'done', status: reply.statusCode ?? 0, headers, body });
      });
    });
    outgoing.end();
  });

test('reply reader: whatever it takes, node reads alike', async () => {
  let taken = 0;
  await fc.assert(
    fc.asyncProperty(message, async (text) => {
      const ours = readText(text, { ends: true });
      // Bytes behind a reply end its connection here; node takes them for a broken next one.
      if (ours.state !== 'done' || readText(text.slice(0, -1)).state === 'done') return;
      taken += 1;
      const { isReusable: _, ...rest } = ours;
      assert.deepEqual(await readByNode(text), rest);
    }),
    { numRuns: 600 },
  );
  assert.ok(taken > 30, `only ${taken} were taken`);
});
