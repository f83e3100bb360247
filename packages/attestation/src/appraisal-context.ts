/** What evidence is, what an appraisal is measured against, and what it may answer. */
import {
  type Bytes,
  concat,
  type DurationMs,
  type EpochMs,
  type EvidenceCrypto,
  elapsed,
  type Result,
  utf8,
} from '@hauberk/primitives';
import type { AndroidKeyCode } from './android-key.ts';
import type { RevocationSnapshot } from './android-revocation.ts';
import type { AppAttestCode, AppAttestEnvironment } from './app-attest.ts';
import type { ReceiptCode } from './app-attest-receipt.ts';
import type { AuthenticatorModels } from './authenticator-models.ts';
import type { ChainMemory } from './chain-memory.ts';
import type { HuksCode } from './huks.ts';
import type { PlayDeviceLabel, PlayIntegrityCode, PlayIntegrityKeys } from './play-integrity.ts';
import type { TrustTier, Verdict } from './verdict.ts';
import type { WebauthnCode } from './webauthn.ts';

/** What a device sent, by kind. Certificates are DER, leaf first. */
export type DeviceEvidence =
  | { readonly kind: 'android-key'; readonly certificates: readonly Bytes[] }
  | { readonly kind: 'app-attest'; readonly attestationObject: Bytes; readonly keyId: Bytes }
  | { readonly kind: 'play-integrity'; readonly token: string }
  | { readonly kind: 'huks'; readonly certificates: readonly Bytes[] }
  | { readonly kind: 'webauthn'; readonly clientDataJson: Bytes; readonly attestationObject: Bytes }
  | { readonly kind: 'software' };

/** The names of the kinds. */
export type EvidenceKind = DeviceEvidence['kind'];

/** Roots of trust. A kind without its anchors is refused. */
export interface TrustAnchors {
  /** SubjectPublicKeyInfo of Android's roots. */
  readonly androidKeys?: readonly Bytes[];
  /** DER certificates of Apple's App Attestation roots. */
  readonly appAttest?: readonly Bytes[];
  /** Of Apple's roots of receipts, which are others. */
  readonly appAttestReceipts?: readonly Bytes[];
  /** Of Huawei's device attestation roots. */
  readonly huks?: readonly Bytes[];
  /** The app's response keys from the Play Console. */
  readonly playIntegrity?: PlayIntegrityKeys;
  /** Of authenticator manufacturers. */
  readonly webauthn?: readonly Bytes[];
  /** What is known of their models; without it `packed` and `fido-u2f` are worth no more than software. */
  readonly authenticators?: AuthenticatorModels;
}

/** Lists of certificates that are no longer believed. */
export interface Revocations {
  readonly android?: RevocationSnapshot;
  /** Of HarmonyOS issuers; optional. */
  readonly huks?: RevocationSnapshot;
}

/** The app's own identities; evidence of any other app is refused. Fixed by the deployment, never by the caller. */
export interface AppIdentities {
  readonly android?: {
    readonly packages: ReadonlySet<string>;
    /** Hexadecimal SHA-256 of signing certificates. */
    readonly digests: ReadonlySet<string>;
    /** Version codes that may run; any when absent. */
    readonly builds?: ReadonlySet<string>;
  };
  readonly apple?: {
    /** Team identifier, a dot, bundle identifier. */
    readonly appId: string;
    /** Bundle versions that may run; any when absent. Systems before iOS 27 do not attest them. */
    readonly builds?: ReadonlySet<string>;
  };
  readonly harmony?: {
    readonly bundleName: string;
    /** As AppGallery Connect shows them: bundle name and a digest of the signing key. */
    readonly appIds: ReadonlySet<string>;
    /** Must match where the system attests it (API 20). */
    readonly appIdentifier?: string;
  };
  readonly web?: {
    readonly rpId: string;
    readonly origins: readonly string[];
    readonly topOrigins?: readonly string[];
    readonly allowCrossOrigin?: boolean;
  };
}

