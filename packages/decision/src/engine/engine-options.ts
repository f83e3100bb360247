/** What an engine is made with, and what it offers. */
import type { RiskEvent, RiskLabel } from '../event.ts';
import type { CompiledPolicy } from '../policy/policy.ts';
import type { DecisionContext } from './context.ts';
import type { Decision, PolicyRef } from './decision.ts';
import type { FactSchema } from './fact-schema.ts';

/** How a policy takes part: in force, in force for a share of the devices, or beside without effect. */
export type PolicyRole = 'active' | 'challenger' | 'shadow';

/** A policy of a set, checked and compiled. */
export interface PolicyEntry extends PolicyRef {
  readonly role: PolicyRole;
  /** Scenes that it is for; all that no other policy of its role names when empty. */
  readonly scenes: readonly string[];
  /** Share of the devices that a challenger decides for, 0 to 1. */
  readonly share: number;
  readonly compiled: CompiledPolicy;
}

/** The policies of an engine. */
export interface PolicySet {
  readonly entries: readonly PolicyEntry[];
}

/** A model that the engine serves. */
export interface ServedModel {
  /** Hexadecimal SHA-256 of its document. */
  readonly hash: string;
  /** Names of facts, in the order of its features. */
  readonly features: readonly string[];
  /** Probability of fraud for these features; NaN is missing. */
  readonly score: (features: Float64Array) => number;
  /** Reason codes for a score, most telling first. */
  readonly reasons?: (features: Float64Array) => readonly string[];
}

/** Lists by name: pseudonyms of entities (`Engine.pseudonym`) or values of attributes. */
export type NamedLists = Readonly<Record<string, ReadonlySet<string>>>;

/** What can be exchanged while the engine runs, each at once between two decisions. */
export interface EngineParts {
  readonly policies: PolicySet;
  readonly lists: NamedLists;
  readonly model: ServedModel | undefined;
}

/** An engine: one for each thread, over memory that threads share. */
export interface Engine {
  readonly schema: FactSchema;
  /** Decides on an event and takes it into the profiles of its entities, in one step. */
  decide(event: RiskEvent, context: DecisionContext): Decision;
  /** Takes a label that is known now; false when its event is not, or no longer, remembered. */
  label(label: RiskLabel): boolean;
  /** What stands for an id in lists and records: 16 hexadecimal digits, a keyed hash of kind and id. */
  pseudonym(kind: string, id: string): string;
  /** Exchanges what is given and keeps the rest. */
  exchange(parts: Partial<EngineParts>): void;
}
