/**
 * The way in for reports of signals, on a worker thread. What a report may not tell is dropped by code, the rest is kept in the record and put in
 * force for all threads. What the gateway sees in the report itself becomes signals too.
 */
import { createHash } from 'node:crypto';
import type { Report } from '@hauberk/channel';
import {
  holdSignals,
  mayKeepSignal,
  readSignalReport,
  type SignalCode,
  type SignalReport,
  type SignalReportCode,
  type Succession,
  signalAheadMs,
  signalReportBytes,
  signalReportKind,
  signalRuleOf,
  signalUntil,
  stepReport,
} from '@hauberk/device';
import { accept, after, type Bytes, type EpochMs, type Result, refuse } from '@hauberk/primitives';
import type { MayCollect } from '@hauberk/privacy';
import type { SignalsConfig } from '../config/signals-schema.ts';
import { reportMark, reportRemembered } from '../privacy/intake.ts';
import type { Outbox, OutboxEntry } from '../storage/outbox.ts';
import type { Scope } from '../storage/scope.ts';
import type { StorageRefusal } from '../storage/storage-refusal.ts';
import { judgeSignalReport, teeSignals } from './judge-signals.ts';
import { type SignalMemory, signalKeyText } from './signal-memory.ts';
import type { SignalChallenge, SignalNonces } from './signal-nonce.ts';
import {
  heldSignals,
  type KeptSignal,
  type SignalRecord,
  shortHash,
  signalEventKind,
  writeSignalRecord,
} from './signal-record.ts';

/** Why a report is not kept. */
export type SignalIntakeCode = SignalReportCode | 'signal-report.future' | 'signal-report.stale';

/** What the way in needs. */
export interface SignalIntakeShell {
  readonly outbox: Outbox;
  readonly memory: SignalMemory;
  readonly nonces: SignalNonces;
  readonly config: SignalsConfig;
  /** What the person of a device agreed to, as of an instant. */
  readonly consentOf: (scope: Scope, device: string) => Promise<(at: number) => MayCollect>;
  /** Counts reports by `ok` or the code of their refusal, and signals that were dropped by theirs. */
  readonly count: (code: string) => void;
}

/** Where a report comes from, as the session proved it. */
export interface SignalOrigin {
  readonly scope: Scope;
  readonly device: string;
  readonly service: string;
  readonly tier: number;
  /** Attested facts in their text form. */
  readonly attested: string;
  /** What the gateway sensed in the traffic of this request. */
  readonly traffic: readonly SignalCode[];
}

const sha256 = (input: Uint8Array): Bytes => new Uint8Array(createHash('sha256').update(input).digest());
const refusedMost = 32;

/** Whether a report is one of signals. */
export const isSignalReport = ({ kind }: Report): boolean => kind === signalReportKind;

/** The challenge for a device's next report. */
export const nextChallenge = ({ nonces, memory }: SignalIntakeShell, device: string, now: EpochMs): SignalChallenge =>
  nonces.issue(signalKeyText(memory.keyOf(device)), now);

interface Judged {
  readonly report: Report;
  readonly body: SignalReport;
}

const judge = (report: Report, now: EpochMs): Result<Judged, SignalIntakeCode> => {
  const read = readSignalReport(report.kind, report.kindVersion, report.body);
  if (!read.ok) return read;
  if (report.eventAtMs > now + signalAheadMs) return refuse('signal-report.future');
  if (report.eventAtMs < now - reportRemembered) return refuse('signal-report.stale');
  return accept({ report, body: read.value });
};

/** What of a report may be kept, and what may not. */
const sift = (
  body: SignalReport,
  consentAt: (at: number) => MayCollect,
  now: EpochMs,
): Pick<SignalRecord, 'signals' | 'refused'> => {
  const signals: KeptSignal[] = [];
  const refused: { code: string; why: string }[] = [];
  for (const sensed of body.signals) {
    const { code, value, source, observedAtMs } = sensed;
    const kept = mayKeepSignal(sensed, body.scene, consentAt(Math.min(observedAtMs, now)), now);
    if (kept.ok) signals.push({ code, value, source, untilMs: signalUntil(kept.value, observedAtMs) });
    else if (refused.length < refusedMost) refused.push({ code, why: kept.code });
  }
  return { signals, refused };
};

const raised = (codes: readonly SignalCode[], source: 'server' | 'tee', atMs: number): readonly KeptSignal[] =>
  codes.flatMap((code) => {
    const rule = signalRuleOf(code);
    return rule === undefined ? [] : { code, value: true, source, untilMs: signalUntil(rule, atMs) };
  });

