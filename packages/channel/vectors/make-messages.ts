/** Signed and sealed requests and replies: the base to the last byte, the wire, and what must be refused. */
import {
  contentDigestOf,
  coveredRequestHeaders,
  protectReply,
  type ReplyBinding,
  requestBase,
  requestComponents,
  requestSignatureParams,
  SessionKeys,
  targetOf,
} from '@hauberk/channel';
import { type ClientKeys, sealRequest, signRequest } from '@hauberk/channel/client';
import { epochMs, type SyncCrypto, toBase64Url, utf8 } from '@hauberk/primitives';
import { awaited, scriptedCrypto } from '../test/fixture/scripted-crypto.ts';
import { hex, type Json, type Vector, type VectorFile } from './vector.ts';

/** The raw keys of a session and their imported form. */
export interface VectorKeys {
  readonly raw: { readonly [name: string]: Uint8Array<ArrayBuffer> };
  readonly imported: ClientKeys;
  readonly json: { readonly [name: string]: Json };
}

/** Keys of a session that no handshake made. */
export const vectorKeys = (crypto: SyncCrypto): VectorKeys => {
  const names = ['requestMac', 'requestAead', 'replyMac', 'replyAead', 'chunk'] as const;
  const made = Object.fromEntries(names.map((name) => [name, crypto.random(32)])) as Record<
    (typeof names)[number],
    Uint8Array<ArrayBuffer>
  >;
  const requestIv = crypto.random(12);
  const raw = { ...made, requestIv };
  const keyId = toBase64Url(crypto.random(16));
  const imported = {
    keyId,
    requestMac: crypto.importMac(made.requestMac),
    requestAead: crypto.importAead(made.requestAead),
    requestIv,
    replyMac: crypto.importMac(made.replyMac),
    replyAead: crypto.importAead(made.replyAead),
    chunk: made.chunk,
  };
  const json = Object.fromEntries(Object.entries(raw).map(([name, bytes]) => [`${name}Hex`, hex(bytes)]));
  return { raw, imported, json: { sessionId: keyId, ...json } };
};

const created = 1_790_000_000;

interface Plain {
  readonly name: string;
  readonly mode: 'signed' | 'sealed';
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly coveredHeaders: readonly string[];
  readonly body: string;
  readonly sequence: number;
}

const plains: readonly Plain[] = [
  {
    name: 'GET without a query',
    mode: 'signed',
    method: 'GET',
    url: '/a',
    headers: {},
    coveredHeaders: [],
    body: '',
    sequence: 1,
  },
  {
    name: 'POST with every covered header',
    mode: 'signed',
    method: 'POST',
    url: '/accounts/7/transfers?page=2&x=%20',
    headers: {
      'content-type': 'application/json',
      authorization: 'Bearer t',
      'idempotency-key': 'k',
      'hauberk-step-up': 'a.b.c',
      'x-channel': 'app',
    },
    coveredHeaders: ['x-channel', 'x-absent'],
    body: '{"amount":100}',
    sequence: 2,
  },
  {
    name: 'blanks, an empty value and obs-text in headers',
    mode: 'signed',
    method: 'PUT',
    url: '/?',
    headers: { 'content-type': '', 'x-note': ' \ta b\u00a0\u00e9 ' },
    coveredHeaders: ['x-note'],
    body: 'x',
    sequence: 16,
  },
  {
    name: 'the last sequence number',
    mode: 'signed',
    method: 'DELETE',
    url: '/a',
    headers: {},
    coveredHeaders: [],
    body: '',
    sequence: 1_048_575,
  },
  {
    name: 'sealed POST',
    mode: 'sealed',
    method: 'POST',
    url: '/transfers',
    headers: { 'content-type': 'application/json' },
    coveredHeaders: [],
    body: '{"amount":100}',
    sequence: 3,
  },
  {
    name: 'sealed GET with an empty body',
    mode: 'sealed',
    method: 'GET',
    url: '/accounts?page=1',
    headers: {},
    coveredHeaders: [],
    body: '',
    sequence: 65_535,
  },
];

