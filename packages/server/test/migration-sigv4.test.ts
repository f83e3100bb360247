/** AWS Signature Version 4 against npm `aws4`, the examples of AWS's documentation, its canonicalisation cases, and attacks with controls. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { describe, test } from 'node:test';
import { epochMs, utf8 } from '@hauberk/primitives';
import fc from 'fast-check';
import type { MigrationRequest } from '../src/migration/migration-request.ts';
import { type SigV4Rules, signingKey, verifySigV4 } from '../src/migration/sigv4.ts';
import { canonicalHeaders, canonicalPath, canonicalQuery, queryPairs } from '../src/migration/sigv4-canonical.ts';
import { chunkSignature, readSignedChunks } from '../src/migration/sigv4-chunks.ts';

interface Aws4Request {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}
/** The part of npm `aws4` that signs. */
interface Aws4 {
  readonly sign: (request: object, credentials: object) => Aws4Request;
}
const aws4 = createRequire(import.meta.url)('aws4') as Aws4;

const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };
const at = epochMs(Date.UTC(2026, 10, 20, 12, 0, 0));

const rules: SigV4Rules = {
  keys: new Map([[credentials.accessKeyId, credentials.secretAccessKey]]),
  region: 'eu-central-1',
  service: 'execute-api',
  path: 'normalised',
  skewSeconds: 300,
  presignedSeconds: 0,
  unsignedPayload: false,
  signedChunks: false,
  requiredHeaders: [],
  once: 'unsafe',
};

const requestOf = (
  method: string,
  target: string,
  given: Readonly<Record<string, string>>,
  body = '',
  now: number = at,
): MigrationRequest => {
  const mark = target.indexOf('?');
  const headers = Object.fromEntries(Object.entries(given).map(([name, value]) => [name.toLowerCase(), value]));
  return {
    method,
    path: mark < 0 ? target : target.slice(0, mark),
    query: mark < 0 ? '?' : target.slice(mark),
    httpVersion: '1.1',
    headers,
    rawHeaders: Object.entries(given).flat(),
    body: utf8(body),
    now: epochMs(now),
  };
};

const outcome = (request: MigrationRequest, changed: Partial<SigV4Rules> = {}): string => {
  const verdict = verifySigV4({ ...rules, ...changed }, request);
  return verdict.ok ? 'ok' : verdict.code;
};

interface Ask {
  readonly method?: string;
  readonly path?: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly service?: string;
  readonly signQuery?: boolean;
  readonly key?: typeof credentials;
}

/** Signs with npm `aws4`. */
const signed = (ask: Ask = {}): MigrationRequest => {
  const made = aws4.sign(
    {
      method: ask.method ?? 'GET',
      host: 'api.bank.example',
      path: ask.path ?? '/accounts',
      service: ask.service ?? 'execute-api',
      region: 'eu-central-1',
      headers: { 'X-Amz-Date': '20261120T120000Z', ...ask.headers },
      ...(ask.body === undefined ? {} : { body: ask.body }),
      ...(ask.signQuery === true ? { signQuery: true } : {}),
    },
    ask.key ?? credentials,
  );
  // aws4 leaves the content length a number.
  const headers = Object.fromEntries(Object.entries(made.headers).map(([name, value]) => [name, String(value)]));
  return requestOf(made.method, made.path, headers, ask.body ?? '');
};

describe('an independent signer (npm aws4)', () => {
  const cases: readonly (readonly [string, Ask])[] = [
    ['a plain GET', {}],
    ['a query in another order', { path: '/accounts?b=2&a=1&a=0' }],
    ['utf-8 in path and query', { path: '/k%C3%B6nig?n%C3%A4me=%E1%88%B4' }],
    ['characters that sign differently', { path: "/a(b)'c*!?q=(x)'*!~-_." }],
    [
      'a body with a content type',
      { method: 'POST', body: '{"amount":1}', headers: { 'Content-Type': 'application/json' } },
    ],
    ['a further signed header', { headers: { 'X-Device': '  two   words ' } }],
  ];
  for (const [name, ask] of cases) test(name, () => assert.equal(outcome(signed(ask)), 'ok'));

  test('S3 paths are taken as they are', () => {
    const request = signed({ service: 's3', path: '/a%20b/c%2Bd', headers: { 'X-Amz-Date': '20261120T120000Z' } });
    assert.equal(outcome(request, { service: 's3', path: 's3' }), 'ok');
    assert.equal(outcome(request, { service: 's3' }), 'migration.signature');
  });

  test('a presigned query', () => {
    const request = signed({
      signQuery: true,
      path: '/statements/7?X-Amz-Expires=300&X-Amz-Date=20261120T120000Z',
      headers: {},
    });
    assert.match(request.query, /X-Amz-Signature=/);
    assert.equal(outcome(request, { presignedSeconds: 300 }), 'ok');
    assert.equal(outcome(request), 'migration.algorithm');
  });
});

