/** `hauberk token`: issues, lists and revokes API tokens. */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { AdminApi, IssuedToken, Token } from '@hauberk/admin-client';
import type { Command } from '../main.ts';
import { columns, connect, connectionOptions, minute, runAdminCommand, UsageError } from './admin-connection.ts';

const usage = `usage: hauberk token create --subject NAME --label TEXT --grant APP=ROLE... [--days N] [--out FILE]
       hauberk token list
       hauberk token revoke ID

  --grant APP=ROLE   a role, or one right as area:verb, on an app or on *
  --out FILE         the token goes there, readable by its owner only, and not to the terminal
`;

const options = {
  ...connectionOptions,
  subject: { type: 'string' },
  label: { type: 'string' },
  grant: { type: 'string', multiple: true },
  days: { type: 'string' },
  out: { type: 'string' },
} as const;

interface Values {
  readonly subject?: string;
  readonly label?: string;
  readonly grant?: readonly string[];
  readonly days?: string;
  readonly out?: string;
}

interface Shown {
  readonly json: unknown;
  readonly text: string;
}

const grantOf = (text: string): { readonly app: string; readonly role: string } => {
  const [app, role, ...rest] = text.split('=');
  if (app === undefined || role === undefined || rest.length > 0)
    throw new UsageError(`--grant ${text}: write APP=ROLE`);
  return { app, role };
};

const line = ({ id, subject, label, grants, state, expiresAtMs, lastUsedAtMs }: Token): readonly string[] => [
  id,
  subject,
  state,
  grants.map(({ app, role }) => `${app}=${role}`).join(' '),
  minute(expiresAtMs),
  minute(lastUsedAtMs),
  label,
];

const head = ['id', 'subject', 'state', 'grants', 'expires', 'last used', 'label'];

/** Shows a token that was just issued: to the terminal, or into a file of its own. */
export const showIssued = (issued: IssuedToken, out: string | undefined): Shown => {
  if (out === undefined) {
    const text = `${issued.secret}\nKeep it: it is not shown again. ${issued.subject}, until ${minute(issued.expiresAtMs)}\n`;
    return { json: issued, text };
  }
  // Never over a file that is there: its mode would stay, and somebody may read it.
  writeFileSync(out, `${issued.secret}\n`, { mode: 0o600, flag: 'wx' });
  const { secret: _secret, ...rest } = issued;
  return { json: { ...rest, file: out }, text: `${out}: ${issued.subject}, until ${minute(issued.expiresAtMs)}\n` };
};

const create = async (api: AdminApi, { subject, label, grant = [], days, out }: Values): Promise<Shown> => {
  if (subject === undefined || label === undefined || grant.length === 0)
    throw new UsageError('create needs --subject, --label and --grant');
  const life = days === undefined ? {} : { days: Number(days) };
  const { value } = await api.createToken({ body: { subject, label, grants: grant.map(grantOf), ...life } });
  return showIssued(value, out);
};

/** Every page, up to a bound that no terminal is read beyond. */
const listAll = async (api: AdminApi): Promise<readonly Token[]> => {
  const tokens: Token[] = [];
  let after: string | undefined;
  do {
    const { value } = await api.listTokens({ limit: 200, after });
    tokens.push(...value.items);
    after = value.next ?? undefined;
  } while (after !== undefined && tokens.length < 10_000);
  return tokens;
};

const work = async (api: AdminApi, positionals: readonly string[], values: Values): Promise<Shown> => {
  const [action, id, ...rest] = positionals;
  if (rest.length > 0) throw new UsageError('too many arguments');
  if (action === 'create' && id === undefined) return create(api, values);
  if (action === 'list' && id === undefined) {
    const tokens = await listAll(api);
    return { json: { tokens }, text: columns(head, tokens.map(line)) };
  }
  if (action !== 'revoke' || id === undefined) throw new UsageError('say create, list or revoke ID');
  // The whole prefix may be pasted as well.
  const { value } = await api.revokeToken({ token: id.replace(/^hbk_/, '') });
  return { json: value, text: columns(head, [line(value)]) };
};

/** Runs `hauberk token`. */
export const token: Command = (args) =>
  runAdminCommand('token', usage, args.includes('--json'), async () => {
    const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options });
    return work(connect(values, process.env), positionals, values);
  });
