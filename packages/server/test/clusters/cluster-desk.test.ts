/** Clusters in the server: found from the outbox, told to every thread, there again after a restart, on a list once two people agree. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type ClusterFacts, idHash, pseudonymOf } from '@hauberk/decision';
import type { EpochMs } from '@hauberk/primitives';
import fc from 'fast-check';
import { clusterConsumer } from '../../src/clusters/cluster-desk.ts';
import { observationOf } from '../../src/clusters/cluster-entry.ts';
import { ClusterTable, clusterReader, reserveClusterTable } from '../../src/clusters/cluster-table.ts';
import { recordKind, recordPayload } from '../../src/decision/record-entry.ts';
import { memoryStorage } from '../../src/storage/memory/memory-stores.ts';
import { farmDevices, farmEntries, openDesk, reportEntry, testFolder } from './cluster-kit.ts';
import { engineOf, eventsFrom } from './engine-kit.ts';

const scope = { organisation: 'bank', app: 'retail' };
const start = Date.UTC(2026, 2, 2, 3) as EpochMs;
const later = (): EpochMs => (start + 600_000) as EpochMs;
const keyOf = (pseudonym: string): readonly [number, number] => [
  Number.parseInt(pseudonym.slice(8), 16) | 0,
  Number.parseInt(pseudonym.slice(0, 8), 16) | 0,
];

test('a farm that reports is found, told to the threads that judge requests, and called out once; honest people are not', async () => {
  const { outbox } = memoryStorage().connect().stores;
  const { desk, table, farms } = openDesk(outbox, later);
  assert.ok((await outbox.append(farmEntries(scope, 12, start))).ok);
  await desk.drain();
  const devices = farmDevices(12);
  for (const device of devices)
    assert.ok(['grey', 'black'].includes(table.read(...keyOf(device))?.grade ?? 'none'), device);
  assert.equal(table.read(...keyOf('00000000bb000000')), undefined);
  assert.equal(farms.length, 1);
  const [farm] = desk.list('grey', 5);
  assert.ok(farm);
  assert.equal(farm.size, 12);
  const told = desk.show(farm.id);
  assert.deepEqual(told && [...told.devices].sort(), [...devices].sort());
  assert.deepEqual(
    told?.shared
      .slice(0, 2)
      .map(({ kind }) => kind)
      .sort(),
    ['battery', 'image'],
  );
  assert.equal(desk.show('0000000000000000'), undefined);
  assert.equal(desk.counts.observations, 42);
  await desk.close();
});

test('after a restart everything is there before anything is read; what came after the snapshot is read again and counts once', async () => {
  const { outbox } = memoryStorage().connect().stores;
  const file = join(testFolder(), 'clusters.snapshot');
  const first = openDesk(outbox, later, { file });
  assert.ok((await outbox.append(farmEntries(scope, 12, start))).ok);
  await first.desk.drain();
  await first.desk.close();
  const position = await outbox.acknowledged(clusterConsumer);
  assert.equal(position, await outbox.head());
  const [before] = first.desk.list('grey', 1);
  const second = openDesk(outbox, later, { file });
  second.desk.open();
  assert.deepEqual(second.desk.list('grey', 1), [before]);
  for (const device of farmDevices(12)) assert.equal(second.table.read(...keyOf(device))?.size, 12);
  assert.equal(second.farms.length, 0);
  // As a crash leaves it: read, and not in the snapshot.
  const held = readFileSync(file);
  const again = reportEntry(scope, farmDevices(13)[12] as string, start + 20_000, 1, {
    battery: 'bench',
    image: 'flash',
  });
  assert.ok((await outbox.append([again, again])).ok);
  await second.desk.drain();
  await second.desk.close();
  writeFileSync(file, held);
  const third = openDesk(outbox, later, { file });
  await third.desk.drain();
  assert.equal(third.desk.list('grey', 1)[0]?.size, 13);
  assert.equal(third.desk.counts.duplicate, 1);
  await third.desk.close();
});

test('a snapshot that cannot be read is told of, and clusters are made anew from the record', async () => {
  const { outbox } = memoryStorage().connect().stores;
  const file = join(testFolder(), 'clusters.snapshot');
  writeFileSync(file, 'HBC1 and nothing else');
  const faults: unknown[] = [];
  const { desk } = openDesk(outbox, later, { file, failed: (error) => faults.push(error) });
  assert.match(String(faults[0]), /snapshot of clusters is not read: clusters\.snapshot-malformed/);
  assert.ok((await outbox.append(farmEntries(scope, 8, start))).ok);
  await desk.drain();
  assert.equal(desk.list('grey', 1)[0]?.size, 8);
  await desk.close();
  assert.ok(existsSync(file) && readFileSync(file).length > 1000);
});

test('the record of a decision shows its device, scene and entities; requests without a device and foreign entries show nothing', async () => {
  const engine = engineOf();
  const kinds = async () => engine.schema.kinds;
  for (const event of eventsFrom(start)) {
    const { record } = engine.decide(event, {});
    const entry = {
      scope,
      kind: recordKind,
      atMs: event.atMs as EpochMs,
      payload: recordPayload(record, 1, Number.NaN),
      position: 1,
    };
    const observation = await observationOf(entry, kinds);
    if (event.entities['device'] === undefined) {
      assert.equal(observation, undefined);
      continue;
    }
    assert.equal(observation?.device, engine.pseudonym('device', event.entities['device']));
    assert.equal(observation?.scene, event.type);
    assert.equal(observation?.atMs, event.atMs);
    const { device: _device, session: _session, ...others } = event.entities;
    assert.deepEqual(
      new Set(observation?.evidence.map(({ kind, digest }) => `${kind} ${digest}`)),
      new Set(Object.entries(others).map(([kind, id]) => `${kind} ${engine.pseudonym(kind, id)}`)),
    );
    assert.equal(await observationOf({ ...entry, kind: 'decision.label' }, kinds), undefined);
    assert.equal(await observationOf(entry, async () => undefined), undefined);
  }
  const bad = { scope, kind: recordKind, atMs: start, payload: new Uint8Array([1, 2, 3]), position: 1 };
  assert.equal(await observationOf(bad, kinds), undefined);
});

test('a report that was dated ahead counts when it came; one without a name for decisions does not count', async () => {
  const kinds = async () => undefined;
  const [device = ''] = farmDevices(1);
  const ahead = reportEntry(scope, device, start + 86_400_000, 1, {});
  const seen = await observationOf({ ...ahead, atMs: start, position: 1 }, kinds);
  assert.equal(seen?.atMs, start);
  const { subject: _subject, ...old } = JSON.parse(Buffer.from(ahead.payload).toString('utf8'));
  const payload = new Uint8Array(Buffer.from(JSON.stringify(old)));
  assert.equal(await observationOf({ ...ahead, payload, position: 1 }, kinds), undefined);
});

test('facts in shared memory: what was written is read, what was taken away is gone, a full set gives up the mildest', () => {
  const grades = ['watch', 'grey', 'black'] as const;
  const steps = fc.array(
    fc.record({ key: fc.integer({ min: 0, max: 7 }), grade: fc.constantFrom(...grades, undefined) }),
    { maxLength: 60 },
  );
  fc.assert(
    fc.property(steps, (all) => {
      const table = new ClusterTable(reserveClusterTable(8));
      const model = new Map<number, ClusterFacts>();
      for (const { key, grade } of all) {
        const facts = grade === undefined ? undefined : { size: key + 2, kinds: 2, score: 0.125 * key, grade };
        table.write(3, key, facts);
        if (facts === undefined) model.delete(key);
        else model.set(key, facts);
      }
      for (let key = 0; key < 8; key += 1) assert.deepEqual(table.read(3, key), model.get(key));
    }),
  );
  const table = new ClusterTable(reserveClusterTable(8));
  for (let key = 1; key <= 8; key += 1)
    table.write(0, key, { size: 9, kinds: 2, score: 0.5, grade: key === 5 ? 'watch' : 'black' });
  table.write(0, 9, { size: 9, kinds: 2, score: 0.5, grade: 'grey' });
  assert.equal(table.read(0, 5), undefined);
  assert.equal(table.read(0, 9)?.grade, 'grey');
});

test('a thread that judges finds a device by its id', () => {
  const table = new ClusterTable(reserveClusterTable(64));
  const key = new Uint8Array(32).fill(3);
  const value = { low: 0, high: 0 };
  idHash(key, 'device')('device-1', value);
  table.write(...keyOf(pseudonymOf(value.low, value.high)), { size: 20, kinds: 3, score: 0.9, grade: 'black' });
  const clusterOf = clusterReader(table, key);
  assert.deepEqual(clusterOf('device-1'), { size: 20, kinds: 3, score: 0.9, grade: 'black' });
  assert.equal(clusterOf('device-2'), undefined);
});