/** Amazon S3 API reference, "Signature Calculations for the Authorization Header" and "Using Query Parameters": region, keys and results. */
const documented = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' };
const s3: Partial<SigV4Rules> = {
  keys: new Map([[documented.accessKeyId, documented.secretAccessKey]]),
  region: 'us-east-1',
  service: 's3',
  path: 's3',
};
const s3At = Date.UTC(2013, 4, 24);
const emptyHash = createHash('sha256').digest('hex');
const welcome = 'Welcome to Amazon S3.';

const documentedRequest = (
  method: string,
  target: string,
  extra: Readonly<Record<string, string>>,
  names: string,
  signature: string,
  body = '',
): MigrationRequest => {
  const authorization = `AWS4-HMAC-SHA256 Credential=${documented.accessKeyId}/20130524/us-east-1/s3/aws4_request,SignedHeaders=${names},Signature=${signature}`;
  const headers = {
    Host: 'examplebucket.s3.amazonaws.com',
    'x-amz-content-sha256': createHash('sha256').update(body).digest('hex'),
    'x-amz-date': '20130524T000000Z',
    ...extra,
    Authorization: authorization,
  };
  return requestOf(method, target, headers, body, s3At);
};

const examples: readonly (readonly [string, MigrationRequest])[] = [
  [
    'GET object',
    documentedRequest(
      'GET',
      '/test.txt',
      { Range: 'bytes=0-9' },
      'host;range;x-amz-content-sha256;x-amz-date',
      'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
    ),
  ],
  [
    'PUT object',
    documentedRequest(
      'PUT',
      '/test$file.text',
      { Date: 'Fri, 24 May 2013 00:00:00 GMT', 'x-amz-storage-class': 'REDUCED_REDUNDANCY' },
      'date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class',
      '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
      welcome,
    ),
  ],
  [
    'GET bucket lifecycle',
    documentedRequest(
      'GET',
      '/?lifecycle',
      {},
      'host;x-amz-content-sha256;x-amz-date',
      'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
    ),
  ],
  [
    'list objects',
    documentedRequest(
      'GET',
      '/?max-keys=2&prefix=J',
      {},
      'host;x-amz-content-sha256;x-amz-date',
      '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
    ),
  ],
];

const presigned = (signature = 'aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404'): MigrationRequest =>
  requestOf(
    'GET',
    `/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=${documented.accessKeyId}%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=${signature}`,
    { Host: 'examplebucket.s3.amazonaws.com' },
    '',
    s3At,
  );
const presignedRules = { ...s3, presignedSeconds: 86_400 };

