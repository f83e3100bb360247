/** Signed snapshots of roots and lists: whose, how old, and in which order. */
import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import test from 'node:test';
import { nodeEvidenceCrypto } from '@hauberk/crypto/node-evidence';
import { type EpochMs, epochMs, type JsonValue } from '@hauberk/primitives';
import { readRevocationList, serialKey } from '../src/android-revocation.ts';
import { signJws, type TokenSigner } from '../src/jose.ts';
import { readTrustSnapshot, signTrustSnapshot, supersedes, type TrustSnapshot } from '../src/trust-snapshot.ts';
import { rootKey } from './fixture/android.ts';
import { bytes, spkiOf } from './fixture/certificates.ts';

const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const publisher = spkiOf(publicKey);
const signer: TokenSigner = {
  algorithm: 'EdDSA',
  keyId: 'publisher',
  sign: (message) => Uint8Array.from(sign(null, message, privateKey)),
};
const now = epochMs(1_800_000_000_000);
const list = readRevocationList({ entries: { '1234': { status: 'REVOKED' }, ABC: { status: 'SUSPENDED' } } }, now);
assert.ok(list.ok);
const snapshot: TrustSnapshot = {
  sequence: 7,
  takenAt: now,
  anchors: { androidKeys: [rootKey] },
  revocations: { android: list.value },
};
const time = (instant: EpochMs): string => new Date(instant).toISOString();
const document = signTrustSnapshot(snapshot, signer, time);
const read = (text: string, publishers = [publisher], at = now) =>
  readTrustSnapshot(text, publishers, at, nodeEvidenceCrypto);
const codeOf = (answer: { readonly ok: true } | { readonly ok: false; readonly code: string }): string =>
  answer.ok ? 'accepted' : answer.code;

test('trust: a snapshot is read back as it was signed, digits-only and odd serials too', () => {
  const answer = read(document);
  assert.deepEqual(answer, { ok: true, value: snapshot });
  const statuses = answer.ok ? answer.value.revocations.android?.statuses : undefined;
  assert.equal(statuses?.get(serialKey(bytes(0x12, 0x34))), 'REVOKED');
  assert.equal(statuses?.get(serialKey(bytes(0x0a, 0xbc))), 'SUSPENDED');
});

test('trust: models of authenticators travel in it, and spoilt ones spoil it', () => {
  const authenticators = new Map([['0'.repeat(31) + '1', { tier: 'tee' as const, isBroken: true }]]);
  const carrying = { ...snapshot, anchors: { ...snapshot.anchors, authenticators } };
  assert.deepEqual(read(signTrustSnapshot(carrying, signer, time)), { ok: true, value: carrying });
  const spoilt = { kind: 'hauberk.trust-snapshot.1', sequence: 1, takenAt: time(now), anchors: {}, revocations: {} };
  const signed = (authenticatorsJson: JsonValue): string =>
    signJws({ ...spoilt, authenticators: authenticatorsJson }, 'hauberk-trust+jwt', signer);
  assert.equal(codeOf(read(signed({}))), 'accepted');
  assert.equal(codeOf(read(signed({ x: 'tee' }))), 'trust.malformed');
});

test('trust: a snapshot of somebody else, or of another kind, is none', () => {
  const other = spkiOf(generateKeyPairSync('ed25519').publicKey);
  assert.equal(codeOf(read(document, [other])), 'trust.signature');
  assert.equal(codeOf(read(document, [])), 'trust.signature');
  assert.equal(codeOf(read(document, [other, publisher])), 'accepted');
  assert.equal(codeOf(read(signJws({}, 'eat+jwt', signer))), 'trust.signature');
  assert.equal(codeOf(read(`${document.slice(0, -4)}AAAA`)), 'trust.signature');
});

test('trust: what is signed, yet no snapshot, is malformed', () => {
  const ofForm = (change: Record<string, JsonValue>): string => {
    const base: JsonValue = {
      kind: 'hauberk.trust-snapshot.1',
      sequence: 1,
      takenAt: time(now),
      anchors: {},
      revocations: {},
    };
    return codeOf(read(signJws({ ...base, ...change }, 'hauberk-trust+jwt', signer)));
  };
  assert.equal(ofForm({}), 'accepted');
  for (const change of [
    { kind: 'another' },
    { sequence: 0 },
    { sequence: 1.5 },
    { takenAt: 'yesterday' },
    { anchors: { androidKeys: ['*'] } },
    { anchors: { androidKeys: [] } },
    { anchors: { playIntegrity: ['AAAA'] } },
    { revocations: { android: { entries: { xyz: { status: 'REVOKED' } } } } },
    { revocations: { other: { entries: {} } } },
  ])
    assert.equal(ofForm(change), 'trust.malformed', JSON.stringify(change));
});

test('trust: a snapshot from the future is refused', () => {
  assert.equal(codeOf(read(document, [publisher], epochMs(now - 300_001))), 'trust.future');
  assert.equal(codeOf(read(document, [publisher], epochMs(now - 300_000))), 'accepted');
});

test('trust: sequence and time only rise', () => {
  const next = { ...snapshot, sequence: 8, takenAt: epochMs(now + 1) };
  assert.equal(codeOf(supersedes(snapshot, undefined)), 'accepted');
  assert.equal(codeOf(supersedes(next, snapshot)), 'accepted');
  assert.equal(codeOf(supersedes(snapshot, snapshot)), 'trust.rollback');
  assert.equal(codeOf(supersedes(snapshot, next)), 'trust.rollback');
  assert.equal(codeOf(supersedes({ ...next, takenAt: epochMs(now - 1) }, snapshot)), 'trust.rollback');
});
