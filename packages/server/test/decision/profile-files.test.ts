/** Profiles on disk: restore is snapshot and journal; SIGKILL in the middle of writing loses nothing that was acknowledged; what is foreign, old or damaged is refused by code. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ProfileFiles } from '../../src/decision/profile-files.ts';
import { change, keys, newWorld, rowAfter, rowOf, spec, type World } from './profile-world.ts';

const rounds = process.env['HAUBERK_FULL'] === '1' ? 40 : 4;

const newFolder = (t: TestContext): string => {
  const folder = mkdtempSync(join(tmpdir(), 'profiles-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
};

const openFiles = async (folder: string, world: World): Promise<ProfileFiles> => {
  const files = await ProfileFiles.open({ folder, kept: world.kept, rowsAStep: 4 });
  assert.ok(files.ok, files.ok ? '' : `${files.code} ${files.detail ?? ''}`);
  return files.value;
};

const codeOf = async (folder: string, layout = spec): Promise<string> => {
  const files = await ProfileFiles.open({ folder, kept: newWorld(layout).kept });
  if (!files.ok) return files.code;
  await files.value.close();
  return 'ok';
};

const fileOf = (folder: string, kind: string, turn = -1): string => {
  const name = readdirSync(folder)
    .filter((each) => each.startsWith(kind) && each.endsWith('.profiles'))
    .sort()
    .at(turn);
  return join(folder, name ?? '');
};

const rowsOf = (world: World): readonly string[] => Array.from({ length: keys }, (_, key) => rowOf(world, key).text);

/** Changes rows, with a snapshot in the middle, and closes. */
const prepare = async (folder: string): Promise<World> => {
  const world = newWorld();
  const files = await openFiles(folder, world);
  for (let each = 0; each < 100; each += 1) change(world, each % keys);
  await files.append(world.buffer.take());
  await files.snapshot();
  for (let each = 0; each < 57; each += 1) {
    change(world, each % 5);
    await files.append(world.buffer.take());
  }
  await files.close();
  return world;
};

test('profile files: a boot finds the snapshot and what came after it; the next one, too', async (t) => {
  const folder = newFolder(t);
  const world = await prepare(folder);
  for (const boot of [1, 2]) {
    const again = newWorld();
    const files = await openFiles(folder, again);
    assert.deepEqual(rowsOf(again), rowsOf(world));
    const { rows, torn, missing, refused, journals } = files.restored;
    assert.deepEqual([rows, torn, missing, refused, journals], [keys, 0, 0, 0, boot]);
    await files.close();
  }
  assert.equal(readdirSync(folder).filter((name) => name.startsWith('snapshot')).length, 1);
});

test('profile files: SIGKILL in the middle of writing loses nothing that was acknowledged', async (t) => {
  const folder = newFolder(t);
  const child = fileURLToPath(new URL('./profile-files-child.ts', import.meta.url));
  const acknowledged = new Map<number, number>();
  for (let round = 0; round < rounds; round += 1) {
    const said = join(folder, `said-${round}`);
    const running = spawn(process.execPath, [child, folder, said], { stdio: ['ignore', 'ignore', 'inherit'] });
    const closed = once(running, 'close') as Promise<[number | null, string | null]>;
    while (running.exitCode === null && (statSync(said, { throwIfNoEntry: false })?.size ?? 0) < 3000) await pause(2);
    await pause((round * 13) % 29);
    running.kill('SIGKILL');
    assert.deepEqual(await closed, [null, 'SIGKILL'], 'the child ended by itself');
    for (const line of readFileSync(said, 'utf8').split('\n').slice(1, -1)) {
      const [key, order] = line.split(' ').map(Number);
      acknowledged.set(key as number, Math.max(acknowledged.get(key as number) ?? 0, order as number));
    }
    const world = newWorld();
    const files = await openFiles(join(folder, 'profiles'), world);
    assert.deepEqual([files.restored.missing, files.restored.refused], [0, 0]);
    for (const [key, order] of acknowledged) {
      const row = rowOf(world, key);
      assert.ok(row.order >= order, `key ${key}: ${row.order} of ${order}`);
      assert.equal(row.text, rowAfter(key, row.order), `key ${key} is whole`);
    }
    await files.close();
  }
  assert.ok([...acknowledged.values()].every((order) => order > 20 * rounds));
});

