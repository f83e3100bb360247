/** Streams through a whole gateway: chunked requests that are forwarded as they verify, event streams that are sealed as they come. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import {
  type ClientRequest,
  createServer,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import {
  type ChunkedOutgoing,
  header,
  isChunkedReply,
  openChunkedReply,
  openReply,
  type SentRequest,
  sealChunkedRequest,
  targetOf,
} from '@hauberk/channel/client';
import { nodeAsyncCrypto as crypto } from '@hauberk/crypto/node';
import { fromUtf8, utf8 } from '@hauberk/primitives';
import { createLog, openStorage, parseConfig, type RunningGateway, startGateway } from '../src/index.ts';
import { enrol, openSession, protect, type TestSession } from './channel-device.ts';

const folder = mkdtempSync(join(tmpdir(), 'hauberk-stream-'));
const origin = 'https://app.bank.example';

/** What the upstream made of one upload. */
interface Upload {
  received: string;
  /** Whether the request came to its end, or was reset before. */
  end: 'complete' | 'reset' | undefined;
}

let upload: Upload = { received: '', end: undefined };
/** The event stream that is open at the upstream. */
let events: ServerResponse | undefined;

const takeUpload = (incoming: IncomingMessage, response: ServerResponse): void => {
  const mine: Upload = { received: '', end: undefined };
  upload = mine;
  incoming.on('data', (piece: Buffer) => {
    mine.received += piece.toString();
  });
  incoming.on('error', () => undefined);
  incoming.on('close', () => {
    mine.end = incoming.complete ? 'complete' : 'reset';
  });
  incoming.on('end', () => response.setHeader('content-type', 'application/json').end('{"taken":true}'));
};

const upstream: Server = createServer((incoming, response) => {
  if (incoming.url === '/api/upload') takeUpload(incoming, response);
  else {
    events = response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('data: first\n\n');
  }
});

let gateway: RunningGateway;

before(async () => {
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  const { port } = upstream.address() as AddressInfo;
  const loaded = parseConfig(
    {
      organisation: 'demo',
      apps: [{ id: 'bank-h5' }],
      state: 'state',
      workers: 1,
      listen: { port: 0 },
      services: [
        {
          id: 'bank',
          upstream: 'core',
          cors: { origins: [origin] },
          routes: [
            { id: 'upload', path: '/api/upload', mode: 'sealed', stream: true, bodyCapBytes: 100_000 },
            { id: 'events', path: '/api/events', methods: ['GET'], mode: 'sealed', stream: true },
            { id: 'whole', path: '/api/whole', mode: 'sealed' },
          ],
        },
      ],
      upstreams: { core: { origin: `http://127.0.0.1:${port}`, factsKey: 'f'.repeat(40) } },
      sessions: { tiers: [{ name: 'software', sessions: 64 }], devices: 64, strikes: 4096 },
      log: { access: 'none' },
    },
    join(folder, 'made.yaml'),
  );
  assert.ok(loaded.ok, loaded.ok ? '' : JSON.stringify(loaded.issues));
  const storage = await openStorage({ folder: loaded.config.state });
  const log = createLog('error', () => undefined);
  gateway = await startGateway({ config: loaded.config, storage, version: '0.0.0', log });
});
after(async () => {
  await gateway.stop();
  upstream.closeAllConnections();
  upstream.close();
  rmSync(folder, { recursive: true, force: true });
});

const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 10));
};

const session = async (): Promise<TestSession> =>
  openSession(gateway.url, gateway.trust(), await enrol(gateway.url, gateway.trust()));

interface OpenUpload {
  readonly message: ChunkedOutgoing;
  readonly outgoing: ClientRequest;
  readonly reply: Promise<IncomingMessage | undefined>;
}

/** Sends the head of a chunked request; the test sends the frames. */
const startUpload = async (sender: TestSession, path = '/api/upload'): Promise<OpenUpload> => {
  const slot = { sequence: sender.next, created: Math.floor(Date.now() / 1000) };
  sender.next += 1;
  const message = await sealChunkedRequest(
    crypto,
    sender.client.keys,
    {
      target: targetOf('POST', path),
      headers: { 'content-type': 'text/plain' },
      service: sender.service,
      route: { coveredHeaders: [] },
    },
    slot,
  );
  const outgoing = request(`${gateway.url}${path}`, {
    method: 'POST',
    headers: { ...message.head.headers, [header.ticket]: sender.client.tickets.ticket },
  });
  const reply = new Promise<IncomingMessage | undefined>((resolve) => {
    outgoing.on('response', resolve);
    outgoing.on('error', () => resolve(undefined));
  });
  outgoing.flushHeaders();
  return { message, outgoing, reply };
};

