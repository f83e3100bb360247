/** draft-cavage against independent signers, the draft's own examples, the dialects of Kong and APISIX, and attacks, each with its control. */
import assert from 'node:assert/strict';
import { createHash, createHmac, createVerify } from 'node:crypto';
import { createRequire } from 'node:module';
import { describe, test } from 'node:test';
import { epochMs, utf8 } from '@hauberk/primitives';
import { type CavageRules, cavageSigningString, verifyCavage } from '../src/migration/cavage-hmac.ts';
import { cavageCredential, readCavage } from '../src/migration/cavage-parameters.ts';
import { isDigestOf } from '../src/migration/digest-header.ts';
import type { MigrationRequest } from '../src/migration/migration-request.ts';

/** The part of npm `http-signature` that signs. */
interface HttpSignature {
  readonly signRequest: (request: object, options: object) => boolean;
}
const httpSignature = createRequire(import.meta.url)('http-signature') as HttpSignature;

const secret = 'a shared secret of the bank and its app';
const at = epochMs(1_800_000_000_000);
const date = new Date(at).toUTCString();

const rules: CavageRules = {
  dialect: 'draft',
  keys: new Map([['app-1', secret]]),
  algorithms: ['hmac-sha256', 'hmac-sha512'],
  requiredHeaders: [],
  skewSeconds: 300,
  bodyDigest: true,
  once: 'unsafe',
};

const digestOf = (body: string): string => `SHA-256=${createHash('sha256').update(body).digest('base64')}`;

interface Ask {
  readonly method?: string;
  readonly path?: string;
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly now?: number;
}

const requestOf = (ask: Ask): MigrationRequest => {
  const headers: Record<string, string> = { host: 'api.bank.example', date, ...ask.headers };
  return {
    method: ask.method ?? 'GET',
    path: ask.path ?? '/accounts',
    query: ask.query ?? '?',
    httpVersion: '1.1',
    headers,
    rawHeaders: Object.entries(headers).flat(),
    body: utf8(ask.body ?? ''),
    now: epochMs(ask.now ?? at),
  };
};

/** Signs with npm `http-signature`: a node request is all that it needs. */
const signed = (ask: Ask, covered: readonly string[], options: object = {}): MigrationRequest => {
  const headers: Record<string, string> = { host: 'api.bank.example', date, ...ask.headers };
  const query = ask.query ?? '';
  const outgoing = {
    method: ask.method ?? 'GET',
    path: (ask.path ?? '/accounts') + query,
    getHeader: (name: string) => headers[name.toLowerCase()],
    setHeader: (name: string, value: string) => {
      headers[name.toLowerCase()] = value;
    },
  };
  httpSignature.signRequest(outgoing, {
    key: secret,
    keyId: 'app-1',
    algorithm: 'hmac-sha256',
    headers: covered,
    ...options,
  });
  return requestOf({ ...ask, headers });
};

const outcome = (request: MigrationRequest, changed: Partial<CavageRules> = {}): string => {
  const verdict = verifyCavage({ ...rules, ...changed }, request);
  return verdict.ok ? 'ok' : verdict.code;
};

const post: Ask = {
  method: 'POST',
  path: '/transfers',
  body: '{"amount":1}',
  headers: { digest: digestOf('{"amount":1}') },
};
const all = ['(request-target)', 'host', 'date'];
const withDigest = [...all, 'digest'];

describe('an independent signer (npm http-signature)', () => {
  test('a GET and a POST with digest pass', () => {
    assert.equal(outcome(signed({}, all)), 'ok');
    assert.equal(outcome(signed({ query: '?page=2&x=%20' }, all)), 'ok');
    assert.equal(outcome(signed(post, withDigest)), 'ok');
  });
  for (const algorithm of ['hmac-sha1', 'hmac-sha256', 'hmac-sha512'] as const)
    test(`${algorithm} passes where the route takes it, and nowhere else`, () => {
      const request = signed({}, all, { algorithm });
      assert.equal(outcome(request, { algorithms: [algorithm] }), 'ok');
      const others = (['hmac-sha1', 'hmac-sha256', 'hmac-sha512'] as const).filter((each) => each !== algorithm);
      assert.equal(outcome(request, { algorithms: others }), 'migration.algorithm');
    });
});

