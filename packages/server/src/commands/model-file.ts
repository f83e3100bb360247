/** `hauberk model import|check|explain`: model files on this machine; no gateway is asked. */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import {
  type Ensemble,
  judgeModelRows,
  modelDocument,
  onnxChances,
  readModelFile,
  reasonOf,
  type ServingModel,
  serveModel,
} from '@hauberk/decision';
import { canonicalJson, type JsonValue } from '@hauberk/primitives';
import { openOnnx } from '../decision/onnx-runtime.ts';
import { columns } from './admin-connection.ts';

const actions: readonly string[] = ['import', 'check', 'explain'];

/** Whether an action needs no gateway. */
export const isOffline = (args: readonly string[]): boolean => actions.includes(args[0] ?? '');

/** What makes the command end with 1: its text says why. */
class Refused extends Error {}

interface Row {
  readonly features: Readonly<Record<string, JsonValue>>;
  readonly fraud?: boolean;
  readonly raw?: number;
}

interface Shown {
  readonly json: Readonly<Record<string, unknown>>;
  readonly text: string;
}

const membersOf = (text: string, where: string): Readonly<Record<string, JsonValue>> => {
  try {
    const value = JSON.parse(text) as JsonValue;
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Readonly<Record<string, JsonValue>>;
  } catch {
    // Told below.
  }
  throw new Refused(`${where} is no object of JSON`);
};

const rowsIn = (file: string): readonly Row[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line, index): Row => {
      const { features, fraud, raw } = membersOf(line, `${file} line ${index + 1}`);
      if (typeof features !== 'object' || features === null || Array.isArray(features))
        throw new Refused(`${file} line ${index + 1} has no features`);
      return {
        features: features as Row['features'],
        ...(typeof fraud === 'boolean' ? { fraud } : {}),
        ...(typeof raw === 'number' ? { raw } : {}),
      };
    });

const featuresOf = (names: readonly string[], row: Readonly<Record<string, JsonValue>>): Float64Array =>
  Float64Array.from(names, (name) => {
    const value = Object.hasOwn(row, name) ? row[name] : null;
    return typeof value === 'number' ? value : typeof value === 'boolean' ? Number(value) : Number.NaN;
  });

interface Opened {
  readonly ensemble: Ensemble;
  readonly document: string;
  readonly serving: ServingModel;
}

const openModel = (file: string): Opened => {
  const read = readModelFile(readFileSync(file, 'utf8'));
  if (!read.ok) throw new Refused(`${file}: ${read.code}${read.detail === undefined ? '' : ` (${read.detail})`}`);
  const document = canonicalJson(modelDocument(read.value));
  const hash = createHash('sha256').update(document).digest('hex');
  return { ensemble: read.value, document, serving: serveModel(read.value, hash) };
};

const told = ({ ensemble, serving }: Opened): Readonly<Record<string, unknown>> => ({
  hash: serving.hash,
  trees: ensemble.roots.length,
  nodes: ensemble.feature.length,
  features: ensemble.features.length,
  output: ensemble.output.kind,
  servedAs: serving.servedAs,
});

const textOf = (json: Readonly<Record<string, unknown>>): string =>
  `${Object.entries(json)
    .map(([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join('\n')}\n`;

const worthOf = (chances: Float64Array, rows: readonly Row[]): Readonly<Record<string, unknown>> => {
  const known = rows.flatMap(({ fraud }, place) => (fraud === undefined ? [] : [{ fraud, place }]));
  if (known.length === 0) return {};
  const labels = Uint8Array.from(known, ({ fraud }) => Number(fraud));
  const worth = judgeModelRows(
    Float64Array.from(known, ({ place }) => chances[place] as number),
    labels,
  );
  if (!worth.ok) throw new Refused(`${worth.code}${worth.detail === undefined ? '' : ` (${worth.detail})`}`);
  return { ...worth.value };
};

const differing = (serving: ServingModel, rows: readonly Row[]): number =>
  rows.filter(
    ({ features, raw }) => raw !== undefined && !Object.is(serving.raw(featuresOf(serving.features, features)), raw),
  ).length;

