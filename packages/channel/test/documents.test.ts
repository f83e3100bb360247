import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  context,
  directivePayload,
  findConfigRoute,
  type GatewayConfig,
  judgeDirective,
  matchPattern,
  readDirective,
  readDocument,
  signDocument,
  signDocumentAsync,
} from '@hauberk/channel';
import {
  type ClientTrust,
  chooseAgreementKey,
  compilePattern,
  type Directive,
  trustConfig,
} from '@hauberk/channel/client';
import { nodeAsyncCrypto, nodeCrypto } from '@hauberk/crypto/node';
import { epochMs, toBase64Url, utf8 } from '@hauberk/primitives';
import { codeOf, valueOf } from './fixture/client.ts';
import { flipByte, payloadOf, resign, respell, respellSignature } from './fixture/documents.ts';
import { app, birth, configOf, configRoute, organisation, service, signConfig, World } from './fixture/world.ts';

const world = new World();
const { keys, configText } = world;
const configWith = (over: Partial<GatewayConfig>): string => signConfig(nodeCrypto, keys, configOf(keys, [], over));
const resigned = (change: Readonly<Record<string, unknown>>): string =>
  resign(keys.config, configText, change, context.config);
const [route = {}] = payloadOf(configText)['routes'] as object[];
const key = { kid: 'k', publicKey: toBase64Url(keys.status.publicKey) };

const configs: readonly (readonly [string, string, string, Partial<ClientTrust>?])[] = [
  ['accepted', 'the real one', configText],
  ['accepted', 'one with members of a later version', resigned({ later: true })],
  [
    'accepted',
    'one with a key of a suite of a later version',
    resigned({ keys: [...(payloadOf(configText)['keys'] as object[]), { kid: 'pq', suite: 'HB1-PQ' }] }),
  ],
  ['document.malformed', 'no dot', 'nonsense'],
  ['document.malformed', 'no payload', `.${configText.split('.')[1]}`],
  ['document.malformed', 'a third part', `${configText}.AAAA`],
  ['document.malformed', 'a payload that is no JSON', `AAAA.${configText.split('.')[1]}`],
  ['document.malformed', 'a payload that is a list', `${toBase64Url(utf8('[]'))}.${configText.split('.')[1]}`],
  ['document.malformed', 'a short signature', configText.slice(0, -4)],
  ['document.malformed', 'a mode that does not exist', resigned({ defaultMode: 'open' })],
  [
    'document.malformed',
    'a header name in capitals, which nothing would ever cover',
    resigned({ routes: [{ ...route, coveredHeaders: ['X-Channel'] }] }),
  ],
  ['document.malformed', 'a method in small letters', resigned({ routes: [{ ...route, methods: ['post'] }] })],
  ['document.malformed', 'a pattern with a stray brace', resigned({ routes: [{ ...route, path: '/a/{b' }] })],
  [
    'document.malformed',
    'two agreement keys of one name',
    configWith({ keys: [...world.config.keys, ...world.config.keys] }),
  ],
  ['document.malformed', 'two status keys of one name', resigned({ statusKeys: [key, key] })],
  ['document.malformed', 'two directive keys of one name', resigned({ directiveKeys: [key, key] })],
  ['document.malformed', 'a key of the wrong length', resigned({ statusKeys: [{ ...key, publicKey: 'AAAA' }] })],
  ['document.malformed', 'a version that is no whole number', resigned({ version: 1.5 })],
  ['document.version', 'another protocol', resigned({ v: 2 })],
  ['document.unknown-key', 'a key that is not pinned', configWith({ signedBy: 'config-2' })],
  [
    'document.signature',
    'an attacker with his own key under the pinned name',
    signConfig(nodeCrypto, { ...keys, config: keys.status }, world.config),
  ],
  ['document.signature', 'a changed member', respell(configText, { version: 8 })],
  [
    'document.signature',
    'a flipped bit in the signature',
    `${configText.split('.')[0]}.${flipByte(configText.split('.')[1] ?? '', 40)}`,
  ],
  [
    'document.signature',
    'a document of another kind by the same key',
    resign(keys.config, configText, {}, context.status),
  ],
  ['document.scope', 'another organisation', configWith({ organisation: 'other' })],
  ['document.scope', 'another service', configWith({ service: 'other' })],
  ['document.rollback', 'an older version than was seen', configText, { minConfigVersion: 8 }],
  ['document.expired', 'expired at the time floor', configText, { timeFloor: world.config.expiresAtMs }],
  ['accepted', 'a moment before it expires', configText, { timeFloor: epochMs(world.config.expiresAtMs - 1) }],
  ['accepted', 'the version that was seen', configText, { minConfigVersion: 7 }],
];