const bytesOf = async (reply: IncomingMessage): Promise<Buffer> => {
  const pieces: Buffer[] = [];
  for await (const piece of reply) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
};

const headOf = (reply: IncomingMessage) => ({
  status: reply.statusCode ?? 0,
  headers: reply.headers as Record<string, string>,
});

const openWhole = async (
  sender: TestSession,
  sent: SentRequest,
  reply: IncomingMessage | undefined,
): Promise<string> => {
  assert.ok(reply !== undefined, 'the connection broke');
  const body = await bytesOf(reply);
  const opened = await openReply(crypto, sender.client.keys, sent, headOf(reply), body, []);
  assert.ok(opened.ok, opened.ok ? '' : `${opened.code}: ${fromUtf8(body)}`);
  return fromUtf8(opened.value) ?? '';
};

test('stream: chunks reach the upstream in plain before the last one is sent, and the reply is bound', async () => {
  const sender = await session();
  const { message, outgoing, reply } = await startUpload(sender);
  outgoing.write(await message.sealChunk(utf8('one '), false));
  await until(() => upload.received === 'one ');
  // A frame in two pieces, two frames in one.
  const second = await message.sealChunk(utf8('two '), false);
  outgoing.write(second.subarray(0, 7));
  await new Promise((resolve) => setTimeout(resolve, 20));
  outgoing.write(
    Buffer.concat([
      second.subarray(7),
      await message.sealChunk(utf8('three '), false),
      await message.sealChunk(utf8('four'), true),
    ]),
  );
  outgoing.end();
  assert.equal(await openWhole(sender, message.head.sent, await reply), '{"taken":true}');
  assert.deepEqual(upload, { received: 'one two three four', end: 'complete' });
});

const breaks: readonly (readonly [title: string, act: (open: OpenUpload) => Promise<void>])[] = [
  [
    'a flipped byte',
    async ({ message, outgoing }) => {
      const frame = await message.sealChunk(utf8('bad'), true);
      frame[6] = (frame[6] ?? 0) ^ 1;
      outgoing.end(frame);
    },
  ],
  [
    'a repeated chunk',
    async ({ message, outgoing }) => {
      const frame = await message.sealChunk(utf8('twice'), false);
      outgoing.write(frame);
      outgoing.write(frame);
      outgoing.end(await message.sealChunk(utf8(''), true));
    },
  ],
  [
    'a dropped chunk',
    async ({ message, outgoing }) => {
      await message.sealChunk(utf8('lost'), false);
      outgoing.end(await message.sealChunk(utf8('last'), true));
    },
  ],
  [
    'a missing final chunk',
    async ({ message, outgoing }) => void outgoing.end(await message.sealChunk(utf8('x'), false)),
  ],
  [
    'bytes after the final chunk',
    async ({ message, outgoing }) => {
      outgoing.write(await message.sealChunk(utf8('x'), true));
      outgoing.end(await message.sealChunk(utf8('y'), false));
    },
  ],
  ['a frame over its cap', async ({ outgoing }) => void outgoing.end(Buffer.from([0x7f, 0xff, 0xff, 0xff, 1, 2, 3]))],
  [
    'a body over its cap',
    async ({ message, outgoing }) => {
      for (let turn = 0; turn < 3; turn += 1) outgoing.write(await message.sealChunk(new Uint8Array(50_000), false));
      outgoing.end(await message.sealChunk(utf8(''), true));
    },
  ],
  ['a sender that goes away', async ({ outgoing }) => void outgoing.destroy()],
];
for (const [title, act] of breaks) {
  test(`stream: ${title} resets the upstream request`, async () => {
    const sender = await session();
    const open = await startUpload(sender);
    open.outgoing.write(await open.message.sealChunk(utf8('begun '), false));
    await until(() => upload.received.startsWith('begun '));
    const mine = upload;
    await act(open);
    await until(() => mine.end !== undefined);
    assert.equal(mine.end, 'reset');
    const reply = await open.reply;
    if (title === 'a sender that goes away') return;
    const problem = await openWhole(sender, open.message.head.sent, reply);
    assert.match(problem, /"code":"refused","execution":"unknown"/);
  });
}

