/** Android Key Attestation: evidence in, minted verdict or coded refusal out. */
import {
  accept,
  type Bytes,
  type DurationMs,
  type EvidenceCrypto,
  elapsed,
  equalBytes,
  type Result,
  refuse,
  toHex,
} from '@hauberk/primitives';
import type { AuthorizationList, DescriptionCode } from './android-authorizations.ts';
import {
  type AndroidChainCode,
  type AndroidChainTrust,
  attestationExtension,
  checkAndroidChain,
} from './android-chain.ts';
import {
  type AndroidKeyDescription,
  type AndroidSecurityLevel,
  androidSecurityLevels,
  readAndroidKeyDescription,
} from './android-description.ts';
import { extensionOf } from './x509.ts';

/** Why evidence was refused. */
export type AndroidKeyCode =
  | AndroidChainCode
  | DescriptionCode
  | 'REVOCATION_STALE'
  | 'TAGS_NOT_ASCENDING'
  | 'CHALLENGE_MISMATCH'
  | 'KEY_MISMATCH'
  | 'SECURITY_LEVELS_DIFFER'
  | 'SECURITY_LEVEL_SOFTWARE'
  | 'SECURITY_LEVEL_TOO_LOW'
  | 'ORIGIN_NOT_GENERATED'
  | 'ROOT_OF_TRUST_MISSING'
  | 'DEVICE_UNLOCKED'
  | 'BOOT_SELF_SIGNED'
  | 'BOOT_NOT_VERIFIED'
  | 'PATCH_LEVEL_TOO_OLD'
  | 'APPLICATION_MISSING'
  | 'APPLICATION_MISMATCH'
  | 'APPLICATION_SIGNER_MISMATCH';

/** What the operator asks of a key. */
export interface AndroidKeyExpectations {
  /** Fixed before the key existed; at most 128 bytes, so it never holds the key. */
  readonly challenge: Bytes;
  /** SubjectPublicKeyInfo of the key that was registered, where one was. */
  readonly publicKey?: Bytes;
  /** Every attested package and every signing digest (hexadecimal SHA-256) must be among these. */
  readonly application?: { readonly packages: ReadonlySet<string>; readonly digests: ReadonlySet<string> };
  /** TRUSTED_ENVIRONMENT when absent. */
  readonly leastLevel?: AndroidSecurityLevel;
  /** `locked` (when absent) asks for a locked boot loader and a verified system. */
  readonly lockState?: 'locked' | 'any';
  /** `ascending` when absent. */
  readonly tagOrder?: 'ascending' | 'any';
  /** YYYYMM. */
  readonly leastPatchLevel?: bigint;
  /** Refuses on a snapshot older than this; any age will do when absent. */
  readonly maxRevocationAge?: DurationMs;
}

declare const verdictMark: unique symbol;

/** A key that hardware vouches for. Only `verifyAndroidKey` makes one. */
export interface AndroidKeyVerdict {
  readonly [verdictMark]: true;
  /** SubjectPublicKeyInfo. */
  readonly publicKey: Bytes;
  readonly level: AndroidSecurityLevel;
  readonly description: AndroidKeyDescription;
  readonly provisioning: 'factory' | 'remote';
  /** In the last 30 days, of remotely provisioned devices. */
  readonly certificatesIssued: number | 'malformed' | undefined;
  /** Noted, not refused. */
  readonly unknownTags: readonly number[];
}

type Check = (description: AndroidKeyDescription, expected: AndroidKeyExpectations) => AndroidKeyCode | undefined;

/** Every package and every signer: apps that share a user id share the key. */
const applicationFault = (
  { applicationId }: AuthorizationList,
  { packages, digests }: NonNullable<AndroidKeyExpectations['application']>,
): AndroidKeyCode | undefined => {
  const { packages: attested = [], signatures = [] } = applicationId ?? {};
  if (attested.length === 0 || signatures.length === 0) return 'APPLICATION_MISSING';
  if (!attested.every(({ name }) => packages.has(name))) return 'APPLICATION_MISMATCH';
  return signatures.every((digest) => digests.has(toHex(digest))) ? undefined : 'APPLICATION_SIGNER_MISMATCH';
};

const levelFault = (level: AndroidSecurityLevel, least: AndroidSecurityLevel): AndroidKeyCode | undefined => {
  if (androidSecurityLevels.indexOf(level) >= androidSecurityLevels.indexOf(least)) return undefined;
  return level === 'SOFTWARE' ? 'SECURITY_LEVEL_SOFTWARE' : 'SECURITY_LEVEL_TOO_LOW';
};

