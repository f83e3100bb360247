/** What the commands on decisions share: records and texts over the admin API, page by page, as fast as the API lets them. */
import { setTimeout as rest } from 'node:timers/promises';
import { type AdminApi, AdminError, type DecisionRecords } from '@hauberk/admin-client';
import { RecordReader } from '../decision/record-reader.ts';
import type { KeptText } from '../decision/record-texts.ts';
import { UsageError } from './admin-connection.ts';

/** One record or label. */
export type SourceItem = DecisionRecords['items'][number];

/** Tries again what the API puts off: a long export is slower than its limit, and is not refused. */
export const patiently = async <Value>(call: () => Promise<Value>): Promise<Value> => {
  for (let turn = 0; ; turn += 1)
    try {
      return await call();
    } catch (error) {
      const isPutOff = error instanceof AdminError && ['limited', 'overloaded'].includes(error.problem.code);
      if (!isPutOff || turn > 60) throw error;
      await rest(500);
    }
};

/** Records and labels of a span, in the order in which they were kept. */
export async function* recordsOf(
  api: AdminApi,
  app: string,
  span: { readonly fromMs: number; readonly toMs: number },
): AsyncGenerator<SourceItem> {
  for (let after: number | null = 0; after !== null; ) {
    const at: number = after;
    const { value } = await patiently(() =>
      api.readDecisionRecords({ app, ...span, ...(at === 0 ? {} : { after: at }), limit: 2000 }),
    );
    yield* value.items;
    after = value.next;
  }
}

/** A reader whose texts come from the API. */
export const remoteReader = (api: AdminApi, app: string): RecordReader =>
  new RecordReader(async (kind, hash) => {
    try {
      const { value } = await patiently(() => api.findDecisionText({ app, text: `${kind}-${hash}` }));
      return value as KeptText;
    } catch (error) {
      if (error instanceof AdminError && error.problem.code === 'not-found') return undefined;
      throw error;
    }
  });

/** An instant: epoch milliseconds, a date (UTC), or so long ago (`90m`, `24h`, `7d`). */
export const instantOf = (text: string, now: number, name: string): number => {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  const [, number = '', unit = ''] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  if (number !== '') return now - Number(number) * ({ m: 60_000, h: 3_600_000, d: 86_400_000 }[unit] ?? 0);
  const at = /^\d{4}-\d{2}-\d{2}(?:T[\d:.]+Z)?$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(at)) throw new UsageError(`--${name}: a date, epoch milliseconds, or so long ago as 24h`);
  return at;
};

/** The span of `--from` and `--to`; all when absent. */
export const spanOf = (
  values: { readonly from?: string | undefined; readonly to?: string | undefined },
  now: number,
): { readonly fromMs: number; readonly toMs: number } => ({
  fromMs: values.from === undefined ? 0 : instantOf(values.from, now, 'from'),
  toMs: values.to === undefined ? 900_000_000_000_000 : instantOf(values.to, now, 'to'),
});
