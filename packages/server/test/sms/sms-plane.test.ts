/** The plane over an inbox: who may call, what each call is answered, that a message is counted once, and what a full record does. */
import assert from 'node:assert/strict';
import { request } from 'node:http';
import test, { type TestContext } from 'node:test';
import { type EpochMs, epochMs, utf8 } from '@hauberk/primitives';
import fc from 'fast-check';
import type { InboundSms } from '../../src/binding/inbound-sms.ts';
import type { SmsConfig } from '../../src/config/config.ts';
import { smsSchema } from '../../src/config/sms-schema.ts';
import { LinkRate } from '../../src/sms/link-rate.ts';
import { openSmsPlane, sameSince } from '../../src/sms/sms-plane.ts';
import { readWebhook } from '../../src/sms/webhook-form.ts';
import { memoryStorage } from '../../src/storage/memory/memory-stores.ts';

const from = '+919811112222';
const to = '+918000000001';
const token = 'Ab0!#%()*+-./:;=?Zz9876543210abcdefgh';

const configOf = (...links: readonly unknown[]): SmsConfig => {
  const parsed = smsSchema.parse({ listen: {}, links });
  assert.ok(parsed !== undefined);
  return parsed;
};

const json = { id: 'json', webhook: { path: '/json', addresses: ['127.0.0.0/8'] } };
const kannel = {
  id: 'kannel',
  countryCode: '91',
  webhook: { path: '/kannel', form: 'kannel', addresses: ['127.0.0.1'] },
};

const open = async (t: TestContext, config: SmsConfig, at = { now: epochMs(1_000_000) }) => {
  const storage = memoryStorage();
  const seen: InboundSms[] = [];
  const held = { refuses: false };
  const plane = await openSmsPlane({
    config,
    inbox: storage.connect().stores.sms,
    receiver: async (message) => {
      if (held.refuses) return { ok: false, code: 'storage-overloaded', detail: undefined } as never;
      seen.push(message);
      return { outcome: 'counted' };
    },
    now: () => at.now,
    failed: (error) => assert.fail(String(error)),
    linkChanged: () => undefined,
  });
  t.after(() => plane.close());
  const call = (method: string, path: string, body = '', headers: Record<string, string> = {}): Promise<number> =>
    new Promise((resolve, reject) => {
      const sent = request({ host: '127.0.0.1', port: plane.port, method, path, headers }, (reply) => {
        reply.resume();
        reply.on('end', () => resolve(reply.statusCode ?? 0));
      });
      sent.on('error', reject);
      sent.end(body);
    });
  const counted = async (count: number): Promise<readonly InboundSms[]> => {
    while (seen.length < count) await new Promise((resolve) => setTimeout(resolve, 2));
    return seen;
  };
  return { plane, storage, call, counted, seen, held, at };
};

const post = (call: Awaited<ReturnType<typeof open>>['call'], message: unknown) =>
  call('POST', '/json', JSON.stringify(message));

test('JSON calls: taken once by their id, and again under another id', async (t) => {
  const { call, counted, plane } = await open(t, configOf(json));
  assert.equal(await post(call, { from, to, text: token, id: 'm1' }), 200);
  assert.equal(await post(call, { from, to, text: token, id: 'm1' }), 200);
  assert.equal(await post(call, { from, to, text: token, id: 'm2' }), 200);
  const seen = await counted(2);
  assert.deepEqual(
    seen.map(({ text }) => text),
    [token, token],
  );
  assert.equal(new Set(seen.map(({ messageId }) => messageId)).size, 2);
  assert.deepEqual(plane.status().links[0]?.outcomes, { taken: 2, known: 1 });
});

test('without an id the same content is one message within the span, and another one after it', async (t) => {
  const { call, counted, at } = await open(t, configOf(json));
  await post(call, { from, to, text: token });
  at.now = epochMs(at.now + 10_000);
  await post(call, { from, to, text: token });
  at.now = epochMs(at.now + 1);
  await post(call, { from, to, text: token });
  assert.equal((await counted(2)).length, 2);
});

