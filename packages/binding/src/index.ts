/** Floor 3: SIM and device binding. Pure: time, randomness and secrets are arguments, providers and stores are ports of the shell. */
export {
  type AttemptEvent,
  type AttemptEventKind,
  type AttemptState,
  attemptStates,
  type BindingAttempt,
  type BindingRequest,
  type BindingWay,
  bindingWays,
  type Guard,
  guards,
  type OtpAnswer,
  type PhysicalSms,
  type ProvidedProof,
  type SentItem,
  type StepContext,
  type TokenSms,
} from './attempt.ts';
export {
  type Binding,
  type BindingEnd,
  bindingOf,
  ended,
  inheritedPasskeys,
  isCooling,
  isInactive,
  isLive,
  judgeLogin,
  judgeSim,
  judgeTransfer,
  type LoginSim,
  type LoginVerdict,
  livePasskeys,
  mostPasskeys,
  type Passkey,
  type Passkeys,
} from './binding.ts';
export {
  type CamaraCode,
  camaraPaths,
  readInstant,
  readSwapDate,
  readSwapped,
  readVerified,
} from './camara.ts';
export { type ConditionName, conditions } from './conditions.ts';
export {
  type AttestedFacts,
  type ClaimedFacts,
  type ClientEvidence,
  isAttested,
  type RequestingDevice,
  type SourceNetwork,
} from './device-evidence.ts';
export { type CustomerFactor, type FactorKind, isIndependentFactor } from './factors.ts';
export { passed, type ServerInstant } from './instant.ts';
export { type Msisdn, readMsisdn } from './msisdn.ts';
export { isStaleList, type NumberFacts, type RiskBand } from './number-facts.ts';
export { type FeedCode, longestFeed, type NumberFeed, readRevocationFeed, readRiskFeed } from './number-feed.ts';
export {
  type BindingPolicy,
  defaultBindingPolicy,
  type OnSilence,
  type Platform,
  policyFault,
  type SystemFloor,
} from './policy.ts';
export {
  type BindingAction,
  defaultSufficientProofs,
  type ProofKind,
  proofKinds,
  type SufficientProofs,
  suffice,
} from './possession.ts';
export { type BindingCode, type Decider, type Rule, type RuleId, ruleIds, rules } from './rules.ts';
export {
  drawToken,
  isTokenShaped,
  longestSms,
  readToken,
  type SmsTextCode,
  smsText,
  tokenBits,
  tokenFrom,
  tokenLength,
  tokenRandomBytes,
} from './sms-token.ts';
export { blocked, counted, emptyTally, type Tally } from './tally.ts';
export { followed, judgeTrail, mostSteps, type RuleVerdict, type Trail, type TrailStep, trailStep } from './trail.ts';
export {
  applyStep,
  findTransition,
  type NextMove,
  nextMove,
  type Step,
  type Transition,
  transitions,
} from './transitions.ts';
export { chooseVmn, leastVmns, readVmnPool, type VmnPool, vmnRandomBytes } from './vmn-pool.ts';
