/** Floor 3: events, windows over them, models, and what follows from them for one request. */
export {
  type AttributeValue,
  type EventCode,
  maxEventText,
  type RiskEvent,
  type RiskLabel,
  readRiskEvent,
  readRiskLabel,
} from './event.ts';
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
