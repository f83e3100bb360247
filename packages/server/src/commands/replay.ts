/** `hauberk replay`: recorded decisions again. */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { AdminApi } from '@hauberk/admin-client';
import type { MemoryDeclaration } from '@hauberk/decision';
import { type JsonValue, parseJson } from '@hauberk/primitives';
import { labelKind, readLabel } from '../decision/record-entry.ts';
import { eventStep, type RebuildStep, rebuildSteps } from '../decision/record-rebuild.ts';
import { PolicyReplay, type PolicyReport, Replay, type ReplayReport } from '../decision/record-replay.ts';
import type { Command } from '../main.ts';
import { appOf, columns, connect, connectionOptions, minute, runAdminCommand, UsageError } from './admin-connection.ts';
import { recordsOf, remoteReader, spanOf } from './decision-source.ts';

/** What `--help` prints. */
export const usage: string = `usage: hauberk replay [--from T] [--to T] [--policy FILE | --rebuild]

  Evaluates recorded decisions again by the policies of their time: each must come out as the same bytes.
  --from, --to  a date (UTC), epoch milliseconds, or so long ago as 90m, 24h, 7d; everything when absent
  --policy      a document: what it would have decided otherwise, with samples; nothing is kept
  --rebuild     lets all recorded events pass fresh profiles in their recorded order: the facts must come out again
  The exit code is 1 when a decision comes out otherwise by the policy of its time.
`;

const options = {
  ...connectionOptions,
  from: { type: 'string' },
  to: { type: 'string' },
  policy: { type: 'string' },
  rebuild: { type: 'boolean', default: false },
} as const;

const parse = (args: readonly string[]) => parseArgs({ args: [...args], allowPositionals: false, options });
type Values = ReturnType<typeof parse>['values'];

const skippedText = (skipped: Readonly<Record<string, number>>): string =>
  Object.entries(skipped)
    .map(([code, times]) => `not evaluated: ${times} (${code})\n`)
    .join('');

const replayText = ({ decisions, identical, different, skipped, differentIds }: ReplayReport): string =>
  `${decisions} decisions, ${identical} identical, ${different} different\n${skippedText(skipped)}${differentIds.map((id) => `different: ${id}\n`).join('')}`;

/** What another policy would have changed, as people read it. */
export const policyText = ({ decisions, changed, transitions, guesses, skipped, samples }: PolicyReport): string => {
  const moves = Object.entries(transitions).toSorted(([, one], [, other]) => other - one);
  const rows = samples.map(({ id, atMs, scene, from, to, reasonsFrom, reasonsTo }) => [
    id,
    minute(atMs),
    scene,
    from,
    to,
    reasonsFrom.join(' ') || '-',
    reasonsTo.join(' ') || '-',
  ]);
  return [
    `${decisions} decisions, ${changed} would have been made otherwise\n`,
    ...moves.map(([move, times]) => `  ${move}: ${times}\n`),
    guesses === 0 ? '' : `${guesses} are guesses: their records do not hold everything that this policy asks\n`,
    skippedText(skipped),
    rows.length === 0 ? '' : `\n${columns(['decision', 'at', 'scene', 'was', 'would be', 'by', 'would be by'], rows)}`,
  ].join('');
};

/** A document of a file, as JSON. */
export const documentOf = (file: string): JsonValue => {
  const read = parseJson(readFileSync(file, 'utf8'), { maxDepth: 64, maxKeys: 131_072, maxLength: 2_097_152 });
  if (!read.ok) throw new UsageError(`${file} is no JSON (${read.code})`);
  return read.value;
};

/** Tries a document on recorded decisions. */
export const tryPolicy = async (
  api: AdminApi,
  app: string,
  document: JsonValue,
  span: { readonly fromMs: number; readonly toMs: number },
): Promise<PolicyReport> => {
  const checked = (await api.checkPolicy({ app, body: { document: document as unknown as Record<string, unknown> } }))
    .value;
  if (!checked.ok)
    throw new UsageError(
      checked.faults
        .map(({ path, message, hint }) => `${path}: ${message}${hint === null ? '' : ` (${hint})`}`)
        .join('\n'),
    );
  const replay = new PolicyReplay(remoteReader(api, app), document, checked.scenes);
  for await (const { kind, payload } of recordsOf(api, app, span))
    if (kind === 'record') await replay.take(Buffer.from(payload, 'base64'));
  return replay.report();
};

