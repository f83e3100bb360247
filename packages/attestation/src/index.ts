/** Floor 1: verifiers of device evidence. Pure: cryptography is a port, the time an argument. */
export type {
  AndroidKeyOrigin,
  AttestationApplicationId,
  AuthorizationList,
  AuthorizationValue,
  RootOfTrust,
  VerifiedBootState,
} from './android-authorizations.ts';
export type { AndroidChainTrust } from './android-chain.ts';
export type { AndroidKeyDescription, AndroidSecurityLevel } from './android-description.ts';
export {
  type AndroidKeyCode,
  type AndroidKeyExpectations,
  type AndroidKeyVerdict,
  verifyAndroidKey,
} from './android-key.ts';
export { type RevocationSnapshot, readRevocationList } from './android-revocation.ts';
export {
  type AppAssertionExpectations,
  type AppAttestCode,
  type AppAttestEnvironment,
  type AppAttestExpectations,
  type AppAttestFacts,
  type VerifiedAppAssertion,
  type VerifiedAppAttestation,
  verifyAppAssertion,
  verifyAppAttestation,
} from './app-attest.ts';
export { type ReceiptCode, type ReceiptExpectations, readReceipt, type VerifiedReceipt } from './app-attest-receipt.ts';
export { appraise } from './appraisal.ts';
export {
  type AppIdentities,
  type AppraisalCode,
  type AppraisalContext,
  type AppraisalExpectations,
  type AppraisalPolicy,
  type DeviceEvidence,
  type EvidenceKind,
  keyBoundChallenge,
  type Revocations,
  type TrustAnchors,
} from './appraisal-context.ts';
export {
  type AuthenticatorModel,
  type AuthenticatorModels,
  type MetadataCode,
  readMetadataBlob,
} from './authenticator-models.ts';
export { type ChainMemory, createChainMemory } from './chain-memory.ts';
export { type CoseKey, readCoseKey } from './cose.ts';
export { type DerElement, oidHex, readDer, withTag } from './der.ts';
export { type Certainty, type DeviceFamily, deviceFamilies } from './device-matrix.ts';
export {
  type EarOptions,
  type EarVerificationKey,
  earClaims,
  earKeySet,
  signEar,
} from './ear.ts';
export {
  type EvidenceStatementCode,
  evidenceStatement,
  maxEvidenceText,
  readEvidenceStatement,
  readUserProof,
  type StatedEvidence,
  type UserProof,
  userProofText,
} from './evidence-statement.ts';
export { type HuksApplication, type HuksCode, type HuksExpectations, type HuksVerdict, verifyHuksKey } from './huks.ts';
export { signJws, type TokenSigner } from './jose.ts';
export { jwkOfSpki, type PublicJwk } from './jwk.ts';
export {
  capabilityOf,
  type KeyCapability,
  type KeyProtocol,
  type KeyRequirement,
  type KeyUserAuthentication,
  keyProtocols,
  keyRequirements,
  keyUserAuthentications,
  protocolsOf,
} from './key-policy.ts';
export { type ListedCode, listedCertificate } from './listed-certificate.ts';
export type {
  LocalLoginCode,
  LocalLoginProvider,
  LocalLoginRegistration,
  LocalLoginRequest,
} from './local-login.ts';
export {
  judgePlayIntegrity,
  type PlayDeviceLabel,
  type PlayIntegrityCode,
  type PlayIntegrityExpectations,
  type PlayIntegrityKeys,
  type PlayIntegrityVerdict,
  playDeviceLabels,
  verifyPlayIntegrity,
} from './play-integrity.ts';
export { algorithmOfSpki } from './spki.ts';
export {
  readTrustSnapshot,
  signTrustSnapshot,
  supersedes,
  type TrustSnapshot,
  type TrustSnapshotCode,
} from './trust-snapshot.ts';
export {
  type Anomaly,
  type AnomalyCode,
  type AttestedFacts,
  isAtLeastTier,
  type TrustTier,
  type TrustVector,
  trustTiers,
  type Verdict,
  type VerdictDetails,
  type VerdictStatus,
} from './verdict.ts';
export {
  type AssertionEvidence,
  type AssertionExpectations,
  type RegistrationEvidence,
  type RegistrationExpectations,
  type StoredCredential,
  type VerifiedAssertion,
  type VerifiedRegistration,
  verifyAssertion,
  verifyRegistration,
  type WebauthnCode,
} from './webauthn.ts';
export type { ConfirmedPayment, PaymentExpectations } from './webauthn-payment.ts';
export type { AttestationFormat } from './webauthn-statement.ts';
export type { CertificateCode } from './x509-path.ts';