describe('the examples of the documentation', () => {
  test('the hash of the empty body is what the page prints', () =>
    assert.equal(emptyHash, 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'));
  for (const [name, request] of examples) test(name, () => assert.equal(outcome(request, s3), 'ok'));
  test('presigned GET', () => assert.equal(outcome(presigned(), presignedRules), 'ok'));
  test('IAM ListUsers: query, content type, another service', () => {
    const authorization =
      'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, SignedHeaders=content-type;host;x-amz-date, Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7';
    const headers = {
      Host: 'iam.amazonaws.com',
      'Content-Type': 'application/x-www-form-urlencoded; charset=utf-8',
      'X-Amz-Date': '20150830T123600Z',
    };
    const target = '/?Action=ListUsers&Version=2010-05-08';
    const now = Date.UTC(2015, 7, 30, 12, 36);
    const region = { region: 'us-east-1', service: 'iam' };
    const request = requestOf('GET', target, { ...headers, Authorization: authorization }, '', now);
    assert.equal(outcome(request, region), 'ok');
  });
});

describe('bodies in signed chunks', () => {
  const streaming = 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD';
  const piece = (size: number, signature: string, letter = 'a'): string =>
    `${size.toString(16)};chunk-signature=${signature}\r\n${letter.repeat(size)}\r\n`;
  // The example of "Signature Calculations for the Authorization Header: Transferring Payload in Multiple Chunks".
  const seed = '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9';
  const chunks = [
    piece(65_536, 'ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648'),
    piece(1024, '0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497'),
    piece(0, 'b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9'),
  ] as const;
  const upload = (body: string = chunks.join(''), extra: Readonly<Record<string, string>> = {}): MigrationRequest => {
    const names =
      'content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class';
    const headers = {
      Host: 's3.amazonaws.com',
      'x-amz-date': '20130524T000000Z',
      'x-amz-storage-class': 'REDUCED_REDUNDANCY',
      Authorization: `AWS4-HMAC-SHA256 Credential=${documented.accessKeyId}/20130524/us-east-1/s3/aws4_request,SignedHeaders=${names},Signature=${seed}`,
      'x-amz-content-sha256': streaming,
      'Content-Encoding': 'aws-chunked',
      'x-amz-decoded-content-length': '66560',
      'Content-Length': '66824',
      ...extra,
    };
    return requestOf('PUT', '/examplebucket/chunkObject.txt', headers, body, s3At);
  };
  const taken = { ...s3, signedChunks: true };
  test('the example of the documentation, signature by signature', () => {
    const verdict = verifySigV4({ ...rules, ...taken }, upload());
    assert.ok(verdict.ok, verdict.ok ? '' : verdict.code);
    assert.equal(Buffer.from(verdict.value.payload ?? []).toString(), 'a'.repeat(66_560));
  });
  test('only where the route takes them; unsigned chunks and trailers nowhere', () => {
    assert.equal(outcome(upload(), s3), 'migration.algorithm');
    for (const other of ['STREAMING-UNSIGNED-PAYLOAD-TRAILER', 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER'])
      assert.equal(outcome(upload(undefined, { 'x-amz-content-sha256': other }), taken), 'migration.algorithm');
  });
  const [first, second, last] = chunks;
  const bent: readonly (readonly [string, string, string])[] = [
    ['a byte changed', first.replace('aaa', 'aab') + second + last, 'migration.signature'],
    ['a chunk left out', first + last, 'migration.signature'],
    ['the end left out', first + second, 'migration.malformed'],
    ['two chunks exchanged', second + first + last, 'migration.signature'],
    ['something behind the end', `${chunks.join('')}x`, 'migration.digest'],
    ['a size that lies', first.replace('10000;', 'ffff;') + second + last, 'migration.malformed'],
    ['a size with a leading zero', first.replace('10000;', '010000;') + second + last, 'migration.malformed'],
    ['a size beyond all numbers', `${'f'.repeat(400)};chunk-signature=x`, 'migration.malformed'],
    ['an extension', first.replace('\r\n', ';x=y\r\n') + second + last, 'migration.malformed'],
    ['nothing', '', 'migration.malformed'],
  ];
  for (const [name, body, expected] of bent)
    test(`${name} is refused`, () => assert.equal(outcome(upload(body), taken), expected));
  test('the length and the coding must be signed, and the length must be said', () => {
    assert.equal(outcome(upload(undefined, { 'x-amz-decoded-content-length': '66561' }), taken), 'migration.signature');
    const unsaid = upload();
    const { 'x-amz-decoded-content-length': _length, ...headers } = unsaid.headers;
    assert.equal(outcome({ ...unsaid, headers }, taken), 'migration.malformed');
    const stripped = String(unsaid.headers['authorization']).replace('content-encoding;', '');
    assert.equal(
      outcome({ ...unsaid, headers: { ...unsaid.headers, authorization: stripped } }, taken),
      'migration.uncovered',
    );
  });
  test('small chunks before the last are refused, whatever their signatures say', () => {
    const key = signingKey(documented.secretAccessKey, '20130524/us-east-1/s3/aws4_request');
    const chain = { key, timestamp: '20130524T000000Z', scope: '20130524/us-east-1/s3/aws4_request', signature: seed };
    let previous = seed;
    const made = (size: number): string => {
      previous = chunkSignature(chain, previous, utf8('a'.repeat(size)));
      return piece(size, previous);
    };
    const read = (sizes: readonly number[]): string => {
      previous = seed;
      const verdict = readSignedChunks(
        chain,
        utf8(sizes.map(made).join('')),
        sizes.reduce((sum, size) => sum + size, 0),
      );
      return verdict.ok ? 'ok' : verdict.code;
    };
    assert.equal(read([8192, 8192, 1, 0]), 'ok');
    assert.equal(read([0]), 'ok');
    assert.equal(read([8192, 1, 1, 0]), 'migration.malformed');
    assert.equal(read([8191, 8192, 0]), 'migration.malformed');
  });
  test('no other body passes, however it was mutated, and none is a fault', () => {
    const honest = Buffer.from(chunks.join(''));
    const spot = fc.oneof(fc.nat(90), fc.integer({ min: honest.length - 1300, max: honest.length - 1 }));
    fc.assert(
      fc.property(spot, fc.nat(255), fc.constantFrom('set', 'cut', 'insert'), (at, byte, how) => {
        const one = Buffer.from([byte]);
        const [before, after] = [honest.subarray(0, at), honest.subarray(how === 'insert' ? at : at + 1)];
        const mutated = Buffer.concat(how === 'cut' ? [before, after] : [before, one, after]);
        const request = { ...upload(), body: new Uint8Array(mutated) };
        const isHonest = mutated.equals(honest);
        assert.equal(outcome(request, taken) === 'ok', isHonest);
      }),
      { numRuns: 60 },
    );
  });
});

describe('canonicalisation (AWS test suite)', () => {
  const paths: readonly (readonly [string, string])[] = [
    ['/', '/'],
    ['//', '/'],
    ['/./', '/'],
    ['/example/..', '/'],
    ['/example1/example2/../..', '/'],
    ['//example//', '/example/'],
    ['/./example', '/example'],
    ['/-._~0123456789abcXYZ', '/-._~0123456789abcXYZ'],
    ['/example space/', '/example%20space/'],
    ['/\u1234', '/%E1%88%B4'],
    ['/a%20b', '/a%2520b'],
  ];
  for (const [path, expected] of paths)
    test(`path ${path}`, () => assert.equal(canonicalPath(path, 'normalised'), expected));
  test('S3 keeps empty and dotted segments and encodes once', () => {
    assert.equal(canonicalPath('/a//b/../c%20d', 's3'), '/a//b/../c%20d');
    assert.equal(canonicalPath('/%zz', 's3'), undefined);
  });
  const queries: readonly (readonly [string, string])[] = [
    ['?Param2=value2&Param1=value1', 'Param1=value1&Param2=value2'],
    ['?Param1=value2&Param1=Value1', 'Param1=Value1&Param1=value2'],
    ['?a=&b', 'a=&b='],
    ['?%41=%7e', 'A=~'],
    ['?%E1%88%B4=bar', '%E1%88%B4=bar'],
    ['?x=a=b', 'x=a%3Db'],
  ];
  for (const [query, expected] of queries)
    test(`query ${query}`, () => assert.equal(canonicalQuery(queryPairs(query) ?? []), expected));
  test('a raw plus has two readings, a broken escape none', () => {
    assert.equal(queryPairs('?a=b+c'), undefined);
    assert.equal(queryPairs('?a=%zz'), undefined);
  });
  test('header values: outer and inner space, several values, several lines', () => {
    const raw = ['My-Header1', '  a   b   c  ', 'my-header2', 'v2', 'My-Header2', 'v1', 'multi', 'one\n  two'];
    assert.equal(
      canonicalHeaders(raw, ['multi', 'my-header1', 'my-header2']),
      'multi:one two\nmy-header1:a b c\nmy-header2:v2,v1\n',
    );
    assert.equal(canonicalHeaders(raw, ['absent']), undefined);
  });
  test('no query and no path makes the reader throw, and canonical forms do not change again', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
        const pairs = queryPairs(`?${text}`);
        if (pairs === undefined) return;
        const once = canonicalQuery(pairs);
        assert.equal(canonicalQuery(queryPairs(`?${once}`) ?? []), once);
      }),
    );
  });
});