describe('configs at the client', () => {
  for (const [code, title, text, over] of configs) {
    it(`${code}: ${title}`, async () => {
      assert.equal(codeOf(await trustConfig(nodeAsyncCrypto, world.trust(over), text)), code);
    });
  }

  it('a config with its signature respelt is another config by hash: no status statement names it', async () => {
    const [real, respelt] = await Promise.all(
      [configText, respellSignature(configText)].map((text) => trustConfig(nodeAsyncCrypto, world.trust(), text)),
    );
    assert.ok(real?.ok && respelt?.ok);
    assert.notDeepEqual(real.value.hash, respelt.value.hash);
  });

  it('what is read is what was written', async () => {
    assert.deepEqual(valueOf(await trustConfig(nodeAsyncCrypto, world.trust(), configText)).config, world.config);
  });

  it('both ways of signing make the same document but for the randomness of ECDSA', async () => {
    const [one, other] = [
      signDocument(nodeCrypto, keys.config.privateKey, context.config, { a: 1 }),
      await signDocumentAsync(nodeAsyncCrypto, keys.config.privateKey, context.config, { a: 1 }),
    ];
    assert.equal(one.split('.')[0], other.split('.')[0]);
    for (const text of [one, other]) {
      const { signedBytes, signature } = valueOf(readDocument(context.config, text));
      assert.ok(nodeCrypto.verify(keys.config.publicKey, signedBytes, signature));
    }
  });

  it('the newest valid key counts; none that is revoked or expired at the time floor, whatever the clock says', () => {
    const [first] = world.config.keys;
    assert.ok(first !== undefined);
    const at = (kid: string, notBefore: number, expires: number) => ({
      ...first,
      kid,
      notBeforeMs: epochMs(birth + notBefore),
      expiresAtMs: epochMs(birth + expires),
    });
    const config = configOf(keys, [], {
      keys: [at('old', -10, 10), at('new', -5, 20), at('next', 5, 40), at('bad', -1, 50)],
      revokedKeys: ['bad'],
    });
    const chosen = (now: number, floor: number): string | undefined =>
      chooseAgreementKey(config, ['HB1-P256'], epochMs(birth + now), epochMs(birth + floor))?.kid;
    assert.deepEqual([chosen(0, -9), chosen(6, -9), chosen(-7, -9)], ['new', 'next', 'old']);
    assert.deepEqual([chosen(1e9, -9), chosen(-1e9, -9)], ['next', 'next']);
    assert.deepEqual([chosen(0, 10), chosen(0, 20), chosen(0, 40)], ['new', 'next', undefined]);
  });
});

