/**
 * The decision engine: an event and its context in, a decision out. The event is counted in the profiles of its entities in the same step in which they are read;
 * everything after that works on the facts alone. No clock, no randomness: the same events in the same order give the same decisions.
 */
import type { RiskEvent } from '../event.ts';
import type { PolicyResult } from '../policy/evaluate.ts';
import type { PolicyRule } from '../policy/policy.ts';
import type { Lists } from '../policy/schema.ts';
import { type ListAnswer, packedPlaces, type RecordedEntity, writeRecord } from '../record/record.ts';
import type { JournalBuffer } from '../windows/journal-format.ts';
import type { DecisionContext } from './context.ts';
import { ContextFacts } from './context-facts.ts';
import type { Decision, ShadowVerdict } from './decision.ts';
import type { Engine, EngineParts, NamedLists, ServedModel } from './engine-options.ts';
import type { FactBuffer } from './entity-reader.ts';
import { factOfFeature, factPrefix } from './fact-names.ts';
import type { FactSchema } from './fact-schema.ts';
import { Intake } from './intake.ts';
import { type EngineMemory, openMemory } from './memory.ts';
import { type AskedPolicy, isInCohort, isInForce, PolicyChoice } from './policy-set.ts';
import { idHash, pseudonymOf } from './pseudonyms.ts';
import { type ListQuestion, listQuestions, placesNeeded } from './questions.ts';

/** What an engine is made with. */
export interface EngineOptions extends Partial<EngineParts> {
  readonly schema: FactSchema;
  /** Hexadecimal SHA-256 of `schemaDocument(schema)` as canonical JSON. */
  readonly schemaHash: string;
  readonly memory: EngineMemory;
  /** This thread's place among the owners of locks (`joinOwners(memory.owners)`); a new one when absent. */
  readonly token?: number;
  /** Where changes of profiles are noted, for whoever keeps them; nowhere when absent. */
  readonly journal?: JournalBuffer;
  /** 16 bytes that nobody outside knows; ids meet tables, lists and records only as hashes under it. */
  readonly key: Uint8Array;
  /** Facts that records hold beside those that policies and model ask, so that policies of tomorrow can be tried on decisions of today. */
  readonly keep?: readonly string[];
  /** Probability from which the model's reasons are told; 0.1 when absent. Telling them costs about as much as the score. */
  readonly reasonsFrom?: number;
  /** Whether decisions carry a record; they do unless this is false. */
  readonly hasRecords?: boolean;
}

/** Facts of each kind that every record holds. */
const usuallyKept = ['isNew', 'ageHours', 'count1h', 'count24h', 'count7d', 'sum24h', 'surprise'];

const noLists: NamedLists = { hash: '0'.repeat(64), sets: {} };
const emptySet: ReadonlySet<string> = new Set();

/** What is compiled anew with every exchange of parts. */
interface Compiled {
  readonly parts: EngineParts;
  readonly choice: PolicyChoice;
  readonly lists: Lists;
  readonly places: Int32Array;
  /** The same as records have them. */
  readonly packed: Uint8Array;
  readonly questions: readonly ListQuestion[];
  readonly featurePlaces: Int32Array;
  readonly features: Float64Array;
}

const modelFacts = { score: 'model.score', reasons: 'model.reasons' } as const;

/** Features that are no facts: learnt in UTC, whatever the schema's zone. */
const utcFeatures: Readonly<Record<string, (atMs: number) => number>> = {
  'utc.hour': (atMs) => Math.floor(atMs / 3_600_000) % 24,
  'utc.weekday': (atMs) => (Math.floor(atMs / 86_400_000) + 4) % 7,
};

class DecisionEngine implements Engine {
  readonly schema: FactSchema;
  readonly #options: EngineOptions;
  readonly #intake: Intake;
  readonly #context: ContextFacts;
  readonly #facts: FactBuffer;
  readonly #scorePlace: number;
  readonly #reasonsPlace: number;
  readonly #device: number;
  readonly #reasonsFrom: number;
  #compiled: Compiled;

