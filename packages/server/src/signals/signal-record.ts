/**
 * One report as the outbox keeps it: what was allowed of it, what the gateway made of it, and how long each counts. A device is named by a keyed
 * hash. Whoever reads it again, at the next start or for a history, needs no key and no judgement.
 */
import {
  type DeviceBand,
  type HeldSignal,
  type Provenance,
  provenances,
  type SignalKey,
  type SignalReport,
  type SignalValue,
  type Succession,
  signalReportKind,
  signalRuleOf,
} from '@hauberk/device';
import { fromUtf8, utf8 } from '@hauberk/primitives';
import type { OutboxEvent } from '../storage/outbox.ts';
import { readSignalKey } from './signal-memory.ts';

/** Kind of the event. */
export const signalEventKind: `report.${typeof signalReportKind}` = `report.${signalReportKind}`;

/** A signal as it is kept. */
export interface KeptSignal {
  readonly code: string;
  readonly value: SignalValue;
  readonly source: Provenance;
  readonly untilMs: number;
}

/** The payload. */
export interface SignalRecord {
  /** `signalKeyText` of the device. */
  readonly device: string;
  /** Its pseudonym in decisions: what it shows and what it does can be told of one device. Records of old have none. */
  readonly subject?: string;
  readonly service: string;
  readonly tier: number;
  /** When it was made, in server time as the client knew it. */
  readonly eventAtMs: number;
  readonly scene: SignalReport['scene'];
  readonly policyVersion: number;
  readonly sdk: string;
  readonly counter: number;
  /** SHA-256 of the body as it came, base64url. */
  readonly hash: string;
  readonly succession: Succession;
  readonly ran: readonly string[];
  readonly skipped: SignalReport['skipped'];
  readonly signals: readonly KeptSignal[];
  /** What was told and may not be kept, with why. */
  readonly refused: readonly { readonly code: string; readonly why: string }[];
  readonly evidence: SignalReport['evidence'];
  /** After this report; null when nothing is known. */
  readonly score: number | null;
  readonly band: DeviceBand;
}

/** The bytes of a payload. */
export const writeSignalRecord = (record: SignalRecord): Uint8Array<ArrayBuffer> => utf8(JSON.stringify(record));

const isSubject = (value: unknown): boolean =>
  value === undefined || (typeof value === 'string' && /^[0-9a-f]{16}$/.test(value));

/** The record of an event; undefined for events of other kinds and for what this program cannot read. */
export const readSignalRecord = ({
  kind,
  payload,
}: Pick<OutboxEvent, 'kind' | 'payload'>): SignalRecord | undefined => {
  if (kind !== signalEventKind) return undefined;
  try {
    const record = JSON.parse(fromUtf8(payload) ?? '') as Partial<SignalRecord>;
    const lists = [record.signals, record.ran, record.skipped, record.refused];
    const isWhole = readSignalKey(record.device) !== undefined && lists.every(Array.isArray);
    return isWhole && typeof record.hash === 'string' && typeof record.counter === 'number' && isSubject(record.subject)
      ? (record as SignalRecord)
      : undefined;
  } catch {
    return undefined;
  }
};

/** Kept signals as memory takes them; what is registered no more is left out. */
export const heldSignals = (signals: readonly KeptSignal[]): readonly HeldSignal[] =>
  signals.flatMap(({ code, value, source, untilMs }) => {
    const rule = signalRuleOf(code);
    if (rule === undefined || !provenances.includes(source) || !Number.isSafeInteger(untilMs)) return [];
    return { index: rule.index, value: Number(value), provenance: source, untilS: Math.floor(untilMs / 1000) };
  });

/** The first 64 bits of a hash, as memory holds them. */
export const shortHash = (hash: string): SignalKey => {
  const bytes = Buffer.from(hash, 'base64url');
  return bytes.length < 8 ? { low: 0, high: 0 } : { low: bytes.readInt32BE(0), high: bytes.readInt32BE(4) };
};
