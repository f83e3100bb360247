/** The peer speaks HB/1 and refuses what HB/1 refuses. Needs nginx with its Lua module. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { replyBase } from '@hauberk/channel';
import { nodeCrypto } from '@hauberk/crypto/node';
import { fromBase64, fromBase64Url, utf8 } from '@hauberk/primitives';
import { makePeerRing, mintSession, startPeer, startUpstream } from '../../gateway/peer.ts';
import { hasPeer, type Measured } from '../../gateway/processes.ts';
import { type LoadShape, nextRequest } from '../../gateway/wire-load.ts';

const signed: LoadShape = { kind: 'signed', path: '/api/signed' };
const sealed: LoadShape = { kind: 'sealed', path: '/api/sealed' };
const ring = makePeerRing();
const scratch = mkdtempSync(join(tmpdir(), 'hauberk-peer-'));
let upstream: Measured;
let peer: Measured;
let slots = 0;
const newSession = (change: Parameters<typeof mintSession>[2] = {}) => {
  slots += 1;
  return mintSession(ring, slots - 1, change);
};

interface RawReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

const exchange = (message: Buffer | string): Promise<RawReply> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port: peer.port });
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      const all = Buffer.concat(chunks);
      const end = all.indexOf('\r\n\r\n');
      if (end < 0) return;
      const [first = '', ...lines] = all.toString('latin1', 0, end).split('\r\n');
      const headers: Record<string, string> = {};
      for (const line of lines)
        headers[line.slice(0, line.indexOf(':')).toLowerCase()] = line.slice(line.indexOf(':') + 2);
      const body = all.subarray(end + 4);
      if (headers['content-length'] !== undefined && body.length < Number(headers['content-length'])) return;
      socket.destroy();
      resolve({ status: Number(first.split(' ')[1]), headers, body });
    });
    socket.on('error', reject);
    socket.write(message);
  });

/** The code of a refusal. */
const codeOf = async (message: Buffer): Promise<string> => {
  const reply = await exchange(message);
  const text = reply.body.toString('latin1');
  return /"code":"([a-z-]+)"/.exec(text)?.[1] ?? String(reply.status);
};

const edit = (message: Buffer, change: (text: string) => string): Buffer =>
  Buffer.from(change(message.toString('latin1')), 'latin1');

