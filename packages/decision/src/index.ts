/** Floor 3: events, windows over them, models, and what follows from them for one request. */
export {
  type ClusterGrade,
  clusterGrades,
  type GradeRule,
  usualGrades,
} from './clusters/cluster-score.ts';
export {
  type ClusterFacts,
  type ClusterListener,
  type ClusterOptions,
  Clusters,
  type Observation,
  usualClusterOptions,
} from './clusters/clusters.ts';
export {
  type EvidenceGroup,
  type EvidenceKind,
  evidenceGroups,
  usualEvidenceKinds,
} from './clusters/evidence-kinds.ts';
export {
  type ClusterExplanation,
  type ClusterSummary,
  clusterId,
  clusterRow,
  devicePseudonym,
  explainCluster,
  listClusters,
  type SharedByMembers,
  summariseCluster,
} from './clusters/explain.ts';
export type { Arrival } from './clusters/lateness.ts';
export {
  type ListChoice,
  type ListProposal,
  maxListDays,
  type ProposalCode,
  proposeList,
} from './clusters/list-proposal.ts';
export { readClusters, type SnapshotCode, writeClusters } from './clusters/snapshot.ts';
export {
  type ChannelContext,
  type ChannelResult,
  type ClusterContext,
  channelResults,
  type DecisionContext,
  type DeviceContext,
  type IdentityContext,
  type SignalInForce,
} from './engine/context.ts';
export type { Decision, PolicyRef, ShadowVerdict } from './engine/decision.ts';
export { createEngine, type EngineOptions } from './engine/engine.ts';
export type {
  Engine,
  EngineParts,
  LabelTaken,
  NamedLists,
  PolicyEntry,
  PolicyRole,
  PolicySet,
  ServedModel,
} from './engine/engine-options.ts';
export { entityFacts, type NamedFact, signalFact, type WindowSpan, windowSpans } from './engine/fact-names.ts';
export {
  type FactSchema,
  factSchema,
  type ScalarType,
  type SceneFacts,
  type SchemaCode,
  type SchemaDeclaration,
  schemaDocument,
} from './engine/fact-schema.ts';
export {
  EngineBusy,
  type EngineMemory,
  type KindMemory,
  type MemoryDeclaration,
  memoryBytes,
  nextRun,
  reserveMemory,
} from './engine/memory.ts';
export { type OfferedPolicy, readPolicySet, type SetFault } from './engine/policy-set.ts';
export { type IdHash, idHash, pseudonymOf } from './engine/pseudonyms.ts';
export { factsAsked } from './engine/questions.ts';
export {
  type AttributeValue,
  type EventCode,
  type RiskEvent,
  type RiskLabel,
  readRiskEvent,
  readRiskLabel,
} from './event.ts';
export {
  type DigestPort,
  entityExtension,
  entityObject,
  entityType,
  isSharedKind,
  nameUuid,
  type SharedEntity,
  type SharedKind,
  sharedKinds,
} from './intelligence/entity-object.ts';
export {
  entityKey,
  type Indicator,
  type IndicatorCode,
  readIndicator,
  type Sought,
  type SoughtKind,
  soughtKinds,
} from './intelligence/indicator.ts';
export { halfLives, IndicatorBook, type IndicatorMatch, type Taken } from './intelligence/indicator-book.ts';
export { type Observations, type PatternCode, readPattern } from './intelligence/pattern.ts';
export { type MatchCode, matchesPattern, type SeenAtOnce } from './intelligence/pattern-match.ts';
export { bundleOf, clusterObjects, type SharedCluster, type Sharer, type Tlp } from './intelligence/share.ts';
export {
  type Envelope,
  maxStixObjects,
  maxStixText,
  type ReadObjects,
  readBundle,
  readEnvelope,
  readStixObject,
  readStixObjects,
  type StixCode,
  type StixObject,
  typeOfId,
} from './intelligence/stix-object.ts';
export { instantOf, stixTime } from './intelligence/stix-time.ts';
export { type FeaturePlan, featureNames, planFeatures } from './learn/feature-plan.ts';
export {
  fraudChance,
  type LearnCode,
  type LearnInput,
  type LearnReport,
  learn,
  type RiskModel,
  type Span,
  usualBoost,
} from './learn/learn.ts';
export { type MemoryOptions, RiskMemory } from './learn/risk-memory.ts';
export {
  ChampionBook,
  type ChampionReport,
  type ChampionVerdict,
  type PairedVerdict,
  type SideEvidence,
} from './model/champion.ts';
export { type DriftGrade, type DriftReference, DriftWatch, driftReference, type FeatureDrift } from './model/drift.ts';
export type { Ensemble, EnsembleOutput } from './model/ensemble.ts';
export type { ModelFileCode } from './model/import-parts.ts';
export { type IsolationOptions, isolate, usualIsolation } from './model/isolation.ts';
export { modelDocument, readModelFile, readModelJson } from './model/model-document.ts';
export { type OnnxCode, type OnnxSession, type OnnxTensor, onnxChances, tensorOf } from './model/onnx-port.ts';
export { forestEnsemble, learntEnsemble } from './model/own-ensemble.ts';
export { type FeatureTold, type ServingModel, serveModel } from './model/serve.ts';
export { judgeModelRows, type ModelWorth } from './model/validate.ts';
export {
  type ConditionTold,
  explain,
  PolicyEvaluator,
  type PolicyResult,
  type RuleTold,
} from './policy/evaluate.ts';
export { type FactReaderOptions, factReader } from './policy/fact-reader.ts';
export { toJsonForm } from './policy/json-form.ts';
export {
  type ChallengeStep,
  challengeSteps,
  type Obligation,
  type Obligations,
  usualObligations,
} from './policy/obligations.ts';
export {
  type BackEnd,
  type CompiledPolicy,
  compilePolicy,
  isOutcome,
  type Outcome,
  outcomes,
  type Policy,
  type PolicyRule,
  type Threshold,
} from './policy/policy.ts';
export { printExpression } from './policy/print.ts';
export { type PolicyFault, readPolicy } from './policy/read-policy.ts';
export type { Schedule, Validity } from './policy/schedule.ts';
export { type Facts, factsFrom, type Lists, type PolicySchema, policySchema } from './policy/schema.ts';
export { maxAttributes, maxEntities, maxEventText } from './quick-event.ts';
export { featureReason } from './reasons/model-reasons.ts';
export type { Reason } from './reasons/reason.ts';
export { reasonOf, reasons } from './reasons/reasons.ts';
export { type Technique, type TechniqueSource, techniques } from './reasons/techniques.ts';
export { type FactDifference, Rebuild, type RebuildOptions, type Rebuilt } from './record/rebuild.ts';
export {
  type DecisionRecord,
  decodeRecord,
  encodeRecord,
  type ListAnswer,
  type RecordCode,
  type RecordedEntity,
  type RecordedPolicy,
  type RecordSummary,
  summariseRecord,
} from './record/record.ts';
export {
  explainRecord,
  type ReevaluateCode,
  type Reevaluated,
  recordedFacts,
  reevaluate,
} from './record/reevaluate.ts';
export {
  type SceneAttribute,
  type SceneEntity,
  sceneAttributes,
  sceneEntities,
} from './scenes/attributes.ts';
export { attributesOf, catalogueFacts, entitiesOf, reachesTier, sceneOf, scenes } from './scenes/catalogue.ts';
export {
  commonAttributes,
  commonEntities,
  type FailMode,
  failModes,
  type Scene,
  type SceneClass,
  type SceneTier,
  sceneClasses,
  sceneTiers,
} from './scenes/scene.ts';
export { joinStarterPolicies, type PolicyDocument, starterLists, starterPolicies } from './starter/starter.ts';
export { starterTargets } from './starter/targets.ts';
export { type DistinctRead, DistinctView, distinctKind } from './windows/distinct.ts';
export {
  DuplicateFilter,
  type DuplicateShape,
  reserveDuplicateFilter,
  seenBefore,
} from './windows/duplicate-filter.ts';
export { FirstSeen, type FirstSeenShape, firstSeenError, reserveFirstSeen } from './windows/first-seen.ts';
export { type HeavyHitter, HeavyHitters, type HeavyShape, reserveHeavyHitters } from './windows/heavy-hitters.ts';
export {
  type Checksum,
  entryBytes,
  fileHeadBytes,
  JournalBuffer,
  maxFrameEntries,
  type ProfileFileCode,
  readFileHead,
  readFrames,
  writeFileHead,
  writeFrame,
} from './windows/journal-format.ts';
export { JournalReplay, type ReplayReport, type ReplayTarget } from './windows/journal-replay.ts';
export { MintQuota, type MintShape, reserveMintQuota } from './windows/mint-quota.ts';
export { joinOwners, reserveOwners, retireOwner } from './windows/owners.ts';
export { Profile } from './windows/profile.ts';
export { compileLayout, type ProfileLayout, type ProfileSpec, windowOf } from './windows/profile-layout.ts';
export { fullProfile, leanProfile } from './windows/profile-specs.ts';
export {
  type ProfileCounts,
  type ProfileMemory,
  ProfileTable,
  profileBytes,
  reserveProfiles,
} from './windows/profile-table.ts';
export {
  contentLength,
  maxSectionBytes,
  packedRowBytes,
  packedStripeBytes,
  packRows,
  packStripes,
  profilesHash,
  readSection,
  type Section,
  sectionHeadBytes,
  sectionKind,
  unpackRows,
  unpackStripes,
  writeSection,
} from './windows/snapshot-format.ts';
export type { TurningStripes } from './windows/turning-stripes.ts';
