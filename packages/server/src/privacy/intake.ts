/**
 * The way in for reports of accesses, on a worker thread: each is read, bound to the device of the session it came over, and kept under that
 * device's pseudonym. What is refused is told with its code and not kept; a device need not send it again.
 */
import { createHash } from 'node:crypto';
import type { Report } from '@hauberk/channel';
import {
  accept,
  after,
  type Bytes,
  type DurationMs,
  days,
  type EpochMs,
  minutes,
  type Result,
  refuse,
} from '@hauberk/primitives';
import {
  type AccessReport,
  type AccessReportCode,
  chainId,
  isAccessReportKind,
  readAccessReport,
} from '@hauberk/privacy';
import type { KeyReader } from '../keys/key-provider.ts';
import type { Scope } from '../storage/scope.ts';
import type { StorageRefusal } from '../storage/storage-refusal.ts';
import type { IncomingReport, PrivacyStore } from './privacy-store.ts';
import { freshSubject, subjectTag } from './privacy-subject.ts';

/** Longer than an SDK keeps a report that it could not deliver. */
export const reportRemembered: DurationMs = days(8);
/** How far ahead of the gateway's clock an access may lie. */
const mostAhead = minutes(5);

/** Why a report is not kept. */
export type IntakeCode =
  | AccessReportCode
  /** The id of a chain is not that of its frames. */
  | 'access-report.chain'
  /** It tells of what has not happened yet. */
  | 'access-report.future'
  /** It is older than reports are remembered, so it could be counted twice. */
  | 'access-report.stale';

/** What the way in needs. */
export interface PrivacyIntakeShell {
  readonly store: PrivacyStore;
  readonly keys: KeyReader;
  readonly maxBehind: number;
  /** Counts a report by `ok` or the code of its refusal. */
  readonly count: (code: IntakeCode | 'ok') => void;
}

/** Where reports come from, as the session proved it. */
export interface IntakeOrigin {
  readonly scope: Scope;
  readonly device: string;
  readonly service: string;
  readonly tier: number;
}

/** A report that was not kept. */
export interface RefusedReport {
  readonly id: string;
  readonly code: IntakeCode;
}

const sha256 = (input: Uint8Array): Bytes => new Uint8Array(createHash('sha256').update(input).digest());

/** The first and the last instant that a report tells of. */
const spanOf = (report: AccessReport): readonly [first: number, last: number] | undefined => {
  if (report.kind === 'privacy.chain') return undefined;
  if (report.kind === 'privacy.effect') return [report.effect.firstStoppedAtMs, report.effect.lastStoppedAtMs];
  let first = Number.POSITIVE_INFINITY;
  let last = 0;
  for (const { firstAtMs, lastAtMs } of report.accesses) {
    first = Math.min(first, firstAtMs);
    last = Math.max(last, lastAtMs);
  }
  return [first, last];
};

/** Reads a report and judges what only the gateway can: its time, and whether the frames are those of the chain. */
export const judgeReport = (report: Report, now: EpochMs): Result<AccessReport, IntakeCode> => {
  const read = readAccessReport(report.kind, report.kindVersion, report.body);
  if (!read.ok) return read;
  if (read.value.kind === 'privacy.chain' && chainId(read.value.chain.frames, sha256) !== read.value.chain.chain)
    return refuse('access-report.chain');
  const span = spanOf(read.value);
  if (span === undefined) return accept(read.value);
  if (span[1] > after(now, mostAhead)) return refuse('access-report.future');
  return span[0] < now - reportRemembered ? refuse('access-report.stale') : accept(read.value);
};

/** The mark of a report among those of all devices; it holds nothing that leads back. */
export const reportMark = (device: string, report: string): Bytes =>
  sha256(Buffer.from(`report\n${device}\n${report}`)).slice(0, 16);

const incoming = (report: Report, { service, tier, device }: IntakeOrigin, now: EpochMs): IncomingReport => {
  const { id: _, ...told } = report;
  return {
    kind: report.kind,
    mark: reportMark(device, report.id),
    untilMs: after(now, reportRemembered),
    // Neither the device, nor its session, nor the id that it gave the report.
    json: JSON.stringify({ service, tier, report: told }),
  };
};

/** Whether this report is one of accesses. */
export const isPrivacyReport = ({ kind }: Report): boolean => kind.startsWith('privacy.') && isAccessReportKind(kind);

/** Keeps the reports of one device; answers those that were not, once the others are on the disk. */
export const keepAccessReports = async (
  shell: PrivacyIntakeShell,
  origin: IntakeOrigin,
  reports: readonly Report[],
  now: EpochMs,
): Promise<Result<readonly RefusedReport[], StorageRefusal | 'privacy-behind'>> => {
  const judged = reports.map((report) => ({ report, read: judgeReport(report, now) }));
  const refused = judged.flatMap(({ report: { id }, read }) => (read.ok ? [] : [{ id, code: read.code }]));
  const good = judged.filter(({ read }) => read.ok).map(({ report }) => incoming(report, origin, now));
  if (good.length > 0) {
    const { store, keys, maxBehind } = shell;
    const tag = subjectTag(keys, origin.scope, origin.device, now);
    const kept = await store.ingest(origin.scope, { tag, fresh: freshSubject(), reports: good, maxBehind }, now);
    if (!kept.ok) return kept;
  }
  for (const { read } of judged) shell.count(read.ok ? 'ok' : read.code);
  return accept(refused);
};
