/** A process that publishes is killed in the middle of it: what it acknowledged is there, and no version is used again. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openStorage } from '../src/index.ts';

const program = fileURLToPath(new URL('directive-crash-child.ts', import.meta.url));

/** Lets a process publish so many directives and kills it; answers the last version that it told of. */
const publishAndDie = async (
  folder: string,
  enough: number,
): Promise<{ readonly first: number; readonly last: number }> => {
  const child = spawn(process.execPath, [program, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  const told: number[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    told.push(Number(line));
    if (told.length === enough) child.kill('SIGKILL');
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return { first: told[0] ?? 0, last: told.at(-1) ?? 0 };
};

test('over two kills: acknowledged versions stay, and the next one follows the last', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hauberk-directive-crash-'));
  let kept = 0;
  for (const enough of [9, 3]) {
    const { first, last } = await publishAndDie(folder, enough);
    assert.equal(first, kept + 1, 'the version after the last one that is kept');
    const storage = await openStorage({ folder });
    const published = await storage.ports.directives.published();
    assert.deepEqual(
      published.map(({ directive, revision }) => [directive.version, revision]),
      published.map((_, index) => [index + 1, index + 1]),
    );
    assert.ok(published.length >= last, `${published.length} kept, ${last} acknowledged`);
    assert.equal(
      (await storage.ports.directives.inState('complete')).length,
      published.length,
      'each with its rollout',
    );
    kept = published.length;
    await storage.close();
  }
  rmSync(folder, { recursive: true });
});
