/** What a person decided about a notice: one event, with the fields that ISO/IEC TS 27560:2023 asks of a consent record. */
import { accept, type EpochMs, type JsonValue, type Result, refuse } from '@hauberk/primitives';
import { type DataItemId, isDataItemId } from './data-items.ts';
import { type PurposeId, purposes } from './scenes.ts';

/** What was decided. A withdrawal is an event of its own; nothing is ever taken out of the ledger. */
export const consentStates = ['given', 'refused', 'withdrawn'] as const;
/** How the person acted: `explicit` is an act for these data alone, `general` one act for a whole notice. */
export const consentMethods = ['explicit', 'general'] as const;

/** One purpose of an event. */
export interface ConsentPurpose {
  readonly purpose: PurposeId;
  /** Kinds of data; empty in a refusal or withdrawal of the whole purpose. */
  readonly items: readonly DataItemId[];
  readonly method: (typeof consentMethods)[number];
  /** Third parties that the data may go to, by name or domain. */
  readonly recipients: readonly string[];
  /** Days that the data are kept. */
  readonly retentionDays: number;
}

/** One event of a consent record. */
export interface ConsentEvent {
  /** The version of this form. */
  readonly schema: 'hauberk-consent-1';
  readonly recordId: string;
  /** Pseudonym of the person; never a name or number. */
  readonly principal: string;
  readonly controller: string;
  readonly notice: { readonly id: string; readonly hash: string; readonly language: string };
  /** Hash of the list of SDKs that the person was shown. */
  readonly sdkListHash: string;
  readonly jurisdiction: string;
  readonly channel: string;
  readonly state: (typeof consentStates)[number];
  readonly purposes: readonly ConsentPurpose[];
  /** Milliseconds since the epoch. */
  readonly at: EpochMs;
  /** When it lapses by itself; null when it does not. */
  readonly expiresAt: EpochMs | null;
}

/** Most purposes of one event, and most items or recipients of one purpose. */
export const maxConsentList = 64;

type Check = (value: JsonValue | undefined) => boolean;
const isText: Check = (value) => typeof value === 'string' && /^[\x21-\x7e]{1,200}$/.test(value);
const isHash: Check = (value) => typeof value === 'string' && /^[A-Za-z0-9_-]{43}$/.test(value);
const isCount: Check = (value) => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
const oneOf =
  (words: readonly string[]): Check =>
  (value) =>
    typeof value === 'string' && words.includes(value);
const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.length <= maxConsentList && value.every(check);

/** Exactly these members, each of its form. */
const shape =
  (members: Readonly<Record<string, Check>>): Check =>
  (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
    const record = value as { readonly [name: string]: JsonValue };
    const names = Object.keys(members);
    return (
      Object.keys(record).length === names.length &&
      names.every((name) => Object.hasOwn(record, name) && members[name]?.(record[name]) === true)
    );
  };

const isEvent = shape({
  schema: oneOf(['hauberk-consent-1']),
  recordId: isText,
  principal: isText,
  controller: isText,
  notice: shape({ id: isText, hash: isHash, language: isText }),
  sdkListHash: isHash,
  jurisdiction: isText,
  channel: isText,
  state: oneOf(consentStates),
  purposes: (value) =>
    Array.isArray(value) &&
    value.length > 0 &&
    listOf(
      shape({
        purpose: oneOf(Object.keys(purposes)),
        items: listOf((item) => typeof item === 'string' && isDataItemId(item)),
        method: oneOf(consentMethods),
        recipients: listOf(isText),
        retentionDays: isCount,
      }),
    )(value),
  at: isCount,
  expiresAt: (value) => value === null || isCount(value),
});

/** Reads an event; refuses unknown members, purposes and items. */
export const readConsentEvent = (value: JsonValue): Result<ConsentEvent, 'consent.malformed'> =>
  isEvent(value) ? accept(value as unknown as ConsentEvent) : refuse('consent.malformed');
