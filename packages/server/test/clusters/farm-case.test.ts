/** A cluster that becomes black opens a case by itself: once, over what its devices did, and not again when people found it harmless. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClusterExplanation } from '@hauberk/decision';
import type { EpochMs } from '@hauberk/primitives';
import { openFarmCases } from '../../src/clusters/farm-case.ts';
import { DecisionOffice } from '../../src/decision/policy-office.ts';
import type { IndexedDecision } from '../../src/decision/record-rows.ts';
import { memoryStorage } from '../../src/storage/memory/memory-stores.ts';
import { farmDevices, farmEntries, openDesk } from './cluster-kit.ts';

const retail = { organisation: 'bank', app: 'retail' };
const corporate = { organisation: 'bank', app: 'corporate' };
const scopes = [corporate, retail];
const start = Date.UTC(2026, 2, 2, 3) as EpochMs;
const later = (): EpochMs => (start + 600_000) as EpochMs;

const openWorld = () => {
  const { stores } = memoryStorage().connect();
  const office = new DecisionOffice({
    store: stores.decisions,
    outbox: stores.outbox,
    scopes,
    pseudonym: (_kind, id) => id,
    configuredLists: [],
    configuredScenes: [],
    now: later,
    failed: (error) => assert.fail(String(error)),
  });
  return { stores, office };
};

/** So many decisions about each of these devices. */
const index = async (
  { stores }: ReturnType<typeof openWorld>,
  devices: readonly string[],
  each: number,
): Promise<void> => {
  const decisions = devices.flatMap((device, of) =>
    Array.from(
      { length: each },
      (_, n): IndexedDecision => ({
        id: (of * 1000 + n).toString(16).padStart(16, '0'),
        atMs: start + of * 100 + n,
        position: 1 + of * each + n,
        scene: 'transfer',
        outcome: 'allow',
        points: 0,
        policy: 'p',
        reasons: [],
        entities: [`device:${device}`],
      }),
    ),
  );
  assert.ok((await stores.decisions.index([{ scope: retail, decisions, labels: [] }], { from: 0, to: 1 }, later())).ok);
};

test('a farm in the outbox becomes a case that a list of cases shows; whoever reads the outbox again opens no second one', async () => {
  const world = openWorld();
  const { office, stores } = world;
  assert.ok((await stores.outbox.append(farmEntries(retail, 24, start))).ok);
  await index(world, farmDevices(24), 6);
  for (let turn = 0; turn < 2; turn += 1) {
    const told: Promise<void>[] = [];
    const onBlack = (cluster: ClusterExplanation) => told.push(openFarmCases(office, scopes, cluster));
    // No snapshot: the second desk reads everything anew, as after a crash.
    const { desk } = openDesk(stores.outbox, later, { onBlack });
    await desk.drain();
    await Promise.all(told);
    assert.ok(told.length > 0);
    const [black] = desk.list('black', 2);
    const [opened, ...others] = await office.cases.list(retail, {}, 10);
    assert.ok(black && opened);
    assert.deepEqual(others, []);
    assert.ok(opened.title.includes(black.id));
    assert.deepEqual([opened.state, opened.owner, opened.openedBy], ['open', null, 'gateway']);
    assert.equal(opened.decisions.length, 24 * 4);
    assert.match(opened.notes[0]?.text ?? '', /share \d kinds of evidence .*hauberk cluster show/);
    assert.deepEqual(await office.cases.list(corporate, {}, 10), []);
  }
  const audit = await stores.audit.readAfter(retail, 0, 50);
  assert.equal(audit.filter(({ action }) => action === 'case.opened').length, 1);
});

const cluster: ClusterExplanation = {
  id: '00000000000000aa',
  size: 300,
  kinds: 2,
  score: 0.97,
  grade: 'black',
  groups: ['bench' as never],
  sinceMs: start,
  gradedAtMs: start,
  devices: farmDevices(300),
  shared: [],
  synchronous: 0,
  arrivedTogether: 0,
  oddHours: 0,
  risk: 0,
  labelled: 0,
};

test('devices that nobody decided about make a case of the first app; a fraud that comes back is a new case, an honest outcome stands', async () => {
  const { office } = openWorld();
  const open = async () => {
    await openFarmCases(office, scopes, cluster);
    const all = await office.cases.list(corporate, {}, 10);
    return { all, newest: all[0]?.id ?? '' };
  };
  const first = await open();
  assert.deepEqual([first.all.length, first.all[0]?.decisions.length, first.all[0]?.entities.length], [1, 0, 50]);
  assert.equal((await open()).all.length, 1);
  const close = (id: string, outcome: 'fraud' | 'honest') =>
    office.cases.step(corporate, id, { action: 'close', outcome, text: 'looked into' }, 'omar');
  assert.ok((await close(first.newest, 'fraud')).ok);
  const second = await open();
  assert.equal(second.all.length, 2);
  const still = second.all.find(({ state }) => state === 'open');
  assert.ok((await close(still?.id ?? '', 'honest')).ok);
  assert.equal((await open()).all.length, 2);
});

test('of many devices the case holds at most a hundred decisions', async () => {
  const world = openWorld();
  await index(world, farmDevices(300), 3);
  await openFarmCases(world.office, scopes, cluster);
  const [opened] = await world.office.cases.list(retail, {}, 10);
  assert.equal(opened?.decisions.length, 100);
});
