/** A recorded decision again: by the same policy it comes out as the same bytes, by another one the difference is told. Nothing but the record is asked. */
import { accept, type Result, refuse } from '@hauberk/primitives';
import type { PolicyEntry } from '../engine/engine-options.ts';
import type { FactSchema } from '../engine/fact-schema.ts';
import { factsAsked, type ListQuestion, listQuestions } from '../engine/questions.ts';
import { explain, PolicyEvaluator, type PolicyResult, type RuleTold } from '../policy/evaluate.ts';
import type { CompiledPolicy } from '../policy/policy.ts';
import type { Facts, Lists } from '../policy/schema.ts';
import type { PolicyValue } from '../policy/syntax.ts';
import { type DecisionRecord, decodeRecord, encodeRecord, type RecordCode, type RecordedVerdict } from './record.ts';

/** Why a record is not evaluated again. */
export type ReevaluateCode = RecordCode | 'record.other-schema' | 'record.other-policy';

/** What came out. */
export interface Reevaluated {
  readonly record: DecisionRecord;
  readonly verdict: RecordedVerdict;
  /** The record as it would be written now. */
  readonly bytes: Uint8Array;
  /** Whether those are the bytes that were read. */
  readonly isSame: boolean;
  /** Facts and lists that the policy asks and the record does not hold: where there are any, the verdict is a guess, and only a rebuild tells. */
  readonly notRecorded: readonly string[];
}

/** The lists of a schema as a record answers for them: a value is on a list when the record says so. */
export const recordedLists = ({ policy }: FactSchema, { facts, answers }: DecisionRecord): Lists => {
  const sets = policy.lists.map(() => new Set<string>());
  for (const { fact, list, isMember } of answers) {
    const value = facts[fact];
    if (isMember && typeof value === 'string') sets[list]?.add(value);
  }
  return sets;
};

/** Answers with the same value of another fact hold for this one too: a list is asked about values. */
const isAnswered = ({ facts, answers }: DecisionRecord, { fact, list }: ListQuestion): boolean =>
  facts[fact] === undefined || answers.some((each) => each.list === list && facts[each.fact] === facts[fact]);

/** What a policy asks and a record does not hold. */
const notRecordedOf = (schema: FactSchema, record: DecisionRecord, { policy }: CompiledPolicy): readonly string[] => {
  const held = new Set(Array.from(record.places));
  const facts = [...factsAsked(policy)].filter((name) => !held.has(schema.policy.fields.get(name)?.place ?? -1));
  const names = [...schema.policy.fields.keys()];
  const lists = listQuestions(policy, schema.policy)
    .filter((question) => held.has(question.fact) && !isAnswered(record, question))
    .map(({ fact, list }) => `${names[fact]} in ${schema.policy.lists[list]}`);
  return [...facts, ...lists];
};

/** Facts of the record at the places of the schema; holes read as missing. */
const wholeFacts = (schema: FactSchema, { facts, places }: DecisionRecord): Facts => {
  const whole: PolicyValue[] = [];
  whole.length = schema.policy.fields.size;
  for (const place of Array.from(places)) whole[place] = facts[place];
  return whole;
};

const reasonsOf = ({ policy }: CompiledPolicy, fired: readonly number[]): readonly string[] => [
  ...new Set(fired.flatMap((place) => policy.rules[place]?.reason ?? [])),
];

/** Evaluators by policy: they hold buffers, and a replay asks one policy many times. */
const evaluators = new WeakMap<CompiledPolicy, PolicyEvaluator>();

const evaluatorOf = (compiled: CompiledPolicy): PolicyEvaluator => {
  const evaluator = evaluators.get(compiled) ?? new PolicyEvaluator(compiled);
  evaluators.set(compiled, evaluator);
  return evaluator;
};

const nothingSaid: PolicyResult = { outcome: 'allow', points: 0, fired: [], obligations: [] };

const isSameBytes = (left: Uint8Array, right: Uint8Array): boolean =>
  left.length === right.length && left.every((byte, at) => byte === right[at]);

/**
 * Evaluates a record again. Without `another` the policy has to be the one that the record names, or undefined when it names none; with it any policy is tried.
 * `schemaHash` is that of the schema given: facts are places, and mean nothing under another one.
 */
export const reevaluate = (
  bytes: Uint8Array,
  schema: FactSchema,
  schemaHash: string,
  policy: PolicyEntry | undefined,
  another = false,
): Result<Reevaluated, ReevaluateCode> => {
  const read = decodeRecord(bytes);
  if (!read.ok) return read;
  const record = read.value;
  if (!schemaHash.startsWith(record.schemaHash)) return refuse('record.other-schema', record.schemaHash);
  const isThat =
    policy === undefined
      ? record.policy === undefined
      : policy.id === record.policy?.id && policy.hash.startsWith(record.policy.hash);
  if (!another && !isThat) return refuse('record.other-policy', record.policy?.hash);
  const result =
    policy === undefined
      ? nothingSaid
      : evaluatorOf(policy.compiled).evaluate(
          record.scene,
          wholeFacts(schema, record),
          recordedLists(schema, record),
          record.atMs,
        );
  const reasons = policy === undefined ? [] : reasonsOf(policy.compiled, result.fired);
  const verdict = { ...result, reasons };
  const named = policy === undefined ? undefined : { id: policy.id, hash: policy.hash, isChallenger: false };
  const again = encodeRecord({ ...record, ...verdict, policy: isThat ? record.policy : named });
  const notRecorded = policy === undefined ? [] : notRecordedOf(schema, record, policy.compiled);
  return accept({ record, verdict, bytes: again, isSame: isSameBytes(bytes, again), notRecorded });
};

/** Tells of every rule of a policy why it fired or did not in a recorded decision, condition by condition. */
export const explainRecord = (
  record: DecisionRecord,
  schema: FactSchema,
  { compiled }: Pick<PolicyEntry, 'compiled'>,
): readonly RuleTold[] =>
  explain(compiled, record.scene, wholeFacts(schema, record), recordedLists(schema, record), record.atMs);

/** The facts of a record by name; a text for what was looked at and missing is not there. */
export const recordedFacts = (
  record: DecisionRecord,
  schema: FactSchema,
): Readonly<Record<string, Facts[number] | null>> => {
  const names = [...schema.policy.fields.keys()];
  return Object.fromEntries(
    Array.from(record.places, (place) => [names[place] ?? String(place), record.facts[place] ?? null]),
  );
};