  constructor(options: EngineOptions) {
    const { schema } = options;
    const { fields } = schema.policy;
    this.schema = schema;
    this.#options = options;
    this.#intake = new Intake(openMemory(options.memory, options.token, options.journal), options.key);
    this.#context = new ContextFacts(schema);
    this.#facts = Array.from({ length: fields.size }, () => undefined);
    this.#scorePlace = fields.get(modelFacts.score)?.place ?? -1;
    this.#reasonsPlace = fields.get(modelFacts.reasons)?.place ?? -1;
    this.#device = schema.kinds.indexOf('device');
    this.#reasonsFrom = options.reasonsFrom ?? 0.1;
    const { policies = [], lists = noLists, model } = options;
    this.#compiled = this.#compile({ policies, lists, model });
  }

  exchange(parts: Partial<EngineParts>): void {
    this.#compiled = this.#compile({ ...this.#compiled.parts, ...parts });
  }

  #compile(parts: EngineParts): Compiled {
    const { schema, keep = [] } = this.#options;
    const { policies, model, lists } = parts;
    const { fields } = schema.policy;
    const kept = schema.kinds.flatMap((kind) => usuallyKept.map((name) => `${factPrefix(kind)}.${name}`));
    const always = [...this.#context.places, this.#scorePlace, this.#reasonsPlace];
    const names = [...kept, ...keep, ...(model?.features ?? []).map(factOfFeature)];
    const compiled = policies.map((entry) => entry.compiled);
    const places = placesNeeded(schema.policy, compiled, names, always);
    const asked = new Set(places);
    this.#facts.fill(undefined);
    this.#intake.ask(fields, (place) => asked.has(place));
    const questions = new Map<string, ListQuestion>();
    for (const { policy } of compiled)
      for (const each of listQuestions(policy, schema.policy)) questions.set(`${each.fact} ${each.list}`, each);
    return {
      parts,
      places,
      packed: packedPlaces(places),
      choice: new PolicyChoice(policies, schema),
      lists: schema.policy.lists.map(
        (name) => (Object.hasOwn(lists.sets, name) ? lists.sets[name] : undefined) ?? emptySet,
      ),
      questions: [...questions.values()].sort((left, right) => left.fact - right.fact || left.list - right.list),
      featurePlaces: Int32Array.from(model?.features ?? [], (name) => fields.get(factOfFeature(name))?.place ?? -1),
      features: new Float64Array(model?.features.length ?? 0),
    };
  }

  decide(event: RiskEvent, context: DecisionContext): Decision {
    const facts = this.#facts;
    const intake = this.#intake;
    const { parts, choice, lists } = this.#compiled;
    intake.take(event, facts);
    this.#context.write(event, context, intake.isDuplicate, facts);
    const score = parts.model === undefined ? Number.NaN : this.#score(parts.model, event.atMs);
    const { active, challenger, shadows } = choice.of(event.type);
    const champion = active !== undefined && isInForce(active, event.atMs) ? active : undefined;
    const isChallenged = challenger !== undefined && isInForce(challenger, event.atMs) && this.#isInCohort(challenger);
    const deciding = isChallenged ? challenger : champion;
    const result = deciding?.evaluator.evaluate(event.type, facts, lists, event.atMs) ?? nothingSaid;
    const beside = isChallenged && champion !== undefined ? [champion, ...shadows] : shadows;
    const verdicts = beside.length === 0 ? noShadows : beside.map((each) => this.#shadow(each, event));
    return this.#tell(event, { deciding, isChallenged, result, score, shadows: verdicts });
  }

  #score(model: ServedModel, atMs: number): number {
    const { featurePlaces, features } = this.#compiled;
    const facts = this.#facts;
    for (let at = 0; at < features.length; at += 1) {
      const place = featurePlaces[at] as number;
      const value = place < 0 ? utcFeatures[model.features[at] as string]?.(atMs) : facts[place];
      features[at] = typeof value === 'number' ? value : typeof value === 'boolean' ? Number(value) : Number.NaN;
    }
    const score = model.score(features);
    facts[this.#scorePlace] = Number.isFinite(score) ? score : undefined;
    facts[this.#reasonsPlace] = score >= this.#reasonsFrom ? model.reasons?.(features) : undefined;
    return score;
  }

  #isInCohort({ entry }: AskedPolicy): boolean {
    const intake = this.#intake;
    const isDeviceNamed = this.#device >= 0 && intake.rows[this.#device] !== -2;
    const pseudonym = isDeviceNamed ? intake.pseudonym(this.#device) : pseudonymOf(intake.id.low, intake.id.high);
    return isInCohort(entry.salt, pseudonym, entry.perMille);
  }

  #shadow({ entry, evaluator }: AskedPolicy, event: RiskEvent): ShadowVerdict {
    const { outcome, points, fired } = evaluator.evaluate(event.type, this.#facts, this.#compiled.lists, event.atMs);
    return { id: entry.id, hash: entry.hash, outcome, points, reasons: reasonsOf(entry.compiled.policy.rules, fired) };
  }

  #entities(): readonly RecordedEntity[] {
    const intake = this.#intake;
    const entities: RecordedEntity[] = [];
    for (let kind = 0; kind < intake.rows.length; kind += 1)
      if (intake.rows[kind] !== -2)
        entities.push({ kind, pseudonym: intake.pseudonym(kind), order: intake.orders[kind] as number });
    return entities;
  }

  #answers(): readonly ListAnswer[] {
    const { questions, lists } = this.#compiled;
    if (questions.length === 0) return noAnswers;
    return questions.map(({ fact, list }) => {
      const value = this.#facts[fact];
      return { fact, list, isMember: typeof value === 'string' && lists[list]?.has(value) === true };
    });
  }