const step = (shell: SignalIntakeShell, device: string, body: SignalReport, hash: string, now: EpochMs): Succession => {
  const { memory } = shell;
  return stepReport(memory.table, memory.keyOf(device), {
    counter: body.counter,
    hash: shortHash(hash),
    previous: body.previous === '' ? undefined : shortHash(body.previous),
    atS: Math.floor(now / 1000),
  });
};

/** A report with its place in the chain. */
interface Stepped extends Judged {
  readonly hash: string;
  readonly succession: Succession;
}

/**
 * The places of a batch, which may hold reports that came before, because their acknowledgement was lost: those that the next one of the batch
 * vouches for by its hash are no replay.
 */
const stepAll = (
  shell: SignalIntakeShell,
  device: string,
  batch: readonly Judged[],
  now: EpochMs,
): readonly Stepped[] => {
  const stepped = batch.map((each) => {
    const hash = Buffer.from(sha256(signalReportBytes(each.body))).toString('base64url');
    return { ...each, hash, succession: step(shell, device, each.body, hash, now) };
  });
  let isVouching = false;
  let previous = '';
  return stepped
    .toReversed()
    .map((each) => {
      const isVouched = isVouching && each.succession === 'stale' && each.hash === previous;
      isVouching = isVouched || each.succession === 'same' || each.succession === 'next';
      previous = each.body.previous;
      return isVouched ? { ...each, succession: 'same' as const } : each;
    })
    .toReversed();
};

/** Takes one report: everything that it makes known is in force when this answers. */
const take = (
  shell: SignalIntakeShell,
  origin: SignalOrigin,
  { report, body, hash, succession }: Stepped,
  consentAt: (at: number) => MayCollect,
  now: EpochMs,
): SignalRecord => {
  const { memory, nonces, config } = shell;
  const { device, attested, traffic, service, tier } = origin;
  const key = memory.keyOf(device);
  const eventAtMs = Math.min(report.eventAtMs, now);
  const judged = judgeSignalReport(body, {
    succession,
    challenge: nonces.read(signalKeyText(key), body.nonce),
    eventAtMs,
    nonceLifeMs: config.nonceHours * 3_600_000,
    checks: config.checks,
    attested,
    sha256,
  });
  const { signals: told, refused } = sift(body, consentAt, now);
  // A report that came before tells nothing new of the phone, only of who sent it again.
  const fresh = succession === 'stale' ? [] : told;
  const signals = [
    ...fresh,
    ...raised(judged, 'server', eventAtMs),
    ...raised(traffic, 'server', now),
    ...raised(teeSignals(attested), 'tee', now),
  ];
  holdSignals(memory.table, key, heldSignals(signals), Math.floor(now / 1000));
  const { score = null, band } = memory.signalsOf(device, now);
  const { scene, policyVersion, sdk, counter, ran, skipped } = body;
  const evidence =
    succession === 'stale'
      ? []
      : body.evidence.map(({ kind, digest }) => ({ kind, digest: memory.evidenceOf(kind, digest) }));
  const said = { eventAtMs, scene, policyVersion, sdk, counter, hash, succession, ran, skipped, signals, refused };
  return {
    device: signalKeyText(key),
    subject: memory.subjectOf(device),
    service,
    tier,
    ...said,
    evidence,
    score,
    band,
  };
};

const entryOf = (report: Report, record: SignalRecord, { scope, device }: SignalOrigin, now: EpochMs): OutboxEntry => ({
  scope,
  kind: signalEventKind,
  atMs: now,
  payload: writeSignalRecord(record),
  once: { mark: reportMark(device, report.id), untilMs: after(now, reportRemembered) },
});

/** Keeps the reports of one device, in the order of their counters; answers those that were not, once the others are on the disk. */
export const keepSignalReports = async (
  shell: SignalIntakeShell,
  origin: SignalOrigin,
  reports: readonly Report[],
  now: EpochMs,
): Promise<Result<readonly { readonly id: string; readonly code: SignalIntakeCode }[], StorageRefusal>> => {
  const judged = reports.map((report) => ({ report, read: judge(report, now) }));
  const refused = judged.flatMap(({ report: { id }, read }) => (read.ok ? [] : [{ id, code: read.code }]));
  const good = judged
    .flatMap(({ read }) => (read.ok ? [read.value] : []))
    .toSorted((one, other) => one.body.counter - other.body.counter);
  if (good.length > 0) {
    const consentAt = await shell.consentOf(origin.scope, origin.device);
    const entries = stepAll(shell, origin.device, good, now).map((each) => {
      const record = take(shell, origin, each, consentAt, now);
      for (const { why } of record.refused) shell.count(why);
      return entryOf(each.report, record, origin, now);
    });
    const kept = await shell.outbox.append(entries);
    if (!kept.ok) return kept;
  }
  for (const { read } of judged) shell.count(read.ok ? 'ok' : read.code);
  return accept(refused);
};
