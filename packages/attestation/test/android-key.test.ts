/** Android Key Attestation on chains minted here: every rule has a chain that breaks only it. */
import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import test from 'node:test';
import { nodeEvidenceCrypto } from '@hauberk/crypto/node-evidence';
import { type Bytes, concat, epochMs, fromHex, toHex, utf8 } from '@hauberk/primitives';
import fc from 'fast-check';
import { type AndroidKeyExpectations, verifyAndroidKey } from '../src/android-key.ts';
import { readRevocationList } from '../src/android-revocation.ts';
import { oidHex } from '../src/der.ts';
import { readCertificate } from '../src/x509.ts';

const lengthOf = (length: number): number[] =>
  length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
const der = (tag: number | readonly number[], ...parts: readonly Uint8Array[]): Bytes => {
  const contents = concat(...parts);
  return concat(Uint8Array.from([...[tag].flat(), ...lengthOf(contents.length)]), contents);
};
const bytes = (...values: readonly number[]): Bytes => Uint8Array.from(values);
const integer = (...values: readonly number[]): Bytes => der(2, bytes(...values));
const oid = (dotted: string): Bytes => der(6, fromHex(oidHex(dotted)) ?? bytes());
const explicit = (tag: number, value: Bytes): Bytes =>
  der(tag < 31 ? 0xa0 | tag : [0xbf, ...(tag < 128 ? [tag] : [0x80 | (tag >> 7), tag & 127])], value);
const name = (text: string): Bytes => der(0x30, der(0x31, der(0x30, oid('2.5.4.3'), der(0x0c, utf8(text)))));
const extension = (dotted: string, value: Bytes): Bytes => der(0x30, oid(dotted), der(4, value));
const authority = extension('2.5.29.19', der(0x30, der(1, bytes(0xff))));

const spkiOf = (key: KeyObject): Bytes => Uint8Array.from(key.export({ format: 'der', type: 'spki' }));
const keys = Array.from({ length: 4 }, () => generateKeyPairSync('ec', { namedCurve: 'P-256' }));
const keyAt = (index: number) => keys[index] ?? generateKeyPairSync('ec', { namedCurve: 'P-256' });

interface Shape {
  readonly subject: number;
  readonly issuer?: number;
  readonly signer?: number;
  readonly serial?: Bytes;
  readonly until?: string;
  readonly extensions: readonly Bytes[];
}

const mint = ({
  subject,
  issuer = subject + 1,
  signer = issuer,
  serial = integer(1),
  until,
  extensions,
}: Shape): Bytes => {
  const algorithm = der(0x30, oid('1.2.840.10045.4.3.2'));
  const toBeSigned = der(
    0x30,
    explicit(0, integer(2)),
    serial,
    algorithm,
    name(`certificate ${issuer}`),
    der(0x30, der(23, utf8('200101000000Z')), der(23, utf8(until ?? '210101000000Z'))),
    name(`certificate ${subject}`),
    spkiOf(keyAt(subject).publicKey),
    ...(extensions.length === 0 ? [] : [explicit(3, der(0x30, ...extensions))]),
  );
  const signature = Uint8Array.from(sign('sha256', toBeSigned, keyAt(signer).privateKey));
  return der(0x30, toBeSigned, algorithm, der(3, bytes(0), signature));
};

const challenge = utf8('fixed before the key');
const digest = bytes(...Array.from({ length: 32 }, (_, index) => index));
const application = der(0x30, der(0x31, der(0x30, der(4, utf8('org.bank')), integer(7))), der(0x31, der(4, digest)));

interface Claims {
  readonly level?: number;
  readonly mintLevel?: number;
  readonly origin?: number;
  readonly locked?: number;
  readonly state?: number;
  readonly hardware?: (fields: readonly Bytes[]) => readonly Bytes[];
}

const description = ({
  level = 1,
  mintLevel = level,
  origin = 0,
  locked = 255,
  state = 0,
  hardware,
}: Claims): Bytes => {
  const root = der(0x30, der(4, digest), der(1, bytes(locked)), der(10, bytes(state)), der(4, digest));
  const fields = [
    explicit(1, der(0x31, integer(2))),
    explicit(2, integer(3)),
    explicit(702, integer(origin)),
    explicit(704, root),
    explicit(706, integer(3, 0x17, 0)),
  ];
  return der(
    0x30,
    integer(1, 0x2c),
    der(10, bytes(level)),
    integer(1, 0x2c),
    der(10, bytes(mintLevel)),
    der(4, challenge),
    der(4),
    der(0x30, explicit(709, der(4, application))),
    der(0x30, ...(hardware?.(fields) ?? fields)),
  );
};

