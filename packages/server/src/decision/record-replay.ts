/** Replays records: by the policies of their time they come out byte for byte, by another policy the difference is told, through fresh profiles the facts come out again. */
import { decodeRecord, reevaluate } from '@hauberk/decision';
import type { JsonValue } from '@hauberk/primitives';
import { readRecordPayload } from './record-entry.ts';
import { policyOfDocument, type RecordReader } from './record-reader.ts';

/** A decision that another policy would have made otherwise. */
export interface ChangedDecision {
  readonly id: string;
  readonly atMs: number;
  readonly scene: string;
  readonly from: string;
  readonly to: string;
  readonly reasonsFrom: readonly string[];
  readonly reasonsTo: readonly string[];
  /** What the policy asks and the record does not hold: where there is any, the outcome is a guess. */
  readonly notRecorded: readonly string[];
}

/** What a replay found. */
export interface ReplayReport {
  readonly decisions: number;
  /** Evaluated again by the policy of their time, to the same bytes. */
  readonly identical: number;
  readonly different: number;
  /** Not evaluated, by why. */
  readonly skipped: Readonly<Record<string, number>>;
  /** Ids of decisions that came out otherwise, at most 20. */
  readonly differentIds: readonly string[];
}

/** What another policy would have changed. */
export interface PolicyReport {
  readonly decisions: number;
  readonly changed: number;
  /** `from → to` by how often. */
  readonly transitions: Readonly<Record<string, number>>;
  /** Outcomes that are guesses, because the record does not hold everything that the policy asks. */
  readonly guesses: number;
  readonly skipped: Readonly<Record<string, number>>;
  readonly samples: readonly ChangedDecision[];
}

const mostShown = 20;

const count = (counts: Record<string, number>, name: string): void => {
  counts[name] = (counts[name] ?? 0) + 1;
};

/** Evaluates records again by the policies of their time. */
export class Replay {
  readonly #reader: RecordReader;
  #decisions = 0;
  #identical = 0;
  readonly #skipped: Record<string, number> = {};
  readonly #different: string[] = [];
  #differences = 0;

  constructor(reader: RecordReader) {
    this.#reader = reader;
  }

  /** Takes a payload of the outbox. */
  async take(payload: Uint8Array): Promise<void> {
    this.#decisions += 1;
    const { record: bytes } = readRecordPayload(payload);
    const read = decodeRecord(bytes);
    if (!read.ok) return count(this.#skipped, read.code);
    const schema = await this.#reader.schema(read.value.schemaHash);
    if (!schema.ok) return count(this.#skipped, schema.code);
    const named = read.value.policy;
    const policy = named === undefined ? undefined : await this.#reader.policy(schema.value, named.hash);
    if (policy?.ok === false) return count(this.#skipped, policy.code);
    const again = reevaluate(bytes, schema.value.schema, schema.value.hash, policy?.value);
    if (!again.ok) return count(this.#skipped, again.code);
    if (again.value.isSame) this.#identical += 1;
    else {
      this.#differences += 1;
      if (this.#different.length < mostShown) this.#different.push(read.value.id);
    }
  }

  report(): ReplayReport {
    return {
      decisions: this.#decisions,
      identical: this.#identical,
      different: this.#differences,
      skipped: this.#skipped,
      differentIds: this.#different,
    };
  }
}

/** Tries another policy on records. */
export class PolicyReplay {
  readonly #reader: RecordReader;
  readonly #document: JsonValue;
  #decisions = 0;
  #changed = 0;
  #guesses = 0;
  readonly #transitions: Record<string, number> = {};
  readonly #skipped: Record<string, number> = {};
  readonly #samples: ChangedDecision[] = [];
  /** Compiled once for each schema. */
  readonly #compiled = new Map<string, ReturnType<typeof policyOfDocument>>();
  /** Scenes that the policy is for; all when empty. */
  readonly #scenes: readonly string[];

  constructor(reader: RecordReader, document: JsonValue, scenes: readonly string[]) {
    this.#reader = reader;
    this.#document = document;
    this.#scenes = scenes;
  }

  /** Takes a payload of the outbox. */
  async take(payload: Uint8Array): Promise<void> {
    const { record: bytes } = readRecordPayload(payload);
    const read = decodeRecord(bytes);
    if (!read.ok) return count(this.#skipped, read.code);
    const { id, atMs, scene, outcome, reasons, schemaHash } = read.value;
    if (this.#scenes.length > 0 && !this.#scenes.includes(scene)) return;
    this.#decisions += 1;
    const schema = await this.#reader.schema(schemaHash);
    if (!schema.ok) return count(this.#skipped, schema.code);
    const held = this.#compiled.get(schemaHash) ?? policyOfDocument(this.#document, schema.value);
    this.#compiled.set(schemaHash, held);
    if (!held.ok) return count(this.#skipped, `${held.code} ${held.detail ?? ''}`.trim());
    const again = reevaluate(bytes, schema.value.schema, schema.value.hash, held.value, true);
    if (!again.ok) return count(this.#skipped, again.code);
    const { verdict, notRecorded } = again.value;
    if (notRecorded.length > 0) this.#guesses += 1;
    if (verdict.outcome === outcome) return;
    this.#changed += 1;
    count(this.#transitions, `${outcome} → ${verdict.outcome}`);
    if (this.#samples.length >= mostShown) return;
    const reasonsTo = verdict.reasons;
    this.#samples.push({
      id,
      atMs,
      scene,
      from: outcome,
      to: verdict.outcome,
      reasonsFrom: reasons,
      reasonsTo,
      notRecorded,
    });
  }

  report(): PolicyReport {
    return {
      decisions: this.#decisions,
      changed: this.#changed,
      transitions: this.#transitions,
      guesses: this.#guesses,
      skipped: this.#skipped,
      samples: this.#samples,
    };
  }
}
