/** App Attest assertions signed here, and objects that are none. Genuine attestations and receipts run in the vectors. */
import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import test from 'node:test';
import { nodeEvidenceCrypto } from '@hauberk/crypto/node-evidence';
import { type Bytes, concat, epochMs, utf8 } from '@hauberk/primitives';
import fc from 'fast-check';
import { type AppAssertionExpectations, verifyAppAssertion, verifyAppAttestation } from '../src/app-attest.ts';
import { readReceipt } from '../src/app-attest-receipt.ts';

const sha256 = (bytes: Uint8Array): Bytes => Uint8Array.from(createHash('sha256').update(bytes).digest());
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const spki = Uint8Array.from(publicKey.export({ format: 'der', type: 'spki' }));
const clientDataHash = sha256(utf8('request'));
const appId = 'TEAM.example.bank';
const rules: AppAssertionExpectations = { appId, spki, counter: 0, clientDataHash };

const octets = (value: Bytes): Bytes => concat(Uint8Array.of(0x58, value.length), value);
const assertion = (counter: readonly number[], app = appId, extra: Bytes = new Uint8Array(0), flags = 0x40): Bytes => {
  const data = concat(sha256(utf8(app)), Uint8Array.of(flags, ...counter), extra);
  const signature = Uint8Array.from(sign('sha256', sha256(concat(data, clientDataHash)), privateKey));
  const parts = [Uint8Array.of(0xa2, 0x69), utf8('signature'), octets(signature)];
  return concat(...parts, Uint8Array.of(0x71), utf8('authenticatorData'), octets(data));
};
const codeOf = (answer: { readonly ok: true } | { readonly ok: false; readonly code: string }): string =>
  answer.ok ? 'accepted' : answer.code;

test('app-attest: a counter above 2^31 is unsigned', () => {
  const answer = verifyAppAssertion(assertion([0xff, 0xff, 0xff, 0xff]), rules, nodeEvidenceCrypto);
  assert.ok(answer.ok);
  assert.equal(answer.value.counter, 4_294_967_295);
});

test('app-attest: category and bundle version are read where the flag of extensions is clear', () => {
  const category = concat(
    Uint8Array.of(0x78, 28),
    utf8('apple_validation_category_01'),
    Uint8Array.of(0x44, 4, 0, 0, 0),
  );
  const version = concat(Uint8Array.of(0x77), utf8('apple_bundle_version_01'), Uint8Array.of(0x63), utf8('1.2'));
  const extra = concat(Uint8Array.of(0xa2), category, version);
  const answer = verifyAppAssertion(assertion([0, 0, 0, 1], appId, extra), rules, nodeEvidenceCrypto);
  assert.deepEqual(answer.ok && answer.value.facts, { validationCategory: 4, bundleVersion: '1.2' });
});

const malformedCategory = concat(
  Uint8Array.of(0xa1, 0x78, 28),
  utf8('apple_validation_category_01'),
  Uint8Array.of(0x41, 4),
);
const cases: readonly (readonly [string, string, Bytes, Partial<AppAssertionExpectations>])[] = [
  ['an object that is no map', 'app-attest.object', Uint8Array.of(0x80), {}],
  ['a counter that stands still', 'app-attest.counter', assertion([0, 0, 0, 7]), { counter: 7 }],
  ['a counter that falls', 'app-attest.counter', assertion([0, 0, 0, 6]), { counter: 7 }],
  ['another app', 'app-attest.app-id', assertion([0, 0, 0, 1], 'TEAM.example.thief'), {}],
  ['another request', 'app-attest.signature', assertion([0, 0, 0, 1]), { clientDataHash: sha256(utf8('another')) }],
  ['a malformed category', 'app-attest.extension', assertion([0, 0, 0, 1], appId, malformedCategory), {}],
  ['bytes at the end', 'webauthn.authenticator-data', assertion([0, 0, 0, 1], appId, Uint8Array.of(0)), {}],
];
for (const [name, code, bytes, change] of cases)
  test(`app-attest: an assertion with ${name} is ${code}`, () => {
    assert.equal(codeOf(verifyAppAssertion(bytes, { ...rules, ...change }, nodeEvidenceCrypto)), code);
  });

test('app-attest: no assertion with a changed bit of authenticator data is accepted', () => {
  const genuine = assertion([0, 0, 0, 1]);
  fc.assert(
    fc.property(fc.nat({ max: 37 * 8 - 1 }), (bit) => {
      const changed = Uint8Array.from(genuine);
      const at = changed.length - 37 + (bit >> 3);
      changed[at] = (changed[at] ?? 0) ^ (1 << (bit & 7));
      assert.equal(codeOf(verifyAppAssertion(changed, rules, nodeEvidenceCrypto)), 'app-attest.signature');
    }),
  );
});

test('app-attest: whatever is no attestation and no receipt is refused with a code', () => {
  const now = epochMs(1_767_225_600_000);
  const expectations = {
    appId,
    environment: 'production',
    keyId: sha256(spki),
    clientDataHash,
    anchors: [],
    now,
  } as const;
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (array) => {
      const bytes = Uint8Array.from(array);
      assert.equal(codeOf(verifyAppAttestation(bytes, expectations, nodeEvidenceCrypto)), 'app-attest.object');
      assert.equal(
        codeOf(readReceipt(bytes, { appId, spki, anchors: [], now }, nodeEvidenceCrypto)),
        'app-attest.receipt',
      );
    }),
  );
});