  #tell({ type, atMs }: RiskEvent, { deciding, isChallenged, result, score, shadows }: Said): Decision {
    const {
      id: { low, high },
      order,
      isDuplicate,
    } = this.#intake;
    const { model, lists } = this.#compiled.parts;
    const { hasRecords = true, schemaHash } = this.#options;
    const policy = deciding === undefined ? undefined : { id: deciding.entry.id, hash: deciding.entry.hash };
    const reasons = deciding === undefined ? noReasons : reasonsOf(deciding.entry.compiled.policy.rules, result.fired);
    const record = hasRecords
      ? writeRecord({
          idLow: low,
          idHigh: high,
          lows: this.#intake.lows,
          highs: this.#intake.highs,
          rows: this.#intake.rows,
          orders: this.#intake.orders,
          packed: this.#compiled.packed,
          order,
          atMs,
          scene: type,
          outcome: result.outcome,
          points: result.points,
          reasons,
          obligations: result.obligations,
          modelHash: model?.hash,
          isDuplicate,
          schemaHash,
          listsHash: lists.hash,
          policy: policy === undefined ? undefined : { ...policy, isChallenger: isChallenged },
          places: this.#compiled.places,
          facts: this.#facts,
          answers: this.#answers(),
          fired: result.fired,
        })
      : noRecord;
    return {
      id: pseudonymOf(low, high),
      order,
      atMs,
      scene: type,
      outcome: result.outcome,
      points: result.points,
      reasons,
      obligations: result.obligations,
      policy,
      isChallenger: isChallenged,
      modelHash: model?.hash,
      score,
      entities: this.#entities(),
      isDuplicate,
      shadows,
      record,
    };
  }

  label(label: Parameters<Engine['label']>[0]): ReturnType<Engine['label']> {
    return this.#intake.label(label);
  }

  pseudonym(kind: string, id: string): string {
    const value = { low: 0, high: 0 };
    idHash(this.#options.key, kind)(id, value);
    return pseudonymOf(value.low, value.high);
  }
}

interface Said {
  readonly deciding: AskedPolicy | undefined;
  readonly isChallenged: boolean;
  readonly result: PolicyResult;
  readonly score: number;
  readonly shadows: readonly ShadowVerdict[];
}

const nothingSaid: PolicyResult = { outcome: 'allow', points: 0, fired: [], obligations: [] };
const noShadows: readonly ShadowVerdict[] = [];
const noReasons: readonly string[] = [];
const noAnswers: readonly ListAnswer[] = [];
const noRecord = new Uint8Array(0);

/** Reasons of the rules that fired, each once. */
const reasonsOf = (rules: readonly PolicyRule[], fired: readonly number[]): readonly string[] => {
  const reasons: string[] = [];
  for (const place of fired) {
    const { reason } = rules[place] as PolicyRule;
    if (!reasons.includes(reason)) reasons.push(reason);
  }
  return reasons;
};

/** Makes an engine for this thread. Throws RangeError for a memory of another schema and for a key of less than 8 bytes. */
export const createEngine = (options: EngineOptions): Engine => {
  const { schema, memory } = options;
  if (memory.kinds.map(({ kind }) => kind).join() !== schema.kinds.join())
    throw new RangeError('the memory is of another schema');
  return new DecisionEngine(options);
};