const makeRequest = async (crypto: SyncCrypto, keys: VectorKeys, plain: Plain) => {
  const { mode, method, url, headers, coveredHeaders, sequence } = plain;
  const request = { target: targetOf(method, url), headers, service: 'retail', route: { coveredHeaders } };
  const protect = mode === 'signed' ? signRequest : sealRequest;
  return protect(awaited(crypto), keys.imported, request, utf8(plain.body), { sequence, created });
};

const baseOf = (crypto: SyncCrypto, keys: VectorKeys, plain: Plain): string => {
  const tag = plain.mode === 'signed' ? 'hb1' : 'hb1s';
  const digest = plain.mode === 'signed' ? { 'content-digest': contentDigestOf(crypto.sha256(utf8(plain.body))) } : {};
  const headers = { ...plain.headers, 'hauberk-service': 'retail', ...digest };
  const names = coveredRequestHeaders(tag, headers, plain.coveredHeaders);
  const parameters = { created, keyid: keys.imported.keyId, sequence: plain.sequence, tag } as const;
  const params = requestSignatureParams(requestComponents(names), parameters);
  return requestBase(targetOf(plain.method, plain.url), names, headers, params);
};

interface Wire {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const spoils: readonly (readonly [string, 'signed' | 'sealed', string, (wire: Wire) => Partial<Wire>])[] = [
  ['another method', 'signed', 'request.signature', () => ({ method: 'PATCH' })],
  ['another path', 'signed', 'request.signature', ({ url }) => ({ url: `/x${url}` })],
  ['another query', 'signed', 'request.signature', ({ url }) => ({ url: `${url}&y=1` })],
  ['another body', 'signed', 'request.digest', () => ({ body: toBase64Url(utf8('{"amount":999}')) })],
  [
    'a header removed',
    'signed',
    'request.components',
    ({ headers }) => ({ headers: without(headers, 'authorization') }),
  ],
  [
    'a declared header added',
    'signed',
    'request.components',
    ({ headers }) => ({ headers: { ...headers, 'x-absent': '1' } }),
  ],
  [
    'a covered value with a no-break space behind it',
    'signed',
    'request.signature',
    ({ headers }) => ({ headers: { ...headers, 'x-channel': 'app\u00a0' } }),
  ],
  [
    'parameters in another order',
    'signed',
    'request.malformed',
    ({ headers }) => ({
      headers: {
        ...headers,
        'signature-input': headers['signature-input']?.replace(/(;created=\d+)(;keyid="[^"]+")/, '$2$1') ?? '',
      },
    }),
  ],
  [
    'another label',
    'signed',
    'request.malformed',
    ({ headers }) => ({
      headers: { ...headers, 'signature-input': headers['signature-input']?.replace('hb=', 'sig1=') ?? '' },
    }),
  ],
  [
    'signed where sealed is demanded',
    'signed',
    'request.mode',
    ({ headers }) => ({ headers: { ...headers, 'x-demand': 'sealed' } }),
  ],
  ['another path', 'sealed', 'request.seal', ({ url }) => ({ url: `${url}/x` })],
  ['another body', 'sealed', 'request.seal', () => ({ body: 'AAAA' })],
  ['an empty body', 'sealed', 'request.seal', () => ({ body: '' })],
  [
    'relabelled as signed',
    'sealed',
    'request.malformed',
    ({ headers }) => ({
      headers: { ...headers, 'signature-input': headers['signature-input']?.replace('"hb1s"', '"hb1"') ?? '' },
    }),
  ],
];

const without = (headers: Readonly<Record<string, string>>, name: string): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).filter(([held]) => held !== name));

const mustFind = (mode: 'signed' | 'sealed'): Plain => {
  const plain = plains.find((one) => one.mode === mode && one.method === 'POST');
  if (plain === undefined) throw new Error(`no ${mode} case`);
  return plain;
};

