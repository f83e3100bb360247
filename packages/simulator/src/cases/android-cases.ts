/** Bad Androids. */
import { type Bytes, durationMs, toHex, utf8 } from '@hauberk/primitives';
import {
  type AttestationBatch,
  type AttestedKey,
  androidExtension,
  androidLeaf,
  androidMaker,
  type BatchOptions,
  day,
  factoryBatch,
  type LeafOptions,
  remoteBatch,
} from '../android.ts';
import { androidDescription, type DescriptionClaims } from '../android-description.ts';
import { attribute, withBrokenSignature } from '../certificate.ts';
import { bytes, integer, sequence } from '../der-writer.ts';
import { sha256, signingKey } from '../signing-key.ts';
import { caseTime, caseWorld, type Minted, type NegativeCase } from './judge.ts';

const challenge = utf8('the challenge of this enrolment!');
type Expected = Extract<Minted, { readonly check: 'android-key' }>['expected'];

const claims = (changed: Partial<DescriptionClaims> = {}): DescriptionClaims => {
  const { packageName, versionCode, signerDigest } = caseWorld().app;
  return { challenge, apps: [{ packageName, version: versionCode, signerDigest }], ...changed };
};
const expected = (): NonNullable<Expected> => {
  const { packageName, signerDigest } = caseWorld().app;
  return { challenge, application: { packages: new Set([packageName]), digests: new Set([toHex(signerDigest)]) } };
};
const factory = (options: BatchOptions = {}): AttestationBatch => factoryBatch(caseWorld().oldAndroid, options);
const remote = (options: BatchOptions = {}): AttestationBatch => remoteBatch(caseWorld().android, options);
const shown = (
  certificates: readonly Bytes[],
  more: Partial<Extract<Minted, { check: 'android-key' }>> = {},
): Minted => ({
  check: 'android-key',
  certificates,
  ...more,
  expected: { ...expected(), ...more.expected },
});
const leafOf = (changed: Partial<DescriptionClaims>, options: LeafOptions = {}, batch = remote()): AttestedKey =>
  androidLeaf(batch, claims(changed), options);
/** A key with such claims, under a genuine chain of either kind. */
const claiming = (changed: Partial<DescriptionClaims>): readonly Minted[] =>
  [factory(), remote()].map((batch) => shown(leafOf(changed, {}, batch).certificates));
const replaced = (chain: readonly Bytes[], index: number, change: (certificate: Bytes) => Bytes): readonly Bytes[] =>
  chain.map((certificate, at) => (at === index ? change(certificate) : certificate));

/** A chain below a phone's own attested key. */
const extended = (
  description: LeafOptions['description'],
  forgedClaims: Partial<DescriptionClaims> = {},
): readonly Bytes[] => {
  const genuine = leafOf({ challenge: utf8('any other challenge') });
  const below = {
    issuer: { name: [[attribute.commonName, 'Android Keystore Key']] as const, key: genuine.key },
    above: genuine.certificates,
  };
  return leafOf(forgedClaims, description === undefined ? {} : { description }, below).certificates;
};
const keybox = (serial: readonly number[], listed: Readonly<Record<string, string>>): Minted =>
  shown(leafOf({}, {}, factory({ serial: bytes(...serial) })).certificates, { listed });

