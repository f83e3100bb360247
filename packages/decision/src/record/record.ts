/**
 * A decision as it is kept: what was seen, by which policy, and what was said, in a few hundred bytes. It holds everything that evaluating it again needs, so that
 * a replay asks neither today's windows nor today's lists; entities are in it as keyed hashes only. One record, one sequence of bytes: the reader refuses any other form.
 */
import { accept, fromHex, type Result, refuse, toHex } from '@hauberk/primitives';
import { challengeSteps, type Obligation } from '../policy/obligations.ts';
import { type Outcome, outcomes } from '../policy/policy.ts';
import type { Facts } from '../policy/schema.ts';
import { BytesReader, RecordFault } from './bytes-reader.ts';
import { BytesWriter } from './bytes-writer.ts';
import { packPlaces, readPlaces, readValues, skipFacts, writeValues } from './fact-values.ts';

/** An entity of a recorded event. */
export interface RecordedEntity {
  /** Place of its kind among those of the schema. */
  readonly kind: number;
  /** 16 hexadecimal digits. */
  readonly pseudonym: string;
  /** Number of the change that the event was to its profile; −1 when the table had no room. */
  readonly order: number;
}

/** What a list answered. */
export interface ListAnswer {
  /** Places of the fact and of the list in the schema. */
  readonly fact: number;
  readonly list: number;
  readonly isMember: boolean;
}

/** A policy, by its id and the first 16 bytes of its hash, hexadecimal. */
export interface RecordedPolicy {
  readonly id: string;
  readonly hash: string;
  readonly isChallenger: boolean;
}

/** What was said. */
export interface RecordedVerdict {
  readonly outcome: Outcome;
  readonly points: number;
  /** Places of the rules that fired. */
  readonly fired: readonly number[];
  readonly reasons: readonly string[];
  readonly obligations: readonly Obligation[];
}

/** A decision, read. Hashes are the first 16 bytes, hexadecimal. */
export interface DecisionRecord extends RecordedVerdict {
  readonly order: number;
  /** 16 hexadecimal digits. */
  readonly id: string;
  readonly atMs: number;
  readonly scene: string;
  readonly isDuplicate: boolean;
  readonly schemaHash: string;
  readonly listsHash: string;
  readonly policy: RecordedPolicy | undefined;
  readonly modelHash: string | undefined;
  readonly entities: readonly RecordedEntity[];
  /** Places of the facts that were looked at; others were not, which is not the same as missing. */
  readonly places: ArrayLike<number>;
  readonly facts: Facts;
  readonly answers: readonly ListAnswer[];
}

/** What an index needs of a decision: everything but the facts that it was made of. */
export type RecordSummary = Omit<DecisionRecord, 'places' | 'facts' | 'answers'>;

/** Why bytes are no record. */
export type RecordCode = 'record.malformed' | 'record.version' | 'record.too-long';

/** The form that is written. */
export const recordVersion = 1;
/** Longest record in bytes. */
export const maxRecordBytes = 262_144;
const hashBytes = 16;
const flag = { duplicate: 1, policy: 2, challenger: 4, model: 8 } as const;
const maxName = 256;
const maxFired = 2000;

const obligationKinds = ['challenge', 'slow', 'deny', 'trap', 'notify', 'case', 'label'] as const;

const hashOf = (hash: string): Uint8Array => {
  const bytes = fromHex(hash.slice(0, hashBytes * 2));
  if (bytes?.length !== hashBytes) throw new RangeError('a hash of 16 bytes or more');
  return bytes;
};

const remembered = new Map<string, Uint8Array>();
/** Hashes come back with every record; so few are in use that remembering them costs nothing. */
const hashMemory = (hash: string): Uint8Array => {
  const known = remembered.get(hash);
  if (known !== undefined) return known;
  const bytes = hashOf(hash);
  if (remembered.size >= 64) remembered.clear();
  remembered.set(hash, bytes);
  return bytes;
};

const writeObligation = (writer: BytesWriter, obligation: Obligation): void => {
  writer.byte(obligationKinds.indexOf(obligation.kind));
  switch (obligation.kind) {
    case 'challenge':
      writer.byte(challengeSteps.indexOf(obligation.step));
      break;
    case 'slow':
      writer.count(obligation.ms);
      break;
    case 'deny':
      writer.text(obligation.problem);
      break;
    case 'trap':
      writer.text(obligation.decoy);
      break;
    case 'notify':
      writer.text(obligation.to);
      break;
    case 'case':
      writer.text(obligation.queue);
      break;
    case 'label':
      writer.text(obligation.label);
  }
};

