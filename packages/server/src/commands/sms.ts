/** `hauberk sms`: what the SMS links of a running gateway are doing. */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { SmsStatus } from '../sms/sms-plane.ts';

/** What `--help` prints. */
export const usage: string = `usage: hauberk sms [--json] --admin URL

  --admin URL   the gateway's admin listener; an API token with binding:read comes from HAUBERK_TOKEN or HAUBERK_TOKEN_FILE
`;

const adminToken = (): string => {
  const file = process.env['HAUBERK_TOKEN_FILE'];
  return file === undefined ? (process.env['HAUBERK_TOKEN'] ?? '') : readFileSync(file, 'utf8').trimEnd();
};

const counted = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');

const text = ({ links, waiting = 0, counts }: Partial<SmsStatus> & Pick<SmsStatus, 'links'>): string =>
  [
    ...links.map(({ id, kind, state, outcomes }) => `${id} (${kind}) ${state}: ${counted(outcomes) || 'nothing yet'}`),
    `waiting ${waiting}; handed over: ${counted(counts ?? {}) || 'none'}`,
    '',
  ].join('\n');

/** Runs `hauberk sms`. */
export const sms = async (args: readonly string[]): Promise<number> => {
  let options: { readonly json?: boolean; readonly admin?: string };
  try {
    options = parseArgs({ args: [...args], options: { json: { type: 'boolean' }, admin: { type: 'string' } } }).values;
  } catch {
    options = {};
  }
  if (options.admin === undefined) {
    process.stderr.write(usage);
    return 2;
  }
  try {
    const headers = { authorization: `Bearer ${adminToken()}` };
    const signal = AbortSignal.timeout(10_000);
    const reply = await fetch(new URL('/sms', options.admin), { headers, redirect: 'error', signal });
    if (!reply.ok) throw new Error(`the gateway answered ${reply.status}`);
    const status = (await reply.json()) as SmsStatus;
    process.stdout.write(options.json === true ? `${JSON.stringify(status)}\n` : text(status));
    return 0;
  } catch (error) {
    process.stderr.write(`hauberk sms: ${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
};
