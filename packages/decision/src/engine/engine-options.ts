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
  /** Of a challenger: thousandths of the devices that it decides for. */
  readonly perMille: number;
  /** Of a challenger: what its cohort is drawn by. */
  readonly salt: string;
  readonly compiled: CompiledPolicy;
}

/** The policies of an engine. */
export type PolicySet = readonly PolicyEntry[];

/** A model that the engine serves. */
export interface ServedModel {
  /** Hexadecimal SHA-256 of its document. */
  readonly hash: string;
  /** Names of facts, in the order of its features. */
  readonly features: readonly string[];
  /** Probability of fraud for these features; NaN is missing. The array is used again. */
  readonly score: (features: Float64Array) => number;
  /** Reason codes for these features, most telling first. */
  readonly reasons?: (features: Float64Array) => readonly string[];
}

/** Lists by name: pseudonyms of entities (`Engine.pseudonym`) or values of attributes. */
export interface NamedLists {
  /** Hexadecimal SHA-256 of what they are made from; decisions record it. */
  readonly hash: string;
  readonly sets: Readonly<Record<string, ReadonlySet<string>>>;
}

/** What can be exchanged while the engine runs, at once between two decisions. */
export interface EngineParts {
  readonly policies: PolicySet;
  readonly lists: NamedLists;
  readonly model: ServedModel | undefined;
}

/** What a label came to. */
export interface LabelTaken {
  /** Its number among all decisions and labels of this memory. */
  readonly order: number;
  /** Whether its event was remembered. */
  readonly isKnown: boolean;
}

/** An engine: one for each thread, over memory that threads share. */
export interface Engine {
  readonly schema: FactSchema;
  /** Decides on an event and takes it into the profiles of its entities, in one step. Throws `EngineBusy` when the memory stayed locked for two seconds. */
  decide(event: RiskEvent, context: DecisionContext): Decision;
  /** Takes a label that is known now. Keep it with its order: a rebuild needs it at the same place. */
  label(label: RiskLabel): LabelTaken;
  /** What stands for an id in lists and records: 16 hexadecimal digits, a keyed hash of kind and id. */
  pseudonym(kind: string, id: string): string;
  /** Exchanges what is given and keeps the rest. */
  exchange(parts: Partial<EngineParts>): void;
}
