/** Migration schemes through a whole gateway: facts, metrics, observe mode, one-time use over all threads, no way down from HB/1; and the report. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash, createHmac, generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parseConfig } from '../src/index.ts';
import type { ClientReport } from '../src/report/client-report.ts';
import { clientOf, createClientSightings } from '../src/report/client-sightings.ts';
import { call, enrol, openSession, protect, send } from './channel-device.ts';
import { type EchoGateway, pastTheFence, startEchoGateway } from './echo-gateway.ts';
import { operatorToken } from './operator-token.ts';

const secret = 'a shared secret of the bank and its app';
const cavage = { scheme: 'cavage-hmac', keys: [{ id: 'old-app', secret }] };
const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const { crv, kty, x, y } = pair.publicKey.export({ format: 'jwk' });
const jwk = { crv, kty, x, y };
const dpopScheme = {
  scheme: 'dpop',
  jwks: JSON.stringify({ keys: [{ ...jwk, kid: 's1', alg: 'ES256' }] }),
  issuer: 'https://login.bank.example',
  audience: 'api',
  origins: ['https://api.bank.example'],
  nonceSeconds: 60,
};
const sigv4Scheme = {
  scheme: 'sigv4',
  keys: [{ id: 'AKIDOLD', secret }],
  region: 'r1',
  service: 'bank',
  signedChunks: true,
};
const routes = [
  { id: 'dpop', path: '/api/dpop', migration: [dpopScheme] },
  { id: 'chunks', path: '/api/chunks', class: 'money', migration: [sigv4Scheme] },
  { id: 'strict', path: '/api/strict' },
  { id: 'pay', path: '/api/pay', class: 'money', migration: [cavage] },
  { id: 'watched', path: '/api/watched', protection: 'observe', migration: [cavage] },
  { id: 'plainly-watched', path: '/api/plainly', protection: 'observe' },
  { id: 'denied', path: '/api/denied', outcome: 'deny', migration: [cavage] },
];

let gateway: EchoGateway;
before(async () => {
  gateway = await startEchoGateway({ routes });
  await pastTheFence();
});
after(() => gateway.close());

let amount = 0;
const agent = { 'user-agent': 'BankApp/3.1.9 (iPhone of somebody; iOS 17)', 'x-app-version': '3.1.9' };

/** What an app signs that was written for Kong or the like. */
const signed = (path: string, given?: string) => {
  amount += 1;
  const body = given ?? JSON.stringify({ amount });
  const digest = `SHA-256=${createHash('sha256').update(body).digest('base64')}`;
  const date = new Date().toUTCString();
  const text = `(request-target): post ${path}\ndate: ${date}\ndigest: ${digest}`;
  const signature = createHmac('sha256', secret).update(text).digest('base64');
  const authorization = `Signature keyId="old-app",algorithm="hmac-sha256",headers="(request-target) date digest",signature="${signature}"`;
  const headers: Record<string, string> = { ...agent, date, digest, authorization, 'content-type': 'application/json' };
  return { method: 'POST', url: path, headers, body };
};

const deliver = async (request: ReturnType<typeof signed>) => {
  const count = gateway.seen.length;
  const reply = await send(gateway.running.url, request);
  return { status: reply.status, upstream: gateway.seen.slice(count).at(0) };
};

