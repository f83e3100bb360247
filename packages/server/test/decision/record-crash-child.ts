/** Decides and keeps records in a state folder until it is killed; prints the id of each decision once its record is acknowledged. */

import { epochMs } from '@hauberk/primitives';
import { PolicyBook } from '../../src/decision/policy-book.ts';
import { openStorage } from '../../src/storage/index.ts';
import { decided, engineOf, eventAt } from './decision-kit.ts';

const [folder = ''] = process.argv.slice(2);
const scope = { organisation: 'bank', app: 'retail' };
const storage = await openStorage({ folder });
const book = new PolicyBook({ store: storage.ports.decisions, scopes: [scope], now: () => epochMs(Date.now()) });
await book.refresh();
const engine = engineOf(book.snapshotOf(scope));
for (let n = 0; ; n += 8) {
  const batch = Array.from({ length: 8 }, (_, at) => decided(engine, scope, eventAt(n + at), storage.boot));
  const kept = await storage.ports.outbox.append(batch.map(({ entry }) => entry));
  if (!kept.ok) throw new Error(kept.code);
  process.stdout.write(`${batch.map(({ id }) => id).join('\n')}\n`);
}
