/** Metadata of authenticators: whose word counts, for how long, and what each kind of key protection is worth. */
import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import test from 'node:test';
import { nodeEvidenceCrypto } from '@hauberk/crypto/node-evidence';
import { type Bytes, epochMs } from '@hauberk/primitives';
import { modelsJson, readMetadataBlob, readModels } from '../src/authenticator-models.ts';
import { authority, mint, name } from './fixture/certificates.ts';

const now = epochMs(Date.UTC(2026, 10, 21));
const rootPair = generateKeyPairSync('rsa', { modulusLength: 2048 });
const signerPair = generateKeyPairSync('rsa', { modulusLength: 2048 });
const otherPair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const [rootName, signerName] = [name('metadata root'), name('metadata signer')];
const root = mint({
  subject: rootName,
  issuer: rootName,
  key: rootPair.publicKey,
  signer: rootPair.privateKey,
  extensions: [authority()],
});
const leaf = (publicKey: KeyObject, signer = rootPair.privateKey): Bytes =>
  mint({ subject: signerName, issuer: rootName, key: publicKey, signer });

const text = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

interface Made {
  readonly header?: object;
  readonly certificates?: readonly Bytes[];
  readonly key?: KeyObject;
  readonly alg?: string;
}

const blob = (
  payload: object,
  { certificates, key = signerPair.privateKey, alg = 'RS256', header }: Made = {},
): string => {
  const x5c = (certificates ?? [leaf(signerPair.publicKey)]).map(base64);
  const signed = `${text({ typ: 'JWT', alg, x5c, ...header })}.${text(payload)}`;
  const dsaEncoding = key.asymmetricKeyType === 'ec' ? ({ dsaEncoding: 'ieee-p1363' } as const) : {};
  return `${signed}.${sign('sha256', Buffer.from(signed), { key, ...dsaEncoding }).toString('base64url')}`;
};

const aaguid = (digit: number): string => `0000000${digit}-0000-4000-8000-000000000000`;
const entry = (digit: number, keyProtection: readonly string[], ...statuses: readonly string[]) => ({
  aaguid: aaguid(digit),
  metadataStatement: { keyProtection, userVerificationDetails: [[[{ deep: [[]] }]]] },
  statusReports: statuses.map((status) => ({ status, effectiveDate: '2024-01-01' })),
});
const payload = {
  no: 7,
  nextUpdate: '2026-12-01',
  entries: [
    entry(1, ['hardware', 'secure_element'], 'FIDO_CERTIFIED_L1'),
    entry(2, ['hardware', 'tee']),
    entry(3, ['hardware', 'remote_handle']),
    entry(4, ['software']),
    entry(5, ['hardware', 'secure_element'], 'FIDO_CERTIFIED', 'ATTESTATION_KEY_COMPROMISE'),
    { attestationCertificateKeyIdentifiers: ['ab'], statusReports: [] },
  ],
};
const read = (document: string, at = now, under = root) => readMetadataBlob(document, under, at, nodeEvidenceCrypto);
const codeOf = (answer: ReturnType<typeof read>): string => (answer.ok ? 'accepted' : answer.code);

test('metadata: key protection becomes a tier, a report of compromise a broken model, entries without a model nothing', () => {
  const answer = read(blob(payload));
  assert.ok(answer.ok);
  assert.deepEqual(
    [...answer.value.values()].map(({ tier, isBroken }) => `${tier}${isBroken ? ' broken' : ''}`),
    ['secure-element', 'tee', 'tee', 'software', 'secure-element broken'],
  );
  assert.equal(answer.value.get(aaguid(2).replaceAll('-', ''))?.tier, 'tee');
  assert.deepEqual(readModels(modelsJson(answer.value)), answer.value);
});

test('metadata: only the signer whom the root vouches for, before the next update is due', () => {
  assert.equal(codeOf(read(blob(payload, { key: otherPair.privateKey, alg: 'ES256' }))), 'metadata.signature');
  const stranger = leaf(otherPair.publicKey, otherPair.privateKey);
  const strange = { certificates: [stranger], key: otherPair.privateKey, alg: 'ES256' };
  assert.equal(codeOf(read(blob(payload, strange))), 'metadata.signature');
  const elliptic = { certificates: [leaf(otherPair.publicKey)], key: otherPair.privateKey, alg: 'ES256' };
  assert.equal(codeOf(read(blob(payload, elliptic))), 'accepted');
  assert.equal(codeOf(read(blob(payload, { ...elliptic, alg: 'RS256' }))), 'metadata.signature');
  assert.equal(codeOf(read(blob(payload, { header: { crit: ['x'] } }))), 'metadata.signature');
  assert.equal(codeOf(read(blob(payload, { certificates: [] }))), 'metadata.signature');
  const [head, , signature] = blob(payload).split('.');
  assert.equal(codeOf(read(`${head}.${text({ ...payload, no: 8 })}.${signature}`)), 'metadata.signature');
  assert.equal(codeOf(read(blob(payload), epochMs(Date.UTC(2026, 11, 2)))), 'metadata.expired');
  assert.equal(codeOf(read(blob({ ...payload, nextUpdate: 'soon' }))), 'metadata.malformed');
  assert.equal(codeOf(read(blob({ ...payload, entries: {} }))), 'metadata.malformed');
  assert.equal(codeOf(read(blob(payload), now, leaf(signerPair.publicKey).slice(1))), 'metadata.signature');
});

test('metadata: what a snapshot carries is read strictly', () => {
  assert.equal(readModels({ x: 'tee' }), undefined);
  for (const word of ['gold', 'tee broke', 'tee broken twice', ''])
    assert.equal(readModels({ ['0'.repeat(32)]: word }), undefined, word);
  assert.equal(readModels([]), undefined);
});
