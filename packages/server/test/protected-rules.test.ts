/** Logins, grants, steps, step-up, idempotency, outcomes and observe mode, through a whole gateway with two worker threads. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import {
  encodeStepUpAnswer,
  endpoint,
  stepUpBytes,
  targetOf,
  thumbprintInput,
  transactionBytes,
} from '@hauberk/channel/client';
import { nodeAsyncCrypto as crypto } from '@hauberk/crypto/node';
import { fromBase64Url, type KeyPair, utf8 } from '@hauberk/primitives';
import { createLog, openStorage, parseConfig, type RunningGateway, startGateway } from '../src/index.ts';
import {
  type Ask,
  call,
  enrol,
  enrolmentDocument,
  exchange,
  jsonOf,
  type OpenedReply,
  openSession,
  protect,
  send,
  type TestDevice,
  type TestSession,
} from './channel-device.ts';
import { operatorToken } from './operator-token.ts';

const folder = mkdtempSync(join(tmpdir(), 'hauberk-rules-'));

interface Seen {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}
const seen: Seen[] = [];
let waiting: (() => void)[] = [];
const forwarded = (url: string): number => seen.filter((each) => each.url === url).length;

const customers: Readonly<Record<string, object>> = {
  ada: { token: 'token-ada', customerId: 'c-ada', accounts: [{ id: 'a1' }, { id: 'a2' }] },
  bob: { token: 'token-bob', customerId: 'c-bob', accounts: [{ id: 'b1' }] },
};

const json = (response: ServerResponse, status: number, value: object): void => {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(value));
};

/** A password is right, wrong, or nobody answers. */
const guess = (body: string, response: ServerResponse): void => {
  if (body.includes('fault')) json(response, 503, {});
  else if (body.includes('right')) json(response, 200, { token: 't-guess', customerId: 'c-guess', accounts: [] });
  else json(response, 401, { code: 'wrong' });
};

const replies: Readonly<Record<string, (body: string, response: ServerResponse) => void>> = {
  '/api/login': (body, response) => {
    const customer = customers[(JSON.parse(body) as { user: string }).user];
    if (customer === undefined) json(response, 401, {});
    else json(response, 200, customer);
  },
  '/api/guess-name': guess,
  '/api/guess-device': guess,
  '/api/guess-address': guess,
  '/api/guess-otp': guess,
  '/api/refresh': (_body, response) => json(response, 200, { token: 'token-ada-2' }),
  '/api/open-account': (_body, response) => json(response, 201, { account: { id: 'a3' } }),
  '/api/refused': (_body, response) => json(response, 409, { token: 'never', customerId: 'c-never', accounts: [] }),
  '/api/held': (_body, response) => {
    waiting.push(() => json(response, 200, { done: forwarded('/api/held') }));
  },
  '/api/silent': () => undefined,
  '/api/huge': (_body, response) => json(response, 200, { filler: 'x'.repeat(5000) }),
  '/api/events': (_body, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('data: 1\n\n');
  },
};

const upstream = createServer((incoming, response) => {
  const pieces: Buffer[] = [];
  incoming.on('data', (piece: Buffer) => pieces.push(piece));
  incoming.on('end', () => {
    const body = Buffer.concat(pieces).toString();
    const url = incoming.url ?? '';
    seen.push({ url, headers: incoming.headers, body });
    const reply = replies[url] ?? ((_body, to: ServerResponse) => json(to, 200, { count: forwarded(url) }));
    reply(body, response);
  });
});

const credential = { kind: 'authorization' };
const opens = { credentialPointer: '/token', customerPointer: '/customerId', objects: { account: '/accounts/*/id' } };
const inPath = [{ kind: 'account', from: { in: 'path', parameter: 'id' } }];
const inBody = [{ kind: 'account', from: { in: 'body', pointer: '/from' } }];
const required = { demand: 'required' };

/** Five a day, so that nothing comes back while a test runs. */
const few = { requests: 5, perSeconds: 86_400, burst: 3 };
const many = { requests: 100, perSeconds: 86_400 };
const guessing = (path: string, failures: object): object => ({
  path,
  class: 'login',
  login: { credential, opens, failures },
});

