/** `hauberk admin`: begins an administration, and describes its API. */
import { parseArgs } from 'node:util';
import { epochMs } from '@hauberk/primitives';
import { openApiText } from '../admin/openapi.ts';
import { issueStartupSecret } from '../admin/startup-secret.ts';
import { loadConfig } from '../config/load.ts';
import type { Command } from '../main.ts';
import { openStorage, StateError, suppliedMasterKey } from '../storage/index.ts';
import { connect, connectionOptions, minute, runAdminCommand, secretOf, UsageError } from './admin-connection.ts';
import { reportIssues } from './config.ts';
import { showIssued } from './token.ts';

const usage = `usage: hauberk admin login [--subject NAME] [--out FILE]
       hauberk admin secret --config FILE    a new start-up secret, while the gateway is stopped
       hauberk admin openapi                 the OpenAPI document of the admin API

  login reads the start-up secret from HAUBERK_STARTUP_SECRET, from the file that HAUBERK_STARTUP_SECRET_FILE names, or from standard input.
`;

const options = {
  ...connectionOptions,
  subject: { type: 'string' },
  out: { type: 'string' },
  config: { type: 'string' },
} as const;

const firstLine = async (): Promise<string> => {
  if (process.stdin.isTTY) process.stderr.write('start-up secret: ');
  let text = '';
  for await (const piece of process.stdin) {
    text += String(piece);
    if (text.includes('\n') || text.length > 1024) break;
  }
  return text.split('\n', 1)[0]?.trim() ?? '';
};

const login = async (values: { readonly url?: string; readonly subject?: string; readonly out?: string }) => {
  const secret = secretOf(process.env, 'HAUBERK_STARTUP_SECRET') ?? (await firstLine());
  if (secret === '') throw new UsageError('no start-up secret was given');
  const api = connect(values, process.env, '');
  const { value } = await api.login({ body: { secret, subject: values.subject } });
  return showIssued(value, values.out);
};

const newSecret = async (file: string | undefined) => {
  if (file === undefined) throw new UsageError('secret needs --config');
  const loaded = loadConfig(file, process.env);
  if (!loaded.ok) {
    reportIssues(loaded);
    throw new Error(`${file} is no configuration`);
  }
  const { state, organisation } = loaded.config;
  const storage = await openStorage({ folder: state, master: suppliedMasterKey(process.env) });
  try {
    const now = () => epochMs(Date.now());
    const issued = await issueStartupSecret({ stores: storage.ports, keys: storage.keys, organisation, now }, true);
    if (!issued.ok) throw new Error(issued.code);
    const { text, expiresAtMs } = issued.value;
    return { json: { secret: text, expiresAtMs }, text: `${text}\nIt counts once, until ${minute(expiresAtMs)}.\n` };
  } finally {
    await storage.close();
  }
};

const work = async (args: readonly string[]) => {
  const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options });
  const [action, ...rest] = positionals;
  if (rest.length > 0) throw new UsageError('too many arguments');
  if (action === 'openapi') return { json: JSON.parse(openApiText()) as unknown, text: openApiText() };
  if (action === 'login') return login(values);
  if (action === 'secret')
    return newSecret(values.config).catch((error: unknown) => {
      // A running gateway holds the state folder: the code says so, and the hint what to do.
      if (error instanceof StateError)
        throw new Error(`${error.code}: ${error.message} (${error.hint})`, { cause: undefined });
      throw error;
    });
  throw new UsageError('say login, secret or openapi');
};

/** Runs `hauberk admin`. */
export const admin: Command = (args) => runAdminCommand('admin', usage, args.includes('--json'), () => work(args));