/** How strict an appraisal is. Every member has the strict value when absent. */
export interface AppraisalPolicy {
  /** `tee` when absent. */
  readonly leastTier?: TrustTier;
  /** Whether Android devices with an open boot loader or an unverified system pass, with a contraindicated verdict. */
  readonly allowUnlocked?: boolean;
  /** YYYYMM of Android's system patch; any when absent. */
  readonly leastPatchLevel?: number;
  /** Order of Android's tags; unordered ones refuse when absent. */
  readonly tagOrder?: 'ascending' | 'any';
  /** Older lists count as stale; 24 hours when absent. */
  readonly maxRevocationAge?: DurationMs;
  /** Whether a stale list refuses (when absent) or is noted. */
  readonly staleRevocations?: 'refuse' | 'note';
  /** More certificates than this in 30 days are an anomaly; 60 when absent. */
  readonly maxCertificatesIssued?: number;
  /** A higher receipt metric of Apple's is an anomaly; 20 when absent. */
  readonly maxRiskMetric?: number;
  /** App Attest categories of iOS 27: the App Store (4) alone when absent, in production; any in development. */
  readonly appleCategories?: ReadonlySet<number>;
  /** Weakest label of Play Integrity; `MEETS_DEVICE_INTEGRITY` when absent. */
  readonly leastPlayLabel?: PlayDeviceLabel;
  /** Whether passkeys that are copied between devices pass; false when absent. */
  readonly allowSynced?: boolean;
}

/** What the operator asks of evidence. */
export interface AppraisalExpectations {
  /** What the server issued for this appraisal, at least 16 bytes, used once. */
  readonly challenge: Bytes;
  /**
   * SubjectPublicKeyInfo of the device key. Evidence that attests a key must attest this one; other evidence must have been made over
   * `keyBoundChallenge(challenge, publicKey)`. Without it the attested key is taken, and evidence that attests none is refused.
   */
  readonly publicKey?: Bytes;
  /** Apple's environment: fixed by the deployment. */
  readonly environment: AppAttestEnvironment;
  readonly apps: AppIdentities;
  readonly policy?: AppraisalPolicy;
}

/** Everything an appraisal is measured against. */
export interface AppraisalContext {
  readonly crypto: EvidenceCrypto;
  readonly anchors: TrustAnchors;
  readonly revocations: Revocations;
  readonly expectations: AppraisalExpectations;
  readonly now: EpochMs;
  /** Saves reading and checking issuers again; made with `createChainMemory`, one for each server. */
  readonly memory?: ChainMemory;
}

/** Why evidence was refused: a code of its kind, or one that any kind may answer. */
export type AppraisalCode =
  | AndroidKeyCode
  | AppAttestCode
  | HuksCode
  | PlayIntegrityCode
  | ReceiptCode
  | WebauthnCode
  | 'ANCHORS_MISSING'
  | 'REVOCATION_MISSING'
  | 'APPLICATION_NOT_CONFIGURED'
  | 'BUILD_NOT_APPROVED'
  | 'CATEGORY_NOT_ALLOWED'
  | 'CHALLENGE_TOO_SHORT'
  | 'KEY_REQUIRED'
  | 'TIER_TOO_LOW'
  | 'AUTHENTICATOR_BROKEN';

/** The shape of each kind's appraiser. */
export type Appraiser<Kind extends EvidenceKind> = (
  evidence: Extract<DeviceEvidence, { readonly kind: Kind }>,
  context: AppraisalContext,
) => Result<Verdict, AppraisalCode>;

const bindingLabel = utf8('hauberk device key 1\0');

/**
 * What a device puts into evidence that attests no device key (App Attest's client data, Play Integrity's nonce), so that the evidence is
 * worth nothing for another key: SHA-256(label ‖ SHA-256(challenge) ‖ SHA-256(SubjectPublicKeyInfo)).
 */
export const keyBoundChallenge = (
  challenge: Uint8Array,
  publicKey: Uint8Array,
  crypto: Pick<EvidenceCrypto, 'digest'>,
): Bytes =>
  crypto.digest(
    'SHA-256',
    concat(bindingLabel, crypto.digest('SHA-256', challenge), crypto.digest('SHA-256', publicKey)),
  );

/** Whether a snapshot is older than the policy allows. */
export const isStaleSnapshot = (takenAt: EpochMs, { policy = {} }: AppraisalExpectations, now: EpochMs): boolean =>
  elapsed(takenAt, now) > (policy.maxRevocationAge ?? 86_400_000);
