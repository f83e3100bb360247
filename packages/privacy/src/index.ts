/** Floor 1: privacy. What may be known of a person, who consented to what, which accesses break which rule, and what became of it. */
export {
  type AccessOutcome,
  type AccessRealm,
  type AccessReport,
  type AccessReportCode,
  type AccessReportKind,
  type AccessRow,
  accessOutcomes,
  accessRealms,
  accessReportKinds,
  accessReportVersion,
  type ChainReport,
  type EffectReport,
  isAccessReportKind,
  isAccessRow,
  maxAccessCount,
  maxAccessRows,
  maxFrameText,
  readAccessReport,
  unattributedChain,
  writeAccessReport,
} from './access-report.ts';
export {
  type DeviceWatch,
  isYielded,
  type JudgedRow,
  judgeRow,
  newDeviceWatch,
  openWatch,
  type StreamPolicy,
  saveWatch,
} from './access-stream.ts';
export {
  type ChainCode,
  type ChainFrame,
  chainId,
  frameText,
  maxChainFrames,
  maxStackLine,
  maxStackText,
  readStack,
} from './call-chain.ts';
export { type CheckId, checkIds, type PrivacyCheck, privacyChecks } from './checks.ts';
export { type ClauseId, type ClauseSource, type ClauseSourceId, clauseSources, clauses, sourceOf } from './clauses.ts';
export {
  type ConsentEvent,
  type ConsentPurpose,
  consentMethods,
  consentStates,
  maxConsentList,
  readConsentEvent,
} from './consent-event.ts';
export { exportConsent, instantText } from './consent-export.ts';
export {
  appendConsent,
  emptyLedger,
  type LedgerCode,
  type LedgerHead,
  type LedgerSigner,
  type LedgerVerifier,
  maxLedgerLine,
  verifyLedger,
} from './consent-ledger.ts';
export {
  type DataClass,
  type DataItem,
  type DataItemId,
  dataClasses,
  dataItems,
  isDataItemId,
  type SpecialCategory,
} from './data-items.ts';
export {
  type ExceptionKind,
  type ExceptionPolicy,
  type ExceptionRule,
  exceptionKinds,
  exceptionRules,
  maxWindowCount,
  type Severity,
  severities,
} from './exception-rules.ts';
export { type ExceptionWatch, judgeAccess, newExceptionWatch, type PrivacyAccess } from './exceptions.ts';
export {
  type Acceptance,
  type Finding,
  type FindingCode,
  type FindingEvent,
  type FindingState,
  findingStates,
  maxAcceptanceReason,
  maxEvidence,
  nextFinding,
  openFinding,
} from './finding.ts';
export { type DetectorName, detect, detectorNames, type Find } from './masking/detectors.ts';
export {
  compileMask,
  type Mask,
  type MaskAction,
  type MaskPolicy,
  type MaskRule,
  maskActions,
  maskText,
  usualMask,
} from './masking/mask.ts';
export {
  type CollectContext,
  type CollectDecision,
  type CollectReason,
  type Consent,
  collectClauses,
  consentOf,
  type MayCollect,
  mayCollect,
  type Standing,
} from './may-collect.ts';
export { type PurposeId, purposes, type Scene, type SceneId, scenes } from './scenes.ts';
export { type ApiPlatform, apiPlatforms, type SensitiveApi, sensitiveApiOf, sensitiveApis } from './sensitive-apis.ts';
