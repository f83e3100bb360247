/** Android Key Attestation on chains minted here: every rule has a chain that breaks only it. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { nodeEvidenceCrypto } from '@hauberk/crypto/node-evidence';
import { type Bytes, epochMs, toHex, utf8 } from '@hauberk/primitives';
import fc from 'fast-check';
import { type AndroidKeyExpectations, verifyAndroidKey } from '../src/android-key.ts';
import { readRevocationList } from '../src/android-revocation.ts';
import { readCertificate } from '../src/x509.ts';
import {
  attestation,
  certificate,
  chainOf,
  challenge,
  digest,
  keyAt,
  leaf,
  middle,
  odd,
  provisioned,
  root,
  rootKey,
} from './fixture/android.ts';
import { bytes, explicit, extension, integer, spkiOf } from './fixture/certificates.ts';

const now = epochMs(1_900_000_000_000);
const within = epochMs(1_600_000_000_000);
const revoking = (statuses: Readonly<Record<string, string>> = {}) => {
  const entries = Object.fromEntries(Object.entries(statuses).map(([serial, status]) => [serial, { status }]));
  const read = readRevocationList({ entries }, now);
  assert.ok(read.ok);
  return read.value;
};
const trust = { anchorKeys: [rootKey], revocation: revoking(), now };
const expected: AndroidKeyExpectations = { challenge };
const verify = (chain: readonly Bytes[], extra: Partial<AndroidKeyExpectations> = {}, trusted = trust) =>
  verifyAndroidKey(chain, trusted, { ...expected, ...extra }, nodeEvidenceCrypto);

test('a factory chain past its dates, with an attestation certificate that is no CA, is accepted', () => {
  const answer = verify(chainOf(), {
    publicKey: spkiOf(keyAt(0).publicKey),
    application: { packages: new Set(['org.bank']), digests: new Set([toHex(digest)]) },
  });
  assert.ok(answer.ok);
  assert.equal(answer.value.provisioning, 'factory');
  assert.equal(answer.value.level, 'TRUSTED_ENVIRONMENT');
  assert.equal(toHex(answer.value.publicKey), toHex(spkiOf(keyAt(0).publicKey)));
});

test('a provisioned chain tells how many certificates were issued, and has dates that count', () => {
  const chain = chainOf(leaf(), certificate({ subject: 1, extensions: [provisioned] }));
  const inTime = verify(chain, {}, { ...trust, now: within });
  assert.ok(inTime.ok);
  assert.equal(inTime.value.certificatesIssued, 30);
  const late = verify(chain);
  assert.equal(late.ok ? '' : late.code, 'CHAIN_EXPIRED');
});

test('a provisioning extension that cannot be read is noted', () => {
  const strange = extension('1.3.6.1.4.1.11129.2.1.30', bytes(0x80));
  const chain = chainOf(leaf(), certificate({ subject: 1, extensions: [strange] }));
  const answer = verify(chain, {}, { ...trust, now: within });
  assert.equal(answer.ok && answer.value.certificatesIssued, 'malformed');
});

test('unknown tags are noted, not refused', () => {
  const answer = verify(chainOf(leaf({ hardware: (fields) => [...fields, explicit(900, integer(1))] })));
  assert.ok(answer.ok);
  assert.deepEqual(answer.value.unknownTags, [900]);
});

const fake = attestation({ level: 2 });
const refusals: readonly (readonly [code: string, chain: readonly Bytes[], extra?: Partial<AndroidKeyExpectations>])[] =
  [
    ['CHAIN_LENGTH', [leaf(), odd]],
    ['CHAIN_MALFORMED', chainOf(bytes(0x30, 0))],
    ['CHAIN_UNKNOWN_ROOT', [leaf(), odd, middle]],
    ['CHAIN_ROOT_REPEATED', [...chainOf(), root]],
    ['LEAF_SIGNATURE', chainOf(certificate({ subject: 0, signer: 2, extensions: [attestation({})] }))],
    ['CHAIN_NAMES', chainOf(certificate({ subject: 0, issuer: 2, signer: 1, extensions: [attestation({})] }))],
    ['CHAIN_ISSUER_NOT_CA', chainOf(leaf(), odd, certificate({ subject: 2, extensions: [] }))],
    [
      'CHAIN_EXTENDED_FOR_KEY',
      chainOf(certificate({ subject: 0, extensions: [] }), certificate({ subject: 1, extensions: [fake] })),
    ],
    [
      'CHAIN_EXTENDED_WITH_FAKE_ATTESTATION_EXTENSION',
      chainOf(leaf({ level: 2 }), certificate({ subject: 1, extensions: [fake] })),
    ],
    ['TARGET_MISSING_ATTESTATION_EXTENSION', chainOf(certificate({ subject: 0, extensions: [] }))],
    ['TAGS_NOT_ASCENDING', chainOf(leaf({ hardware: (fields) => fields.toReversed() }))],
    ['DESCRIPTION_MALFORMED', chainOf(leaf({ locked: 1 }))],
    ['TAG_REPEATED', chainOf(leaf({ hardware: (fields) => [...fields, ...fields] }))],
    ['CHALLENGE_MISMATCH', chainOf(), { challenge: utf8('another') }],
    ['KEY_MISMATCH', chainOf(), { publicKey: spkiOf(keyAt(1).publicKey) }],
    ['SECURITY_LEVELS_DIFFER', chainOf(leaf({ level: 2, mintLevel: 1 }))],
    ['SECURITY_LEVEL_SOFTWARE', chainOf(leaf({ level: 0 }))],
    ['SECURITY_LEVEL_TOO_LOW', chainOf(), { leastLevel: 'STRONG_BOX' }],
    ['ORIGIN_NOT_GENERATED', chainOf(leaf({ origin: 2 }))],
    ['ROOT_OF_TRUST_MISSING', chainOf(leaf({ hardware: (fields) => fields.slice(0, 4) }))],
    ['DEVICE_UNLOCKED', chainOf(leaf({ locked: 0 }))],
    ['BOOT_NOT_VERIFIED', chainOf(leaf({ state: 2 }))],
    ['PATCH_LEVEL_TOO_OLD', chainOf(), { leastPatchLevel: 999_999n }],
    [
      'APPLICATION_SIGNER_MISMATCH',
      chainOf(),
      { application: { packages: new Set(['org.bank']), digests: new Set() } },
    ],
    [
      'APPLICATION_MISMATCH',
      chainOf(),
      { application: { packages: new Set(['a']), digests: new Set([toHex(digest)]) } },
    ],
  ];

for (const [index, [code, chain, extra]] of refusals.entries())
  test(`refusal ${index}: ${code}`, () => {
    const answer = verify(chain, extra);
    assert.equal(answer.ok ? 'accepted' : answer.code, code);
  });

test('a serial number is revoked however it is written, suspended too', () => {
  for (const serial of ['abc', '0abc', '0ABC', 'ABC'])
    for (const [status, code] of [
      ['REVOKED', 'CERTIFICATE_REVOKED'],
      ['SUSPENDED', 'CERTIFICATE_SUSPENDED'],
    ] as const) {
      const answer = verify(chainOf(), {}, { ...trust, revocation: revoking({ [serial]: status }) });
      assert.equal(answer.ok ? 'accepted' : answer.code, code, serial);
    }
  const digits = chainOf(leaf(), certificate({ subject: 1, serial: integer(0x12, 0x34), extensions: [] }));
  const revoked = verify(digits, {}, { ...trust, revocation: revoking({ '1234': 'REVOKED' }) });
  assert.equal(revoked.ok ? 'accepted' : revoked.code, 'CERTIFICATE_REVOKED');
  assert.ok(verify(chainOf(), {}, { ...trust, revocation: revoking({ abcd: 'REVOKED' }) }).ok);
  assert.equal(readRevocationList({ entries: { xyz: { status: 'REVOKED' } } }, now).ok, false);
});

test('no accepted mutant differs in anything signed, and every refusal has a code', () => {
  const original = chainOf();
  const signed = original.map((certificate) => toHex(readCertificate(certificate)?.toBeSigned ?? bytes()));
  const place = fc.tuple(fc.nat(3), fc.nat(), fc.integer({ min: 1, max: 255 }));
  fc.assert(
    fc.property(place, ([which, where, change]) => {
      const mutant = original.map((certificate, index) => {
        const copy = certificate.slice();
        const at = where % copy.length;
        if (index === which) copy[at] = (copy[at] ?? 0) ^ change;
        return copy;
      });
      const answer = verify(mutant);
      if (!answer.ok) return answer.code.length > 0;
      const read = mutant.map((certificate) => toHex(readCertificate(certificate)?.toBeSigned ?? bytes()));
      return read.slice(0, 3).every((part, index) => part === signed[index]);
    }),
    { numRuns: 3000 },
  );
});