const routes: readonly object[] = [
  guessing('/api/guess-name', { namePointer: '/user', name: few, device: many }),
  guessing('/api/guess-device', { device: few }),
  guessing('/api/guess-address', { address: few }),
  {
    path: '/api/guess-otp',
    class: 'login',
    requiresLogin: credential,
    login: { credential, passesStep: 'otp', failures: { name: few } },
  },
  { path: '/api/login', class: 'login', mode: 'sealed', login: { credential, opens } },
  { path: '/api/refused', class: 'login', login: { credential, opens } },
  { path: '/api/otp', class: 'login', requiresLogin: credential, login: { credential, passesStep: 'otp' } },
  { path: '/api/refresh', class: 'login', requiresLogin: credential, login: { credential, refreshPointer: '/token' } },
  { path: '/api/logout', class: 'login', requiresLogin: credential, login: { credential, endsLogin: true } },
  {
    path: '/api/open-account',
    requiresLogin: credential,
    login: { credential, grants: { account: '/account/id' } },
  },
  { path: '/api/me', requiresLogin: credential },
  { path: '/api/accounts/{id}', requiresLogin: credential, objects: inPath },
  { path: '/api/pay', class: 'money', requiresLogin: credential, requiresSteps: ['otp'], objects: inBody },
  { path: '/api/once', class: 'money', idempotency: required },
  { path: '/api/held', class: 'money', idempotency: required },
  { path: '/api/silent', class: 'money', idempotency: required, deadlineMs: 300 },
  { path: '/api/small', class: 'money', idempotency: { demand: 'required', outcomeCapBytes: 4 } },
  { path: '/api/confirm', class: 'money', mode: 'sealed', stepUp: true },
  { path: '/api/trap', class: 'money', outcome: 'trap', decoy: { status: 201, body: '{"booked":true}' } },
  { path: '/api/deny', outcome: 'deny' },
  { path: '/api/slow', outcome: 'slow' },
  { path: '/api/tier', minTier: 1 },
  { path: '/api/huge', mode: 'sealed', replyCapBytes: 2000 },
  { path: '/api/events', mode: 'sealed' },
  { path: '/api/observed', protection: 'observe' },
];

