/** Trusted statements: what verifies, and that every single difference is refused with its own code. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { nodeAsyncCrypto, nodeCrypto } from '@hauberk/crypto/node';
import { type Bytes, epochMs, toBase64Url, utf8 } from '@hauberk/primitives';
import fc from 'fast-check';
import {
  captureBytes,
  openSealed,
  promptBytes,
  sealForRecipient,
  type TrustedClaims,
  type TrustedExpectations,
  thumbprintInput,
  trustedBytes,
  trustedPayload,
  trustedText,
  verifyTrustedCapture,
  verifyTrustedStatement,
} from '../src/index.ts';

const sha256 = (input: Uint8Array): Bytes => nodeCrypto.sha256(input);
const pair = nodeCrypto.generateKeyPair('p256', 'sign');
const thumbprint = toBase64Url(sha256(thumbprintInput(pair.publicKey)));
const now = epochMs(1_800_000_000_000);
const challenge = nodeCrypto.random(32);
const data = utf8('pay 20.00 EUR to Bob');
const prompt = { title: 'Payment', text: 'Pay 20.00 EUR to Bob?' };
const claims: TrustedClaims = {
  kind: 'sign',
  organisation: 'bank',
  app: 'phone',
  service: 'api',
  key: thumbprint,
  challenge,
  createdAtMs: now,
  digest: sha256(data),
  mediaType: 'text/plain',
  promptDigest: sha256(promptBytes(prompt.title, prompt.text)),
};
const expected: TrustedExpectations = {
  kind: 'sign',
  organisation: 'bank',
  app: 'phone',
  service: 'api',
  publicKey: pair.publicKey,
  thumbprint,
  challenge,
  now,
  prompt,
};

const write = (changed: Partial<TrustedClaims> = {}): string => {
  const text = trustedText({ ...claims, ...changed });
  return `${text}.${toBase64Url(nodeCrypto.sign(pair.privateKey, trustedBytes(text)))}`;
};
const signText = (payload: object): string => {
  const text = toBase64Url(utf8(JSON.stringify(payload)));
  return `${text}.${toBase64Url(nodeCrypto.sign(pair.privateKey, trustedBytes(text)))}`;
};
const codeOf = (statement: string, change: Partial<TrustedExpectations> = {}, about: Bytes = data): string => {
  const answer = verifyTrustedStatement(nodeCrypto, statement, about, { ...expected, ...change });
  return answer.ok ? 'holds' : answer.code;
};

test('a statement holds for the data, the challenge and the words it was made for', () => {
  assert.equal(codeOf(signText(trustedPayload(claims))), 'holds');
  assert.equal(codeOf(write()), 'holds');
  const { promptDigest, ...wordless } = claims;
  assert.equal(promptDigest?.length, 32);
  const text = trustedText(wordless);
  const statement = `${text}.${toBase64Url(nodeCrypto.sign(pair.privateKey, trustedBytes(text)))}`;
  assert.equal(codeOf(statement), 'trusted.prompt');
});

const other = nodeCrypto.generateKeyPair('p256', 'sign');
const refusals: readonly (readonly [code: string, what: string, answer: () => string])[] = [
  ['trusted.kind', 'an identification passed as a signature', () => codeOf(write({ kind: 'identify' }))],
  ['trusted.kind', 'a capture passed as a signature', () => codeOf(write({ kind: 'capture' }), { kind: 'capture' })],
  ['trusted.scope', 'another organisation', () => codeOf(write({ organisation: 'thief' }))],
  ['trusted.scope', 'another app', () => codeOf(write({ app: 'thief' }))],
  ['trusted.scope', 'another service', () => codeOf(write({ service: 'thief' }))],
  ['trusted.key', 'another key named', () => codeOf(write({ key: 'A'.repeat(43) }))],
  ['trusted.challenge', 'an older challenge', () => codeOf(write({ challenge: nodeCrypto.random(32) }))],
  ['trusted.from-the-future', 'a clock ahead', () => codeOf(write({ createdAtMs: now + 120_001 }))],
  ['trusted.too-old', 'a statement kept for later', () => codeOf(write({ createdAtMs: now - 420_001 }))],
  ['trusted.prompt', 'other words shown', () => codeOf(write(), { prompt: { title: 'Payment', text: 'Log in?' } })],
  [
    'trusted.prompt',
    'words moved into the title',
    () => codeOf(write(), { prompt: { title: 'Payment\0', text: prompt.text } }),
  ],
  ['trusted.signature', 'another key signed', () => codeOf(write(), { publicKey: other.publicKey })],
  ['trusted.digest', 'other data', () => codeOf(write(), {}, utf8('pay 2000 EUR to Bob'))],
  ['trusted.malformed', 'no document', () => codeOf('nothing')],
  ['trusted.malformed', 'a member too many', () => codeOf(signText({ ...trustedPayload(claims), more: 1 }))],
  ['trusted.malformed', 'a short challenge', () => codeOf(write({ challenge: new Uint8Array(15) }))],
];
for (const [code, what, answer] of refusals)
  test(`${what} is ${code}`, () => {
    assert.equal(answer(), code);
  });

test('no changed character of a statement is accepted', () => {
  const genuine = write();
  fc.assert(
    fc.property(fc.nat(genuine.length - 1), fc.constantFrom('A', 'b', '0', '_', '-', '.'), (at, character) => {
      const changed = genuine.slice(0, at) + character + genuine.slice(at + 1);
      return changed === genuine || codeOf(changed) !== 'holds';
    }),
  );
});

const media = utf8('picture');
const capture = (changes: Partial<TrustedClaims> = {}, at: number = now, type = 'image/jpeg') => {
  const text = trustedText({ ...claims, kind: 'capture', digest: new Uint8Array(32), ...changes });
  const digests = { binding: sha256(utf8(text)), media: sha256(media), mediaType: sha256(utf8(type)) };
  return `${text}.${toBase64Url(nodeCrypto.sign(pair.privateKey, captureBytes(digests, at)))}`;
};
const captureCode = (
  statement: string,
  taken = { media, mediaType: 'image/jpeg', capturedAtMs: now as number },
): string => {
  const answer = verifyTrustedCapture(nodeCrypto, statement, taken, expected);
  return answer.ok ? 'holds' : answer.code;
};

test('who holds only the hash of the data verifies the same', () => {
  const verify = (hash: Bytes) => verifyTrustedStatement(nodeCrypto, write(), { sha256: hash }, expected);
  assert.ok(verify(sha256(data)).ok);
  const other = verify(sha256(media));
  assert.equal(other.ok ? 'holds' : other.code, 'trusted.digest');
});

test('a capture holds for its media, type and time alone', () => {
  assert.equal(captureCode(capture()), 'holds');
  assert.equal(
    captureCode(capture(), { media: utf8('other'), mediaType: 'image/jpeg', capturedAtMs: now }),
    'trusted.signature',
  );
  assert.equal(captureCode(capture(), { media, mediaType: 'image/png', capturedAtMs: now }), 'trusted.signature');
  assert.equal(captureCode(capture(), { media, mediaType: 'image/jpeg', capturedAtMs: now + 1 }), 'trusted.signature');
  assert.equal(
    captureCode(capture({}, now - 120_001), { media, mediaType: 'image/jpeg', capturedAtMs: now - 120_001 }),
    'trusted.too-old',
  );
  assert.equal(
    captureCode(capture({}, now + 120_001), { media, mediaType: 'image/jpeg', capturedAtMs: now + 120_001 }),
    'trusted.from-the-future',
  );
  assert.equal(captureCode(capture({ challenge: nodeCrypto.random(32) })), 'trusted.challenge');
  assert.equal(captureCode(write()), 'trusted.kind');
  // What a page can have signed, `sign` of the bridge, is no capture.
  assert.equal(captureCode(write({ kind: 'capture' })), 'trusted.signature');
});

test('sealed data open for their recipient and their label alone', async () => {
  const recipient = nodeCrypto.generateKeyPair('p256', 'agree');
  const stranger = nodeCrypto.generateKeyPair('p256', 'agree');
  const sealed = await sealForRecipient(nodeAsyncCrypto, recipient.publicKey, data, utf8('label'));
  const opened = openSealed(nodeCrypto, recipient, sealed, utf8('label'));
  assert.deepEqual(opened.ok && opened.value, data);
  const codeFor = (to: typeof recipient, bytes: Bytes, label: string): string => {
    const answer = openSealed(nodeCrypto, to, bytes, utf8(label));
    return answer.ok ? 'opened' : answer.code;
  };
  assert.equal(codeFor(stranger, sealed, 'label'), 'trusted.not-for-us');
  assert.equal(codeFor(recipient, sealed, 'other'), 'trusted.not-for-us');
  assert.equal(codeFor(recipient, sealed.slice(0, 92), 'label'), 'trusted.malformed');
  fc.assert(
    fc.property(fc.nat(sealed.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const changed = Uint8Array.from(sealed);
      changed[at] = (changed[at] ?? 0) ^ change;
      return codeFor(recipient, changed, 'label') !== 'opened';
    }),
  );
});
