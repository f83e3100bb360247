/** Entries of the outbox → what clusters observe. Both kinds name the device by the pseudonym of decisions, so that what it shows and what it does meet. */
import { type Observation, summariseRecord } from '@hauberk/decision';
import { readRecordPayload, recordKind } from '../decision/record-entry.ts';
import { readSignalRecord, signalEventKind } from '../signals/signal-record.ts';
import type { OutboxEvent } from '../storage/outbox.ts';
import type { Scope } from '../storage/scope.ts';

/** Names of the kinds of entities of a record; undefined while its schema is not known. */
export type KindsOf = (scope: Scope, schemaHash: string) => Promise<readonly string[] | undefined>;

/** Entities that say nothing about who shares what. */
const noEvidence: ReadonlySet<string> = new Set(['device', 'session']);
/** How far ahead of its arrival a client may date a report, in milliseconds; beyond, its arrival counts. */
const aheadMs = 1000;

const ofReport = (event: OutboxEvent): Observation | undefined => {
  const record = readSignalRecord(event);
  if (record?.subject === undefined || record.succession === 'stale') return undefined;
  const { subject, counter, hash, eventAtMs, evidence, score } = record;
  return {
    id: `report ${subject} ${counter} ${hash}`,
    device: subject,
    atMs: eventAtMs > event.atMs + aheadMs ? event.atMs : eventAtMs,
    evidence,
    ...(score === null ? {} : { risk: 1 - score / 100 }),
  };
};

const ofDecision = async ({ payload, scope }: OutboxEvent, kindsOf: KindsOf): Promise<Observation | undefined> => {
  const read = summariseRecord(readRecordPayload(payload).record);
  if (!read.ok || read.value.isDuplicate) return undefined;
  const { id, atMs, scene, schemaHash, entities } = read.value;
  const kinds = await kindsOf(scope, schemaHash);
  if (kinds === undefined) return undefined;
  const named = entities.map(({ kind, pseudonym }) => ({ kind: kinds[kind] ?? 'other', digest: pseudonym }));
  const device = named.find(({ kind }) => kind === 'device')?.digest;
  if (device === undefined) return undefined;
  return { id: `decision ${id}`, device, atMs, scene, evidence: named.filter(({ kind }) => !noEvidence.has(kind)) };
};

/** What an entry shows; undefined for entries of other kinds, for what cannot be read, and for requests without a device. */
export const observationOf = (event: OutboxEvent, kindsOf: KindsOf): Promise<Observation | undefined> =>
  event.kind === signalEventKind
    ? Promise.resolve(ofReport(event))
    : event.kind === recordKind
      ? ofDecision(event, kindsOf)
      : Promise.resolve(undefined);