const bootFault = ({ rootOfTrust }: AuthorizationList): AndroidKeyCode | undefined => {
  if (rootOfTrust?.verifiedBootState === 'VERIFIED') return undefined;
  return rootOfTrust?.verifiedBootState === 'SELF_SIGNED' ? 'BOOT_SELF_SIGNED' : 'BOOT_NOT_VERIFIED';
};

const isOlder = ({ fields }: AuthorizationList, least: bigint): boolean => {
  const level = fields.get('osPatchLevel');
  return typeof level !== 'bigint' || level < least;
};

const checks: readonly Check[] = [
  ({ softwareEnforced, hardwareEnforced }, { tagOrder = 'ascending' }) =>
    tagOrder === 'any' || (softwareEnforced.isAscending && hardwareEnforced.isAscending)
      ? undefined
      : 'TAGS_NOT_ASCENDING',
  ({ attestationChallenge }, { challenge }) =>
    equalBytes(attestationChallenge, challenge) ? undefined : 'CHALLENGE_MISMATCH',
  ({ attestationSecurityLevel, keyMintSecurityLevel }) =>
    attestationSecurityLevel === keyMintSecurityLevel ? undefined : 'SECURITY_LEVELS_DIFFER',
  ({ attestationSecurityLevel }, { leastLevel = 'TRUSTED_ENVIRONMENT' }) =>
    levelFault(attestationSecurityLevel, leastLevel),
  ({ hardwareEnforced }) => (hardwareEnforced.origin === 'GENERATED' ? undefined : 'ORIGIN_NOT_GENERATED'),
  ({ hardwareEnforced }) => (hardwareEnforced.rootOfTrust === undefined ? 'ROOT_OF_TRUST_MISSING' : undefined),
  ({ hardwareEnforced }, { lockState = 'locked' }) =>
    lockState === 'any' || hardwareEnforced.rootOfTrust?.deviceLocked === true ? undefined : 'DEVICE_UNLOCKED',
  ({ hardwareEnforced }, { lockState = 'locked' }) => (lockState === 'any' ? undefined : bootFault(hardwareEnforced)),
  ({ hardwareEnforced }, { leastPatchLevel }) =>
    leastPatchLevel !== undefined && isOlder(hardwareEnforced, leastPatchLevel) ? 'PATCH_LEVEL_TOO_OLD' : undefined,
  ({ softwareEnforced }, { application }) =>
    application === undefined ? undefined : applicationFault(softwareEnforced, application),
];

const isStale = ({ revocation, now }: AndroidChainTrust, { maxRevocationAge }: AndroidKeyExpectations): boolean =>
  maxRevocationAge !== undefined && elapsed(revocation.takenAt, now) > maxRevocationAge;

/** Verifies a chain of DER certificates, leaf first, and what its leaf says about the key. */
export const verifyAndroidKey = (
  certificates: readonly Bytes[],
  trust: AndroidChainTrust,
  expected: AndroidKeyExpectations,
  crypto: Pick<EvidenceCrypto, 'verify' | 'digest'>,
): Result<AndroidKeyVerdict, AndroidKeyCode> => {
  if (isStale(trust, expected)) return refuse('REVOCATION_STALE');
  const chain = checkAndroidChain(certificates, trust, crypto);
  if (!chain.ok) return chain;
  const { leaf, provisioning, certificatesIssued } = chain.value;
  const extension = extensionOf(leaf, attestationExtension);
  if (extension === undefined) return refuse('TARGET_MISSING_ATTESTATION_EXTENSION');
  const read = readAndroidKeyDescription(extension.value);
  if (!read.ok) return read;
  const description = read.value;
  for (const check of checks) {
    const code = check(description, expected);
    if (code !== undefined) return refuse(code);
  }
  if (expected.publicKey !== undefined && !equalBytes(expected.publicKey, leaf.spki)) return refuse('KEY_MISMATCH');
  return accept({
    publicKey: leaf.spki,
    level: description.attestationSecurityLevel,
    description,
    provisioning,
    certificatesIssued,
    unknownTags: [...description.softwareEnforced.unknownTags, ...description.hardwareEnforced.unknownTags],
  } as unknown as AndroidKeyVerdict);
};