/** draft-cavage-http-signatures-12, appendix C: the test key and the message. */
const draftKey = `-----BEGIN PUBLIC KEY-----
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDCFENGw33yGihy92pDjZQhl0C3
6rPJj+CvfSC8+q28hxA161QFNUd13wuCTUcq0Qd2qsBe/2hFyc2DCJJg0h1L78+6
Z4UMR7EOcpfdUE9Hf3m/hs+FUR45uBJeDK1HSFHD8bHKD6kv8FPGfJTotc+2xjJw
oYi+1hqp1fIekaxsyQIDAQAB
-----END PUBLIC KEY-----`;
const draftMessage = requestOf({
  method: 'POST',
  path: '/foo',
  query: '?param=value&pet=dog',
  body: '{"hello": "world"}',
  headers: {
    host: 'example.com',
    date: 'Sun, 05 Jan 2014 21:31:40 GMT',
    'content-type': 'application/json',
    digest: 'SHA-256=X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=',
    'content-length': '18',
  },
});
const draftExamples: readonly (readonly [string, string, string])[] = [
  [
    'C.1 default test',
    'keyId="Test",algorithm="rsa-sha256",signature="SjWJWbWN7i0wzBvtPl8rbASWz5xQW6mcJmn+ibttBqtifLN7Sazz6m79cNfwwb8DMJ5cou1s7uEGKKCs+FLEEaDV5lp7q25WqS+lavg7T8hc0GppauB6hbgEKTwblDHYGEtbGmtdHgVCk9SuS13F0hZ8FD0k/5OxEPXe5WozsbM="',
    'date: Sun, 05 Jan 2014 21:31:40 GMT',
  ],
  [
    'C.2 basic test',
    'keyId="Test",algorithm="rsa-sha256",headers="(request-target) host date",signature="qdx+H7PHHDZgy4y/Ahn9Tny9V3GP6YgBPyUXMmoxWtLbHpUnXS2mg2+SbrQDMCJypxBLSPQR2aAjn7ndmw2iicw3HMbe8VfEdKFYRqzic+efkb3nndiv/x1xSHDJWeSWkx3ButlYSuBskLu6kd9Fswtemr3lgdDEmn04swr2Os0="',
    '(request-target): post /foo?param=value&pet=dog\nhost: example.com\ndate: Sun, 05 Jan 2014 21:31:40 GMT',
  ],
];

describe('the examples of the draft', () => {
  for (const [name, credential, text] of draftExamples)
    test(`${name}: the signing string, and the signature over it`, () => {
      const parameters = readCavage('draft', credential);
      assert.ok(parameters !== undefined);
      assert.equal(cavageSigningString('draft', parameters, draftMessage), text);
      const verifier = createVerify('sha256').update(text);
      assert.ok(verifier.verify(draftKey, parameters.signature, 'base64'));
    });
  test('the digest of the example body', () => {
    assert.ok(isDigestOf(String(draftMessage.headers['digest']), draftMessage.body));
    assert.ok(!isDigestOf(String(draftMessage.headers['digest']), utf8('{"hello": "World"}')));
  });
});

const hmac = (text: string): string => createHmac('sha256', secret).update(text).digest('base64');

describe('dialects', () => {
  test('Kong: `hmac username`, the request line with its version, X-Date in place of Date', () => {
    const text = `x-date: ${date}\nGET /accounts?a=b HTTP/1.1`;
    const authorization = `hmac username="app-1", algorithm="hmac-sha256", headers="x-date request-line", signature="${hmac(text)}"`;
    const request = requestOf({ query: '?a=b', headers: { authorization, 'x-date': date } });
    assert.equal(outcome(request, { dialect: 'kong' }), 'ok');
    assert.equal(outcome({ ...request, query: '?a=c' }, { dialect: 'kong' }), 'migration.signature');
    const proxy = requestOf({ query: '?a=b', headers: { 'proxy-authorization': authorization, 'x-date': date } });
    assert.equal(outcome(proxy, { dialect: 'kong' }), 'ok');
    assert.equal(outcome(request, { dialect: 'draft' }), 'migration.absent');
  });
  test('APISIX: the key id first, the target without a name, a newline at the end', () => {
    const text = `app-1\nGET /accounts?a=b\ndate: ${date}\n`;
    const authorization = `Signature keyId="app-1",algorithm="hmac-sha256",headers="@request-target date",signature="${hmac(text)}"`;
    const request = requestOf({ query: '?a=b', headers: { authorization } });
    assert.equal(outcome(request, { dialect: 'apisix' }), 'ok');
    assert.equal(outcome({ ...request, path: '/account' }, { dialect: 'apisix' }), 'migration.signature');
  });
  test('the Signature header of the draft', () => {
    const text = `(request-target): get /accounts\ndate: ${date}`;
    const signature = `keyId="app-1",algorithm="hmac-sha256",headers="(request-target) date",signature="${hmac(text)}"`;
    assert.equal(outcome(requestOf({ headers: { signature } })), 'ok');
  });
  test('(created) and (expires) count as times', () => {
    const created = at / 1000;
    const make = (expires: number): MigrationRequest => {
      const text = `(request-target): get /accounts\n(created): ${created}\n(expires): ${expires}`;
      const signature = `keyId="app-1",algorithm="hs2019",created=${created},expires=${expires},headers="(request-target) (created) (expires)",signature="${hmac(text)}"`;
      return requestOf({ headers: { signature } });
    };
    const one = { algorithms: ['hmac-sha256'] } as const;
    assert.equal(outcome(make(created + 60), one), 'ok');
    assert.equal(outcome(make(created - 1), one), 'migration.clock');
    // hs2019 names no algorithm: with two allowed ones the attacker would choose.
    assert.equal(outcome(make(created + 60)), 'migration.algorithm');
  });
});