const writer = new BytesWriter();

const writeVerdict = ({ outcome, points, fired, reasons, obligations }: RecordedVerdict): void => {
  writer.byte(outcomes.indexOf(outcome));
  writer.double(points);
  writer.count(fired.length);
  for (const place of fired) writer.count(place);
  writer.count(reasons.length);
  for (const reason of reasons) writer.text(reason);
  writer.count(obligations.length);
  for (const each of obligations) writeObligation(writer, each);
};

/** What a record is written from, with pseudonyms as halves of hashes and places packed once for many records. */
export interface RecordSource extends RecordedVerdict, Omit<DecisionRecord, 'id' | 'entities' | keyof RecordedVerdict> {
  readonly idLow: number;
  readonly idHigh: number;
  /** By kind: halves of hashes, numbers of changes, rows; a kind whose row is −2 was not named. */
  readonly lows: Int32Array;
  readonly highs: Int32Array;
  readonly orders: Int32Array | Float64Array;
  readonly rows: Int32Array;
  readonly packed: Uint8Array;
}

/** Places as they stand in a record. */
export const packedPlaces = (places: ArrayLike<number>): Uint8Array => {
  const own = new BytesWriter();
  packPlaces(own, places);
  return own.finish();
};

const writeEntities = ({ lows, highs, orders, rows }: RecordSource): void => {
  let count = 0;
  for (const row of rows) if (row !== -2) count += 1;
  writer.count(count);
  for (let kind = 0; kind < rows.length; kind += 1) {
    if (rows[kind] === -2) continue;
    writer.count(kind);
    writer.bigWord(highs[kind] as number);
    writer.bigWord(lows[kind] as number);
    writer.count((orders[kind] as number) + 1);
  }
};

const wordOf = (text: string, from: number): number => Number.parseInt(text.slice(from, from + 8), 16) | 0;

/** The bytes of a record. Throws RangeError for a hash or a pseudonym that is none. */
export const encodeRecord = (record: DecisionRecord): Uint8Array => {
  const { id, entities, places } = record;
  if (![id, ...entities.map(({ pseudonym }) => pseudonym)].every((text) => /^[0-9a-f]{16}$/.test(text)))
    throw new RangeError('a pseudonym of 16 hexadecimal digits');
  const most = entities.reduce((highest, { kind }) => Math.max(highest, kind + 1), 0);
  const source = {
    ...record,
    idLow: wordOf(id, 8),
    idHigh: wordOf(id, 0),
    lows: new Int32Array(most),
    highs: new Int32Array(most),
    orders: new Float64Array(most),
    rows: new Int32Array(most).fill(-2),
    packed: packedPlaces(places),
  };
  for (const { kind, pseudonym, order } of entities) {
    source.lows[kind] = wordOf(pseudonym, 8);
    source.highs[kind] = wordOf(pseudonym, 0);
    source.orders[kind] = order;
    source.rows[kind] = 0;
  }
  return writeRecord(source);
};

/** The bytes of a record, for the engine's own path. */
export const writeRecord = (record: RecordSource): Uint8Array => {
  const { policy, modelHash, places, facts, answers } = record;
  writer.reset();
  writer.byte(recordVersion);
  writer.byte(
    (record.isDuplicate ? flag.duplicate : 0) |
      (policy === undefined ? 0 : flag.policy | (policy.isChallenger ? flag.challenger : 0)) |
      (modelHash === undefined ? 0 : flag.model),
  );
  writer.count(record.order);
  writer.bigWord(record.idHigh);
  writer.bigWord(record.idLow);
  writer.double(record.atMs);
  writer.text(record.scene);
  writer.raw(hashMemory(record.schemaHash));
  writer.raw(hashMemory(record.listsHash));
  if (policy !== undefined) {
    writer.text(policy.id);
    writer.raw(hashMemory(policy.hash));
  }
  if (modelHash !== undefined) writer.raw(hashMemory(modelHash));
  writeEntities(record);
  writer.raw(record.packed);
  writeValues(writer, facts, places);
  writer.count(answers.length);
  for (const { fact, list, isMember } of answers) {
    writer.count(fact);
    writer.count(list * 2 + (isMember ? 1 : 0));
  }
  writeVerdict(record);
  return writer.finish();
};

