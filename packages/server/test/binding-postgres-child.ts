/** A process that claims every token that it is told of, in the order of its own, and tells which were its. */

import { epochMs } from '@hauberk/primitives';
import type { PostgresConfig } from '../src/config/storage-config.ts';
import { postgresBindings } from '../src/storage/postgres/postgres-binding-store.ts';

const { config, name, tokens } = JSON.parse(process.argv[2] ?? '{}') as {
  config: PostgresConfig;
  name: string;
  tokens: readonly string[];
};
const scope = { organisation: 'bank', app: 'retail' };
const bindings = postgresBindings(config);
const { store } = bindings;
await store.fence();
process.stdout.write('ready\n');
await new Promise((resolve) => process.stdin.once('data', resolve));
process.stdin.destroy();
const won = await Promise.all(
  tokens.map(async (id) => {
    const key = { kind: 'token', id } as const;
    const [row] = await store.load(scope, [key]);
    if (row?.version !== 0) return undefined;
    const audit = [{ actor: 'binding', action: 'binding.issued', subject: id, facts: { by: name } }];
    const read = [{ key, version: 0 }];
    const change = { fence: await store.fence(), read, puts: [{ ...key, value: { attempt: name } }], audit };
    const answer = await store.commit(scope, change, epochMs(1_800_000_000_000));
    return answer.ok ? id : undefined;
  }),
);
process.stdout.write(`${JSON.stringify(won.filter((id) => id !== undefined))}\n`);
await bindings.close();