describe('route patterns', () => {
  const table: readonly (readonly [string, string, Readonly<Record<string, string>> | undefined])[] = [
    ['/', '/', {}],
    ['/a', '/a', {}],
    ['/a', '/a/', undefined],
    ['/a', '/A', undefined],
    ['/a/{id}', '/a/7', { id: '7' }],
    ['/a/{id}', '/a/', undefined],
    ['/a/{id}', '/a/7/b', undefined],
    ['/a/{id}', '/a/%37', { id: '%37' }],
    ['/a/{id}/b', '/a/7/b', { id: '7' }],
    ['/a/{rest*}', '/a/b/c', { rest: 'b/c' }],
    ['/a/{rest*}', '/a/', { rest: '' }],
    ['/a/{rest*}', '/a', undefined],
    ['/a/{rest*}', '/ab/c', undefined],
  ];
  for (const [pattern, path, expected] of table) {
    it(`${pattern} ${expected === undefined ? 'does not take' : 'takes'} ${path}`, () => {
      const compiled = compilePattern(pattern);
      assert.ok(compiled !== undefined);
      const matched = matchPattern(compiled, path);
      assert.deepEqual(matched === undefined ? undefined : { ...matched }, expected);
    });
  }

  it('malformed patterns are refused', () => {
    for (const text of ['', 'a', '/{', '/{a', '/a{b}', '/{a*}/b', '/{1}', '/a?b', '/a#b', '/a*', '/a\\b'])
      assert.equal(compilePattern(text), undefined, text);
  });

  it('the first route that matches counts, by method too', () => {
    const config = configOf(keys, [
      configRoute({ path: '/a/{id}', methods: ['POST'], mode: 'sealed' }),
      configRoute({ path: '/a/{rest*}', mode: 'plain' }),
    ]);
    assert.equal(findConfigRoute(config, 'POST', '/a/7')?.mode, 'sealed');
    assert.equal(findConfigRoute(config, 'GET', '/a/7')?.mode, 'plain');
    assert.equal(findConfigRoute(config, 'GET', '/b'), undefined);
  });
});

const directive: Directive = {
  signedBy: 'directive-1',
  id: 'd1',
  kind: 'switch',
  kindVersion: 1,
  version: 3,
  scope: { organisation, app, service: null },
  notBeforeMs: birth,
  expiresAtMs: epochMs(birth + 1000),
  target: null,
  body: { chain: 'x' },
};
const directiveText = signDocument(
  nodeCrypto,
  keys.directive.privateKey,
  context.directive,
  directivePayload(directive),
);
const me = { organisation, app, service };

describe('directives', () => {
  const read: readonly (readonly [string, string, string])[] = [
    ['accepted', 'the real one', directiveText],
    ['document.malformed', 'no document', 'x'],
    ['document.malformed', 'no body', respell(directiveText, { body: null })],
    ['accepted', 'for some of its scope', respell(directiveText, { target: { perMille: 10 } })],
    ['document.malformed', 'a target that is none', respell(directiveText, { target: 10 })],
    ['document.malformed', 'no scope', respell(directiveText, { scope: undefined })],
    ['document.version', 'another protocol', respell(directiveText, { v: 3 })],
    ['document.unknown-key', 'a key that the config does not name', respell(directiveText, { kid: 'other' })],
  ];
  for (const [code, title, text] of read) {
    it(`${code}: ${title}`, () => assert.equal(codeOf(readDirective(world.config.directiveKeys, text)), code));
  }

  const judged: readonly (readonly [string, string, Partial<Directive>, number, number])[] = [
    ['accepted', 'for this app', {}, 0, 0],
    ['accepted', 'for every app', { scope: { organisation, app: null, service: null } }, 0, 0],
    ['accepted', 'the version that is already there', {}, 3, 0],
    ['document.rollback', 'an older version', {}, 4, 0],
    ['document.scope', "another organisation's", { scope: { organisation: 'other', app: null, service: null } }, 0, 0],
    ['document.scope', "another app's", { scope: { organisation, app: 'other', service: null } }, 0, 0],
    ['document.scope', "another service's", { scope: { organisation, app: null, service: 'other' } }, 0, 0],
    ['document.not-yet-valid', 'too early', {}, 0, -1],
    ['document.expired', 'too late', {}, 0, 1000],
  ];
  for (const [code, title, over, highest, offset] of judged) {
    it(`${code}: ${title}`, () =>
      assert.equal(codeOf(judgeDirective({ ...directive, ...over }, me, highest, epochMs(birth + offset))), code));
  }

  it('the signature covers it under its own context', () => {
    const { document, publicKey, directive: found } = valueOf(readDirective(world.config.directiveKeys, directiveText));
    assert.ok(nodeCrypto.verify(publicKey, document.signedBytes, document.signature));
    assert.deepEqual(found, directive);
    const other = readDocument(context.config, directiveText);
    assert.ok(!nodeCrypto.verify(publicKey, valueOf(other).signedBytes, valueOf(other).signature));
  });
});