/** Chains. */
export const androidChainCases: readonly NegativeCase[] = [
  {
    name: 'android-garbage',
    platform: 'android',
    what: 'The first certificate is none.',
    mint: () => [shown(replaced(leafOf({}).certificates, 0, () => sequence(integer(1))))],
    expectedReason: 'CHAIN_MALFORMED',
  },
  {
    name: 'android-bare-leaf',
    platform: 'android',
    what: 'A leaf and its attestation certificate, without what is above.',
    mint: () => [shown(leafOf({}).certificates.slice(0, 2))],
    expectedReason: 'CHAIN_LENGTH',
  },
  {
    name: 'android-wrong-root',
    platform: 'android',
    what: 'A maker of the same name whose root nobody pinned.',
    mint: () => {
      const stranger = androidMaker(caseTime, 'p384');
      return [factoryBatch(stranger), remoteBatch(stranger)].map((batch) => shown(leafOf({}, {}, batch).certificates));
    },
    expectedReason: 'CHAIN_UNKNOWN_ROOT',
  },
  {
    name: 'android-root-twice',
    platform: 'android',
    what: 'The root stands in the chain twice, so that readers count differently.',
    mint: () => [shown([...leafOf({}).certificates, caseWorld().android.root.certificate])],
    expectedReason: 'CHAIN_ROOT_REPEATED',
  },
  {
    name: 'android-foreign-issuer-name',
    platform: 'android',
    what: 'The leaf names another issuer than the certificate above it.',
    mint: () => [shown(leafOf({}, { issuerName: [[attribute.commonName, 'Somebody']] }).certificates)],
    expectedReason: 'CHAIN_NAMES',
  },
  {
    name: 'android-leaf-signature',
    platform: 'android',
    what: 'The leaf is not signed by the attestation key.',
    mint: () => [
      shown(replaced(leafOf({}).certificates, 0, withBrokenSignature)),
      shown(leafOf({}, { signer: signingKey('p256') }).certificates),
    ],
    expectedReason: 'LEAF_SIGNATURE',
  },
  {
    name: 'android-attestation-signature',
    platform: 'android',
    what: 'The attestation certificate is not signed by the intermediate.',
    mint: () => [shown(replaced(leafOf({}).certificates, 1, withBrokenSignature))],
    expectedReason: 'ATTESTATION_SIGNATURE',
  },
  {
    name: 'android-intermediate-signature',
    platform: 'android',
    what: 'An intermediate is signed by a key that only has the root’s name.',
    mint: () => [
      shown(leafOf({}, {}, factory({ impostor: signingKey('rsa2048') })).certificates),
      shown(replaced(leafOf({}).certificates, 2, withBrokenSignature)),
      shown(replaced(leafOf({}).certificates, 3, withBrokenSignature)),
    ],
    expectedReason: 'CHAIN_SIGNATURE',
  },
  {
    name: 'android-issuer-not-ca',
    platform: 'android',
    what: 'An intermediate that may not sign certificates.',
    mint: () =>
      (['no', 'none'] as const).map((intermediateAuthority) =>
        shown(leafOf({}, {}, factory({ intermediateAuthority })).certificates),
      ),
    expectedReason: 'CHAIN_ISSUER_NOT_CA',
  },
  {
    name: 'android-path-length',
    platform: 'android',
    what: 'More authorities below an intermediate than it may have.',
    mint: () => [shown(leafOf({}, {}, remote({ intermediatePathLength: 0 })).certificates)],
    expectedReason: 'CHAIN_PATH_LENGTH',
  },
  {
    name: 'android-expired-provisioning',
    platform: 'android',
    what: 'A provisioned attestation certificate whose weeks are over.',
    mint: () => [shown(leafOf({}, {}, remote({ from: caseTime - 40 * day, until: caseTime - day })).certificates)],
    expectedReason: 'CHAIN_EXPIRED',
  },
  {
    name: 'android-certificate-after-leaf',
    platform: 'android',
    what: 'An attested key of the phone signs a certificate below its own, or a description stands above the leaf.',
    mint: () => {
      const extension = { type: androidExtension.description, value: androidDescription(claims()) };
      const batch = factory({ attestationExtensions: [extension] });
      return [shown(extended('absent')), shown(leafOf({}, { description: 'absent' }, batch).certificates)];
    },
    expectedReason: 'CHAIN_EXTENDED_FOR_KEY',
  },
  {
    name: 'android-forged-extension',
    platform: 'android',
    what: 'It signs one with a description of its own making: StrongBox, right challenge, right app.',
    mint: () => [shown(extended(undefined, { level: 'STRONG_BOX' })), shown(extended(undefined))],
    expectedReason: 'CHAIN_EXTENDED_WITH_FAKE_ATTESTATION_EXTENSION',
  },
  {
    name: 'android-no-attestation',
    platform: 'android',
    what: 'A key that was made without a challenge: its certificate describes nothing.',
    mint: () => [shown(leafOf({}, { description: 'absent' }).certificates)],
    expectedReason: 'TARGET_MISSING_ATTESTATION_EXTENSION',
  },
  {
    name: 'android-leaked-keybox',
    platform: 'android',
    what: 'A keybox that leaked: its serial number is listed, in odd length, digits only, upper case, or with zeros before it.',
    mint: () => [
      keybox([0x0a, 0xbc], { abc: 'REVOKED' }),
      keybox([0x0a, 0xbc], { ABC: 'REVOKED' }),
      keybox([0x0a, 0xbc], { '0abc': 'REVOKED' }),
      keybox([0x12, 0x34, 0x56], { 123456: 'REVOKED' }),
      keybox([0x01, 0x23, 0x45], { 12345: 'REVOKED' }),
      keybox([0xf1, 0x02], { f102: 'REVOKED' }),
      shown(leafOf({}, {}, factory({ intermediateSerial: bytes(0x0d, 0xef) })).certificates, {
        listed: { def: 'REVOKED' },
      }),
    ],
    expectedReason: 'CERTIFICATE_REVOKED',
  },
  {
    name: 'android-suspended-keybox',
    platform: 'android',
    what: 'The list says suspended, which others take for good.',
    mint: () => [keybox([0x0a, 0xbc], { abc: 'SUSPENDED' })],
    expectedReason: 'CERTIFICATE_SUSPENDED',
  },
  {
    name: 'android-old-list',
    platform: 'android',
    what: 'An honest phone before a list of last month, where a day is the limit.',
    mint: () => [
      shown(leafOf({}).certificates, {
        listTakenAt: caseTime - 30 * day,
        expected: { maxRevocationAge: durationMs(day) },
      }),
    ],
    expectedReason: 'REVOCATION_STALE',
  },
  {
    name: 'android-broken-list',
    platform: 'android',
    what: 'A list with an entry that is no serial number: what else is wrong with it?',
    mint: () => [shown(leafOf({}).certificates, { listed: { 'not a number': 'REVOKED' } })],
    expectedReason: 'REVOCATION_LIST_MALFORMED',
  },
];

