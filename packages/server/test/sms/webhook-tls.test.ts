/** The webhook over mutual TLS: who is let in, by the certificate alone. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { epochMs } from '@hauberk/primitives';
import type { InboundSms } from '../../src/binding/inbound-sms.ts';
import { smsSchema } from '../../src/config/sms-schema.ts';
import { openSmsPlane, type SmsPlane } from '../../src/sms/sms-plane.ts';
import { memoryStorage } from '../../src/storage/memory/memory-stores.ts';
import { type SelfSigned, selfSigned } from '../self-signed.ts';

const folder = mkdtempSync(join(tmpdir(), 'hauberk-webhook-'));
const server = selfSigned('127.0.0.1');
/** Vouched for and named; vouched for under another name; nobody's. */
const [aggregator, colleague, stranger] = [selfSigned('127.0.0.7'), selfSigned('127.0.0.8'), selfSigned('127.0.0.7')];
let plane: SmsPlane;
const seen: InboundSms[] = [];

before(async () => {
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const tls = {
    certificateFile: file('cert.pem', server.certificate),
    keyFile: file('key.pem', server.key),
    clientCaFile: file('callers.pem', `${aggregator.certificate}${colleague.certificate}`),
  };
  const named = { path: '/named', clientNames: ['127.0.0.7'] };
  const config = smsSchema.parse({
    listen: { tls },
    links: [
      { id: 'named', webhook: named },
      // Both are asked for: the name and the address.
      { id: 'elsewhere', webhook: { ...named, path: '/elsewhere', addresses: ['192.0.2.0/24'] } },
    ],
  });
  assert.ok(config !== undefined);
  plane = await openSmsPlane({
    config,
    inbox: memoryStorage().connect().stores.sms,
    receiver: async (message) => {
      seen.push(message);
      return { outcome: 'counted' };
    },
    now: () => epochMs(1_800_000_000_000),
    failed: (error) => assert.fail(String(error)),
    linkChanged: () => undefined,
  });
});
after(async () => {
  await plane.close();
  rmSync(folder, { recursive: true });
});

let messages = 0;

/** The status, or what ended the connection. */
const call = (by: SelfSigned | undefined, path = '/named', text = 'hello'): Promise<number | string> =>
  new Promise((resolve) => {
    messages += 1;
    const identity = by === undefined ? {} : { cert: by.certificate, key: by.key };
    const sent = request(
      { host: '127.0.0.1', port: plane.port, method: 'POST', path, ca: server.certificate, agent: false, ...identity },
      (reply) => {
        reply.resume().on('end', () => resolve(reply.statusCode ?? 0));
      },
    );
    sent.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    sent.end(JSON.stringify({ from: '+919811112222', to: '+918000000001', text, id: `m${messages}` }));
  });

test('the certificate of a named caller is let in, and its message counts', async () => {
  assert.equal(await call(aggregator, '/named', 'let in'), 200);
  while (seen.length < 1) await new Promise((resolve) => setTimeout(resolve, 2));
  assert.deepEqual([seen[0]?.link, seen[0]?.text], ['named', 'let in']);
});

test('another certificate of the same authorities is refused by its name, and told', async () => {
  assert.equal(await call(colleague), 403);
  assert.equal(plane.status().links[0]?.outcomes['sms.caller'], 1);
});

test('a certificate of nobody known, though it bears the name, and none at all: no request is ever read', async () => {
  for (const by of [stranger, undefined]) assert.equal(typeof (await call(by)), 'string');
  assert.equal(plane.status().links[0]?.outcomes['sms.caller'], 1);
});

test('where addresses are asked for as well, the certificate alone is not enough', async () => {
  assert.equal(await call(aggregator, '/elsewhere'), 403);
});

test('none of those was counted', () => {
  assert.equal(seen.length, 1);
});