const readObligation = (reader: BytesReader): Obligation => {
  const kind = obligationKinds[reader.byte()];
  switch (kind) {
    case 'challenge':
      return { kind, step: challengeSteps[reader.byte()] ?? reader.fail('no step') };
    case 'slow':
      return { kind, ms: reader.count() };
    case 'deny':
      return { kind, problem: reader.text(maxName) };
    case 'trap':
      return { kind, decoy: reader.text(maxName) };
    case 'notify':
      return { kind, to: reader.text(maxName) };
    case 'case':
      return { kind, queue: reader.text(maxName) };
    case 'label':
      return { kind, label: reader.text(maxName) };
    case undefined:
    default:
      return reader.fail('no obligation');
  }
};

const many = <Value>(reader: BytesReader, most: number, read: () => Value): readonly Value[] => {
  const values: Value[] = [];
  for (let left = reader.count(most); left > 0; left -= 1) values.push(read());
  return values;
};

const readVerdict = (reader: BytesReader): RecordedVerdict => ({
  outcome: outcomes[reader.byte()] ?? reader.fail('no outcome'),
  points: reader.double(),
  fired: many(reader, maxFired, () => reader.count(maxFired)),
  reasons: many(reader, maxFired, () => reader.text(maxName)),
  obligations: many(reader, maxFired * 3, () => readObligation(reader)),
});

/** Entities in the order of their kinds. */
const readEntities = (reader: BytesReader): readonly RecordedEntity[] => {
  let last = -1;
  return many(reader, 255, () => {
    const kind = reader.count(255);
    if (kind <= last) reader.fail('kinds out of order');
    last = kind;
    return { kind, pseudonym: toHex(reader.raw(8)), order: reader.count() - 1 };
  });
};

const readAnswer = (reader: BytesReader): ListAnswer => {
  const fact = reader.count(1 << 16);
  const answer = reader.count(1 << 16);
  return { fact, list: Math.floor(answer / 2), isMember: answer % 2 === 1 };
};

const readHead = (reader: BytesReader) => {
  const flags = reader.byte();
  if (flags > 15 || (flags & (flag.policy | flag.challenger)) === flag.challenger) reader.fail('no flags');
  const has = (one: number): boolean => (flags & one) !== 0;
  const hash = (): string => toHex(reader.raw(hashBytes));
  const order = reader.count();
  const id = toHex(reader.raw(8));
  const atMs = reader.double();
  const scene = reader.text(maxName * 4);
  const [schemaHash, listsHash] = [hash(), hash()];
  const policy = has(flag.policy)
    ? { id: reader.text(maxName), hash: hash(), isChallenger: has(flag.challenger) }
    : undefined;
  const modelHash = has(flag.model) ? hash() : undefined;
  return { isDuplicate: has(flag.duplicate), order, id, atMs, scene, schemaHash, listsHash, policy, modelHash };
};

/** Reads bytes whole, or refuses them. */
const readBytes = <Value>(bytes: Uint8Array, read: (reader: BytesReader) => Value): Result<Value, RecordCode> => {
  if (bytes.length > maxRecordBytes) return refuse('record.too-long');
  if (bytes[0] !== recordVersion) return refuse('record.version');
  const reader = new BytesReader(bytes.subarray(1));
  try {
    const value = read(reader);
    reader.end();
    return accept(value);
  } catch (error) {
    if (error instanceof RecordFault) return refuse('record.malformed', error.message);
    throw error;
  }
};

/** Reads a record. */
export const decodeRecord = (bytes: Uint8Array): Result<DecisionRecord, RecordCode> =>
  readBytes(bytes, (reader) => {
    const head = readHead(reader);
    const entities = readEntities(reader);
    const places = readPlaces(reader);
    const facts = readValues(reader, places);
    const answers = many(reader, 1 << 16, () => readAnswer(reader));
    return { ...head, entities, places, facts, answers, ...readVerdict(reader) };
  });

/** Reads a record without its facts, at a fraction of the cost. What `decodeRecord` takes, this takes; what is wrong within a fact it may pass over. */
export const summariseRecord = (bytes: Uint8Array): Result<RecordSummary, RecordCode> =>
  readBytes(bytes, (reader) => {
    const head = readHead(reader);
    const entities = readEntities(reader);
    skipFacts(reader);
    for (let left = reader.count(1 << 16); left > 0; left -= 1) readAnswer(reader);
    return { ...head, entities, ...readVerdict(reader) };
  });
