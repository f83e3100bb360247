/** The `hauberk` command: finds the subcommand and loads only that one. */
import { pathToFileURL } from 'node:url';

/** A subcommand: its arguments in, its exit code out. */
export type Command = (args: readonly string[]) => Promise<number>;

const summaries = {
  serve: 'run the gateway: serve [--config FILE] [--json]',
  demo: 'run demo bank, gateway, customers and an attacker, all on this machine',
  attack: 'attack a running system and tell what held: attack [--json] [--target URL --routes FILE]',
  config: 'config check FILE | config print FILE --redacted | config schema',
  simulate:
    'what no laboratory has: simulate network | binding | rollout | kill-switch [--seed S] [--runs N] [--json]; simulate fraud | cards --out DIR',
  evaluate: 'evaluate fraud --in DIR: what the online parts make of a simulated world',
  learn: 'learn --events F --labels F --train FROM..TO --delay DAYS --test FROM..TO: a model, and what it is worth',
  trust:
    'print the public keys that apps pin: trust --state DIR [--json]; trust update | status | make: signed roots and lists',
  report: 'report clients [--json] [--state DIR | --admin URL]: who speaks what, and who would be refused',
  sms: 'sms [--json] --admin URL: what the links for inbound SMS are doing',
  admin: 'admin login | secret | openapi: begin an administration, describe its API',
  token: 'token create | list | revoke: API tokens and what they may do',
  device: 'device list | search | show | verdict | suspend | unsuspend | revoke | lost | re-attest',
  binding:
    'binding list | bound | show | why | timeline | blocks | block | lift | vmn | unbind | number | feed import: SIM binding',
  identity: 'identity show | resolve | merge | split | undo: who a device is taken for',
  cluster: 'cluster list | show | propose: devices that share what strangers do not, and lists from them',
  intelligence: 'intelligence status | import | share: what partners tell and are told, as STIX 2.1',
  directive:
    'directive list | show | draft | approve | stage | halt | revert | kill | unkill: what apps are told to do',
  policy:
    'policy check | propose | shadow | challenge | live | rollback | retire | list | show | backtest: what decides',
  list: 'list show | entries | add | remove | import | change: named sets of entities that policies ask',
  replay:
    'replay [--from T] [--to T] [--policy FILE | --rebuild]: recorded decisions again, byte for byte, by another policy, or from their events',
  why: 'why DECISION: one decision, its reasons, and how near the others came',
  decision: 'decision list | show | export | openapi: what was decided, and how to ask for it',
  alert:
    'alert list | acknowledge | close | rule list | rule add | rule end: rules over decisions and what they raised',
  case: 'case list | show | open | assign | note | close | reopen: what people look into',
  model: 'model list | keep | activate | drop: models that decide; model import | check | explain: model files',
  approval: 'approval list | show | approve | reject: changes that two people must agree on',
  privacy:
    'privacy findings | chains | stop | resume | stops | effect | accept | fix | rule | matrix | subject | consent | erase | keys | verify',
  audit: 'audit verify: check the audit log without a running gateway',
  backup: 'copy the state of a gateway, running or not',
  restore: 'put a backup in place of the state',
  version: 'print the version',
} as const;

type CommandName = keyof typeof summaries;

/** Each command is `commands/<name>.ts` with an export of its own name, and its `usage`; nothing of the others is loaded. */
const load = async (name: CommandName): Promise<{ readonly command: Command; readonly usage: string | undefined }> => {
  const module = (await import(`./commands/${name}.ts`)) as Readonly<Record<string, Command | string>>;
  const command = module[name];
  if (typeof command !== 'function') throw new Error(`commands/${name}.ts does not export ${name}`);
  const { usage: text } = module;
  return { command, usage: typeof text === 'string' ? text.trimEnd() : undefined };
};

const isCommand = (name: string): name is CommandName => Object.hasOwn(summaries, name);

const usage = (): string =>
  [
    'usage: hauberk COMMAND [ARGUMENTS]',
    '',
    ...Object.entries(summaries).map(([name, summary]) => `  ${name.padEnd(8)} ${summary}`),
    '  help     print this page',
    '',
  ].join('\n');

const helpNames: readonly (string | undefined)[] = ['help', '--help', '-h'];

/** Runs one command line; answers the exit code: 0 done, 1 refused or failed, 2 wrong usage. */
export const run = async (args: readonly string[]): Promise<number> => {
  const [first, ...rest] = args;
  if (helpNames.includes(first)) {
    process.stdout.write(usage());
    return 0;
  }
  const name = first === '--version' ? 'version' : first;
  if (name === undefined || !isCommand(name)) {
    process.stderr.write(name === undefined ? usage() : `hauberk: no command ${name}\n\n${usage()}`);
    return 2;
  }
  const { command, usage: text } = await load(name);
  // Those without a text of their own print one themselves.
  if (text !== undefined && rest.some((argument) => argument === '--help' || argument === '-h')) {
    process.stdout.write(`${text}\n`);
    return 0;
  }
  return command(rest);
};

const isEntry = process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href;
if (isEntry) {
  process.exitCode = await run(process.argv.slice(2));
}