describe('a route with a migration scheme', () => {
  test('takes the old signature, and tells the upstream that it is weaker', async () => {
    const { status, upstream } = await deliver(signed('/api/pay'));
    assert.equal(status, 200);
    assert.equal(upstream?.headers['hauberk-verified-state'], 'migrated');
    assert.equal(upstream?.headers['hauberk-verified-scheme'], 'cavage-hmac');
    assert.equal(upstream?.headers['hauberk-verified-key'], 'old-app');
    assert.match(String(upstream?.headers['hauberk-verified-signature']), /^t=\d+,h=/);
    assert.equal(upstream?.headers['hauberk-verified-device'], undefined);
  });

  test('counts it in metrics by scheme', async () => {
    assert.match(
      await gateway.running.metrics(),
      /hauberk_migrated_requests_total\{service="bank",route="pay",scheme="cavage-hmac"\} [1-9]/,
    );
  });

  test('lets a captured request of a changing method pass once, whichever thread gets the copies', async () => {
    const request = signed('/api/pay');
    const replies = await Promise.all(Array.from({ length: 12 }, () => send(gateway.running.url, request)));
    assert.deepEqual(
      replies.map(({ status }) => status).toSorted((left, right) => left - right),
      [200, ...Array.from({ length: 11 }, () => 409)],
    );
  });

  test('refuses a changed body, and no credential at all', async () => {
    const changed = { ...signed('/api/pay'), body: '{"amount":999999}' };
    assert.equal((await deliver(changed)).status, 403);
    const bare = signed('/api/pay');
    delete bare.headers['authorization'];
    const { status, upstream } = await deliver(bare);
    assert.equal(status, 401);
    assert.equal(upstream, undefined);
  });

  test('strips forged facts', async () => {
    const request = signed('/api/pay');
    request.headers['hauberk-verified-state'] = 'verified';
    request.headers['Hauberk_Verified_Device'] = 'mine';
    const { upstream } = await deliver(request);
    assert.equal(upstream?.headers['hauberk-verified-state'], 'migrated');
    assert.ok(!JSON.stringify(upstream?.headers).includes('mine'));
  });

  test('still takes HB/1, and prefers it', async () => {
    const session = await openSession(
      gateway.running.url,
      gateway.running.trust(),
      await enrol(gateway.running.url, gateway.running.trust()),
    );
    const reply = await call(session, { url: '/api/pay', body: '{}' });
    assert.equal(reply.status, 200);
    assert.ok(reply.bound);
    assert.equal(gateway.seen.at(-1)?.headers['hauberk-verified-state'], 'verified');
  });

  test('never judges a request with HB/1 headers by a weaker scheme, whichever of them is left', async () => {
    const { running } = gateway;
    const session = await openSession(running.url, running.trust(), await enrol(running.url, running.trust()));
    for (const name of ['signature-input', 'hauberk-ticket'] as const) {
      const made = await protect(session, { url: '/api/pay', body: '{}' });
      const request = signed('/api/pay');
      request.headers[name] = made.headers[name] ?? '';
      const { status, upstream } = await deliver(request);
      assert.equal(status, 401, name);
      assert.equal(upstream, undefined, name);
    }
    assert.equal((await deliver(signed('/api/pay'))).status, 200, 'control: without them it passes');
  });

  test('obeys its static outcome', async () => {
    assert.equal((await deliver(signed('/api/denied'))).status, 403);
  });

  test('a route without the scheme takes none of it', async () => {
    assert.equal((await deliver(signed('/api/strict'))).status, 401);
  });
});

describe('a route with DPoP nonces', () => {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const jwt = (header: object, payload: object): string => {
    const input = `${part({ alg: 'ES256', ...header })}.${part(payload)}`;
    const key = { key: pair.privateKey, dsaEncoding: 'ieee-p1363' } as const;
    return `${input}.${sign('sha256', Buffer.from(input), key).toString('base64url')}`;
  };
  const jkt = createHash('sha256').update(JSON.stringify(jwk)).digest('base64url');
  const ask = async (nonce?: string) => {
    const exp = Math.floor(Date.now() / 1000) + 300;
    const token = jwt({ kid: 's1' }, { iss: dpopScheme.issuer, aud: 'api', exp, cnf: { jkt } });
    const ath = createHash('sha256').update(token).digest('base64url');
    // A clock that is a day off: with a nonce it does not count.
    const claims = { jti: randomUUID(), htm: 'GET', htu: 'https://api.bank.example/api/dpop', iat: exp - 86_400, ath };
    const dpop = jwt({ typ: 'dpop+jwt', jwk }, { ...claims, nonce });
    const request = { method: 'GET', url: '/api/dpop', headers: { authorization: `DPoP ${token}`, dpop } };
    const count = gateway.seen.length;
    const reply = await send(gateway.running.url, request);
    return { reply, isForwarded: gateway.seen.length > count };
  };
  test('asks for one, takes it, and brings the next with every reply', async () => {
    const first = await ask();
    assert.deepEqual([first.reply.status, first.isForwarded], [401, false]);
    assert.match(String(first.reply.headers['www-authenticate']), /^DPoP error="use_dpop_nonce"/);
    const second = await ask(String(first.reply.headers['dpop-nonce']));
    assert.deepEqual([second.reply.status, second.isForwarded], [200, true]);
    assert.equal(second.reply.headers['www-authenticate'], undefined);
    const third = await ask(String(second.reply.headers['dpop-nonce']));
    assert.equal(third.reply.status, 200);
    const stranger = await ask('A'.repeat(32));
    assert.deepEqual([stranger.reply.status, stranger.isForwarded], [401, false]);
  });
});