test('Kannel: get-url, post-url, UTF-16, national numbers; binary content is refused', async (t) => {
  const { call, counted, plane } = await open(t, configOf(kannel));
  const wide = [...Buffer.from(token, 'utf16le').swap16()]
    .map((octet) => `%${octet.toString(16).padStart(2, '0')}`)
    .join('');
  const address = `from=%2B919811112222&to=918000000001`;
  assert.equal(await call('GET', `/kannel?${address}&text=${encodeURIComponent(token)}&id=a&coding=0`), 200);
  assert.equal(await call('GET', `/kannel?${address}&text=${wide}&id=b&coding=2`), 200);
  const headers = {
    'x-kannel-from': '09811112222',
    'x-kannel-to': to,
    'x-kannel-smsc': 'one',
    'content-type': 'text/plain',
  };
  assert.equal(await call('POST', '/kannel?id=c', token, headers), 200);
  const seen = await counted(3);
  for (const message of seen) assert.deepEqual([message.from, message.to, message.text], [from, to, token]);
  assert.equal(seen[2]?.carrier, 'one');
  assert.equal(await call('GET', `/kannel?${address}&text=x&coding=1`), 400);
  assert.equal(await call('GET', `/kannel?${address}&text=x&text=y`), 400);
  assert.equal(await call('GET', '/kannel?from=BANK&to=918000000001&text=x'), 400);
  assert.deepEqual(plane.status().links[0]?.outcomes, { taken: 3, 'sms.coding': 1, 'sms.form': 1, 'sms.number': 1 });
});

test('strangers, other paths, other methods and long bodies are refused', async (t) => {
  const strange = { id: 'far', webhook: { path: '/far', addresses: ['203.0.113.0/24'] } };
  const { call, plane } = await open(t, configOf(json, strange));
  assert.equal(await call('POST', '/far', '{}'), 403);
  assert.equal(await call('POST', '/nowhere', '{}'), 404);
  assert.equal(await call('GET', '/json'), 405);
  assert.equal(await call('POST', '/json', 'x'.repeat(20_000)), 413);
  assert.equal(await call('POST', '/json', '[1'), 400);
  assert.deepEqual(plane.status().links[1]?.outcomes, { 'sms.caller': 1 });
});

test('success is never answered for what is not kept: full record, full inbox, too fast', async (t) => {
  const config = configOf({ ...json, messagesPerSecond: 3 });
  const { call, storage, plane, at } = await open(t, config);
  storage.fill(true);
  assert.equal(await post(call, { from, to, text: 'a', id: '1' }), 503);
  storage.fill(false);
  assert.equal(await post(call, { from, to, text: 'a', id: '1' }), 200);
  assert.equal(await post(call, { from, to, text: 'b', id: '2' }), 200);
  assert.equal(await post(call, { from, to, text: 'c', id: '3' }), 429);
  at.now = epochMs(at.now + 1000);
  assert.equal(await post(call, { from, to, text: 'c', id: '3' }), 200);
  assert.deepEqual(plane.status().links[0]?.outcomes, { 'sms.storage': 1, taken: 3, 'sms.rate': 1 });
});

test('a receiver that cannot take a message now gets it again, under the same id', async (t) => {
  const { call, counted, held, seen, plane } = await open(t, configOf(json));
  held.refuses = true;
  assert.equal(await post(call, { from, to, text: token, id: 'm1' }), 200);
  assert.equal(plane.status().waiting, 1);
  assert.equal(seen.length, 0);
  held.refuses = false;
  assert.equal((await counted(1))[0]?.text, token);
});

test('after a bind the span reaches back before it, for a minute', () => {
  assert.equal(sameSince(100_000, 0, 10_000), 90_000);
  assert.equal(sameSince(100_000, 99_000, 10_000), 39_000);
  assert.equal(sameSince(159_000, 99_000, 10_000), 149_000);
});

test('a rate gives what it says and no more', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 50 }),
      fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 200 }),
      (perSecond, steps) => {
        const rate = new LinkRate(perSecond);
        let now: EpochMs = epochMs(1_000_000);
        const start = now;
        let taken = 0;
        for (const step of steps) {
          now = epochMs(now + step);
          if (rate.take(now)) taken += 1;
        }
        assert.ok(taken <= perSecond + ((now - start) * perSecond) / 1000);
      },
    ),
  );
});

test('no call makes the reader of webhooks throw', () => {
  const members = { from: 'from', to: 'to', text: 'text', id: 'id', carrier: 'carrier' };
  const sign = fc.constantFrom(
    'from=',
    'to=',
    'text=',
    '&',
    '%',
    '%4',
    '%41',
    '+',
    '919811112222',
    '{',
    '"from"',
    ':',
    '"',
    '}',
    '\u00e9',
    'coding=2',
  );
  const text = fc.array(sign, { maxLength: 20 }).map((signs) => signs.join(''));
  fc.assert(
    fc.property(
      text,
      text,
      fc.constantFrom('kannel' as const, 'json' as const),
      fc.boolean(),
      (query, body, form, isForm) => {
        const headers = isForm ? { 'content-type': 'application/x-www-form-urlencoded' } : {};
        void readWebhook({ method: 'POST', query, headers, body: utf8(body) }, { form, members });
      },
    ),
    { numRuns: 2000 },
  );
});