let started: RunningGateway | undefined;
let gateway: RunningGateway;
before(async () => {
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  const loaded = parseConfig(
    {
      organisation: 'demo',
      apps: [{ id: 'bank-h5' }],
      state: 'state',
      workers: 2,
      listen: { port: 0 },
      services: [{ id: 'bank', upstream: 'core', routes }],
      upstreams: {
        core: { origin: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`, factsKey: 'f'.repeat(40) },
      },
      sessions: {
        tiers: [
          { name: 'software', sessions: 256 },
          { name: 'hardware', sessions: 16 },
        ],
        devices: 128,
        strikes: 4096,
      },
      limits: { slowMs: 50 },
      log: { access: 'none' },
    },
    join(folder, 'made.yaml'),
  );
  assert.ok(loaded.ok, loaded.ok ? '' : JSON.stringify(loaded.issues));
  const { config } = loaded;
  const log = createLog('error', () => undefined);
  started = await startGateway({ config, storage: await openStorage({ folder: config.state }), version: '0', log });
  gateway = started;
});
after(async () => {
  await started?.stop();
  upstream.closeAllConnections();
  upstream.close();
  rmSync(folder, { recursive: true, force: true });
});

const device = () => enrol(gateway.url, gateway.trust());
const sessionOf = (enrolled: TestDevice) => openSession(gateway.url, gateway.trust(), enrolled);
const session = async () => sessionOf(await device());
const code = (reply: OpenedReply): unknown => jsonOf(reply)['code'];

const as = (credentialValue: string, ask: Ask): Ask => ({
  ...ask,
  headers: { ...ask.headers, authorization: `Bearer ${credentialValue}` },
});

const login = async (opened: TestSession, user: string): Promise<void> => {
  const reply = await call(opened, { url: '/api/login', mode: 'sealed', body: JSON.stringify({ user }) });
  assert.deepEqual([reply.status, reply.bound], [200, true]);
};

/** A bound refusal of that code, and nothing forwarded. */
const refused = async (opened: TestSession, ask: Ask, expected: string): Promise<OpenedReply> => {
  const before = seen.length;
  const reply = await call(opened, ask);
  assert.deepEqual([reply.bound, code(reply), jsonOf(reply)['execution']], [true, expected, 'none']);
  assert.equal(seen.length, before);
  return reply;
};

const passes = async (opened: TestSession, ask: Ask): Promise<OpenedReply> => {
  const reply = await call(opened, ask);
  assert.deepEqual([reply.bound, reply.status < 300], [true, true], `${ask.url}: ${reply.status}`);
  return reply;
};

const get = (url: string): Ask => ({ method: 'GET', url });

describe('logins and grants', () => {
  test('a login names its customer to the upstream, in every tab of the device', async () => {
    const enrolled = await device();
    const tab = await sessionOf(enrolled);
    await refused(tab, as('token-ada', get('/api/me')), 'login-required');
    await login(tab, 'ada');
    const otherTab = await sessionOf(enrolled);
    await passes(otherTab, as('token-ada', get('/api/me')));
    assert.equal(seen.at(-1)?.headers['hauberk-verified-customer'], 'c-ada');
  });

  test('a credential on another device is no login', async () => {
    await login(await session(), 'ada');
    await refused(await session(), as('token-ada', get('/api/me')), 'login-required');
  });

  test('one customer cannot name the account of another, nor one that nobody was granted', async () => {
    const opened = await session();
    await login(opened, 'ada');
    await passes(opened, as('token-ada', get('/api/accounts/a2')));
    for (const id of ['b1', 'a3', 'A1', 'a1%20', '%61%31%00'])
      assert.notEqual((await call(opened, as('token-ada', get(`/api/accounts/${id}`)))).status, 200, id);
    await refused(opened, as('token-ada', get('/api/accounts/b1')), 'forbidden');
  });

  test('a reply that opens an account grants it to the login', async () => {
    const opened = await session();
    await login(opened, 'ada');
    await refused(opened, as('token-ada', get('/api/accounts/a3')), 'forbidden');
    await passes(opened, as('token-ada', { url: '/api/open-account' }));
    await passes(opened, as('token-ada', get('/api/accounts/a3')));
  });

  test('a refused login grants nothing', async () => {
    const opened = await session();
    assert.equal((await call(opened, { url: '/api/refused', body: '{}' })).status, 409);
    await refused(opened, as('never', get('/api/me')), 'login-required');
  });

  test('a skipped step is refused until it is passed', async () => {
    const opened = await session();
    await login(opened, 'ada');
    const pay = as('token-ada', { url: '/api/pay', body: '{"from":"a1"}' });
    await refused(opened, pay, 'forbidden');
    await passes(opened, as('token-ada', { url: '/api/otp', body: '{}' }));
    await passes(opened, pay);
    await refused(opened, as('token-ada', { url: '/api/pay', body: '{"from":"b1"}' }), 'forbidden');
    await refused(opened, as('token-ada', { url: '/api/pay', body: '{}' }), 'malformed');
  });

  test('a duplicate member cannot name one account to the gateway and another to the upstream', async () => {
    const opened = await session();
    await login(opened, 'ada');
    await passes(opened, as('token-ada', { url: '/api/otp', body: '{}' }));
    const before = seen.length;
    const reply = await call(opened, as('token-ada', { url: '/api/pay', body: '{"from":"b1","from":"a1"}' }));
    assert.deepEqual([reply.bound, reply.status], [true, 400]);
    assert.equal(seen.length, before);
  });

  test('a refreshed credential takes the login over, a logout ends it in every tab', async () => {
    const enrolled = await device();
    const [tab, otherTab] = [await sessionOf(enrolled), await sessionOf(enrolled)];
    await login(tab, 'ada');
    await passes(tab, as('token-ada', { url: '/api/refresh' }));
    await passes(otherTab, as('token-ada-2', get('/api/accounts/a1')));
    await passes(tab, as('token-ada-2', { url: '/api/logout' }));
    await refused(otherTab, as('token-ada-2', get('/api/me')), 'login-required');
    await refused(otherTab, as('token-ada', get('/api/me')), 'login-required');
  });
});

describe('idempotency', () => {
  const keyed = (key: string, url: string, body = '{}'): Ask => ({ url, body, headers: { 'idempotency-key': key } });

  test('a retry gets the stored outcome, sealed anew, and nothing happens twice', async () => {
    const opened = await session();
    const first = await passes(opened, keyed('key-first-0001', '/api/once'));
    const count = forwarded('/api/once');
    const again = await passes(opened, keyed('key-first-0001', '/api/once'));
    assert.deepEqual([jsonOf(again), forwarded('/api/once')], [jsonOf(first), count]);
  });

  test('the same key for another request is a mismatch, and no key is refused', async () => {
    const opened = await session();
    await passes(opened, keyed('key-second-001', '/api/once'));
    await refused(opened, keyed('key-second-001', '/api/once', '{"other":1}'), 'mismatch');
    await refused(opened, { url: '/api/once', body: '{}' }, 'key-required');
    await refused(opened, keyed('short', '/api/once'), 'malformed');
  });

  test('the same key of another device is another key', async () => {
    await passes(await session(), keyed('key-shared-001', '/api/once', '{"device":1}'));
    const count = forwarded('/api/once');
    await passes(await session(), keyed('key-shared-001', '/api/once', '{"device":2}'));
    assert.equal(forwarded('/api/once'), count + 1);
  });

  test('parallel attempts over both threads execute once', async () => {
    const opened = await session();
    waiting = [];
    const attempts = Array.from({ length: 8 }, () => call(opened, keyed('key-parallel-1', '/api/held')));
    while (waiting.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    await new Promise((resolve) => setTimeout(resolve, 100));
    for (const answer of waiting) answer();
    const settled = await Promise.all(attempts);
    assert.equal(forwarded('/api/held'), 1);
    assert.equal(settled.filter(({ status }) => status === 200).length, 1);
    assert.ok(
      settled.filter(({ status }) => status !== 200).every((reply) => reply.bound && code(reply) === 'conflict'),
    );
  });

  test('a lost reply leaves the outcome unknown, which operators see and settle', async () => {
    const opened = await session();
    const lost = await call(opened, keyed('key-unknown-01', '/api/silent'));
    assert.deepEqual([lost.bound, code(lost), jsonOf(lost)['execution']], [true, 'upstream-timeout', 'unknown']);
    const again = await call(opened, keyed('key-unknown-01', '/api/silent'));
    assert.deepEqual([again.bound, code(again), jsonOf(again)['execution']], [true, 'outcome-unknown', 'unknown']);
    assert.equal(forwarded('/api/silent'), 1);
    const headers = { authorization: `Bearer ${await operatorToken(gateway)}`, 'content-type': 'application/json' };
    const path = '/admin/v1/apps/bank-h5/unknown-outcomes';
    const listed = jsonOf(await send(gateway.adminUrl, { method: 'GET', url: path, headers }));
    const outcomes = listed['items'] as readonly { entry: string; device: string }[];
    const mine = outcomes.find((each) => each.device === opened.client.core.deviceId);
    const settle = (settlement: string) => {
      const body = JSON.stringify({ settlement });
      return send(gateway.adminUrl, { method: 'POST', url: `${path}/${mine?.entry}`, headers, body });
    };
    assert.equal((await settle('not-executed')).status, 200);
    assert.equal((await settle('not-executed')).status, 404);
    await call(opened, keyed('key-unknown-01', '/api/silent'));
    assert.equal(forwarded('/api/silent'), 2);
  });

  test('an outcome over the cap is not kept, and not executed again either', async () => {
    const opened = await session();
    await passes(opened, keyed('key-too-large-1', '/api/small'));
    const again = await call(opened, keyed('key-too-large-1', '/api/small'));
    assert.deepEqual([again.bound, code(again)], [true, 'outcome-not-kept']);
    assert.equal(forwarded('/api/small'), 1);
  });
});

describe('step-up', () => {
  const confirm = (body: string, answer?: string): Ask => ({
    url: '/api/confirm',
    mode: 'sealed',
    body,
    ...(answer === undefined ? {} : { headers: { 'hauberk-step-up': answer } }),
  });

  const joinKey = async (opened: TestSession): Promise<KeyPair> => {
    const key = await crypto.generateKeyPair('p256', 'sign');
    const body = await enrolmentDocument(gateway.url, gateway.trust(), key, opened.client.core.deviceId);
    await passes(opened, { url: endpoint.enrol, mode: 'sealed', headers: { 'content-type': 'text/plain' }, body });
    return key;
  };

  const answerFor = async (opened: TestSession, key: KeyPair, demand: OpenedReply, body: string): Promise<string> => {
    const challenge = fromBase64Url(String(jsonOf(demand)['challenge'])) ?? new Uint8Array(32);
    const transaction = {
      deviceId: opened.client.core.deviceId,
      customerId: String(jsonOf(demand)['customerId']),
      service: 'bank',
      target: targetOf('POST', '/api/confirm'),
      bodyHash: await crypto.sha256(utf8(body)),
    };
    const digest = await crypto.sha256(transactionBytes(transaction));
    const signature = await crypto.sign(key.privateKey, stepUpBytes(challenge, digest));
    const keyThumbprint = await crypto.sha256(thumbprintInput(key.publicKey));
    return encodeStepUpAnswer({ challenge, keyThumbprint, signature });
  };

  test('the answer of the device confirms this transaction once', async () => {
    const opened = await session();
    const key = await joinKey(opened);
    const demand = await refused(opened, confirm('{"to":"x"}'), 'step-up-required');
    const answer = await answerFor(opened, key, demand, '{"to":"x"}');
    await refused(opened, confirm('{"to":"y"}', answer), 'step-up-required');
    await passes(opened, confirm('{"to":"x"}', answer));
    await refused(opened, confirm('{"to":"x"}', answer), 'step-up-required');
    assert.equal(forwarded('/api/confirm'), 1);
  });

  test('a key that is not enrolled, or of another device, confirms nothing', async () => {
    const opened = await session();
    const stranger = await joinKey(await session());
    const before = forwarded('/api/confirm');
    for (const key of [await crypto.generateKeyPair('p256', 'sign'), stranger]) {
      const demand = await refused(opened, confirm('{}'), 'step-up-required');
      const reply = await call(opened, confirm('{}', await answerFor(opened, key, demand, '{}')));
      assert.deepEqual([reply.bound, reply.status], [true, 403]);
    }
    assert.equal(forwarded('/api/confirm'), before);
  });

  test('parallel uses of one answer confirm once', async () => {
    const opened = await session();
    const key = await joinKey(opened);
    const demand = await refused(opened, confirm('{"p":1}'), 'step-up-required');
    const answer = await answerFor(opened, key, demand, '{"p":1}');
    const before = forwarded('/api/confirm');
    const uses = await Promise.all(Array.from({ length: 8 }, () => call(opened, confirm('{"p":1}', answer))));
    assert.equal(uses.filter(({ status }) => status === 200).length, 1);
    assert.equal(forwarded('/api/confirm'), before + 1);
  });
});

describe('outcomes', () => {
  test('a trap answers plausibly, bound like any reply, and forwards nothing', async () => {
    const before = seen.length;
    const reply = await call(await session(), { url: '/api/trap', body: '{}' });
    assert.deepEqual([reply.status, reply.bound, jsonOf(reply)], [201, true, { booked: true }]);
    assert.equal(seen.length, before);
  });

  test('deny refuses, a tier too low too, slow lets pass in its time', async () => {
    const opened = await session();
    await refused(opened, { url: '/api/deny', body: '{}' }, 'forbidden');
    await refused(opened, { url: '/api/tier', body: '{}' }, 'attestation-required');
    await passes(opened, { url: '/api/slow', body: '{}' });
  });

  for (const url of ['/api/huge', '/api/events'])
    test(`${url}: a reply over its cap or an undeclared stream is a bound upstream problem`, async () => {
      const reply = await call(await session(), { url, mode: 'sealed', body: '{}' });
      assert.deepEqual([reply.bound, code(reply), jsonOf(reply)['execution']], [true, 'upstream', 'unknown']);
    });
});

describe('observe mode', () => {
  test('a verified request is told as verified and its reply is bound', async () => {
    const reply = await passes(await session(), { url: '/api/observed', body: '{}' });
    assert.equal(reply.bound, true);
    assert.equal(seen.at(-1)?.headers['hauberk-verified-state'], 'verified');
  });

  test('an unsigned one passes, told as unverified, without the facts that it forged', async () => {
    const headers = { 'hauberk-verified-state': 'verified', 'hauberk-verified-device': 'forged' };
    const reply = await send(gateway.url, { method: 'POST', url: '/api/observed', headers, body: '{}' });
    assert.equal(reply.status, 200);
    assert.equal(seen.at(-1)?.headers['hauberk-verified-state'], 'unverified');
    assert.equal(seen.at(-1)?.headers['hauberk-verified-device'], undefined);
  });

  test('a replayed one passes as unverified; a sealed one that does not open is refused', async () => {
    const opened = await session();
    const message = await protect(opened, { url: '/api/observed', body: '{"seen":1}' });
    assert.equal((await exchange(opened, message)).bound, true);
    assert.equal((await send(gateway.url, message)).status, 200);
    assert.equal(seen.at(-1)?.headers['hauberk-verified-state'], 'unverified');
    const sealed = await protect(opened, { url: '/api/observed', mode: 'sealed', body: '{"seen":2}' });
    const before = seen.length;
    const bent = Uint8Array.from(sealed.body as Uint8Array);
    bent[0] = (bent[0] ?? 0) ^ 1;
    assert.equal((await send(gateway.url, { ...sealed, body: bent })).status, 403);
    assert.equal(seen.length, before);
  });
});

describe('failed logins', () => {
  const attempt = async (opened: TestSession, path: string, body: object | string, headers = {}) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const reply = await call(opened, { url: path, body: text, headers });
    assert.equal(reply.bound, true);
    return reply.status === 429 ? String(code(reply)) : reply.status;
  };
  const reached = (path: string): number => seen.filter(({ url }) => url === path).length;

  test('a name is held back after a few wrong ones, from whatever device and however it is spelt; others are not', async () => {
    const path = '/api/guess-name';
    const outcomes: (string | number)[] = [];
    for (const user of ['Eve', 'eve ', 'EVE', 'eve'])
      outcomes.push(await attempt(await session(), path, { user, password: 'x' }));
    assert.deepEqual(outcomes, [401, 401, 401, 'limited']);
    assert.equal(await attempt(await session(), path, { user: 'eve', password: 'right' }), 'limited');
    assert.equal(reached(path), 3);
    assert.equal(await attempt(await session(), path, { user: 'mallory', password: 'x' }), 401);
  });

  test('what is right, and what the service could not answer, is not counted', async () => {
    const opened = await session();
    for (let index = 0; index < 6; index += 1)
      assert.equal(await attempt(opened, '/api/guess-name', { user: 'ada', password: 'right' }), 200);
    for (let index = 0; index < 6; index += 1)
      assert.equal(await attempt(opened, '/api/guess-name', { user: 'ada', password: 'fault' }), 503);
    assert.equal(await attempt(opened, '/api/guess-name', { user: 'ada', password: 'x' }), 401);
  });

  test('guesses that are sent at once are counted all the same', async () => {
    const before = reached('/api/guess-name');
    const sessions = await Promise.all(Array.from({ length: 8 }, () => session()));
    const ask = { user: 'at-once', password: 'x' };
    const outcomes = await Promise.all(sessions.map((opened) => attempt(opened, '/api/guess-name', ask)));
    assert.equal(outcomes.filter((outcome) => outcome === 401).length, 3);
    assert.equal(reached('/api/guess-name') - before, 3);
  });

  test('bodies that show no name share one count', async () => {
    const opened = await session();
    const bodies = ['user=eve', '{"user":["eve"]}', '{"user":"eve","user":"mallory"}', '{}', '[]'];
    const outcomes = [];
    for (const body of bodies) outcomes.push(await attempt(opened, '/api/guess-name', body));
    assert.deepEqual(outcomes.slice(3), ['limited', 'limited']);
  });

  test('a device, and an address, are held back', async () => {
    const opened = await session();
    for (const [index, expected] of [401, 401, 401, 'limited'].entries())
      assert.equal(await attempt(opened, '/api/guess-device', { user: `d${index}` }), expected);
    assert.equal(await attempt(await session(), '/api/guess-device', { user: 'x' }), 401);
    const outcomes = [];
    for (let index = 0; index < 4; index += 1)
      outcomes.push(await attempt(await session(), '/api/guess-address', { user: `u${index}` }));
    assert.deepEqual(outcomes, [401, 401, 401, 'limited']);
  });

  test('behind a login its customer is the name', async () => {
    const opened = await session();
    await login(opened, 'ada');
    const headers = { authorization: 'Bearer token-ada' };
    for (const expected of [401, 401, 401, 'limited'])
      assert.equal(await attempt(opened, '/api/guess-otp', { code: '000000' }, headers), expected);
  });
});
