/** Runs the demo bank alone: `node examples/bank/src/serve.ts [--port N] [--journal FILE] [--guards bare|default|careful]`. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildApp } from './build-app.ts';
import { createBank } from './create-bank.ts';
import { BARE_GUARDS, CAREFUL_GUARDS, DEFAULT_GUARDS } from './guards.ts';

const GUARDS = { bare: BARE_GUARDS, default: DEFAULT_GUARDS, careful: CAREFUL_GUARDS };

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '8081' },
    journal: { type: 'string' },
    guards: { type: 'string', default: 'default' },
  },
});
const guards = Object.entries(GUARDS).find(([name]) => name === values.guards)?.[1];
if (guards === undefined) throw new Error(`--guards is one of ${Object.keys(GUARDS).join(', ')}`);
const factsKey = process.env['BANK_FACTS_KEY'];

const appFolder = await mkdtemp(join(tmpdir(), 'demo-bank-app-'));
await buildApp(appFolder);
const bank = await createBank({
  port: Number(values.port),
  guards,
  appFolder,
  ...(values.journal === undefined ? {} : { journalFile: values.journal }),
  ...(factsKey === undefined ? {} : { factsKey }),
});
await rm(appFolder, { recursive: true });
console.log(`ready ${JSON.stringify({ bank: bank.url })}`);

const stop = (): void => void bank.close().then(() => process.exit(0));
process.once('SIGINT', stop);
process.once('SIGTERM', stop);
