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
export {
  type ConditionTold,
  explain,
  PolicyEvaluator,
  type PolicyResult,
  type RuleTold,
} from './policy/evaluate.ts';
export { toJsonForm } from './policy/json-form.ts';
export {
  type BackEnd,
  type CompiledPolicy,
  compilePolicy,
  isOutcome,
  type Outcome,
  outcomes,
  type Policy,
  type PolicyFault,
  type PolicyRule,
  readPolicy,
} from './policy/policy.ts';
export { printExpression } from './policy/print.ts';
export { type Facts, factsFrom, type Lists, type PolicySchema, policySchema } from './policy/schema.ts';