describe('attacks, each beside its control', () => {
  const control = signed(post, withDigest);
  const attacks: readonly (readonly [string, MigrationRequest, string])[] = [
    ['another body', { ...control, body: utf8('{"amount":9}') }, 'migration.digest'],
    ['another method', { ...control, method: 'PUT' }, 'migration.signature'],
    ['another path', { ...control, path: '/transfers/1' }, 'migration.signature'],
    ['an added query', { ...control, query: '?to=me' }, 'migration.signature'],
    ['another host', { ...control, headers: { ...control.headers, host: 'evil.example' } }, 'migration.signature'],
    ['digest absent', signed({ ...post, headers: {} }, all), 'migration.digest'],
    ['digest present and not covered', signed(post, all), 'migration.uncovered'],
    ['target not covered', signed(post, ['host', 'date', 'digest']), 'migration.uncovered'],
    ['date not covered', signed(post, ['(request-target)', 'digest']), 'migration.uncovered'],
    ['an hour later', { ...control, now: epochMs(at + 3_600_000) }, 'migration.clock'],
    ['an hour ahead', { ...control, now: epochMs(at - 3_600_000) }, 'migration.clock'],
    ['a foreign key id', signed(post, withDigest, { keyId: 'app-2' }), 'migration.key-unknown'],
    ['a foreign secret', signed(post, withDigest, { key: 'another secret entirely' }), 'migration.signature'],
  ];
  test('control', () => assert.equal(outcome(control), 'ok'));
  for (const [name, request, expected] of attacks)
    test(`${name} is refused`, () => assert.equal(outcome(request), expected));

  test('a required header that is not covered is refused, covered it passes', () => {
    const requiredHeaders = ['content-type'];
    const ask: Ask = { ...post, headers: { ...post.headers, 'content-type': 'application/json' } };
    assert.equal(outcome(signed(ask, withDigest), { requiredHeaders }), 'migration.uncovered');
    assert.equal(outcome(signed(ask, [...withDigest, 'content-type']), { requiredHeaders }), 'ok');
  });

  test('a credential with two readings is malformed', () => {
    const authorization = String(control.headers['authorization']);
    const bent = [
      `${authorization},headers="date"`,
      authorization.replace('signature="', 'signature="\\'),
      authorization.replace('keyId=', 'keyid="x",keyId='),
      `${authorization} trailing`,
      authorization.replace(/headers="[^"]*"/, 'headers="date date"'),
    ];
    for (const each of bent)
      assert.equal(
        outcome({ ...control, headers: { ...control.headers, authorization: each } }),
        'migration.malformed',
      );
    assert.equal(cavageCredential('draft', requestOf({ headers: { authorization: 'Bearer x' } })), undefined);
  });

  test('what counts once is the signature by its bytes, of methods that change something', () => {
    const verdict = verifyCavage(rules, control);
    assert.ok(verdict.ok && verdict.value.once !== undefined);
    const get = verifyCavage(rules, signed({}, all));
    assert.ok(get.ok && get.value.once === undefined);
    const every = verifyCavage({ ...rules, once: 'all' }, signed({}, all));
    assert.ok(every.ok && every.value.once !== undefined);
  });
});
