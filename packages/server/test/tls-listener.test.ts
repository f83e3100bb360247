/** The public listener: TLS, and bytes that are no request, sent raw where a client library would mend them. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { request } from 'node:https';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, describe, test } from 'node:test';
import type { LimitsConfig, ListenConfig } from '../src/config/config.ts';
import { type Listener, listen, type RequestHandler } from '../src/gateway/listener.ts';
import { createMetrics, type Metrics } from '../src/gateway/metrics.ts';
import { parseConfig } from '../src/index.ts';
import { selfSigned } from './self-signed.ts';

const folder = mkdtempSync(join(tmpdir(), 'hauberk-listener-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const defaults = (): LimitsConfig => {
  const loaded = parseConfig(
    {
      organisation: 'demo',
      apps: [{ id: 'app' }],
      services: [{ id: 'bank', upstream: 'core', routes: [{ path: '/a' }] }],
      upstreams: { core: { origin: 'http://a', factsKey: 'f'.repeat(32) } },
    },
    'made.yaml',
  );
  assert.ok(loaded.ok);
  return loaded.config.limits;
};

const opened: Listener[] = [];
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await Promise.all(opened.splice(0).map((listener) => listener.drain(0)));
});

const answer: RequestHandler = (_incoming: IncomingMessage, response: ServerResponse, trust) => {
  response.end(JSON.stringify({ secure: trust.clientOf({})?.secure }));
};

interface Opening {
  readonly limits?: Partial<LimitsConfig>;
  readonly listen?: Partial<ListenConfig>;
  readonly handle?: RequestHandler;
}

const open = async ({
  limits = {},
  listen: given = {},
  handle = answer,
}: Opening = {}): Promise<{
  readonly listener: Listener;
  readonly metrics: Metrics;
}> => {
  const metrics = createMetrics();
  const listener = await listen(
    {
      listen: { host: '127.0.0.1', port: 0, trustedProxies: [], ...given },
      limits: { ...defaults(), ...limits },
      handle,
      metrics,
    },
    false,
  );
  opened.push(listener);
  return { listener, metrics };
};

const connectTo = (port: number): Socket => {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  sockets.push(socket);
  return socket;
};

/** Everything that a connection says until it ends. */
const endOf = (socket: Socket): Promise<string> =>
  new Promise((resolve) => {
    let text = '';
    socket.on('data', (piece: Buffer) => {
      text += piece.toString('latin1');
    });
    socket.once('close', () => resolve(text));
  });

const ask = (port: number, bytes: string): Promise<string> => {
  const socket = connectTo(port);
  const text = endOf(socket);
  socket.write(Buffer.from(bytes, 'latin1'));
  return text;
};

const codeIn = (reply: string): string => /"code":"([a-z-]+)"/.exec(reply)?.[1] ?? reply.slice(0, 80);

describe('what is no request is refused with a coded problem, and its connection ends', () => {
  const many = Array.from({ length: 97 }, (_, index) => `x-${index}: 1\r\n`).join('');
  const cases: readonly (readonly [string, string, number, string])[] = [
    [
      'both framings',
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n',
      400,
      'malformed',
    ],
    [
      'two lengths',
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc',
      400,
      'malformed',
    ],
    ['a space before the colon', 'GET / HTTP/1.1\r\nHost : a\r\n\r\n', 400, 'malformed'],
    ['a bare carriage return', 'GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n', 400, 'malformed'],
    ['no host', 'GET / HTTP/1.1\r\n\r\n', 400, 'malformed'],
    ['another version', 'GET / HTTP/3.0\r\nHost: a\r\n\r\n', 400, 'malformed'],
    ['no HTTP at all', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 400, 'malformed'],
    ['too large a head', `GET / HTTP/1.1\r\nHost: a\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`, 431, 'too-large'],
    ['too many headers', `GET / HTTP/1.1\r\nHost: a\r\n${many}\r\n`, 431, 'too-large'],
    [
      'an upgrade',
      'GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n',
      415,
      'unsupported',
    ],
    ['CONNECT', 'CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n', 405, 'method-not-allowed'],
    ['an unknown expectation', 'GET / HTTP/1.1\r\nHost: a\r\nExpect: tea\r\n\r\n', 400, 'malformed'],
  ];
  for (const [name, bytes, status, code] of cases)
    test(name, async () => {
      let handled = 0;
      const { listener, metrics } = await open({
        handle: () => {
          handled += 1;
        },
      });
      const reply = await ask(listener.port, bytes);
      assert.match(reply, new RegExp(`^HTTP/1\\.1 ${status} `), reply.slice(0, 200));
      // A host that is missing is refused by node itself, without a body.
      if (name !== 'no host') {
        assert.equal(codeIn(reply), code);
        assert.match(reply, /content-type: application\/problem\+json/);
        assert.equal(Object.values(metrics.snapshot().refusals).length, 1);
      }
      assert.equal(handled, 0);
    });
});

describe('TLS', () => {
  const writePair = (name: string) => {
    const pair = selfSigned('127.0.0.1');
    const files = { certificateFile: join(folder, `${name}.crt`), keyFile: join(folder, `${name}.key`) };
    writeFileSync(files.certificateFile, pair.certificate);
    writeFileSync(files.keyFile, pair.key);
    return { ...pair, files };
  };

  const get = (port: number, ca: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const outgoing = request({ host: '127.0.0.1', port, ca, agent: false }, (incoming) => {
        let text = '';
        incoming.on('data', (piece: Buffer) => {
          text += piece.toString();
        });
        incoming.on('end', () => resolve(text));
      });
      outgoing.on('error', reject);
      outgoing.end();
    });

  test('is terminated here, and told as secure', async () => {
    const { certificate, files } = writePair('first');
    const { listener } = await open({ listen: { tls: files } });
    assert.deepEqual(JSON.parse(await get(listener.port, certificate)), { secure: true });
    await assert.rejects(get(listener.port, selfSigned('127.0.0.1').certificate));
  });

  test('takes a renewed certificate over without a restart, and keeps the old one when the new does not fit', async () => {
    const old = writePair('old');
    const { listener } = await open({ listen: { tls: old.files } });
    const renewed = writePair('renewed');
    listener.reloadTls(renewed.files);
    assert.deepEqual(JSON.parse(await get(listener.port, renewed.certificate)), { secure: true });
    assert.throws(() => listener.reloadTls({ ...old.files, keyFile: renewed.files.keyFile }));
    assert.deepEqual(JSON.parse(await get(listener.port, renewed.certificate)), { secure: true });
  });

  test('plain HTTP on the TLS port gets nothing', async () => {
    const { files } = writePair('plain');
    const { listener } = await open({ listen: { tls: files } });
    assert.ok(!(await ask(listener.port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n')).includes('200'));
  });
});
