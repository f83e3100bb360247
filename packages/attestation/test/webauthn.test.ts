/** WebAuthn ceremonies: what is refused, each by its own code, and that no changed bit of signed parts passes. */
import assert from 'node:assert/strict';
import { createHash, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import test from 'node:test';
import { nodeEvidenceCrypto } from '@hauberk/crypto/node-evidence';
import { type Bytes, concat, epochMs, utf8 } from '@hauberk/primitives';
import fc from 'fast-check';
import { readCoseKey } from '../src/cose.ts';
import {
  type AssertionEvidence,
  type AssertionExpectations,
  type RegistrationEvidence,
  type RegistrationExpectations,
  verifyAssertion,
  verifyRegistration,
} from '../src/webauthn.ts';

const sha256 = (bytes: Uint8Array): Bytes => Uint8Array.from(createHash('sha256').update(bytes).digest());
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const jwk = publicKey.export({ format: 'jwk' });
const coordinate = (text: string | undefined): Bytes => Uint8Array.from(Buffer.from(text ?? '', 'base64url'));
const cose = concat(
  Uint8Array.of(0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32),
  coordinate(jwk.x),
  Uint8Array.of(0x22, 0x58, 32),
  coordinate(jwk.y),
);
const challenge = sha256(utf8('challenge'));
const aaguid = new Uint8Array(16).fill(7);
const credentialId = new Uint8Array(16).fill(9);

interface Shape {
  readonly rpId?: string;
  readonly flags?: number;
  readonly count?: number;
  readonly client?: object;
  readonly extra?: Bytes;
  readonly key?: Bytes;
  readonly payment?: object;
}

const authenticatorData = (shape: Shape, made: boolean): Bytes =>
  concat(
    sha256(utf8(shape.rpId ?? 'bank.example')),
    Uint8Array.of(shape.flags ?? (made ? 0x45 : 0x05), 0, 0, 0, shape.count ?? 1),
    ...(made ? [aaguid, Uint8Array.of(0, 16), credentialId, shape.key ?? cose] : []),
    shape.extra ?? new Uint8Array(0),
  );
const clientData = (type: string, shape: Shape): Bytes =>
  utf8(
    JSON.stringify({
      type,
      challenge: Buffer.from(challenge).toString('base64url'),
      origin: 'https://bank.example',
      crossOrigin: false,
      ...shape.client,
    }),
  );
const signed = (data: Bytes, json: Bytes): Bytes =>
  Uint8Array.from(sign('sha256', concat(data, sha256(json)), privateKey));
const text = (value: string): Bytes => concat(Uint8Array.of(0x60 + value.length), utf8(value));
const octets = (value: Bytes): Bytes => concat(Uint8Array.of(0x58, value.length), value);

/** A registration that the credential itself vouches for. */
const registration = (shape: Shape = {}, format = 'packed'): RegistrationEvidence => {
  const clientDataJson = clientData('webauthn.create', shape);
  const data = authenticatorData(shape, true);
  const statement = concat(
    Uint8Array.of(0xa2),
    text('alg'),
    Uint8Array.of(0x26),
    text('sig'),
    octets(signed(data, clientDataJson)),
  );
  const parts = [text('fmt'), text(format), text('attStmt'), statement, text('authData'), octets(data)];
  return { clientDataJson, attestationObject: concat(Uint8Array.of(0xa3), ...parts) };
};
const registrationRules: RegistrationExpectations = {
  challenge,
  rpId: 'bank.example',
  origins: ['https://bank.example'],
  algorithms: ['ES256'],
  formats: ['packed'],
  allowSelf: true,
  anchors: [],
  now: epochMs(1_767_225_600_000),
};

test('webauthn: a registration signed by its own credential is verified', () => {
  const answer = verifyRegistration(registration(), registrationRules, nodeEvidenceCrypto);
  assert.ok(answer.ok, JSON.stringify(answer));
  assert.equal(answer.value.trust, 'self');
  assert.deepEqual(answer.value.key.spki, Uint8Array.from(publicKey.export({ format: 'der', type: 'spki' })));
});

type RegistrationCase = readonly [string, string, Shape, Partial<RegistrationExpectations>?, string?];
const registrationCases: readonly RegistrationCase[] = [
  ['another type', 'webauthn.type', { client: { type: 'webauthn.get' } }],
  ['client data without an origin', 'webauthn.client-data', { client: { origin: 1 } }],
  ['another challenge', 'webauthn.challenge', { client: { challenge: 'AAAA' } }],
  ['another spelling of the challenge', 'webauthn.challenge', { client: { challenge: Buffer.from(challenge).toString('base64') } }], // biome-ignore format: a table
  ['an origin that only begins alike', 'webauthn.origin', { client: { origin: 'https://bank.example.evil' } }],
  ['a page inside another', 'webauthn.cross-origin', { client: { crossOrigin: true } }],
  ['an unknown outer page', 'webauthn.top-origin', { client: { crossOrigin: true, topOrigin: 'https://evil' } }, { allowCrossOrigin: true }], // biome-ignore format: a table
  ['an outer page without a crossing', 'webauthn.client-data', { client: { topOrigin: 'https://evil' } }],
  ['another relying party', 'webauthn.rp-id', { rpId: 'evil.example' }],
  ['nobody at the device', 'webauthn.user-presence', { flags: 0x44 }],
  ['nobody recognised', 'webauthn.user-verification', { flags: 0x41 }],
  ['a credential that may be copied', 'webauthn.synced-credential', { flags: 0x4d }],
  ['a copy of what may not be copied', 'webauthn.backup-flags', { flags: 0x55 }],
  ['no credential', 'webauthn.authenticator-data', { flags: 0x05 }],
  ['bytes after the end', 'webauthn.authenticator-data', { extra: Uint8Array.of(0) }],
  ['extensions that are no map', 'webauthn.authenticator-data', { flags: 0xc5, extra: Uint8Array.of(0) }],
  ['an algorithm that was not offered', 'webauthn.algorithm', {}, { algorithms: ['RS256'] }],
  ['a key on an unknown curve', 'cose.malformed', { key: Uint8Array.of(0xa3, 1, 2, 3, 0x26, 0x20, 9) }],
  ['a key of an unknown algorithm', 'cose.unsupported-algorithm', { key: Uint8Array.of(0xa2, 1, 2, 3, 5) }],
  ['ES384 on P-256', 'cose.algorithm-mismatch', { key: Uint8Array.of(0xa3, 1, 2, 3, 0x38, 34, 0x20, 1) }],
  ['a short RSA key', 'cose.weak-key', { key: Uint8Array.of(0xa4, 1, 3, 3, 0x39, 1, 0, 0x20, 0x41, 3, 0x21, 0x41, 3) }],
  ['a format that is not admitted', 'webauthn.statement-format', {}, {}, 'apple'],
  ['members of another format', 'webauthn.statement', {}, { formats: ['none'] }, 'none'],
  ['only its own word', 'webauthn.attestation-required', {}, { allowSelf: false }],
];
for (const [name, code, shape, rules, format] of registrationCases)
  test(`webauthn: a registration with ${name} is ${code}`, () => {
    const answer = verifyRegistration(
      registration(shape, format),
      { ...registrationRules, ...rules },
      nodeEvidenceCrypto,
    );
    assert.equal(answer.ok ? 'accepted' : answer.code, code);
  });

const key = (() => {
  const members = new Map<number, number | Bytes>([
    [1, 2],
    [3, -7],
    [-1, 1],
    [-2, coordinate(jwk.x)],
    [-3, coordinate(jwk.y)],
  ]);
  const answer = readCoseKey(members);
  assert.ok(answer.ok);
  return answer.value;
})();
const assertion = (shape: Shape = {}, type = 'webauthn.get'): AssertionEvidence => {
  const clientDataJson = clientData(type, shape);
  const data = authenticatorData(shape, false);
  const browserBoundSignature = Uint8Array.from(sign('sha256', clientDataJson, privateKey));
  return {
    clientDataJson,
    authenticatorData: data,
    signature: signed(data, clientDataJson),
    browserBoundSignature,
  };
};
const assertionRules: AssertionExpectations = {
  challenge,
  rpId: 'bank.example',
  origins: ['https://bank.example'],
  credential: { key, signCount: 0, backupEligible: false },
};
const paymentRules: AssertionExpectations = {
  ...assertionRules,
  payment: {
    topOrigin: 'https://shop.example',
    payeeName: 'Shop',
    amount: '12.50',
    currency: 'EUR',
    instrument: { displayName: 'Card 1234' },
    browserBoundKey: cose,
  },
};
const payment = {
  rpId: 'bank.example',
  topOrigin: 'https://shop.example',
  payeeName: 'Shop',
  total: { value: '12.5', currency: 'EUR' },
  instrument: { displayName: 'Card 1234', icon: 'https://bank.example/card.png' },
  browserBoundPublicKey: Buffer.from(cose).toString('base64url'),
};

test('webauthn: an assertion is verified and yields the counter', () => {
  const answer = verifyAssertion(assertion({ count: 4 }), assertionRules, nodeEvidenceCrypto);
  assert.ok(answer.ok, JSON.stringify(answer));
  assert.equal(answer.value.signCount, 4);
});

test('webauthn: a counter that stands still is webauthn.sign-count', () => {
  const rules = { ...assertionRules, credential: { ...assertionRules.credential, signCount: 4 } };
  const answer = verifyAssertion(assertion({ count: 4 }), rules, nodeEvidenceCrypto);
  assert.equal(answer.ok ? 'accepted' : answer.code, 'webauthn.sign-count');
});

test('webauthn: a credential that becomes eligible for copying is webauthn.backup-changed', () => {
  const answer = verifyAssertion(
    assertion({ flags: 0x0d }),
    { ...assertionRules, allowSynced: true },
    nodeEvidenceCrypto,
  );
  assert.equal(answer.ok ? 'accepted' : answer.code, 'webauthn.backup-changed');
});

test('webauthn: a payment as the bank knows it is verified', () => {
  const answer = verifyAssertion(assertion({ client: { payment } }, 'payment.get'), paymentRules, nodeEvidenceCrypto);
  assert.ok(answer.ok, JSON.stringify(answer));
  assert.equal(answer.value.payment?.amount, '12.5');
});

const paymentCases: readonly (readonly [string, string, object])[] = [
  ['no total', 'webauthn.payment', { total: 1 }],
  ['another relying party', 'webauthn.payment-rp-id', { rpId: 'evil.example' }],
  ['another shop page', 'webauthn.payment-top-origin', { topOrigin: 'https://evil.example' }],
  ['another payee', 'webauthn.payment-payee', { payeeName: 'Thief' }],
  ['a payee that was not expected', 'webauthn.payment-payee', { payeeOrigin: 'https://thief.example' }],
  ['another amount', 'webauthn.payment-amount', { total: { value: '1.25', currency: 'EUR' } }],
  ['an amount with a sign', 'webauthn.payment-amount', { total: { value: '+12.5', currency: 'EUR' } }],
  ['another currency', 'webauthn.payment-amount', { total: { value: '12.5', currency: 'USD' } }],
  ['another card', 'webauthn.payment-instrument', { instrument: { displayName: 'Card 9999' } }],
  ['no browser-bound key', 'webauthn.payment-browser-key', { browserBoundPublicKey: undefined }],
  ['another browser-bound key', 'webauthn.payment-browser-key', { browserBoundPublicKey: 'oA' }],
];
for (const [name, code, change] of paymentCases)
  test(`webauthn: a payment with ${name} is ${code}`, () => {
    const evidence = assertion({ client: { payment: { ...payment, ...change } } }, 'payment.get');
    const answer = verifyAssertion(evidence, paymentRules, nodeEvidenceCrypto);
    assert.equal(answer.ok ? 'accepted' : answer.code, code);
  });

test('webauthn: a payment that another browser signed is webauthn.browser-signature', () => {
  const evidence = { ...assertion({ client: { payment } }, 'payment.get'), browserBoundSignature: new Uint8Array(70) };
  const answer = verifyAssertion(evidence, paymentRules, nodeEvidenceCrypto);
  assert.equal(answer.ok ? 'accepted' : answer.code, 'webauthn.browser-signature');
});

const codeForm = /^(webauthn|cose)\.[a-z-]+$/;
const flip = (bytes: Bytes, bit: number): Bytes => {
  const changed = Uint8Array.from(bytes);
  const at = (bit >> 3) % changed.length;
  changed[at] = (changed[at] ?? 0) ^ (1 << (bit & 7));
  return changed;
};

test('webauthn: no assertion with a changed bit is accepted, and each refusal has a code', () => {
  const genuine = assertion();
  const part = fc.constantFrom('clientDataJson' as const, 'authenticatorData' as const);
  fc.assert(
    fc.property(part, fc.nat(), (name, bit) => {
      const answer = verifyAssertion(
        { ...genuine, [name]: flip(genuine[name], bit) },
        assertionRules,
        nodeEvidenceCrypto,
      );
      assert.match(answer.ok ? 'accepted' : answer.code, codeForm);
    }),
    { numRuns: 400 },
  );
});

test('webauthn: no registration with a changed bit is accepted, and each refusal has a code', () => {
  const genuine = registration();
  const part = fc.constantFrom('clientDataJson' as const, 'attestationObject' as const);
  fc.assert(
    fc.property(part, fc.nat(), (name, bit) => {
      const changed = { ...genuine, [name]: flip(genuine[name], bit) };
      const answer = verifyRegistration(changed, registrationRules, nodeEvidenceCrypto);
      assert.match(answer.ok ? 'accepted' : answer.code, codeForm);
    }),
    { numRuns: 400 },
  );
});

test('cose: keys of every curve have the SubjectPublicKeyInfo that OpenSSL writes', () => {
  for (const [curve, number, algorithm] of [
    ['P-256', 1, -7],
    ['P-384', 2, -35],
    ['P-521', 3, -36],
  ] as const) {
    // biome-ignore format: a table
    const pair = generateKeyPairSync('ec', { namedCurve: curve });
    const { x, y } = pair.publicKey.export({ format: 'jwk' });
    const answer = readCoseKey(new Map<number, number | Bytes>([[1, 2], [3, algorithm], [-1, number], [-2, coordinate(x)], [-3, coordinate(y)]])); // biome-ignore format: a table
    assert.ok(answer.ok);
    const spki = { key: Buffer.from(answer.value.spki), format: 'der', type: 'spki' } as const;
    assert.ok(createPublicKey(spki).equals(pair.publicKey));
  }
});
