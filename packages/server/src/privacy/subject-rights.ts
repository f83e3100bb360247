/**
 * What a person may ask for: everything that is known under their pseudonym, and that nothing leads to it any more. Erasing takes the mapping and what
 * hangs on the person alone; what stays (counters, findings, the consent ledger as proof) names a pseudonym that leads to nobody.
 */

import { accept, type EpochMs, fromUtf8, type JsonValue, type Result, refuse } from '@hauberk/primitives';
import { type ConsentEvent, exportConsent, openWatch } from '@hauberk/privacy';
import type { KeyReader } from '../keys/key-provider.ts';
import type { Outbox } from '../storage/outbox.ts';
import type { Scope } from '../storage/scope.ts';
import type { StorageRefusal } from '../storage/storage-refusal.ts';
import { consentLines } from './consent-record.ts';
import type { KeptEffect, PrivacyPut, PrivacyStore } from './privacy-store.ts';
import { subjectTag } from './privacy-subject.ts';

/** What the rights are answered from. */
export interface SubjectParts {
  readonly store: PrivacyStore;
  readonly outbox: Pick<Outbox, 'readAfter'>;
  readonly keys: KeyReader;
}

/** Whom it is about: a pseudonym, or the device that leads to one. */
export type SubjectName = { readonly subject: string } | { readonly device: string };

/** Everything under one pseudonym. */
export interface SubjectAccess {
  readonly subject: string;
  /** Whether a device still leads here. */
  readonly isLinked: boolean;
  readonly consents: readonly ConsentEvent[];
  /** The same in JSON-LD. */
  readonly consentRecord: JsonValue;
  /** The signed lines themselves. */
  readonly ledger: string;
  readonly effects: readonly KeptEffect[];
  /** Functions and chains whose calls are remembered for the windows, with the instants. */
  readonly watched: readonly { readonly call: string; readonly spans: readonly (readonly number[])[] }[];
  /** Reports that are still in the outbox. */
  readonly reports: readonly JsonValue[];
  /** False when the outbox holds more than was looked through. */
  readonly isComplete: boolean;
}

const pageEvents = 1000;
/** Events of the outbox that are looked through. */
const mostEvents = 200_000;
const mostReports = 1000;
const mostEffects = 1000;

/** The pseudonym of a name; undefined when nobody is known by it. */
export const subjectOf = async (
  { store, keys }: SubjectParts,
  scope: Scope,
  name: SubjectName,
  now: EpochMs,
): Promise<string | undefined> => {
  if ('subject' in name) return name.subject;
  const [row] = await store.load(scope, [{ kind: 'subject', id: subjectTag(keys, scope, name.device, now) }]);
  return row?.value?.subject;
};

const reportsOf = async (
  outbox: SubjectParts['outbox'],
  scope: Scope,
  subject: string,
): Promise<Pick<SubjectAccess, 'reports' | 'isComplete'>> => {
  const reports: JsonValue[] = [];
  const begin = `{"subject":"${subject}"`;
  let position = 0;
  for (let seen = 0; seen < mostEvents; seen += pageEvents) {
    const page = await outbox.readAfter(position, pageEvents);
    for (const event of page) {
      if (!event.kind.startsWith('report.privacy.') || event.scope.app !== scope.app) continue;
      const text = fromUtf8(event.payload) ?? '';
      if (text.startsWith(begin) && reports.length < mostReports) reports.push(JSON.parse(text) as JsonValue);
    }
    const last = page.at(-1);
    if (last === undefined) return { reports, isComplete: reports.length < mostReports };
    position = last.position;
  }
  return { reports, isComplete: false };
};

/** Everything that is known under a pseudonym; undefined when nothing is. */
export const accessSubject = async (
  parts: SubjectParts,
  scope: Scope,
  subject: string,
): Promise<SubjectAccess | undefined> => {
  const { store, outbox } = parts;
  const [alias] = await store.load(scope, [{ kind: 'alias', id: subject }]);
  const [watch] = await store.load(scope, [{ kind: 'watch', id: subject }]);
  const { text, events } = await consentLines(store, scope, subject);
  const effects = await store.list(scope, 'effect', { prefix: `${subject}/`, limit: mostEffects });
  const told = await reportsOf(outbox, scope, subject);
  const isKnown = alias?.value !== undefined || watch?.value !== undefined || events.length > 0 || effects.length > 0;
  if (!isKnown && told.reports.length === 0) return undefined;
  const calls = watch?.value === undefined ? [] : [...openWatch(watch.value.saved).calls];
  return {
    subject,
    isLinked: alias?.value !== undefined,
    consents: events,
    consentRecord: exportConsent(events),
    ledger: text,
    effects: effects.flatMap(({ value }) => (value === undefined ? [] : [value])),
    watched: calls.map(([call, { spans }]) => ({ call: call.replace('\n', ' '), spans })),
    ...told,
  };
};

/** Takes away what leads from a device to a pseudonym, and what hangs on that person alone. Cannot be undone. */
export const eraseSubject = async (
  { store }: Pick<SubjectParts, 'store'>,
  scope: Scope,
  subject: string,
  by: { readonly actor: string; readonly reason: string },
  now: EpochMs,
): Promise<
  Result<{ readonly subject: string; readonly rows: number }, 'subject-unknown' | 'privacy-conflict' | StorageRefusal>
> => {
  const [alias] = await store.load(scope, [{ kind: 'alias', id: subject }]);
  if (alias?.value === undefined) return refuse('subject-unknown');
  const effects = await store.list(scope, 'effect', { prefix: `${subject}/`, limit: mostEffects });
  const gone = (kind: 'subject' | 'alias' | 'watch' | 'effect', id: string): PrivacyPut => ({
    kind,
    id,
    value: undefined,
    atMs: now,
  });
  const puts = [
    gone('subject', alias.value.tag),
    gone('alias', subject),
    gone('watch', subject),
    ...effects.map(({ key }) => gone('effect', key.id)),
    { kind: 'erasure', id: subject, value: { atMs: now }, atMs: now } as const,
  ];
  const audit = [{ actor: by.actor, action: 'privacy.erased', subject, facts: { reason: by.reason } }];
  const read = [{ key: alias.key, version: alias.version }];
  const erased = await store.commit({ changes: [{ scope, read, puts, audit }] }, now);
  return erased.ok ? accept({ subject, rows: puts.length - 1 }) : erased;
};