/** Every request case. */
export const requestVectors = async (): Promise<VectorFile> => {
  const crypto = scriptedCrypto('requests');
  const keys = vectorKeys(crypto);
  const given = { keys: keys.json, service: 'retail', created };
  const good: Vector[] = [];
  for (const plain of plains) {
    const { name, ...members } = plain;
    const made = await makeRequest(crypto, keys, plain);
    const result = { base: baseOf(crypto, keys, plain), headers: { ...made.headers }, body: toBase64Url(made.body) };
    good.push({
      name,
      given: { ...given, ...members, coveredHeaders: [...plain.coveredHeaders] },
      expect: 'ok',
      result,
    });
  }
  const bad: Vector[] = [];
  for (const [title, mode, expect, spoil] of spoils) {
    const plain = mustFind(mode);
    const made = await makeRequest(crypto, keys, plain);
    const wire = { method: plain.method, url: plain.url, headers: made.headers, body: toBase64Url(made.body) };
    const { headers, ...rest } = { ...wire, ...spoil(wire) };
    const { 'x-demand': demanded, ...sent } = headers;
    const received = { ...rest, headers: sent, coveredHeaders: [...plain.coveredHeaders], mode: demanded ?? mode };
    bad.push({ name: `refused: ${mode}, ${title}`, given: { ...given, received }, expect });
  }
  return {
    about:
      'Requests in one piece (docs/wire.md sections 9 and 10). Cases with `result` say how a client must protect what is given; those with `received` what a gateway must say to it.',
    cases: [...good, ...bad],
  };
};

const replySpoils: readonly (readonly [
  string,
  Record<string, string>,
  (reply: { status: number; headers: Record<string, string>; body: string }) => object,
])[] = [
  ['another status', { signed: 'reply.signature', sealed: 'reply.seal' }, () => ({ status: 200 })],
  ['another body', { signed: 'reply.digest', sealed: 'reply.seal' }, () => ({ body: toBase64Url(utf8('{"id":8}')) })],
  [
    'no signature',
    { signed: 'reply.unbound', sealed: 'reply.unbound' },
    ({ headers }) => ({ headers: without(headers, 'signature') }),
  ],
  [
    'a declared header removed',
    { signed: 'reply.malformed', sealed: 'reply.malformed' },
    ({ headers }) => ({ headers: without(headers, 'location') }),
  ],
  [
    'bound to another request',
    { signed: 'reply.signature', sealed: 'reply.seal' },
    () => ({ requestSignature: 'hb=:AAAA:' }),
  ],
];

/** Every reply case. */
export const replyVectors = async (): Promise<VectorFile> => {
  const crypto = scriptedCrypto('replies');
  const keys = vectorKeys(crypto);
  const cases: Vector[] = [];
  for (const mode of ['signed', 'sealed'] as const) {
    const { sent } = await makeRequest(crypto, keys, mustFind(mode));
    const binding = {
      sessionId: keys.imported.keyId,
      keys: new SessionKeys(crypto, keys.raw as unknown as ConstructorParameters<typeof SessionKeys>[1]),
      requestSignature: sent.signature,
      requestSignatureInput: sent.signatureInput,
      requestTag: sent.tag,
    } as unknown as ReplyBinding;
    const plain = {
      status: 201,
      headers: { 'content-type': 'application/json', location: '/t/9' },
      body: utf8('{"id":9}'),
    };
    const made = protectReply(crypto, binding, plain, ['location'], epochMs(created * 1000));
    const reply = { status: 201, headers: { ...plain.headers, ...made.addedHeaders }, body: toBase64Url(made.body) };
    const given = {
      keys: keys.json,
      requestTag: sent.tag,
      requestSignature: sent.signature,
      requestSignatureInput: sent.signatureInput,
      declaredHeaders: ['location'],
    };
    cases.push({ name: mode, given: { ...given, ...reply }, expect: 'ok', result: { body: toBase64Url(plain.body) } });
    for (const [title, codes, spoil] of replySpoils)
      cases.push({
        name: `${mode}: ${title}`,
        given: { ...given, ...reply, ...(spoil(reply) as object) },
        expect: codes[mode] ?? '',
      });
  }
  return {
    about:
      'Replies as a client receives them, with the signature headers of the request that it sent (docs/wire.md section 12).',
    cases,
  };
};
