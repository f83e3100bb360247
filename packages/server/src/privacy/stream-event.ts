/** Events of the outbox as the stream takes them: reports under a pseudonym. They were judged on their way in, and are judged again, for the reader may be newer. */

import { fromUtf8 } from '@hauberk/primitives';
import { type AccessReport, readAccessReport } from '@hauberk/privacy';
import type { OutboxEvent } from '../storage/outbox.ts';
import type { Scope } from '../storage/scope.ts';
import { subjectForm } from './privacy-subject.ts';

/** A report and whose it is. */
export interface StreamEvent {
  readonly scope: Scope;
  readonly subject: string;
  readonly receivedAtMs: number;
  readonly report: AccessReport;
}

type Members = Readonly<Record<string, unknown>>;
const membersOf = (value: unknown): Members => (typeof value === 'object' && value !== null ? (value as Members) : {});

const parse = (payload: Uint8Array): Members => {
  try {
    return membersOf(JSON.parse(fromUtf8(payload) ?? ''));
  } catch {
    return {};
  }
};

/** The report of an event; undefined for events of other kinds and for what this program cannot read. */
export const readStreamEvent = ({ kind, scope, atMs, payload }: OutboxEvent): StreamEvent | undefined => {
  if (!kind.startsWith('report.privacy.')) return undefined;
  const { subject, report } = parse(payload);
  if (typeof subject !== 'string' || !subjectForm.test(subject)) return undefined;
  const { kind: reported, kindVersion, body } = membersOf(report);
  if (typeof reported !== 'string' || typeof kindVersion !== 'number') return undefined;
  const read = readAccessReport(reported, kindVersion, body);
  return read.ok ? { scope, subject, receivedAtMs: atMs, report: read.value } : undefined;
};
