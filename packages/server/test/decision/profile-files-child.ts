/** Changes profiles, journals them and takes snapshots until it is killed; says each change once it is acknowledged. */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { ProfileFiles } from '../../src/decision/profile-files.ts';
import { change, keys, newWorld } from './profile-world.ts';

const [folder = '', said = ''] = process.argv.slice(2);
const world = newWorld();
const files = await ProfileFiles.open({ folder: join(folder, 'profiles'), kept: world.kept, rowsAStep: 4 });
if (!files.ok) throw new Error(`${files.code} ${files.detail ?? ''}`);
appendFileSync(said, `boot ${files.value.restored.torn} ${files.value.restored.missing}\n`);
let snapshots: Promise<unknown> = Promise.resolve();
for (let turn = 0; ; turn += 1) {
  const told: string[] = [];
  for (let each = 0; each < 5; each += 1) {
    const key = (turn * 5 + each * 3) % keys;
    told.push(`${key} ${change(world, key)}`);
  }
  await files.value.append(world.buffer.take());
  appendFileSync(said, `${told.join('\n')}\n`);
  if (turn % 40 === 20) snapshots = snapshots.then(() => files.value.snapshot());
}