const truncated = (description: Bytes): Bytes => description.slice(0, -1);

/** Keys and systems. */
export const androidKeyCases: readonly NegativeCase[] = [
  {
    name: 'android-broken-description',
    platform: 'android',
    what: 'The description is cut short.',
    mint: () => [shown(leafOf({}, { description: truncated(androidDescription(claims())) }).certificates)],
    expectedReason: 'DESCRIPTION_MALFORMED',
  },
  {
    name: 'android-repeated-tag',
    platform: 'android',
    what: 'The origin comes twice, so that two readers see two origins.',
    mint: () => claiming({ extraHardware: [[702, integer(2)]] }),
    expectedReason: 'TAG_REPEATED',
  },
  {
    name: 'android-unordered-tags',
    platform: 'android',
    what: 'Tags in an order that no KeyMint writes.',
    mint: () => claiming({ order: 'descending' }),
    expectedReason: 'TAGS_NOT_ASCENDING',
  },
  {
    name: 'android-foreign-challenge',
    platform: 'android',
    what: 'Evidence of an earlier day, or of another server.',
    mint: () =>
      [utf8('the challenge of another server!'), challenge.slice(1), bytes()].flatMap((other) =>
        claiming({ challenge: other }),
      ),
    expectedReason: 'CHALLENGE_MISMATCH',
  },
  {
    name: 'android-key-swapped',
    platform: 'android',
    what: 'Genuine evidence about another key than the one that is enrolled.',
    mint: () => [shown(leafOf({}).certificates, { expected: { publicKey: signingKey('p256').spki } })],
    expectedReason: 'KEY_MISMATCH',
  },
  {
    name: 'android-emulator',
    platform: 'android',
    what: 'An emulator: no hardware says anything.',
    mint: () => claiming({ level: 'SOFTWARE', bootState: 'absent' }),
    expectedReason: 'SECURITY_LEVEL_SOFTWARE',
  },
  {
    name: 'android-not-strongbox',
    platform: 'android',
    what: 'A key of the trusted environment where StrongBox is asked for.',
    mint: () => [shown(leafOf({}).certificates, { expected: { leastLevel: 'STRONG_BOX' } })],
    expectedReason: 'SECURITY_LEVEL_TOO_LOW',
  },
  {
    name: 'android-software-as-strongbox',
    platform: 'android',
    what: 'A key of software, attested by StrongBox.',
    mint: () => [
      ...claiming({ level: 'STRONG_BOX', mintLevel: 'SOFTWARE' }),
      ...claiming({ level: 'SOFTWARE', mintLevel: 'STRONG_BOX' }),
    ],
    expectedReason: 'SECURITY_LEVELS_DIFFER',
  },
  {
    name: 'android-imported-key',
    platform: 'android',
    what: 'The key was imported, or derived: copies may exist.',
    mint: () =>
      (['IMPORTED', 'SECURELY_IMPORTED', 'DERIVED', 'RESERVED'] as const).flatMap((origin) => claiming({ origin })),
    expectedReason: 'ORIGIN_NOT_GENERATED',
  },
  {
    name: 'android-silent-boot',
    platform: 'android',
    what: 'Hardware does not say what booted.',
    mint: () => claiming({ bootState: 'absent' }),
    expectedReason: 'ROOT_OF_TRUST_MISSING',
  },
  {
    name: 'android-unlocked',
    platform: 'android',
    what: 'The boot loader is unlocked.',
    mint: () => [...claiming({ locked: false }), ...claiming({ locked: false, bootState: 'UNVERIFIED' })],
    expectedReason: 'DEVICE_UNLOCKED',
  },
  {
    name: 'android-own-system',
    platform: 'android',
    what: 'A system that its owner signed.',
    mint: () => claiming({ bootState: 'SELF_SIGNED' }),
    expectedReason: 'BOOT_SELF_SIGNED',
  },
  {
    name: 'android-unverified-boot',
    platform: 'android',
    what: 'What booted was not verified, or failed to verify.',
    mint: () => [...claiming({ bootState: 'UNVERIFIED' }), ...claiming({ bootState: 'FAILED' })],
    expectedReason: 'BOOT_NOT_VERIFIED',
  },
  {
    name: 'android-old-patch',
    platform: 'android',
    what: 'A system without updates for years, or one that does not say.',
    mint: () => [
      shown(leafOf({ patchLevel: 201_911 }).certificates, { expected: { leastPatchLevel: 202_401n } }),
      shown(leafOf({ editHardware: (list) => list.filter(([tag]) => tag !== 706) }).certificates, {
        expected: { leastPatchLevel: 202_401n },
      }),
    ],
    expectedReason: 'PATCH_LEVEL_TOO_OLD',
  },
  {
    name: 'android-other-app',
    platform: 'android',
    what: 'Another app of the phone, alone or beside the bank’s under one user id.',
    mint: () => {
      const { packageName, versionCode, signerDigest } = caseWorld().app;
      const bank = { packageName, version: versionCode, signerDigest };
      const game = { ...bank, packageName: 'com.example.game' };
      return [...claiming({ apps: [game] }), ...claiming({ apps: [bank, game] })];
    },
    expectedReason: 'APPLICATION_MISMATCH',
  },
  {
    name: 'android-repackaged',
    platform: 'android',
    what: 'The bank’s app, changed and signed by somebody else.',
    mint: () => {
      const { packageName, versionCode } = caseWorld().app;
      return claiming({ apps: [{ packageName, version: versionCode, signerDigest: sha256(utf8('somebody else')) }] });
    },
    expectedReason: 'APPLICATION_SIGNER_MISMATCH',
  },
  {
    name: 'android-no-app',
    platform: 'android',
    what: 'The system does not say which app asked.',
    mint: () => claiming({ apps: [] }),
    expectedReason: 'APPLICATION_MISSING',
  },
];
