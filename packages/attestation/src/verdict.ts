/**
 * What an appraisal answers, in the shape of EAR (draft-ietf-rats-ear): a status, the eight claims of AR4SI, and what the evidence attested.
 * Facts are plain JSON values, so that a verdict can be stored, signed and shown as it is.
 */
import type { Bytes, EpochMs, SignatureAlgorithm } from '@hauberk/primitives';
import type { AndroidKeyVerdict } from './android-key.ts';
import type { VerifiedAppAttestation } from './app-attest.ts';
import type { VerifiedReceipt } from './app-attest-receipt.ts';
import type { HuksVerdict } from './huks.ts';
import type { PlayIntegrityVerdict } from './play-integrity.ts';
import type { VerifiedRegistration } from './webauthn.ts';

/** Where the private key lives, weakest first. StrongBox, the Secure Enclave, TPMs and security keys are secure elements. */
export const trustTiers = ['software', 'tee', 'secure-element'] as const;
/** One of them. */
export type TrustTier = (typeof trustTiers)[number];

/** Whether a tier is at least another one. */
export const isAtLeastTier = (tier: TrustTier, least: TrustTier): boolean =>
  trustTiers.indexOf(tier) >= trustTiers.indexOf(least);

/** EAR's status tiers (AR4SI section 3.2). */
export type VerdictStatus = 'none' | 'affirming' | 'warning' | 'contraindicated';

/** AR4SI's trustworthiness claims (section 3.3): 0 says nothing, 2 to 31 affirm, 32 to 95 warn, 96 and above contradict; negative ones are ours. */
export interface TrustVector {
  readonly 'instance-identity': number;
  readonly configuration: number;
  readonly executables: number;
  readonly 'file-system': number;
  readonly hardware: number;
  readonly 'runtime-opaque': number;
  readonly 'storage-opaque': number;
  readonly 'sourced-data': number;
}

/** Says nothing about anything. */
export const silentVector: TrustVector = {
  'instance-identity': 0,
  configuration: 0,
  executables: 0,
  'file-system': 0,
  hardware: 0,
  'runtime-opaque': 0,
  'storage-opaque': 0,
  'sourced-data': 0,
};

/** Ours, in AR4SI's warning range for private use: the list that would tell of a revocation is too old. */
export const identityUnchecked = -33;

const statuses: readonly VerdictStatus[] = ['none', 'affirming', 'warning', 'contraindicated'];

/** AR4SI section 3.2.2: private values mirror the standard ones, one further from zero. */
const rankOf = (claim: number): number => {
  const [affirming, warning, contraindicated] = claim < 0 ? [2, 33, 97] : [2, 32, 96];
  return [affirming, warning, contraindicated].filter((least) => Math.abs(claim) >= least).length;
};

/** The worst status among the claims. */
export const statusOf = (vector: TrustVector): VerdictStatus =>
  statuses[Math.max(...Object.values(vector).map((claim: number) => rankOf(claim)))] ?? 'none';

/** What was attested. A member that is absent was not. */
export interface AttestedFacts {
  /** In the platform's own words: `STRONG_BOX`, `TRUSTED_ENVIRONMENT`, `SECURE_ENCLAVE`, `MEETS_STRONG_INTEGRITY`… */
  readonly securityLevel?: string;
  readonly key?: {
    readonly algorithm?: SignatureAlgorithm;
    readonly origin?: string;
    /** Whether each use needs the user's credential or biometrics, as the hardware enforces it. */
    readonly userAuthentication?: 'required' | 'not-required';
    /** Seconds for which one proof of the user is enough; absent where each use needs one. */
    readonly validSeconds?: number;
    /** Only the device's trusted screen can have it sign. */
    readonly trustedConfirmation?: boolean;
  };
  readonly boot?: {
    readonly state: string;
    readonly locked: boolean;
    /** Hexadecimal. */
    readonly key?: string;
    readonly hash?: string;
  };
  /** YYYYMM or YYYYMMDD. */
  readonly patchLevels?: { readonly system?: number; readonly vendor?: number; readonly boot?: number };
  readonly osVersion?: string;
  readonly application?: {
    /** Package names, the App ID, the bundle name, the relying party. */
    readonly ids: readonly string[];
    /** Hexadecimal SHA-256 of signing certificates. */
    readonly signers?: readonly string[];
    readonly versions?: readonly string[];
  };
  /** Of the device lately, as the platform's servers count: many mean a device farm. */
  readonly certificatesIssued?: number;
  readonly riskMetric?: number;
  readonly model?: string;
}

/** Noted, and not in itself a reason to refuse. */
export type AnomalyCode =
  | 'UNKNOWN_TAGS'
  | 'UNKNOWN_CLAIMS'
  | 'TAGS_UNORDERED'
  | 'PROVISIONING_INFO_MALFORMED'
  | 'MANY_CERTIFICATES_ISSUED'
  | 'RISK_METRIC_HIGH'
  | 'REVOCATION_STALE'
  | 'ANCHORS_STALE'
  | 'BUILD_UNKNOWN'
  | 'DEVICE_UNLOCKED'
  | 'BOOT_NOT_VERIFIED'
  | 'KEY_NOT_ATTESTED'
  | 'AUTHENTICATOR_UNKNOWN';

/** One of them, with what exactly was met. */
export interface Anomaly {
  readonly code: AnomalyCode;
  readonly detail?: string;
}

/** What each kind of evidence leaves behind for later: a counter, a credential, a receipt. */
export type VerdictDetails =
  | { readonly kind: 'android-key'; readonly android: AndroidKeyVerdict }
  | { readonly kind: 'app-attest'; readonly attestation: VerifiedAppAttestation; readonly receipt: VerifiedReceipt }
  | { readonly kind: 'huks'; readonly huks: HuksVerdict }
  | { readonly kind: 'play-integrity'; readonly play: PlayIntegrityVerdict }
  | { readonly kind: 'webauthn'; readonly registration: VerifiedRegistration }
  | { readonly kind: 'software' };

declare const mark: unique symbol;

/** A verdict; only `appraise` makes one. */
export interface Verdict {
  readonly [mark]: 'verdict';
  readonly status: VerdictStatus;
  readonly vector: TrustVector;
  readonly tier: TrustTier;
  /** SubjectPublicKeyInfo of the device key that this verdict is about. */
  readonly publicKey: Bytes;
  /** `attested`: hardware vouches for this key; `challenge`: the evidence was made for it; `none`: nothing but its own word. */
  readonly keyBinding: 'attested' | 'challenge' | 'none';
  readonly facts: AttestedFacts;
  readonly anomalies: readonly Anomaly[];
  readonly appraisedAt: EpochMs;
  readonly details: VerdictDetails;
}

/** The parts from which `appraise` mints a verdict. */
export type VerdictParts = Omit<Verdict, typeof mark | 'status'>;

/** For the appraisers of this package alone; the door does not export it. */
export const mintVerdict = (parts: VerdictParts): Verdict =>
  ({ ...parts, status: statusOf(parts.vector) }) as unknown as Verdict;
