/**
 * Records and labels on their way into the outbox, and out of it again. Beside the engine's record stand which run of the gateway decided, and the amount: with
 * them a rebuild can let the same events through fresh profiles, although nothing here knows an id.
 */
import type { OutboxEvent } from '../storage/outbox.ts';

/** Outbox kinds. */
export const recordKind = 'decision.record';
/** See `recordKind`. */
export const labelKind = 'decision.label';

/** Before the record: a mark that no record begins with, the run, the amount. */
const mark = 0xe1;
const headBytes = 13;

/** The payload of a record. `run` is the boot number of the state folder; NaN stands for no amount. */
export const recordPayload = (record: Uint8Array, run: number, amountMinor: number): Uint8Array<ArrayBuffer> => {
  const payload = new Uint8Array(headBytes + record.length);
  const view = new DataView(payload.buffer);
  payload[0] = mark;
  view.setUint32(1, run, true);
  view.setFloat64(5, amountMinor, true);
  payload.set(record, headBytes);
  return payload;
};

/** A payload that was read. */
export interface RecordEntry {
  readonly record: Uint8Array;
  /** 0 where it was not told. */
  readonly run: number;
  readonly amountMinor: number;
}

/** Reads the payload of a record; what has no head is taken for the record alone. */
export const readRecordPayload = (payload: Uint8Array): RecordEntry => {
  if (payload[0] !== mark || payload.length < headBytes) return { record: payload, run: 0, amountMinor: Number.NaN };
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  return { record: payload.subarray(headBytes), run: view.getUint32(1, true), amountMinor: view.getFloat64(5, true) };
};

/** A label as it is kept. */
export interface KeptLabel {
  /** The decision that it is about. */
  readonly decision: string;
  readonly fraud: boolean;
  readonly knownAtMs: number;
  readonly source: string;
  readonly run: number;
  /** Its number among everything that changed the memory of that run. */
  readonly order: number;
}

/** The payload of a label. */
export const labelPayload = (label: KeptLabel): Uint8Array<ArrayBuffer> =>
  new Uint8Array(Buffer.from(JSON.stringify(label), 'utf8'));

const isLabel = (value: unknown): value is KeptLabel => {
  if (typeof value !== 'object' || value === null) return false;
  const { decision, fraud, knownAtMs, source, run, order } = value as Readonly<Record<string, unknown>>;
  return (
    typeof decision === 'string' &&
    /^[0-9a-f]{16}$/.test(decision) &&
    typeof fraud === 'boolean' &&
    typeof source === 'string' &&
    [knownAtMs, run, order].every((each) => typeof each === 'number' && Number.isFinite(each))
  );
};

/** Reads the label of an event of the outbox; undefined for what is none. */
export const readLabel = ({ kind, payload }: Pick<OutboxEvent, 'kind' | 'payload'>): KeptLabel | undefined => {
  if (kind !== labelKind) return undefined;
  try {
    const value: unknown = JSON.parse(Buffer.from(payload).toString('utf8'));
    return isLabel(value) ? value : undefined;
  } catch {
    return undefined;
  }
};
