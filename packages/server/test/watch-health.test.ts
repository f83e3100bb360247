/** Sessions reach the guards once each, in their arm; harm halts a rollout by itself, and one device alone does not. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { epochMs, utf8 } from '@hauberk/primitives';
import { bucketInput, bucketOf, defaultGuard, type Rollout, type RolloutPlan } from '@hauberk/rollout';
import { openDirectiveDesk } from '../src/directive/directive-desk.ts';
import { HealthWatch } from '../src/directive/watch-health.ts';
import { memoryStorage } from '../src/storage/memory/memory-stores.ts';

const born = epochMs(1_800_000_000_000);
const bank = { organisation: 'bank', app: 'retail' };
const plan: RolloutPlan = {
  kind: 'privacy.stop',
  kindVersion: 1,
  service: null,
  body: { stops: [{ chain: 'c1', action: 'deny' }] },
  audience: { versions: [{ from: '2', below: null }], cohorts: [] },
  stages: [500, 1000],
  guard: defaultGuard,
  lifeMs: 86_400_000,
  reason: '',
};

const open = async () => {
  const memory = memoryStorage();
  const { stores } = memory.connect();
  const desk = openDirectiveDesk({ store: stores.directives, now: () => born, onPublished: async () => undefined });
  const halted: string[] = [];
  const make = () =>
    new HealthWatch({
      desk,
      store: stores.directives,
      outbox: stores.outbox,
      now: () => born,
      onHalted: (metric) => halted.push(metric),
    });
  const drafted = await desk.draft(bank, plan, 'ann');
  assert.ok(drafted.ok);
  const { id } = drafted.value.rollout;
  await desk.approve(bank, id, 'ben');
  const staged = await desk.stage(bank, id, 'ann');
  assert.ok(staged.ok);
  const bucket = (device: string): number => bucketOf(createHash('sha256').update(bucketInput(id, device)).digest());
  const devices = Array.from({ length: 400 }, (_, index) => `device-${index}`);
  const report = async (list: readonly string[], body: object, more: object = {}): Promise<void> => {
    const health = { appVersion: '2.1', cohorts: [], revision: 1, crashed: false, errors: 0, seconds: 60, ...body };
    const entries = list.map((device) => ({
      scope: bank,
      kind: 'report.session.health',
      atMs: born,
      payload: utf8(JSON.stringify({ device, service: 'api', report: { kindVersion: 1, body: health }, ...more })),
    }));
    assert.ok((await stores.outbox.append(entries)).ok);
  };
  const rollout = async (): Promise<Rollout> => {
    const found = await desk.find(bank, id);
    assert.ok(found !== undefined);
    return found.rollout;
  };
  return { memory, stores, halted, make, watch: make(), report, rollout, desk, id, devices, bucket };
};

const sessionsOf = ({ guard }: Rollout): readonly number[] => [
  guard?.counts.staged.sessions ?? -1,
  guard?.counts.control.sessions ?? -1,
];

describe('the health of rollouts', () => {
  it('each session is counted once, in the arm of its device, also by another watch over the same record', async () => {
    const { watch, make, report, rollout, devices, bucket } = await open();
    await report(devices, {});
    await watch.step();
    await watch.step();
    await make().step();
    const staged = devices.filter((device) => bucket(device) < 500).length;
    assert.deepEqual(sessionsOf(await rollout()), [staged, devices.length - staged]);
    assert.ok(staged > 100 && staged < 300);
  });

  it('sessions of others, and from before the client knew, are not counted', async () => {
    const { watch, stores, report, rollout, devices } = await open();
    await report(devices, { revision: 0 });
    await report(devices, { appVersion: '1.9' });
    await report(devices, { appVersion: null });
    await report(devices, { seconds: -1 });
    await report(devices, {}, { report: { kindVersion: 2, body: {} } });
    await stores.outbox.append([{ scope: bank, kind: 'report.session.health', atMs: born, payload: utf8('{') }]);
    const other = { organisation: 'bank', app: 'corporate' };
    await stores.outbox.append([{ scope: other, kind: 'report.session.health', atMs: born, payload: utf8('{}') }]);
    await watch.step();
    assert.deepEqual(sessionsOf(await rollout()), [0, 0]);
  });

  it('what ended before a rollout began says nothing of it', async () => {
    const { watch, stores, report, rollout, desk, id, devices } = await open();
    await desk.halt(bank, id, 'ann', 'first');
    await report(devices, {});
    await watch.step();
    assert.equal(await stores.outbox.acknowledged('health'), await stores.outbox.head());
    assert.deepEqual(sessionsOf(await rollout()), [0, 0]);
  });

  it('harm halts it, and what counted before counts again', async () => {
    const { watch, stores, report, rollout, halted, devices, bucket } = await open();
    const staged = devices.filter((device) => bucket(device) < 500);
    for (let round = 0; round < 2; round += 1) {
      await report(devices, {});
      await report(staged.slice(0, 30 * (round + 1)), { crashed: true });
    }
    await watch.step();
    const { state, end } = await rollout();
    assert.deepEqual([state, end, halted], ['halted', 'guard: crash', ['crash']]);
    const last = (await stores.directives.published()).at(-1);
    assert.deepEqual(last?.directive.body, { stops: [] });
    const audit = await stores.audit.readAfter(bank, 0, 99);
    assert.deepEqual([audit.at(-1)?.action, audit.at(-1)?.actor], ['directive.halted', 'guard']);
    await watch.step();
    assert.deepEqual(halted, ['crash'], 'once');
  });

  it('one phone that says it crashes all day long halts nothing', async () => {
    const { watch, report, rollout, devices, bucket } = await open();
    const liar = devices.find((device) => bucket(device) < 500) ?? '';
    await report(devices, {});
    await report(
      Array.from({ length: 2000 }, () => liar),
      { crashed: true, errors: 9 },
    );
    await watch.step();
    const { state, guard } = await rollout();
    assert.equal(state, 'staged');
    assert.equal(guard?.counts.staged.crashed, 2);
  });

  it('two apps at once: each session counts for its own', async () => {
    const { watch, desk, report, rollout, devices } = await open();
    const other = { organisation: 'bank', app: 'corporate' };
    const drafted = await desk.draft(other, plan, 'ann');
    assert.ok(drafted.ok);
    const { id } = drafted.value.rollout;
    await desk.approve(other, id, 'ben');
    assert.ok((await desk.stage(other, id, 'ann')).ok);
    await report(devices, { revision: 99 });
    await watch.step();
    const own = await rollout();
    const foreign = (await desk.find(other, id))?.rollout;
    assert.ok(foreign !== undefined);
    assert.equal(
      sessionsOf(own).reduce((sum, each) => sum + each, 0),
      devices.length,
    );
    assert.deepEqual(sessionsOf(foreign), [0, 0]);
  });

  it('while the record takes no writes nothing is lost and nothing counted twice', async () => {
    const { memory, watch, report, rollout, devices } = await open();
    await report(devices, {});
    memory.fill(true);
    await watch.step();
    memory.fill(false);
    await watch.step();
    const [staged = 0, control = 0] = sessionsOf(await rollout());
    assert.equal(staged + control, devices.length);
  });
});
