/** Floor 2: devices. What is known of one, how its life goes, when it must be vouched for anew, and what makes several apps one device. */
export {
  type AttestedFacts,
  type DevicePlatform,
  factsText,
  isAtLeast,
  maxFactsText,
  type TrustLevel,
  tierOfLevel,
  trustLevels,
} from './attested-facts.ts';
export {
  assembleCertificateRequest,
  type CertificateRequestCode,
  certificateRequestInfo,
  makeCertificateRequest,
  maxCertificateRequest,
  type NameAttribute,
  type ProvedCertificateRequest,
  type SubjectName,
  verifyCertificateRequest,
} from './certificate-request.ts';
export {
  type DeviceKey,
  type DeviceKeyPurpose,
  deviceKeyPurposes,
  maxDeviceKeys,
  maxRetiredKeys,
  type Rotation,
  type RotationCode,
  rotateIdentity,
} from './device-key.ts';
export {
  type Appraised,
  type AttestCode,
  type By,
  changeState,
  type DeviceRecord,
  demandEvidence,
  enrolDevice,
  eventOf,
  type HistoryEntry,
  type HistoryKind,
  maxHistory,
  reattest,
  withEntry,
} from './device-record.ts';
export {
  type DeviceEvent,
  type DeviceState,
  type DeviceStateCode,
  deviceEvents,
  deviceStates,
  deviceTransitions,
  isActiveState,
  isReachableState,
  nextDeviceState,
} from './device-state.ts';
export {
  aliasSays,
  aliasVotes,
  handAlias,
  holdAt,
  newAlias,
  seeAlias,
  sourceConfidence,
} from './identity/alias-map.ts';
export { type IdentityAround, type IdentityFacts, identityFacts } from './identity/identity-facts.ts';
export {
  type AliasHold,
  type AliasName,
  type AliasRecord,
  aliasRowId,
  type CollisionClass,
  collisionClasses,
  collisionClassOf,
  type FoundBy,
  type IdentityEvent,
  type IdentityRecord,
  type IdentityRows,
  identityBounds,
  isAliasSource,
  type Observation,
  type SourceRecord,
  type TwinEdge,
} from './identity/identity-words.ts';
export { type LinkFound, LinkIndex, type LinkIndexOptions } from './identity/link-index.ts';
export { type LinkAttribute, type LinkDemand, type LinkModel, usualLinkModel } from './identity/link-model.ts';
export { type FoundVerdict, judgeFound } from './identity/link-verdict.ts';
export {
  type ChangeBy,
  canonicalIdentity,
  type IdentityChange,
  type MergeCode,
  mergeIdentities,
  splitIdentity,
  undoChange,
} from './identity/merge.ts';
export { type AttributeVerdict, type Known, type Resolution, resolveIdentity } from './identity/resolve.ts';
export {
  type ChainCode,
  type EvidenceChain,
  judgeChain,
  type LastAppraisal,
  type ReattestationDemand,
  type ReattestationPolicy,
  type ReattestationReason,
  reattestationDue,
} from './reattestation.ts';
export { judgeLink, type LinkCode, type LinkVerdict } from './shared-identity.ts';
export {
  bandFloors,
  bandOf,
  type DeviceBand,
  deviceBands,
  provenanceWeights,
  type ScorePart,
} from './signals/device-score.ts';
export {
  mayCollectSignal,
  mayKeepSignal,
  mayReadSignal,
  maySense,
  type SignalRefusal,
  signalAheadMs,
  signalPrivacyScene,
  signalUntil,
} from './signals/may-collect-signal.ts';
export { canaryAnswer, expectedCanary, nativeCanary } from './signals/signal-canary.ts';
export { groupNotes, type RegisteredSignal, signalRegistry } from './signals/signal-registry.ts';
export {
  type EvidenceKind,
  evidenceKinds,
  readSignalReport,
  type SensedSignal,
  type SharedEvidence,
  type SignalReport,
  type SignalReportCode,
  type SignalValue,
  type SignalVoice,
  signalReportBytes,
  signalReportKind,
  signalReportVersion,
  writeSignalReport,
} from './signals/signal-report.ts';
export {
  isSignalCode,
  type SignalCode,
  type SignalRule,
  signalPolicyVersion,
  signalRuleOf,
  signalRules,
} from './signals/signal-rules.ts';
export {
  type HeldSignal,
  holdSignals,
  newSignalRow,
  openSignalTable,
  type Provenance,
  provenances,
  type SignalKey,
  type SignalRow,
  type SignalTable,
  type Succession,
  signalTableBytes,
  stepReport,
  swapNote,
} from './signals/signal-table.ts';
export {
  reachesTier,
  type SceneTier,
  type SignalForm,
  type SignalGroup,
  type SignalLayer,
  type SignalOrigin,
  sceneTiers,
  signalGroups,
} from './signals/signal-words.ts';
export {
  noSignals,
  readSignalsInForce,
  type SignalInForce,
  type SignalsInForce,
  type SilencePolicy,
  signalValueOf,
} from './signals/signals-in-force.ts';
export {
  admitTrustedKey,
  mayState,
  type TrustedKey,
  type TrustedKeyCode,
  type TrustedKeyPolicy,
  type TrustedKeyPurpose,
  trustedKeyPurposes,
  trustedKinds,
} from './trusted-key.ts';
