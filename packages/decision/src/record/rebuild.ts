/**
 * Events and labels again, in the order in which they changed the memory, through fresh profiles: the facts that the windows tell have to come out as they were
 * recorded, byte for byte. What only the context knew is taken from the record.
 */
import { type EngineOptions } from '../engine/engine.ts';
import { contextFacts, factPrefix } from '../engine/fact-names.ts';
import type { FactSchema } from '../engine/fact-schema.ts';
import { Intake } from '../engine/intake.ts';
import { openMemory } from '../engine/memory.ts';
import type { RiskEvent, RiskLabel } from '../event.ts';
import type { PolicyValue } from '../policy/syntax.ts';
import { BytesWriter } from './bytes-writer.ts';
import { writeValues } from './fact-values.ts';
import { type DecisionRecord, decodeRecord } from './record.ts';

/** What a rebuild is made with: the schema, the key and a fresh memory of the same declaration as the one that decided. */
export type RebuildOptions = Pick<EngineOptions, 'schema' | 'memory' | 'token'> & {
  /** Absent where the events have pseudonyms in the place of ids, as records tell them. */
  readonly key?: Uint8Array;
};

/** What came of one event. */
export type Rebuilt =
  | { readonly state: 'same' }
  | { readonly state: 'unreadable'; readonly code: string }
  /** The steps came in another order than they were recorded: something is missing, or two were swapped. */
  | { readonly state: 'out-of-order'; readonly expected: number; readonly order: number }
  | { readonly state: 'differs'; readonly facts: readonly FactDifference[] };

/** A fact that came out otherwise. */
export interface FactDifference {
  readonly name: string;
  readonly recorded: PolicyValue;
  readonly rebuilt: PolicyValue;
}

/** See the top of the file. */
export class Rebuild {
  readonly #schema: FactSchema;
  readonly #intake: Intake;
  readonly #facts: PolicyValue[];
  readonly #names: readonly string[];
  /** Places that profiles tell, and no context. */
  readonly #isOfProfiles: Uint8Array;
  #asked = '';
  #expected = 0;

  constructor({ schema, memory, key, token }: RebuildOptions) {
    this.#schema = schema;
    this.#intake = new Intake(openMemory(memory, token), key);
    this.#names = [...schema.policy.fields.keys()];
    this.#facts = this.#names.map(() => undefined);
    this.#isOfProfiles = Uint8Array.from(this.#names, (name) => (isOfProfiles(schema, name) ? 1 : 0));
  }

  /** Number of the newest step. */
  get order(): number {
    return this.#expected;
  }

  /** Takes the next event with its record. Call in the order of the records' numbers, with the labels between. */
  event(event: RiskEvent, bytes: Uint8Array): Rebuilt {
    const read = decodeRecord(bytes);
    if (!read.ok) return { state: 'unreadable', code: read.code };
    const record = read.value;
    const places = Int32Array.from(record.places).filter((place) => this.#isOfProfiles[place] === 1);
    this.#ask(places);
    this.#intake.take(event, this.#facts);
    this.#expected = this.#intake.order;
    if (this.#intake.order !== record.order)
      return { state: 'out-of-order', expected: this.#intake.order, order: record.order };
    const differences = this.#differences(record, places);
    return differences.length === 0 ? { state: 'same' } : { state: 'differs', facts: differences };
  }

  /** Takes the next label; false when it is not the next step. */
  label(label: RiskLabel, order: number): boolean {
    this.#expected = this.#intake.label(label).order;
    return this.#expected === order;
  }

  #ask(places: Int32Array): void {
    const asked = places.join();
    if (asked === this.#asked) return;
    this.#asked = asked;
    const set = new Set(places);
    this.#facts.fill(undefined);
    this.#intake.ask(this.#schema.policy.fields, (place) => set.has(place));
  }

  #differences(record: DecisionRecord, places: Int32Array): readonly FactDifference[] {
    const differences = Array.from(places)
      .filter((place) => !isSameValue(record.facts[place], this.#facts[place]))
      .map((place) => ({
        name: this.#names[place] ?? '',
        recorded: record.facts[place],
        rebuilt: this.#facts[place],
      }));
    const orders = record.entities.filter(({ kind, order }) => this.#intake.orders[kind] !== order);
    const duplicate = this.#names.indexOf('event.isDuplicate');
    return [
      ...differences,
      ...orders.map(({ kind, order }) => ({
        name: `order of ${this.#schema.kinds[kind] ?? kind}`,
        recorded: order,
        rebuilt: this.#intake.orders[kind],
      })),
      ...(record.isDuplicate === this.#intake.isDuplicate
        ? []
        : [{ name: this.#names[duplicate] ?? '', recorded: record.isDuplicate, rebuilt: this.#intake.isDuplicate }]),
    ];
  }
}

const ofContext: ReadonlySet<string> = new Set(contextFacts.map(([name]) => name));

/** `device` is a kind and has facts of the context beside. */
const isOfProfiles = ({ kinds }: FactSchema, name: string): boolean =>
  !ofContext.has(name) && kinds.some((kind) => name.startsWith(`${factPrefix(kind)}.`));

const [left, right] = [new BytesWriter(), new BytesWriter()];

/** Equal in the bytes of a record. */
const isSameValue = (one: PolicyValue, other: PolicyValue): boolean => {
  if (one === other && one !== 0) return true;
  left.reset();
  right.reset();
  writeValues(left, [one], [0]);
  writeValues(right, [other], [0]);
  const [first, second] = [left.finish(), right.finish()];
  return first.length === second.length && first.every((byte, at) => byte === second[at]);
};
