/** The door for clients: what an SDK needs to collect and report signals, without the notes of the registry and without a schema library. */
export {
  mayCollectSignal,
  maySense,
  type SignalConsent,
  type SignalRefusal,
  signalPrivacyScene,
} from './signals/may-collect-signal.ts';
export {
  newReportChain,
  nextReport,
  type ReportChain,
  type RoundChallenge,
  type SensedRound,
  sensedCanary,
} from './signals/report-chain.ts';
export { canaryAnswer, nativeCanary } from './signals/signal-canary.ts';
export {
  type EvidenceKind,
  evidenceKinds,
  maxBucket,
  maxEvidence,
  maxSignals,
  readSignalReport,
  type SensedSignal,
  type SharedEvidence,
  type SignalReport,
  type SignalReportCode,
  type SignalValue,
  type SignalVoice,
  type SkippedSignal,
  type SkipReason,
  signalCodeForm,
  signalReportBytes,
  signalReportKind,
  signalReportVersion,
  signalVoices,
  skipReasons,
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
  reachesTier,
  type SceneTier,
  type SignalForm,
  type SignalGroup,
  type SignalLayer,
  type SignalOrigin,
  sceneTiers,
  signalGroups,
} from './signals/signal-words.ts';