describe('attacks, each beside its control', () => {
  const control = signed({ method: 'POST', body: '{"amount":1}', headers: { 'Content-Type': 'application/json' } });
  const withHeader = (name: string, value: string): MigrationRequest => ({
    ...control,
    headers: { ...control.headers, [name]: value },
    rawHeaders: [...control.rawHeaders, name, value],
  });
  const reauthorised = (change: (text: string) => string): MigrationRequest => {
    const authorization = change(String(control.headers['authorization']));
    return { ...control, headers: { ...control.headers, authorization } };
  };
  const attacks: readonly (readonly [string, MigrationRequest, string])[] = [
    ['another body', { ...control, body: utf8('{"amount":9}') }, 'migration.signature'],
    ['another method', { ...control, method: 'PUT' }, 'migration.signature'],
    ['another path', { ...control, path: '/accounts/1' }, 'migration.signature'],
    ['an added query', { ...control, query: '?to=me' }, 'migration.signature'],
    ['an unsigned x-amz header added', withHeader('x-amz-acl', 'public-read'), 'migration.uncovered'],
    ['an unsigned payload', withHeader('x-amz-content-sha256', 'UNSIGNED-PAYLOAD'), 'migration.uncovered'],
    ['an hour later', { ...control, now: epochMs(at + 3_600_000) }, 'migration.clock'],
    ['an hour ahead', { ...control, now: epochMs(at - 3_600_000) }, 'migration.clock'],
    ['another region', reauthorised((text) => text.replace('eu-central-1', 'us-east-1')), 'migration.claims'],
    ['the host struck from what is signed', reauthorised((text) => text.replace('host;', '')), 'migration.uncovered'],
    [
      'unsorted names',
      reauthorised((text) => text.replace('content-type;host', 'host;content-type')),
      'migration.malformed',
    ],
    ['a foreign key id', reauthorised((text) => text.replace('AKIDEXAMPLE', 'AKIDANOTHER')), 'migration.key-unknown'],
    [
      'a foreign secret',
      signed({ key: { ...credentials, secretAccessKey: 'stolen elsewhere' } }),
      'migration.signature',
    ],
  ];
  test('control', () => assert.equal(outcome(control), 'ok'));
  for (const [name, request, expected] of attacks)
    test(`${name} is refused`, () => assert.equal(outcome(request), expected));

  test('an unsigned payload passes only where the route allows it', () => {
    const request = signed({ method: 'PUT', body: 'x', headers: { 'X-Amz-Content-Sha256': 'UNSIGNED-PAYLOAD' } });
    assert.equal(outcome(request, { unsignedPayload: true }), 'ok');
    assert.equal(outcome(request), 'migration.digest');
  });

  const query = (change: (text: string) => string): MigrationRequest => {
    const request = presigned();
    return { ...request, query: change(request.query) };
  };
  const tampered: readonly (readonly [string, MigrationRequest, string])[] = [
    ['a parameter added', query((text) => `${text}&versionId=1`), 'migration.signature'],
    ['a longer life', query((text) => text.replace('86400', '86399')), 'migration.signature'],
    ['a life over the cap', query((text) => text.replace('86400', '604800')), 'migration.clock'],
    ['a parameter twice', query((text) => `${text}&X-Amz-Date=20130525T000000Z`), 'migration.malformed'],
    ['another object', { ...presigned(), path: '/secret.txt' }, 'migration.signature'],
    ['another method', { ...presigned(), method: 'DELETE' }, 'migration.signature'],
    ['a body', { ...presigned(), body: utf8('x') }, 'migration.digest'],
    [
      'a second signature in a header',
      { ...presigned(), headers: { ...presigned().headers, authorization: 'AWS4-HMAC-SHA256 x' } },
      'migration.malformed',
    ],
    ['after its life', { ...presigned(), now: epochMs(s3At + 86_401_000) }, 'migration.clock'],
  ];
  for (const [name, request, expected] of tampered)
    test(`a presigned query with ${name} is refused`, () => assert.equal(outcome(request, presignedRules), expected));
});