const attestation = (claims: Claims): Bytes => extension('1.3.6.1.4.1.11129.2.1.17', description(claims));
const provisioned = extension('1.3.6.1.4.1.11129.2.1.30', bytes(0xa1, 1, 0x18, 30));
const root = mint({ subject: 3, issuer: 3, extensions: [authority] });
const middle = mint({ subject: 2, extensions: [authority] });
const odd = mint({ subject: 1, serial: integer(0x0a, 0xbc), extensions: [] });
const leaf = (claims: Claims = {}): Bytes => mint({ subject: 0, extensions: [attestation(claims)] });
const chainOf = (first: Bytes = leaf(), second = odd, third = middle, last = root): Bytes[] => [
  first,
  second,
  third,
  last,
];

const now = epochMs(1_900_000_000_000);
const within = epochMs(1_600_000_000_000);
const revoking = (statuses: Readonly<Record<string, string>> = {}) => {
  const entries = Object.fromEntries(Object.entries(statuses).map(([serial, status]) => [serial, { status }]));
  const read = readRevocationList({ entries }, now);
  assert.ok(read.ok);
  return read.value;
};
const trust = { anchorKeys: [spkiOf(keyAt(3).publicKey)], revocation: revoking(), now };
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
  const chain = chainOf(leaf(), mint({ subject: 1, extensions: [provisioned] }));
  const inTime = verify(chain, {}, { ...trust, now: within });
  assert.ok(inTime.ok);
  assert.equal(inTime.value.certificatesIssued, 30);
  const late = verify(chain);
  assert.equal(late.ok ? '' : late.code, 'CHAIN_EXPIRED');
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
    ['CHAIN_SIGNATURE', chainOf(mint({ subject: 0, signer: 2, extensions: [attestation({})] }))],
    ['CHAIN_NAMES', chainOf(mint({ subject: 0, issuer: 2, signer: 1, extensions: [attestation({})] }))],
    ['CHAIN_ISSUER_NOT_CA', chainOf(leaf(), odd, mint({ subject: 2, extensions: [] }))],
    ['CHAIN_EXTENDED_FOR_KEY', chainOf(mint({ subject: 0, extensions: [] }), mint({ subject: 1, extensions: [fake] }))],
    [
      'CHAIN_EXTENDED_WITH_FAKE_ATTESTATION_EXTENSION',
      chainOf(leaf({ level: 2 }), mint({ subject: 1, extensions: [fake] })),
    ],
    ['TARGET_MISSING_ATTESTATION_EXTENSION', chainOf(mint({ subject: 0, extensions: [] }))],
    ['TAGS_NOT_ASCENDING', chainOf(leaf({ hardware: (fields) => fields.toReversed() }))],
    ['DESCRIPTION_MALFORMED', chainOf(leaf({ locked: 1 }))],
    ['DESCRIPTION_MALFORMED', chainOf(leaf({ hardware: (fields) => [...fields, ...fields] }))],
    ['CHALLENGE_MISMATCH', chainOf(), { challenge: utf8('another') }],
    ['KEY_MISMATCH', chainOf(), { publicKey: spkiOf(keyAt(1).publicKey) }],
    ['SECURITY_LEVELS_DIFFER', chainOf(leaf({ level: 2, mintLevel: 1 }))],
    ['SECURITY_LEVEL_TOO_LOW', chainOf(leaf({ level: 0 }))],
    ['SECURITY_LEVEL_TOO_LOW', chainOf(), { leastLevel: 'STRONG_BOX' }],
    ['ORIGIN_NOT_GENERATED', chainOf(leaf({ origin: 2 }))],
    ['ROOT_OF_TRUST_MISSING', chainOf(leaf({ hardware: (fields) => fields.slice(0, 3) }))],
    ['DEVICE_UNLOCKED', chainOf(leaf({ locked: 0 }))],
    ['BOOT_NOT_VERIFIED', chainOf(leaf({ state: 2 }))],
    ['PATCH_LEVEL_TOO_OLD', chainOf(), { leastPatchLevel: 999_999n }],
    ['APPLICATION_MISMATCH', chainOf(), { application: { packages: new Set(['org.bank']), digests: new Set() } }],
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
  const digits = chainOf(leaf(), mint({ subject: 1, serial: integer(0x12, 0x34), extensions: [] }));
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