describe('a route that takes signed chunks', () => {
  const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
  const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
  test('forwards the body without them, and nothing that speaks of them', async () => {
    const data = [`{"text":"${'a'.repeat(8192)}`, '"}', ''];
    const stamp = new Date().toISOString().replace(/[:-]|\.\d{3}/g, '');
    const scope = `${stamp.slice(0, 8)}/r1/bank/aws4_request`;
    const key = scope.split('/').reduce<string | Buffer>((held, each) => hmac(held, each), `AWS4${secret}`);
    const { host } = new URL(gateway.running.url);
    const headers: Record<string, string> = {
      'content-encoding': 'aws-chunked',
      'content-type': 'application/json',
      host,
      'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
      'x-amz-date': stamp,
      'x-amz-decoded-content-length': String(data.join('').length),
    };
    const names = Object.keys(headers).join(';');
    const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`);
    const canonical = `POST\n/api/chunks\n\n${lines.join('')}\n${names}\n${headers['x-amz-content-sha256']}`;
    const seed = hmac(key, `AWS4-HMAC-SHA256\n${stamp}\n${scope}\n${sha256(canonical)}`).toString('hex');
    headers['authorization'] =
      `AWS4-HMAC-SHA256 Credential=AKIDOLD/${scope}, SignedHeaders=${names}, Signature=${seed}`;
    let previous = seed;
    const chunks = data.map((text) => {
      const signed = ['AWS4-HMAC-SHA256-PAYLOAD', stamp, scope, previous, sha256(''), sha256(text)].join('\n');
      previous = hmac(key, signed).toString('hex');
      return `${text.length.toString(16)};chunk-signature=${previous}\r\n${text}\r\n`;
    });
    const { status, upstream } = await deliver({ method: 'POST', url: '/api/chunks', headers, body: chunks.join('') });
    assert.equal(status, 200);
    assert.equal(upstream?.body, data.join(''));
    assert.equal(upstream?.headers['content-length'], String(data.join('').length));
    for (const name of ['content-encoding', 'x-amz-content-sha256', 'x-amz-decoded-content-length'])
      assert.equal(upstream?.headers[name], undefined, name);
    assert.equal(upstream?.headers['hauberk-verified-state'], 'migrated');
  });
});

describe('beside observe mode', () => {
  test('an accepted one is migrated, a failed one passes unverified with its reason', async () => {
    const good = await deliver(signed('/api/watched'));
    assert.equal(good.upstream?.headers['hauberk-verified-state'], 'migrated');
    const bad = await deliver({ ...signed('/api/watched'), body: '{}' });
    assert.equal(bad.status, 200);
    assert.equal(bad.upstream?.headers['hauberk-verified-state'], 'unverified');
    assert.equal(bad.upstream?.headers['hauberk-verified-reason'], 'migration.digest');
    const unsigned = await send(gateway.running.url, { method: 'GET', url: '/api/plainly', headers: agent });
    assert.equal(unsigned.status, 200);
  });
});

describe('configuration', () => {
  const opening = {
    path: '/login',
    login: { credential: { kind: 'authorization' }, opens: { credentialPointer: '/t', customerPointer: '/c' } },
  };
  const issuesOf = (route: object): readonly string[] => {
    const loaded = parseConfig(
      {
        organisation: 'demo',
        apps: [{ id: 'app' }],
        services: [{ id: 'bank', upstream: 'core', routes: [{ path: '/a', ...route }, opening] }],
        upstreams: { core: { origin: 'http://a', factsKey: 'f'.repeat(32) } },
      },
      'made.yaml',
    );
    return loaded.ok ? [] : loaded.issues.map(({ path }) => path.slice(4).join('.'));
  };
  const jwks = '{"keys":[]}';
  const dpop = { scheme: 'dpop', jwks, issuer: 'i', audience: 'a', origins: ['https://a'] };
  const attestation = { scheme: 'oauth-attestation', jwks, audience: 'a' };
  const sigv4 = { scheme: 'sigv4', keys: [{ id: 'AKID', secret }], region: 'r', service: 's' };
  const cases: readonly (readonly [string, object, readonly string[]])[] = [
    ['a good one', { migration: [cavage, sigv4, dpop, attestation] }, []],
    ['an unprotected route', { protection: 'none', migration: [cavage] }, ['migration']],
    ['a sealed route', { mode: 'sealed', migration: [cavage] }, ['mode']],
    ['a login', { requiresLogin: { kind: 'authorization' }, migration: [cavage] }, ['requiresLogin']],
    ['a step-up', { stepUp: true, migration: [cavage] }, ['stepUp']],
    ['idempotency keys', { idempotency: { demand: 'required' }, migration: [cavage] }, ['idempotency']],
    ['a tier', { minTier: 1, migration: [cavage] }, ['minTier']],
    ['money with DPoP', { class: 'money', migration: [dpop] }, ['migration.0']],
    ['money with attestation', { class: 'money', migration: [cavage, attestation] }, ['migration.1']],
    ['money without digest', { class: 'money', migration: [{ ...cavage, bodyDigest: false }] }, ['migration.0']],
    ['money with replays', { class: 'money', migration: [{ ...cavage, once: 'none' }] }, ['migration.0']],
    [
      'money with unsigned payloads',
      { class: 'money', migration: [{ ...sigv4, unsignedPayload: true }] },
      ['migration.0'],
    ],
    ['nonces that outlive the register', { migration: [{ ...dpop, nonceSeconds: 600 }] }, ['migration.0.nonceSeconds']],
    ['skew above the limit', { migration: [{ ...cavage, skewSeconds: 600 }] }, ['migration.0.skewSeconds']],
    [
      'one key id twice',
      {
        migration: [
          {
            ...cavage,
            keys: [
              { id: 'a', secret },
              { id: 'a', secret },
            ],
          },
        ],
      },
      ['migration.0.keys.1.id'],
    ],
    ['a symmetric JWT algorithm', { migration: [{ ...dpop, algorithms: ['HS256'] }] }, ['migration.0.algorithms.0']],
    [
      'a short secret',
      { migration: [{ ...cavage, keys: [{ id: 'a', secret: 'short' }] }] },
      ['migration.0.keys.0.secret'],
    ],
  ];
  for (const [name, route, expected] of cases) test(name, () => assert.deepEqual(issuesOf(route), expected));
});

describe('the client report', () => {
  test('keeps family and version of a client and nothing that tells one person from another', () => {
    const cases: readonly (readonly [unknown, unknown, string, string])[] = [
      ['BankApp/3.1.9 (iPhone of Anna Example)', undefined, 'BankApp', '3.1.9'],
      ['BankApp/3.1 okhttp/4', '3.2', 'BankApp', '3.2'],
      ['okhttp/4.12.0', 'anna@example.org', 'okhttp', '4.12.0'],
      [undefined, undefined, '(none)', ''],
      ['\u0000<script>', undefined, '(none)', ''],
    ];
    for (const [userAgent, declared, client, version] of cases)
      assert.deepEqual(clientOf(userAgent, declared), { client, version });
  });

  test('is bounded: ten thousand kinds of clients become few rows, and no request is lost', () => {
    const sightings = createClientSightings('x-app-version', 16);
    for (let index = 0; index < 10_000; index += 1) {
      const head = { headers: { 'user-agent': `App${index}/1` } };
      const log = { reason: 'request.unsigned', detail: '', tag: '', client: '' };
      const route = { service: 'bank', id: 'r', protection: 'required' };
      sightings.see({ head, route, log, at: 5 } as unknown as Parameters<typeof sightings.see>[0]);
    }
    const rows = sightings.take();
    assert.equal(rows.length, 17);
    assert.equal(
      rows.reduce((sum, { requests }) => sum + requests, 0),
      10_000,
    );
    assert.deepEqual(sightings.take(), []);
  });

  test('says who is still on what, and who would be refused, why, since when; from the state and from the gateway', async () => {
    const startedAt = Date.now();
    await deliver(signed('/api/watched'));
    await gateway.stop();
    const command = fileURLToPath(new URL('../src/main.ts', import.meta.url));
    const args = [command, 'report', 'clients', '--json', '--state', gateway.config.state];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    const report = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as ClientReport;
    const migrated = report.clients.find(({ state }) => state === 'migrated');
    assert.equal(migrated?.client, 'BankApp');
    assert.equal(migrated?.version, '3.1.9');
    assert.equal(migrated?.scheme, 'cavage-hmac');
    assert.match(migrated?.key ?? '', /^[\w-]{12}$/);
    assert.ok((migrated?.firstAtMs ?? 0) <= startedAt && (migrated?.lastAtMs ?? 0) >= startedAt);
    assert.ok(report.clients.some(({ state, scheme }) => state === 'verified' && scheme === 'hb1'));
    const watched = report.wouldBeRefused.filter(({ state }) => state === 'unverified');
    assert.deepEqual(watched.map(({ route, reason }) => `${route} ${reason}`).toSorted(), [
      'plainly-watched request.unsigned',
      'watched migration.digest',
    ]);
    assert.ok(report.wouldBeRefused.some(({ route, state }) => route === 'strict' && state === 'refused'));
    assert.ok(!stdout.includes('old-app') && !stdout.includes('iPhone') && !stdout.includes('127.0.0.1'));
  });

  test('the operators’ listener answers it to a token with the right only', async () => {
    const other = await startEchoGateway({ routes });
    try {
      const url = new URL('/clients', other.running.adminUrl);
      assert.equal((await fetch(url)).status, 401);
      const viewer = { authorization: `Bearer ${await operatorToken(other.running, 'viewer')}` };
      assert.equal((await fetch(url, { headers: viewer })).status, 403);
      const reply = await fetch(url, {
        headers: { authorization: `Bearer ${await operatorToken(other.running, 'auditor')}` },
      });
      assert.deepEqual(await reply.json(), { clients: [], wouldBeRefused: [] });
    } finally {
      await other.close();
    }
  });
});
