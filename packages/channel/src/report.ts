/** Reports: what devices observed. They travel in batches as the body of a protected request, so the channel verifies who speaks. */
import { accept, type EpochMs, epochMs, type Result, refuse } from '@hauberk/primitives';
import { protocolVersion } from './names.ts';
import type { DocumentReason } from './reasons.ts';
import { countOf, hasOnly, isObject, type JsonObject, listOf, readJsonObject, textOf } from './shape.ts';

/** How much it hurts to lose a report: `must-keep` ones are journalled until acknowledged, `may-drop` ones give way first. */
export type LossClass = 'must-keep' | 'should-keep' | 'may-drop';

/** One report. `id` is chosen by the device and makes ingestion idempotent. */
export interface Report {
  readonly id: string;
  readonly kind: string;
  readonly kindVersion: number;
  readonly loss: LossClass;
  /** When it happened, in authenticated server time as the client knew it. */
  readonly eventAtMs: EpochMs;
  readonly body: JsonObject;
}

/** Most reports of one batch. */
export const maxReportsPerBatch = 256;

const readLoss = (value: unknown): LossClass | undefined =>
  value === 'must-keep' || value === 'should-keep' || value === 'may-drop' ? value : undefined;

const readReport = (value: unknown): Report | undefined => {
  if (!isObject(value) || !hasOnly(value, ['id', 'kind', 'kindVersion', 'loss', 'eventAtMs', 'body'])) return undefined;
  const id = textOf(value, 'id', 64);
  const kind = textOf(value, 'kind', 64);
  const kindVersion = countOf(value, 'kindVersion');
  const loss = readLoss(value['loss']);
  const eventAt = countOf(value, 'eventAtMs');
  const body = value['body'];
  if (id === undefined || kind === undefined || kindVersion === undefined || loss === undefined) return undefined;
  if (eventAt === undefined || !isObject(body)) return undefined;
  return { id, kind, kindVersion, loss, eventAtMs: epochMs(eventAt), body };
};

/** The JSON of a batch. */
export const reportBatch = (reports: readonly Report[]): string => JSON.stringify({ v: protocolVersion, reports });

/** Reads a batch; one unreadable report refuses the whole, so that nothing is half acknowledged. */
export const readReportBatch = (body: Uint8Array): Result<readonly Report[], DocumentReason> => {
  const payload = readJsonObject(body);
  if (payload === undefined || !hasOnly(payload, ['v', 'reports'])) return refuse('document.malformed');
  if (payload['v'] !== protocolVersion) return refuse('document.version');
  const reports = listOf(payload, 'reports', readReport, maxReportsPerBatch);
  return reports === undefined ? refuse('document.malformed') : accept(reports);
};
