/** The admin listener of a whole gateway: TLS where it is configured, the API only where it is on. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { request } from 'node:https';
import { join } from 'node:path';
import { test } from 'node:test';
import { issueStartupSecret } from '../../src/index.ts';
import { startEchoGateway } from '../echo-gateway.ts';
import { selfSigned } from '../self-signed.ts';

interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

const ask = (url: string, ca: string, body?: string): Promise<Reply> =>
  new Promise((resolve, reject) => {
    const method = body === undefined ? 'GET' : 'POST';
    const headers = body === undefined ? {} : { 'content-type': 'application/json' };
    const outgoing = request(url, { method, ca, agent: false, headers }, (incoming) => {
      let text = '';
      incoming.on('data', (piece: Buffer) => {
        text += piece.toString();
      });
      incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text }));
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });

const service = { routes: [{ path: '/a' }] };

test('with admin.tls everything of the listener is behind TLS, and browsers are told to stay there', async () => {
  const pair = selfSigned('127.0.0.1');
  const gateway = await startEchoGateway(service, (folder) => {
    const files = { certificateFile: join(folder, 'admin.crt'), keyFile: join(folder, 'admin.key') };
    writeFileSync(files.certificateFile, pair.certificate);
    writeFileSync(files.keyFile, pair.key);
    return { admin: { tls: files } };
  });
  try {
    const { adminUrl, administration } = gateway.running;
    assert.match(adminUrl, /^https:/);
    assert.equal((await ask(`${adminUrl}/healthz`, pair.certificate)).status, 200);
    const issued = await issueStartupSecret(administration, false);
    assert.ok(issued.ok);
    const login = JSON.stringify({ secret: issued.value.text });
    const reply = await ask(`${adminUrl}/admin/v1/login`, pair.certificate, login);
    assert.equal(reply.status, 201, reply.text);
    assert.match(reply.headers['strict-transport-security'] ?? '', /max-age/);
    await assert.rejects(ask(`${adminUrl}/healthz`, selfSigned('127.0.0.1').certificate));
    await assert.rejects(fetch(adminUrl.replace('https:', 'http:')));
  } finally {
    await gateway.close();
  }
});

test('switched off, the API is not there; a second start-up secret is not issued while one waits', async () => {
  const gateway = await startEchoGateway(service, () => ({ admin: { api: false } }));
  try {
    const { adminUrl, administration } = gateway.running;
    assert.equal((await fetch(`${adminUrl}/admin/v1/openapi.json`)).status, 404);
    assert.equal((await fetch(`${adminUrl}/healthz`)).status, 200);
    assert.ok((await issueStartupSecret(administration, false)).ok);
    const second = await issueStartupSecret(administration, false);
    assert.ok(!second.ok && second.code === 'startup-not-needed');
  } finally {
    await gateway.close();
  }
});
