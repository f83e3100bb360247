/** `hauberk report clients`: which clients speak what since when, and which would be refused, from a state folder or a running gateway. */
import { existsSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type ClientReport, clientReport } from '../report/client-report.ts';
import { rowsOf, sightingsKind } from '../report/keep-sightings.ts';
import { StateError } from '../storage/index.ts';
import { openReader } from '../storage/node-sqlite.ts';
import { stateFiles } from '../storage/state-folder.ts';

/** What `--help` prints. */
export const usage: string = `usage: hauberk report clients [--json] [--state DIR | --admin URL]

  --state DIR   read the state folder, whether the gateway runs or not (default ./state)
  --admin URL   ask a running gateway; an API token with audit:read comes from HAUBERK_TOKEN or HAUBERK_TOKEN_FILE
`;

interface Options {
  readonly json: boolean;
  readonly state: string;
  readonly admin: string | undefined;
}

const readOptions = (args: readonly string[]): Options | undefined => {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { json: { type: 'boolean' }, state: { type: 'string' }, admin: { type: 'string' } },
    });
    if (positionals.length !== 1 || positionals[0] !== 'clients') return undefined;
    if (values.state !== undefined && values.admin !== undefined) return undefined;
    return { json: values.json === true, state: values.state ?? './state', admin: values.admin };
  } catch {
    return undefined;
  }
};

const fromState = (folder: string): ClientReport => {
  if (!existsSync(stateFiles(folder).record))
    throw new StateError('state-missing', `${folder} holds no record`, 'name the state folder of a gateway');
  const reader = openReader(stateFiles(folder).record);
  try {
    const rows = reader
      .prepare('select payload from outbox_events where kind = ? order by position')
      .all(sightingsKind);
    return clientReport(rows.flatMap(({ payload }) => (payload instanceof Uint8Array ? rowsOf(payload) : [])));
  } finally {
    reader.close();
  }
};

const adminToken = (): string => {
  const file = process.env['HAUBERK_TOKEN_FILE'];
  return file === undefined ? (process.env['HAUBERK_TOKEN'] ?? '') : readFileSync(file, 'utf8').trimEnd();
};

const fromAdmin = async (url: string): Promise<ClientReport> => {
  const reply = await fetch(new URL('/clients', url), {
    headers: { authorization: `Bearer ${adminToken()}` },
    redirect: 'error',
    signal: AbortSignal.timeout(10_000),
  });
  if (!reply.ok) throw new Error(`the gateway answered ${reply.status}`);
  return (await reply.json()) as ClientReport;
};

const day = (atMs: number): string => new Date(atMs).toISOString().slice(0, 16);

const text = ({ clients, wouldBeRefused }: ClientReport): string =>
  [
    'clients',
    ...clients.map(
      ({ service, client, version, scheme, state, key, requests, firstAtMs, lastAtMs }) =>
        `  ${service} ${client} ${version || '-'} ${scheme} ${state}${key === '' ? '' : ` key ${key}`}: ${requests} requests, ${day(firstAtMs)} to ${day(lastAtMs)}`,
    ),
    'refused, or would be without observe mode',
    ...wouldBeRefused.map(
      ({ service, route, client, version, state, reason, requests, firstAtMs, lastAtMs }) =>
        `  ${service} ${route} ${client} ${version || '-'} ${state} ${reason}: ${requests} requests, ${day(firstAtMs)} to ${day(lastAtMs)}`,
    ),
    '',
  ].join('\n');

const refused = (error: unknown): string => {
  if (error instanceof StateError) return `${error.code}: ${error.message} (hint: ${error.hint})`;
  return error instanceof Error ? error.message : String(error);
};

/** Runs `hauberk report`. */
export const report = async (args: readonly string[]): Promise<number> => {
  const options = readOptions(args);
  if (options === undefined) {
    process.stderr.write(usage);
    return 2;
  }
  try {
    const found = options.admin === undefined ? fromState(options.state) : await fromAdmin(options.admin);
    process.stdout.write(options.json ? `${JSON.stringify(found)}\n` : text(found));
    return 0;
  } catch (error) {
    process.stderr.write(`hauberk report: ${refused(error)}\n`);
    return 1;
  }
};
