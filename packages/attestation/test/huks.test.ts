/** HarmonyOS key attestation: the sample that Huawei publishes, and chains minted here that each break one rule. */
import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import test from 'node:test';
import { nodeEvidenceCrypto } from '@hauberk/crypto/node-evidence';
import { type Bytes, epochMs, fromHex, utf8 } from '@hauberk/primitives';
import fc from 'fast-check';
import { appraise } from '../src/appraisal.ts';
import type { AppraisalContext } from '../src/appraisal-context.ts';
import { type HuksExpectations, verifyHuksKey } from '../src/huks.ts';
import { authority, bytes, der, extension, integer, mint, name, oid, spkiOf } from './fixture/certificates.ts';
import { huksSample, huksSampleAppId, huksSampleTime } from './fixture/huks-sample.ts';

const codeOf = (answer: { readonly ok: true } | { readonly ok: false; readonly code: string }): string =>
  answer.ok ? 'accepted' : answer.code;

const sampleRules: HuksExpectations = {
  challenge: utf8('challenge_data'),
  application: {
    bundleName: 'com.example.myapplication',
    appIds: new Set([huksSampleAppId]),
    appIdentifier: '15735468',
  },
  allowDebug: true,
  anchors: huksSample.slice(2),
  now: huksSampleTime,
};
const verifySample = (change: Partial<HuksExpectations> = {}) =>
  verifyHuksKey(huksSample, { ...sampleRules, ...change }, nodeEvidenceCrypto);

test('huks: the published chain of a real device is verified', () => {
  const answer = verifySample();
  assert.ok(answer.ok, codeOf(answer));
  assert.equal(answer.value.model, 'CLS-AL00');
  assert.equal(answer.value.isTrustedEnvironment, true);
  assert.deepEqual(answer.value.unknownClaims, []);
  assert.equal(codeOf(verifySample({ allowDebug: false })), 'HUKS_APP_DEBUG');
  assert.equal(codeOf(verifySample({ now: epochMs(Date.UTC(2026, 0, 1)) })), 'chain.expired');
  assert.equal(codeOf(verifySample({ anchors: huksSample.slice(0, 1) })), 'chain.untrusted');
  const statuses = new Map([['123e63cdb2de84bf32ce40e6e6ec1c4895', 'SUSPENDED']]);
  assert.equal(codeOf(verifySample({ revocation: { takenAt: huksSampleTime, statuses } })), 'CERTIFICATE_SUSPENDED');
});

const pair = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });
const [rootPair, middlePair, leafPair] = [pair(), pair(), pair()];
const now = epochMs(1_800_000_000_000);
const challenge = utf8('a challenge of the bank');
const appId = 'cn.bank_key';
const prefix = '1.3.6.1.4.1.2011.2.376.2.';
const component = fromHex('28c4fb4944afec11b9090242ac120002') ?? bytes();
const claim = (type: string, value: Bytes, level = 2): Bytes => der(0x30, integer(level), oid(prefix + type), value);
const app = (text: string, type = '1.3.1'): Bytes => claim('1.3', der(0x30, oid(prefix + type), der(4, utf8(text))));

interface Claims {
  readonly version?: readonly Bytes[];
  readonly challenge?: readonly Bytes[];
  readonly app?: Bytes;
  readonly origin?: readonly Bytes[];
  readonly component?: Bytes;
  readonly more?: readonly Bytes[];
}
const appText = JSON.stringify({ appId, bundleName: 'cn.bank', appMode: 'release' });
const attested = (claims: Claims = {}): Bytes =>
  extension(
    '1.3.6.1.4.1.2011.2.376.1.3',
    der(
      0x30,
      ...(claims.version ?? [integer(0)]),
      claims.app ?? app(appText),
      ...(claims.challenge ?? [claim('1.4', der(4, challenge))]),
      ...(claims.origin ?? [claim('1.5', der(4, bytes(2, 0, 0, 0)), 3)]),
      claim('2.2.6', der(4, claims.component ?? component), 3),
      ...(claims.more ?? []),
    ),
  );

const root = mint({
  subject: name('root'),
  issuer: name('root'),
  key: rootPair.publicKey,
  signer: rootPair.privateKey,
  extensions: [authority()],
});
const middle = (extensions: readonly Bytes[] = [authority(1)]): Bytes =>
  mint({
    subject: name('middle'),
    issuer: name('root'),
    key: middlePair.publicKey,
    signer: rootPair.privateKey,
    serial: integer(0x0f),
    extensions,
  });
const leafOf = (claims: Claims = {}, signer: KeyObject = middlePair.privateKey): Bytes =>
  mint({
    subject: name('key'),
    issuer: name('middle'),
    key: leafPair.publicKey,
    signer,
    extensions: [attested(claims)],
  });
const chainOf = (leaf = leafOf(), second = middle()): Bytes[] => [leaf, second, root];
const rules: HuksExpectations = {
  challenge,
  application: { bundleName: 'cn.bank', appIds: new Set([appId]) },
  anchors: [root],
  now,
};
const verify = (chain: readonly Bytes[], change: Partial<HuksExpectations> = {}) =>
  verifyHuksKey(chain, { ...rules, ...change }, nodeEvidenceCrypto);

const plain = (claims: Claims) => chainOf(leafOf(claims));
const accepted: readonly (readonly [title: string, chain: readonly Bytes[]])[] = [
  ['a chain with the root', chainOf()],
  ['a chain without it', chainOf().slice(0, 2)],
  ['the default version left out', plain({ version: [] })],
  ['an app without its mode', plain({ app: app(JSON.stringify({ appId, bundleName: 'cn.bank' })) })],
];
for (const [title, chain] of accepted)
  test(`huks: accepted: ${title}`, () => {
    const answer = verify(chain, { publicKey: spkiOf(leafPair.publicKey) });
    assert.equal(codeOf(answer), 'accepted');
  });

