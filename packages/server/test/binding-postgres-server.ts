/** A process with the binding service over a shared database: takes calls as lines of JSON and answers each by its id. */
import { createInterface } from 'node:readline';
import type { BindingService } from '../src/binding/binding-service.ts';
import type { PostgresConfig } from '../src/config/storage-config.ts';
import { postgresBindings } from '../src/storage/postgres/postgres-binding-store.ts';
import { openBank } from './binding-kit.ts';

const { config } = JSON.parse(process.argv[2] ?? '{}') as { readonly config: PostgresConfig };
const bindings = postgresBindings(config);
await bindings.start();
const { service } = openBank(bindings.store);

interface Call {
  readonly id: number;
  readonly method: keyof BindingService;
  readonly args: readonly unknown[];
}

const serve = async ({ id, method, args }: Call): Promise<void> => {
  const run = service[method] as (...given: readonly unknown[]) => Promise<unknown>;
  const answer = await run(...args);
  process.stdout.write(`${JSON.stringify({ id, answer })}\n`);
};

process.stdout.write('{"id":0}\n');
for await (const line of createInterface({ input: process.stdin })) void serve(JSON.parse(line) as Call);
await bindings.close();