const evaluate = async (api: AdminApi, app: string, values: Values): Promise<ReplayReport> => {
  const replay = new Replay(remoteReader(api, app));
  for await (const { kind, payload } of recordsOf(api, app, spanOf(values, Date.now())))
    if (kind === 'record') await replay.take(Buffer.from(payload, 'base64'));
  return replay.report();
};

/** Steps by the run that took them; a run whose steps follow those of the one before goes on in its memory. */
const lineagesOf = (
  runs: ReadonlyMap<number, readonly RebuildStep[]>,
): readonly { readonly run: number; readonly steps: readonly RebuildStep[] }[] => {
  const lineages: { run: number; steps: RebuildStep[] }[] = [];
  for (const [run, steps] of [...runs].toSorted(([one], [other]) => one - other)) {
    const first = steps.reduce((least, { order }) => Math.min(least, order), Number.POSITIVE_INFINITY);
    const last = lineages.at(-1);
    if (last !== undefined && first === last.steps.length + 1) last.steps.push(...steps);
    else lineages.push({ run, steps: [...steps] });
  }
  return lineages;
};

const rebuild = async (api: AdminApi, app: string, values: Values) => {
  const reader = remoteReader(api, app);
  const span = spanOf(values, Date.now());
  const runs = new Map<number, RebuildStep[]>();
  for await (const { kind, payload } of recordsOf(api, app, { fromMs: 0, toMs: span.toMs })) {
    const bytes = Buffer.from(payload, 'base64');
    const label = kind === 'label' ? readLabel({ kind: labelKind, payload: bytes }) : undefined;
    const step =
      label === undefined ? eventStep(bytes) : { kind: 'label' as const, order: label.order, label, run: label.run };
    if (step === undefined) continue;
    const held = runs.get(step.run) ?? [];
    held.push(step);
    runs.set(step.run, held);
  }
  const reports = [];
  for (const { run, steps } of lineagesOf(runs)) {
    const event = steps.find((step) => step.kind === 'event');
    const schema = event?.kind === 'event' ? await reader.schema(event.record.schemaHash) : undefined;
    const text = await reader.text('run', run.toString(16));
    const told = { run, steps: steps.length };
    if (schema?.ok !== true || text === undefined)
      reports.push({ ...told, same: 0, different: 0, differences: [], missing: 0 });
    else
      reports.push({
        ...told,
        ...rebuildSteps(steps, schema.value.schema, JSON.parse(text.document) as MemoryDeclaration, span),
      });
  }
  return {
    same: reports.reduce((sum, { same }) => sum + same, 0),
    different: reports.reduce((sum, { different }) => sum + different, 0),
    memories: reports,
  };
};

const rebuildText = ({ same, different, memories }: Awaited<ReturnType<typeof rebuild>>): string =>
  [
    `${same} decisions with the same facts, ${different} with others\n`,
    ...memories.map(
      ({ run, steps, missing, differences }) =>
        `  run ${run}: ${steps} steps${missing === null ? '' : missing === 0 ? ', not rebuilt: its memory or schema is not known' : `, step ${missing} is missing, nothing after it can be told`}\n${differences.map(({ id, facts }) => `    ${id}: ${facts.join(' ')}\n`).join('')}`,
    ),
  ].join('');

/** Runs `hauberk replay`. */
export const replay: Command = async (args) => {
  let isSame = true;
  const code = await runAdminCommand('replay', usage, args.includes('--json'), async () => {
    const { values } = parse(args);
    const api = connect(values, process.env);
    const app = await appOf(api, values, process.env);
    if (values.policy !== undefined) {
      const report = await tryPolicy(api, app, documentOf(values.policy), spanOf(values, Date.now()));
      return { json: report, text: policyText(report) };
    }
    if (values.rebuild) {
      const report = await rebuild(api, app, values);
      isSame = report.different === 0;
      return { json: report, text: rebuildText(report) };
    }
    const began = performance.now();
    const report = await evaluate(api, app, values);
    isSame = report.different === 0;
    const seconds = Math.round(performance.now() - began) / 1000;
    return { json: { ...report, seconds }, text: replayText(report) };
  });
  return code === 0 && !isSame ? 1 : code;
};