test('profile files: a torn tail is recognised and passed over, also by later boots', async (t) => {
  const folder = newFolder(t);
  await prepare(folder);
  const journal = fileOf(folder, 'journal');
  truncateSync(journal, statSync(journal).size - 5);
  for (const boot of [1, 2]) {
    const world = newWorld();
    const files = await openFiles(folder, world);
    if (boot === 1) assert.ok(files.restored.torn > 0);
    assert.equal(rowOf(world, 0).text, rowAfter(0, rowOf(world, 0).order));
    assert.equal(
      rowsOf(world).reduce((sum, _, key) => sum + rowOf(world, key).order, 0),
      156,
    );
    await files.close();
  }
});

test('profile files: a journal that has no head yet is no obstacle, one that is gone is a gap', async (t) => {
  const folder = newFolder(t);
  const world = await prepare(folder);
  const headless = join(folder, 'journal-0000000003.profiles');
  for (const [boot, begun] of ['', 'HB'].entries()) {
    writeFileSync(headless.replace('03', `0${boot + 3}`), begun);
    const again = newWorld();
    await (await openFiles(folder, again)).close();
    assert.deepEqual(rowsOf(again), rowsOf(world));
    assert.ok(statSync(headless.replace('03', `0${boot + 3}`)).size > 2, 'its number serves the new one');
  }
  assert.equal(await codeOf(folder), 'ok');
  rmSync(fileOf(folder, 'journal', 0));
  assert.equal(await codeOf(folder), 'profiles.gap');
});

test('profile files: an unfinished snapshot is nothing, a damaged one is refused and left as it is', async (t) => {
  const folder = newFolder(t);
  await prepare(folder);
  writeFileSync(join(folder, 'snapshot-0000000009.profiles.new'), 'half');
  assert.equal(await codeOf(folder), 'ok');
  const snapshot = fileOf(folder, 'snapshot');
  const bytes = readFileSync(snapshot);
  const write = async (change_: (copy: Buffer) => Buffer): Promise<string> => {
    const copy = change_(Buffer.from(bytes));
    writeFileSync(snapshot, copy);
    const code = await codeOf(folder);
    assert.deepEqual(readFileSync(snapshot), copy);
    return code;
  };
  const flip =
    (at: number) =>
    (copy: Buffer): Buffer => {
      copy[at] = (copy[at] as number) ^ 1;
      return copy;
    };
  assert.equal(await write(flip(0)), 'profiles.foreign');
  assert.equal(await write(flip(4)), 'profiles.version');
  assert.equal(await write(flip(100)), 'profiles.damaged');
  assert.equal(await write((copy) => copy.subarray(0, 200)), 'profiles.incomplete');
  assert.equal(await write((copy) => copy.subarray(0, copy.length - 24)), 'profiles.incomplete');
  assert.equal(await write((copy) => copy), 'ok');
  assert.equal(await codeOf(folder, { ...spec, tail: 9 }), 'profiles.layout');
  renameSync(snapshot, snapshot.replace('0000000002', '0000000001'));
  assert.equal(await codeOf(folder), 'profiles.gap');
});

test('profile files: a journal that grew begins a snapshot by itself, and changes go on meanwhile', async (t) => {
  const folder = newFolder(t);
  const world = newWorld();
  const opened = await ProfileFiles.open({ folder, kept: world.kept, rowsAStep: 2, maxJournalBytes: 4000 });
  assert.ok(opened.ok);
  const files = opened.value;
  for (let each = 0; each < 600; each += 1) {
    change(world, each % keys);
    await files.append(world.buffer.take());
  }
  await files.close();
  assert.equal(files.failedSnapshots, 0);
  assert.equal(readdirSync(folder).filter((name) => name.startsWith('snapshot')).length, 1);
  const again = newWorld();
  const restored = await openFiles(folder, again);
  assert.ok(restored.restored.known + restored.restored.applied < 600);
  assert.deepEqual(rowsOf(again), rowsOf(world));
  await assert.rejects(restored.append(new Uint8Array(31)), RangeError);
  await restored.close();
});
