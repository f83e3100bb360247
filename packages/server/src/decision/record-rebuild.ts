/**
 * Rebuilds: recorded events and labels, in the order in which they changed the memory, through fresh profiles. Records name entities by pseudonyms, which are the
 * hashes that the profiles know them by, so nothing else is needed.
 */
import {
  type DecisionRecord,
  decodeRecord,
  type FactSchema,
  type MemoryDeclaration,
  Rebuild,
  type RiskEvent,
  reserveMemory,
} from '@hauberk/decision';
import { type KeptLabel, readRecordPayload } from './record-entry.ts';

/** A step: an event with its record, or a label. */
export type RebuildStep =
  | {
      readonly kind: 'event';
      readonly order: number;
      readonly bytes: Uint8Array;
      readonly record: DecisionRecord;
      readonly amountMinor: number;
    }
  | { readonly kind: 'label'; readonly order: number; readonly label: KeptLabel };

/** What a rebuild found. */
export interface RebuildReport {
  /** Events whose facts came out again. */
  readonly same: number;
  readonly different: number;
  /** Ids of decisions whose facts came out otherwise, with their names, at most 20. */
  readonly differences: readonly { readonly id: string; readonly facts: readonly string[] }[];
  /** The first step that is missing, after which nothing can be told; null when none is. */
  readonly missing: number | null;
}

const mostShown = 20;

/** The step of a payload of a record; undefined for what is none. */
export const eventStep = (payload: Uint8Array): (RebuildStep & { readonly run: number }) | undefined => {
  const { record: bytes, run, amountMinor } = readRecordPayload(payload);
  const read = decodeRecord(bytes);
  return read.ok ? { kind: 'event', order: read.value.order, bytes, record: read.value, amountMinor, run } : undefined;
};

const eventOf = (
  { record, amountMinor }: RebuildStep & { readonly kind: 'event' },
  kinds: readonly string[],
): RiskEvent => ({
  id: record.id,
  type: record.scene,
  atMs: record.atMs,
  entities: Object.fromEntries(record.entities.map(({ kind, pseudonym }) => [kinds[kind] ?? '', pseudonym])),
  amountMinor,
  attributes: {},
});

/** Lets the steps of one memory pass again; only events within the span are counted. */
export const rebuildSteps = (
  steps: readonly RebuildStep[],
  schema: FactSchema,
  declaration: MemoryDeclaration,
  span: { readonly fromMs: number; readonly toMs: number },
): RebuildReport => {
  const rebuild = new Rebuild({ schema, memory: reserveMemory(schema, declaration) });
  const differences: { id: string; facts: readonly string[] }[] = [];
  let [same, different] = [0, 0];
  const inOrder = steps.toSorted((one, other) => one.order - other.order);
  for (const [index, step] of inOrder.entries()) {
    if (step.order !== index + 1) return { same, different, differences, missing: index + 1 };
    if (step.kind === 'label') {
      const { decision, fraud, knownAtMs } = step.label;
      rebuild.label({ eventId: decision, fraud, knownAtMs }, step.order);
      continue;
    }
    const rebuilt = rebuild.event(eventOf(step, schema.kinds), step.bytes);
    const { id, atMs } = step.record;
    if (atMs < span.fromMs || atMs >= span.toMs) continue;
    if (rebuilt.state === 'same') same += 1;
    else {
      different += 1;
      const facts = rebuilt.state === 'differs' ? rebuilt.facts.map(({ name }) => name) : [rebuilt.state];
      if (differences.length < mostShown) differences.push({ id, facts });
    }
  }
  return { same, different, differences, missing: null };
};
