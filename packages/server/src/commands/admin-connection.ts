/** What the commands on the admin API share: where it is, who asks, how answers and refusals are printed. */
import { readFileSync } from 'node:fs';
import { type AdminApi, AdminError, createAdminClient } from '@hauberk/admin-client';

type Environment = Readonly<Record<string, string | undefined>>;

/** Options that every such command takes. */
export const connectionOptions = {
  url: { type: 'string' },
  app: { type: 'string' },
  json: { type: 'boolean', default: false },
} as const;

/** Told beneath every usage. */
export const connectionUsage = `
  --url URL     the admin listener; otherwise HAUBERK_URL, otherwise http://127.0.0.1:9443
  --app APP     otherwise HAUBERK_APP, otherwise the only one that the token may see
  --json        one line of JSON
  The token comes from HAUBERK_TOKEN or from the file that HAUBERK_TOKEN_FILE names, never from an argument.
`;

/** A value of the environment, or of the file that `NAME_FILE` names. */
export const secretOf = (environment: Environment, name: string): string | undefined => {
  const file = environment[`${name}_FILE`];
  return file === undefined ? environment[name] : readFileSync(file, 'utf8').replace(/\r?\n$/, '');
};

/** A client for what the options and the environment say. */
export const connect = (
  values: { readonly url?: string | undefined },
  environment: Environment,
  token: string | undefined = secretOf(environment, 'HAUBERK_TOKEN'),
): AdminApi => createAdminClient({ url: values.url ?? environment['HAUBERK_URL'] ?? 'http://127.0.0.1:9443', token });

/** Wrong usage, told to whoever typed it. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The app to work on: named, or the only one. */
export const appOf = async (
  api: AdminApi,
  values: { readonly app?: string | undefined },
  environment: Environment,
): Promise<string> => {
  const named = values.app ?? environment['HAUBERK_APP'];
  if (named !== undefined) return named;
  const { apps } = (await api.self()).value;
  const [only, ...others] = apps.map(({ id }) => id);
  if (only !== undefined && others.length === 0) return only;
  throw new UsageError(only === undefined ? 'the token may see no app' : `say --app: ${[only, ...others].join(', ')}`);
};

/** Texts in columns. */
export const columns = (head: readonly string[], rows: readonly (readonly string[])[]): string => {
  const all = [head, ...rows];
  const widths = head.map((_name, index) => Math.max(...all.map((row) => row[index]?.length ?? 0)));
  return all
    .map(
      (row) =>
        `${row
          .map((cell, index) => cell.padEnd(widths[index] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
};

/** An instant as people read it, to the minute, in UTC. */
export const minute = (atMs: number | null): string =>
  atMs === null ? '-' : `${new Date(atMs).toISOString().slice(0, 16)}Z`;

/** What of an answer could move a terminal's cursor or colour its text is shown as `?`. */
export const printable = (text: string): string => text.replaceAll(/[^\P{C}\n]/gu, '?');

const refusalLines = ({ problem }: AdminError): string => {
  const { code, title, detail, right, errors = [], instance } = problem;
  return [
    `${code}: ${title}${detail === undefined ? '' : ` (${detail})`}${right === undefined ? '' : `: ${right}`}`,
    ...errors.map((error) => `  ${error.in}${error.pointer}: ${error.message}`),
    ...(instance === '' ? [] : [`  request ${instance}`]),
    '',
  ].join('\n');
};

const isUsage = (error: unknown): error is Error =>
  error instanceof UsageError ||
  (error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS'));

/** The innermost cause that says something: what `fetch` throws says only that it failed. */
const causeOf = (error: Error): string => {
  const { cause } = error;
  if (cause instanceof AggregateError && cause.errors[0] instanceof Error) return cause.errors[0].message;
  return cause instanceof Error ? cause.message : error.message;
};

/** Runs a command and prints what it answers, or why it cannot; answers the exit code: 0 done, 1 refused or `isRefused`, 2 wrong usage. */
export const runAdminCommand = async (
  name: string,
  usage: string,
  isJson: boolean,
  work: () => Promise<{ readonly json: unknown; readonly text: string; readonly isRefused?: boolean }>,
): Promise<number> => {
  try {
    const { json, text, isRefused = false } = await work();
    process.stdout.write(isJson ? `${JSON.stringify(json)}\n` : printable(text));
    return isRefused ? 1 : 0;
  } catch (error) {
    if (isUsage(error)) {
      process.stderr.write(`hauberk ${name}: ${error.message}\n${usage}${connectionUsage}`);
      return 2;
    }
    if (!(error instanceof Error)) throw error;
    const text = error instanceof AdminError ? refusalLines(error) : `${causeOf(error)}\n`;
    process.stderr.write(`hauberk ${name}: ${printable(text)}`);
    if (isJson && error instanceof AdminError) process.stdout.write(`${JSON.stringify(error.problem)}\n`);
    return 1;
  }
};
