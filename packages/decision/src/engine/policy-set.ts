/** Documents → the policies of an engine; which of them is asked for a scene, and for which devices. */
import { accept, createKeyedHash, type HashValue, type JsonValue, utf8 } from '@hauberk/primitives';
import { PolicyEvaluator } from '../policy/evaluate.ts';
import { type BackEnd, compilePolicy } from '../policy/policy.ts';
import { type PolicyFault, readPolicy } from '../policy/read-policy.ts';
import { isValidAt } from '../policy/schedule.ts';
import type { PolicyEntry, PolicyRole, PolicySet } from './engine-options.ts';
import type { FactSchema } from './fact-schema.ts';
import { type ListQuestion, listFaults, listQuestions } from './questions.ts';

/** A policy before it is read. */
export interface OfferedPolicy {
  readonly document: JsonValue;
  /** Hexadecimal SHA-256 of its canonical JSON. */
  readonly hash: string;
  /** `active` when absent. */
  readonly role?: PolicyRole;
  /** All that no other policy of its role names when absent or empty. */
  readonly scenes?: readonly string[];
  /** Of a challenger: thousandths of the devices, and what the cohort is drawn by. */
  readonly perMille?: number;
  readonly salt?: string;
}

/** A fault with the document that has it. */
export interface SetFault extends PolicyFault {
  /** Place of the document among those given. */
  readonly document: number;
}

/** Reads, checks and compiles policies for an engine; answers all faults of all documents. */
export const readPolicySet = (
  documents: readonly OfferedPolicy[],
  schema: FactSchema,
  backEnd: BackEnd = 'generated',
):
  | { readonly ok: true; readonly value: PolicySet }
  | { readonly ok: false; readonly code: 'policy.malformed'; readonly faults: readonly SetFault[] } => {
  const faults: SetFault[] = [];
  const entries = documents.flatMap((each, document): readonly PolicyEntry[] => {
    const read = readPolicy(each.document, schema.policy);
    const found = read.ok ? listFaults(read.value) : read.faults;
    faults.push(...found.map((one) => ({ ...one, document })));
    if (!read.ok || found.length > 0) return [];
    const { hash, role = 'active', scenes = [], perMille = 0, salt = '' } = each;
    const compiled = compilePolicy(read.value, schema.policy, backEnd);
    return [{ id: read.value.id, hash, role, scenes, perMille, salt, compiled }];
  });
  return faults.length === 0 ? accept(entries) : { ok: false, code: 'policy.malformed', faults };
};

/** A policy as the engine asks it. */
export interface AskedPolicy {
  readonly entry: PolicyEntry;
  readonly evaluator: PolicyEvaluator;
  readonly questions: readonly ListQuestion[];
}

/** What is asked for a scene. */
export interface ScenePolicies {
  readonly active: AskedPolicy | undefined;
  readonly challenger: AskedPolicy | undefined;
  readonly shadows: readonly AskedPolicy[];
}

const ofScene = (asked: readonly AskedPolicy[], role: PolicyRole, scene: string): readonly AskedPolicy[] => {
  const all = asked.filter(({ entry }) => entry.role === role);
  const named = all.filter(({ entry }) => entry.scenes.includes(scene));
  return named.length > 0 ? named : all.filter(({ entry }) => entry.scenes.length === 0);
};

/** Scenes whose policies are remembered: scenes are names that events bring. */
const maxScenes = 1024;

/** Chooses policies by scene. */
export class PolicyChoice {
  readonly #asked: readonly AskedPolicy[];
  readonly #byScene = new Map<string, ScenePolicies>();

  constructor(policies: PolicySet, schema: FactSchema) {
    this.#asked = policies.map((entry) => ({
      entry,
      evaluator: new PolicyEvaluator(entry.compiled),
      questions: listQuestions(entry.compiled.policy, schema.policy),
    }));
  }

  /** What is asked for a scene: one policy in force, at most one challenger, every shadow that is for it. */
  of(scene: string): ScenePolicies {
    const known = this.#byScene.get(scene);
    if (known !== undefined) return known;
    const found = {
      active: ofScene(this.#asked, 'active', scene)[0],
      challenger: ofScene(this.#asked, 'challenger', scene)[0],
      shadows: ofScene(this.#asked, 'shadow', scene),
    };
    if (this.#byScene.size < maxScenes) this.#byScene.set(scene, found);
    return found;
  }
}

/** Whether a policy counts at an instant. */
export const isInForce = ({ entry }: AskedPolicy, atMs: number): boolean =>
  isValidAt(entry.compiled.policy.valid, atMs);

/** Whether something with this pseudonym belongs to a challenger's cohort: the same answer everywhere for one salt. */
export const isInCohort = (salt: string, pseudonym: string, perMille: number): boolean => {
  const value: HashValue = { low: 0, high: 0 };
  createKeyedHash(utf8(salt.padEnd(8, '.')))(pseudonym, value);
  return (value.low >>> 0) % 1000 < perMille;
};