test('huks: unknown claims are counted, and change nothing', () => {
  const answer = verify(plain({ more: [claim('9.9', der(4)), claim('1.2', der(4, utf8('alias')))] }));
  assert.deepEqual(answer.ok && answer.value.unknownClaims, ['2b060104018f5b02827802' + '0909']);
});

const notAnApp = 'no JSON';
const refusals: readonly (readonly [
  title: string,
  code: string,
  chain: readonly Bytes[],
  change?: Partial<HuksExpectations>,
])[] = [
  ['an imported key', 'ORIGIN_NOT_GENERATED', plain({ origin: [claim('1.5', der(4, bytes(1, 0, 0, 0)), 3)] })],
  ['no origin', 'ORIGIN_NOT_GENERATED', plain({ origin: [] })],
  ['an origin of another length', 'ORIGIN_NOT_GENERATED', plain({ origin: [claim('1.5', der(4, bytes(2)), 3)] })],
  ['another challenge', 'CHALLENGE_MISMATCH', plain({ challenge: [claim('1.4', der(4, utf8('another')))] })],
  ['no challenge', 'CHALLENGE_MISMATCH', plain({ challenge: [] })],
  ['another component', 'HUKS_COMPONENT', plain({ component: bytes(1) })],
  ['another version', 'HUKS_VERSION_UNKNOWN', plain({ version: [integer(1)] })],
  ['a claim twice', 'HUKS_CLAIM_REPEATED', plain({ more: [claim('1.5', der(4, bytes(2, 0, 0, 0)), 3)] })],
  ['a claim that is none', 'HUKS_MALFORMED', plain({ more: [der(4)] })],
  [
    'a debug build',
    'HUKS_APP_DEBUG',
    plain({ app: app(JSON.stringify({ appId, bundleName: 'cn.bank', appMode: 'debug' })) }),
  ],
  ['another bundle', 'APPLICATION_MISMATCH', plain({ app: app(JSON.stringify({ appId, bundleName: 'cn.thief' })) })],
  [
    'another signer',
    'APPLICATION_MISMATCH',
    plain({ app: app(JSON.stringify({ appId: 'cn.bank_x', bundleName: 'cn.bank' })) }),
  ],
  ['a service of the system', 'APPLICATION_MISMATCH', plain({ app: app(appText, '1.3.2') })],
  ['an app that is no JSON', 'APPLICATION_MISMATCH', plain({ app: app(notAnApp) })],
  ['another key', 'KEY_MISMATCH', chainOf(), { publicKey: spkiOf(rootPair.publicKey) }],
  ['an issuer that is no CA', 'chain.not-ca', chainOf(leafOf(), middle([]))],
  ['another signature', 'chain.signature', chainOf(leafOf({}, rootPair.privateKey))],
  ['an extension above the leaf', 'HUKS_EXTENSION_MISPLACED', chainOf(leafOf(), middle([authority(), attested()]))],
  ['no extension', 'HUKS_EXTENSION_MISSING', [middle(), root]],
  ['no chain', 'chain.malformed', []],
  ['the root twice', 'chain.malformed', [...chainOf(), root]],
  [
    'a revoked issuer',
    'CERTIFICATE_REVOKED',
    chainOf(),
    { revocation: { takenAt: now, statuses: new Map([['f', 'REVOKED']]) } },
  ],
];
for (const [title, code, chain, change] of refusals)
  test(`huks: ${title} is ${code}`, () => {
    assert.equal(codeOf(verify(chain, change)), code);
  });

const context: AppraisalContext = {
  crypto: nodeEvidenceCrypto,
  anchors: { huks: [root] },
  revocations: {},
  expectations: { challenge, environment: 'production', apps: { harmony: rules.application } },
  now,
};

test('huks: an appraisal tells the trusted environment from the system, and what is unknown', () => {
  const answer = appraise({ kind: 'huks', certificates: plain({ more: [claim('9.9', der(4))] }) }, context);
  assert.ok(answer.ok);
  const { tier, status, anomalies, facts } = answer.value;
  assert.deepEqual({ tier, status }, { tier: 'tee', status: 'affirming' });
  assert.deepEqual(anomalies, [{ code: 'UNKNOWN_CLAIMS', detail: '2b060104018f5b028278020909' }]);
  assert.deepEqual(facts.application, { ids: ['cn.bank', appId] });
  const system = appraise(
    { kind: 'huks', certificates: plain({ origin: [claim('1.5', der(4, bytes(2, 0, 0, 0)))] }) },
    context,
  );
  assert.equal(codeOf(system), 'TIER_TOO_LOW');
  assert.equal(
    codeOf(appraise({ kind: 'huks', certificates: chainOf() }, { ...context, anchors: {} })),
    'ANCHORS_MISSING',
  );
});

test('huks: no chain with a changed bit below the root is accepted, and each refusal has a code', () => {
  const genuine = chainOf();
  fc.assert(
    fc.property(fc.nat(1), fc.nat(), fc.nat(7), (which, where, bit) => {
      const chain = genuine.map((certificate, index) => {
        const copy = certificate.slice();
        if (index === which) copy[where % copy.length] = (copy[where % copy.length] ?? 0) ^ (1 << bit);
        return copy;
      });
      const answer = verify(chain);
      return !answer.ok && answer.code.length > 0;
    }),
    { numRuns: 1000 },
  );
});
