/** The files of a world, line by line: read strictly, merged by time, and never held as a whole. */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { type RiskEvent, type RiskLabel, readRiskEvent, readRiskLabel } from '@hauberk/decision';
import { readSignalReport, type SignalReport, signalReportKind, signalReportVersion } from '@hauberk/device';
import { accept, parseJson, type Result, refuse } from '@hauberk/primitives';

/** What the server found when it took a report in. */
export interface ReportChecks {
  readonly signature: 'verified' | 'wrong';
  readonly nonce: 'fresh' | 'stale' | 'unknown';
  readonly counter: 'next' | 'gap' | 'repeated';
  readonly canary: 'right' | 'wrong' | 'absent';
}

/** A report as a line tells it. */
export interface WorldReport {
  readonly device: string;
  readonly atMs: number;
  readonly checks: ReportChecks;
  readonly report: SignalReport;
}

/** What happened next. */
export type WorldStep =
  | { readonly kind: 'report'; readonly number: number; readonly atMs: number; readonly report: WorldReport }
  | { readonly kind: 'event'; readonly atMs: number; readonly event: RiskEvent };

/** A line that cannot be read; says which, and why. */
export class WorldError extends Error {
  override readonly name = 'WorldError';
}

/** Longest line of a report in characters. */
const maxReportText = 65_536;

const words = {
  signature: ['verified', 'wrong'],
  nonce: ['fresh', 'stale', 'unknown'],
  counter: ['next', 'gap', 'repeated'],
  canary: ['right', 'wrong', 'absent'],
} as const;

const isChecks = (value: unknown): value is ReportChecks =>
  typeof value === 'object' &&
  value !== null &&
  Object.entries(words).every(([name, known]) =>
    (known as readonly unknown[]).includes((value as Readonly<Record<string, unknown>>)[name]),
  );

/** Reads a line of `reports.jsonl`. */
export const readWorldReport = (text: string): Result<WorldReport> => {
  if (text.length > maxReportText) return refuse('report.too-long', `over ${maxReportText} characters`);
  const read = parseJson(text, { maxLength: maxReportText });
  if (!read.ok || typeof read.value !== 'object' || read.value === null || Array.isArray(read.value))
    return refuse('report.malformed');
  const { device, atMs, checks, report } = read.value as Readonly<Record<string, unknown>>;
  const isNamed = typeof device === 'string' && device.length > 0 && device.length <= 256;
  if (!isNamed || typeof atMs !== 'number' || !isChecks(checks)) return refuse('report.malformed');
  const body = readSignalReport(signalReportKind, signalReportVersion, report);
  return body.ok ? accept({ device, atMs, checks, report: body.value }) : body;
};

async function* readLines<Value>(file: string, read: (line: string) => Result<Value>): AsyncGenerator<Value> {
  let number = 0;
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY })) {
    number += 1;
    if (line.trim() === '') continue;
    const value = read(line);
    if (!value.ok) {
      const why = value.detail === undefined ? value.code : `${value.code} (${value.detail})`;
      throw new WorldError(`${file} line ${number}: ${why}`);
    }
    yield value.value;
  }
}

/** Everything that happened, by time; of one instant the reports first, for they came before what they matter for. */
export async function* readWorld(folder: string): AsyncGenerator<WorldStep> {
  const reports = readLines(`${folder}/reports.jsonl`, readWorldReport);
  const events = readLines(`${folder}/events.jsonl`, readRiskEvent);
  let [report, event] = [await reports.next(), await events.next()];
  let number = 0;
  while (report.done !== true || event.done !== true) {
    if (report.done !== true && (event.done === true || report.value.atMs <= event.value.atMs)) {
      yield { kind: 'report', number, atMs: report.value.atMs, report: report.value };
      number += 1;
      report = await reports.next();
    } else if (event.done !== true) {
      yield { kind: 'event', atMs: event.value.atMs, event: event.value };
      event = await events.next();
    }
  }
}

/** Labels in the order in which they became known. */
export const readWorldLabels = async (folder: string): Promise<readonly RiskLabel[]> => {
  const labels: RiskLabel[] = [];
  for await (const label of readLines(`${folder}/labels.jsonl`, readRiskLabel)) labels.push(label);
  return labels.sort((left, right) => left.knownAtMs - right.knownAtMs);
};