describe('the peer', {
  skip: hasPeer() ? false : 'nginx with libnginx-mod-http-lua and lua-resty-core is needed',
}, () => {
  before(async () => {
    upstream = await startUpstream(scratch, 1);
    peer = await startPeer(scratch, 0, upstream.port, ring, 1024);
  });
  after(async () => {
    await peer.stop();
    await upstream.stop();
    rmSync(scratch, { recursive: true, force: true });
  });

  test('a signed request is answered with a reply bound to it', async () => {
    const session = newSession();
    const message = nextRequest(signed, session);
    const reply = await exchange(message);
    assert.equal(reply.status, 200);
    const text = message.toString('latin1');
    const headers = {
      'content-type': reply.headers['content-type'],
      'content-digest': reply.headers['content-digest'],
    };
    assert.equal(
      reply.headers['content-digest'],
      `sha-256=:${Buffer.from(nodeCrypto.sha256(reply.body)).toString('base64')}:`,
    );
    const target = {
      status: 200,
      requestSignature: /\r\nsignature: (.*)\r\n/.exec(text)?.[1] ?? '',
      requestSignatureInput: /\r\nsignature-input: (.*)\r\n/.exec(text)?.[1] ?? '',
    };
    const params = (reply.headers['signature-input'] ?? '').slice(3);
    const base = replyBase(target, ['content-type', 'content-digest'], headers, params);
    const mac = fromBase64((reply.headers['signature'] ?? '').slice(4, -1)) ?? new Uint8Array(0);
    assert.ok(nodeCrypto.verifyMac(nodeCrypto.importMac(session.replyMac), utf8(base), mac));
  });

  test('a sealed request is answered with a reply sealed for it', async () => {
    const session = newSession();
    const message = nextRequest(sealed, session);
    const reply = await exchange(message);
    assert.equal(reply.status, 200);
    const text = message.toString('latin1');
    const target = {
      status: 200,
      requestSignature: /\r\nsignature: (.*)\r\n/.exec(text)?.[1] ?? '',
      requestSignatureInput: /\r\nsignature-input: (.*)\r\n/.exec(text)?.[1] ?? '',
    };
    const params = (reply.headers['signature-input'] ?? '').slice(3);
    const base = utf8(replyBase(target, ['content-type'], { 'content-type': reply.headers['content-type'] }, params));
    const nonce = fromBase64Url(/nonce="([^"]+)"/.exec(params)?.[1] ?? '') ?? new Uint8Array(0);
    const tag = fromBase64((reply.headers['signature'] ?? '').slice(4, -1)) ?? new Uint8Array(0);
    const whole = new Uint8Array([...reply.body, ...tag]);
    const plain = nodeCrypto.open(nodeCrypto.importAead(session.replyAead), nonce, whole, base);
    assert.equal(Buffer.from(plain ?? []).toString(), '{"ok":true,"code":"000000"}');
  });

  for (const shape of [signed, sealed]) {
    test(`${shape.kind}: the same bytes pass once`, async () => {
      const message = nextRequest(shape, newSession());
      assert.equal((await exchange(message)).status, 200);
      assert.equal(await codeOf(message), 'replayed');
    });

    test(`${shape.kind}: a number that fell out of the window is refused, one inside passes`, async () => {
      const session = newSession();
      const old = nextRequest(shape, session);
      const inside = nextRequest(shape, session);
      session.sequence = 113;
      assert.equal((await exchange(nextRequest(shape, session))).status, 200);
      assert.equal((await exchange(inside)).status, 200);
      // The same word of the window as the first number, 32 rounds later.
      session.sequence = 4095;
      assert.equal((await exchange(nextRequest(shape, session))).status, 200);
      assert.equal(await codeOf(old), 'too-old-sequence');
    });

    test(`${shape.kind}: a changed body, header or target is refused`, async () => {
      const broken = shape.kind === 'signed' ? 'signature' : 'seal';
      const flip = nextRequest(shape, newSession());
      flip[flip.length - 1] = (flip.at(-1) ?? 0) ^ 1;
      assert.equal(await codeOf(flip), shape.kind === 'signed' ? 'digest' : 'seal');
      const type = edit(nextRequest(shape, newSession()), (text) =>
        text.replace('application/json', 'application/jsom'),
      );
      assert.equal(await codeOf(type), broken);
      const added = edit(nextRequest(shape, newSession()), (text) =>
        text.replace('\r\n\r\n', '\r\nauthorization: x\r\n\r\n'),
      );
      assert.equal(await codeOf(added), 'components');
      const method = edit(nextRequest(shape, newSession()), (text) => text.replace('POST ', 'PUT '));
      assert.equal(await codeOf(method), broken);
      const query = edit(nextRequest(shape, newSession()), (text) => text.replace(' HTTP', '?a=1 HTTP'));
      assert.equal(await codeOf(query), shape.kind === 'signed' ? 'signature' : 'query-not-public');
    });

    test(`${shape.kind}: another session's ticket, a foreign node, an expired or a changed ticket is refused`, async () => {
      const mine = newSession();
      assert.equal(await codeOf(nextRequest(shape, { ...mine, ticket: newSession().ticket })), 'keyid');
      assert.equal(await codeOf(nextRequest(shape, newSession({ node: 2 }))), 'ticket-node');
      assert.equal(await codeOf(nextRequest(shape, newSession({ expiresAtMs: Date.now() - 1 }))), 'ticket-expired');
      assert.equal(await codeOf(nextRequest(shape, newSession({ service: 'other' }))), 'service');
      const { ticket } = mine;
      const changed = `${ticket.slice(0, 200)}${ticket[200] === 'A' ? 'B' : 'A'}${ticket.slice(201)}`;
      assert.equal(await codeOf(nextRequest(shape, { ...mine, ticket: changed })), 'ticket-seal');
      const ring2 = makePeerRing();
      assert.equal(await codeOf(nextRequest(shape, mintSession(ring2, 3))), 'ticket-seal');
    });

    test(`${shape.kind}: a second signature header is refused`, async () => {
      const twice = edit(nextRequest(shape, newSession()), (text) =>
        text.replace('\r\nsignature: ', '\r\nsignature: hb=:AAAA:\r\nsignature: '),
      );
      assert.equal(await codeOf(twice), 'duplicate');
    });
  }

  test('a sealed route refuses signed requests', async () => {
    assert.equal(await codeOf(nextRequest({ kind: 'signed', path: '/api/sealed' }, newSession())), 'mode');
  });

  test('forged facts never arrive, the true ones do', async () => {
    const forged =
      '\r\nhauberk-verified-customer: eve\r\nHauberk-Verified-State: forged\r\nhauberk_verified_customer: eve\r\nhauberk.verified.customer: eve\r\n\r\n';
    const message = edit(nextRequest({ kind: 'signed', path: '/api/echo' }, newSession()), (text) =>
      text.replace('\r\n\r\n', forged),
    );
    const reply = await exchange(message);
    assert.match(reply.body.toString('latin1'), /^verified\|[A-Za-z0-9_-]{22}\|\|\|1024$/);
  });
});
