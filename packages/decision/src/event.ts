/** What happened, as the engine takes it: one line of JSON, read strictly and within bounds. */
import { accept, type JsonValue, parseJson, type Result, refuse } from '@hauberk/primitives';
import { isInstant, isName, maxAttributes, maxEntities, maxEventText, maxText, readQuickly } from './quick-event.ts';

/** A value of an attribute. */
export type AttributeValue = string | number | boolean;

/** An event. `entities` maps kinds to ids; every entity has a profile. */
export interface RiskEvent {
  readonly id: string;
  readonly type: string;
  /** When it happened, epoch milliseconds. */
  readonly atMs: number;
  readonly entities: Readonly<Record<string, string>>;
  /** Amount in minor units; NaN when the event has none. */
  readonly amountMinor: number;
  readonly attributes: Readonly<Record<string, AttributeValue>>;
}

/** A label: what an event was, and since when that is known. */
export interface RiskLabel {
  readonly eventId: string;
  readonly fraud: boolean;
  readonly knownAtMs: number;
}

/** Why a line is no event or label. */
export type EventCode =
  | 'event.malformed'
  | 'event.too-long'
  | 'event.id'
  | 'event.type'
  | 'event.time'
  | 'event.entities'
  | 'event.amount'
  | 'event.attributes';

type Members = Readonly<Record<string, JsonValue>>;

const isMembers = (value: JsonValue | undefined): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isText = (value: JsonValue | undefined): value is string =>
  typeof value === 'string' && value.length > 0 && value.length <= maxText;

const readNames = <Value extends JsonValue>(
  value: JsonValue | undefined,
  most: number,
  isRight: (each: JsonValue) => each is Value,
): Readonly<Record<string, Value>> | undefined => {
  if (value === undefined) return {};
  if (!isMembers(value)) return undefined;
  const entries = Object.entries(value);
  return entries.length <= most && entries.every(([name, each]) => isName(name) && isRight(each))
    ? (value as Readonly<Record<string, Value>>)
    : undefined;
};

const isEntityId = (value: JsonValue): value is string => isText(value);

const isAttribute = (value: JsonValue): value is AttributeValue =>
  typeof value === 'boolean' || typeof value === 'number' || (typeof value === 'string' && value.length <= maxText);

const readLine = (text: string, names: readonly string[]): Result<Members, EventCode> => {
  if (text.length > maxEventText) return refuse('event.too-long', `over ${maxEventText} characters`);
  const read = parseJson(text, { maxDepth: 3, maxKeys: 128, maxLength: maxEventText });
  if (!read.ok) return refuse('event.malformed', read.code);
  const { value } = read;
  if (!isMembers(value)) return refuse('event.malformed', 'not an object');
  const unknown = Object.keys(value).find((name) => !names.includes(name));
  return unknown === undefined ? accept(value) : refuse('event.malformed', 'a member that no line has');
};

const eventMembers = ['id', 'type', 'atMs', 'entities', 'amountMinor', 'attributes'];

/** Reads an event with the strict reader alone. */
export const readStrictly = (text: string): Result<RiskEvent, EventCode> => {
  const line = readLine(text, eventMembers);
  if (!line.ok) return line;
  const { id, type, atMs, amountMinor } = line.value;
  if (!isText(id)) return refuse('event.id');
  if (!isText(type)) return refuse('event.type');
  if (!isInstant(atMs)) return refuse('event.time', 'epoch milliseconds from 2000 to 2099');
  const entities = readNames(line.value['entities'], maxEntities, isEntityId);
  if (entities === undefined) return refuse('event.entities', `at most ${maxEntities} kinds with texts as ids`);
  const amount = amountMinor ?? Number.NaN;
  if (typeof amount !== 'number' || amount < 0 || amount > Number.MAX_SAFE_INTEGER) return refuse('event.amount');
  if (amountMinor !== undefined && amountMinor !== null && !Number.isInteger(amount))
    return refuse('event.amount', 'a whole number of minor units');
  const attributes = readNames(line.value['attributes'], maxAttributes, isAttribute);
  if (attributes === undefined)
    return refuse('event.attributes', `at most ${maxAttributes} texts, numbers and truth values`);
  return accept({ id, type, atMs, entities, amountMinor: amount, attributes });
};

/** Reads an event. Amounts are whole minor units, not negative. */
export const readRiskEvent = (text: string): Result<RiskEvent, EventCode> => {
  const event = readQuickly(text);
  return event === undefined ? readStrictly(text) : accept(event);
};

/** Reads a label. */
export const readRiskLabel = (text: string): Result<RiskLabel, EventCode> => {
  const line = readLine(text, ['eventId', 'fraud', 'knownAtMs']);
  if (!line.ok) return line;
  const { eventId, fraud, knownAtMs } = line.value;
  if (!isText(eventId)) return refuse('event.id');
  if (typeof fraud !== 'boolean') return refuse('event.malformed', 'fraud is true or false');
  if (!isInstant(knownAtMs)) return refuse('event.time', 'epoch milliseconds from 2000 to 2099');
  return accept({ eventId, fraud, knownAtMs });
};