const checkOnnx = async (file: string, rowsFile: string | undefined): Promise<Shown> => {
  const session = await openOnnx(file);
  if (!session.ok) throw new Refused(`${session.code} (${session.detail ?? ''})`);
  const rows = rowsFile === undefined ? [] : rowsIn(rowsFile);
  const names = Object.keys(rows[0]?.features ?? {});
  const chances = await onnxChances(
    session.value,
    rows.map(({ features }) => featuresOf(names, features)),
    names.length,
  );
  if (!chances.ok) throw new Refused(`${chances.code} (${chances.detail ?? ''})`);
  const json = { rows: rows.length, ...worthOf(chances.value, rows) };
  return { json, text: textOf(json) };
};

const check = (file: string, rowsFile: string | undefined): Shown => {
  const opened = openModel(file);
  const rows = rowsFile === undefined ? [] : rowsIn(rowsFile);
  const wrong = differing(opened.serving, rows);
  if (wrong > 0) throw new Refused(`model.score-differs (${wrong} of ${rows.length} rows have another raw score)`);
  const chances = Float64Array.from(rows, ({ features }) =>
    opened.serving.score(featuresOf(opened.ensemble.features, features)),
  );
  const json = { ...told(opened), rows: rows.length, ...worthOf(chances, rows) };
  return { json, text: textOf(json) };
};

const explain = (file: string, row: string, isShapley: boolean): Shown => {
  const { ensemble, serving } = openModel(file);
  const features = featuresOf(ensemble.features, membersOf(row, '--row'));
  const moved = serving.explain(features, isShapley ? 'shapley' : 'path');
  const reasons = serving.reasons(features);
  const lines = moved
    .slice(0, 20)
    .map(({ feature, value, contribution, reason }) => [
      feature,
      Number.isNaN(value) ? 'missing' : String(value),
      contribution.toFixed(4),
      reason,
    ]);
  const said = reasons.map((code) => `  ${code}: ${reasonOf(code)?.en ?? ''}\n`).join('');
  const score = serving.score(features);
  return {
    json: { score, raw: serving.raw(features), reasons, features: moved },
    text: `score ${score.toFixed(4)}\n${said}${columns(['feature', 'value', 'moved by', 'reason'], lines)}`,
  };
};

const text = { type: 'string' } as const;
const flag = { type: 'boolean', default: false } as const;
const options = { out: text, rows: text, row: text, shapley: flag, json: flag } as const;
const parse = (args: readonly string[]) => parseArgs({ args: [...args], allowPositionals: true, options });
type Values = ReturnType<typeof parse>['values'];

const work = (action: string, file: string, values: Values): Shown | Promise<Shown> | undefined => {
  if (action === 'check') return file.endsWith('.onnx') ? checkOnnx(file, values.rows) : check(file, values.rows);
  if (action === 'explain') return values.row === undefined ? undefined : explain(file, values.row, values.shapley);
  if (values.out === undefined) return undefined;
  const opened = openModel(file);
  writeFileSync(values.out, `${opened.document}\n`);
  return { json: told(opened), text: textOf(told(opened)) };
};

/** Runs an action of `isOffline`. 0 done, 1 refused, 2 wrong usage. */
export const runModelFile = async (args: readonly string[], usage: string): Promise<number> => {
  try {
    const { values, positionals } = parse(args);
    const [action = '', file, ...more] = positionals;
    const shown = file === undefined || more.length > 0 ? undefined : await work(action, file, values);
    if (shown === undefined) {
      process.stderr.write(usage);
      return 2;
    }
    process.stdout.write(values.json ? `${JSON.stringify(shown.json)}\n` : shown.text);
    return 0;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (code.startsWith('ERR_PARSE_ARGS')) {
      process.stderr.write(usage);
      return 2;
    }
    if (!(error instanceof Refused) && code === '') throw error;
    process.stderr.write(`hauberk model: ${(error as Error).message}\n`);
    return 1;
  }
};