test('stream: a chunked request on a route that declares none is refused and not forwarded', async () => {
  const sender = await session();
  const before = upload;
  const { message, outgoing, reply } = await startUpload(sender, '/api/whole');
  outgoing.end(await message.sealChunk(utf8('x'), true));
  assert.equal((await reply)?.statusCode, 403);
  assert.equal(upload, before);
});

interface OpenEvents {
  readonly reply: IncomingMessage;
  /** The next piece of text; undefined at the final mark, `broken` when the stream ends without one. */
  readonly next: () => Promise<string | undefined>;
}

/** Reads sealed frames, passing heartbeats over. */
const frameReader = (
  reply: IncomingMessage,
  open: Awaited<ReturnType<typeof openChunkedReply>>,
): OpenEvents['next'] => {
  assert.ok(open.ok);
  const pieces = reply[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let held = Buffer.alloc(0);
  const take = async (count: number): Promise<Buffer | undefined> => {
    while (held.length < count) {
      const piece = await pieces.next().catch(() => ({ done: true as const, value: undefined }));
      if (piece.done === true) return undefined;
      held = Buffer.concat([held, piece.value]);
    }
    const taken = held.subarray(0, count);
    held = held.subarray(count);
    return taken;
  };
  const next = async (): Promise<string | undefined> => {
    const frameHeader = await take(4);
    if (frameHeader === undefined) return 'broken';
    const sealed = await take((frameHeader.readUInt32BE(0) & 0x7fff_ffff) + 16);
    if (sealed === undefined) return 'broken';
    const frame = await open.value.open(frameHeader, sealed);
    assert.ok(frame !== undefined, 'a frame does not open');
    if (frame.final) return undefined;
    return frame.plaintext.length === 0 ? next() : fromUtf8(frame.plaintext);
  };
  return next;
};

const openEvents = async (sender: TestSession): Promise<OpenEvents> => {
  const message = await protect(sender, { method: 'GET', url: '/api/events', mode: 'sealed' });
  const outgoing = request(`${gateway.url}/api/events`, { method: 'GET', headers: { ...message.headers, origin } });
  outgoing.on('error', () => undefined);
  outgoing.end();
  const [reply] = (await once(outgoing, 'response')) as [IncomingMessage];
  assert.ok(isChunkedReply(headOf(reply)), `${reply.statusCode}`);
  const opened = await openChunkedReply(crypto, sender.client.keys, message.sent, headOf(reply), []);
  return { reply, next: frameReader(reply, opened) };
};

test('stream: events arrive sealed one by one, in order, and end with the final mark', async () => {
  const { next } = await openEvents(await session());
  assert.equal(await next(), 'data: first\n\n');
  events?.write('data: second\n\n');
  assert.equal(await next(), 'data: second\n\n');
  events?.end();
  assert.equal(await next(), undefined);
});

test('stream: an event stream to an allowed origin is readable there', async () => {
  const { reply } = await openEvents(await session());
  assert.equal(reply.headers['access-control-allow-origin'], origin);
  assert.match(String(reply.headers['access-control-expose-headers']), /signature-input/);
  assert.equal(reply.headers['cache-control'], 'no-store, no-transform');
  reply.destroy();
});

test('stream: an upstream that breaks off leaves no final mark', async () => {
  const { next } = await openEvents(await session());
  assert.equal(await next(), 'data: first\n\n');
  events?.destroy();
  assert.equal(await next(), 'broken');
});

test('stream: a client that goes away ends the upstream stream', async () => {
  const { reply, next } = await openEvents(await session());
  assert.equal(await next(), 'data: first\n\n');
  const open = events;
  assert.ok(open !== undefined);
  const closed = once(open, 'close');
  reply.destroy();
  await closed;
});

test('stream: a large event does not wait for its end, and arrives whole', async () => {
  const { next } = await openEvents(await session());
  await next();
  const large = `data: ${'z'.repeat(300_000)}\n\n`;
  events?.write(large);
  let received = '';
  while (received.length < large.length) received += (await next()) ?? assert.fail('ended');
  assert.equal(received, large);
  events?.end();
});

test('stream: a revoked device loses its open stream, with the final mark', async () => {
  const trust = gateway.trust();
  const device = await enrol(gateway.url, trust);
  const { next } = await openEvents(await openSession(gateway.url, trust, device));
  assert.equal(await next(), 'data: first\n\n');
  const word = { actor: 'operator', reason: 'stolen' };
  const changed = await gateway.deviceAdministration.revoke(device.deviceId, word);
  assert.ok(changed.ok);
  assert.equal(await next(), undefined);
});
