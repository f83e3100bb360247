/** `hauberk evaluate fraud`: the line that it prints, that it never sees the truth, and how good the online parts are on worlds that they were not set for. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Baselines, thresholdAt } from '../src/evaluation/baselines.ts';
import { FarmWatch } from '../src/evaluation/farm-watch.ts';
import { isStopped } from '../src/evaluation/fraud-figures.ts';
import { bootstrap, median, wilson } from '../src/evaluation/intervals.ts';
import { attestedText, contextOf, withoutContext } from '../src/evaluation/world-context.ts';
import { readWorldReport } from '../src/evaluation/world-lines.ts';
import type { WorldTruth } from '../src/evaluation/world-truth.ts';

const isFull = process.env['HAUBERK_FULL'] === '1';
const seed = Number(process.env['HAUBERK_SEED'] ?? Math.floor(Math.random() * 1_000_000));
const folder = mkdtempSync(join(tmpdir(), 'hauberk-evaluate-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const hauberk = (...args: readonly string[]) =>
  spawnSync(process.execPath, ['packages/server/src/main.ts', ...args], { encoding: 'utf8', maxBuffer: 2 ** 26 });

const world = (of: number, days: number, devices: number): string => {
  const out = join(folder, `world-${of}`);
  const made = hauberk(
    'simulate',
    'fraud',
    ...['--seed', of, '--days', days, '--devices', devices].map(String),
    '--out',
    out,
  );
  assert.equal(made.status, 0, made.stderr);
  return out;
};

const evaluated = (dir: string) => {
  const done = hauberk('evaluate', 'fraud', '--in', dir, '--json');
  assert.equal(done.status, 0, done.stderr);
  return { text: done.stdout, figures: JSON.parse(done.stdout.trim().split('\n').at(-1) ?? '') };
};

const keys = [
  'farmRecall',
  'innocentsClustered',
  'attacksStopped',
  'honestStepUps',
  'secondsToNewFarm',
  'baselineSharedAddressRecall',
  'baselineNewDeviceRecall',
  'ci95',
];

test('evaluate: a small world gives the figures, the same ones every time, whatever the truth says of the innocent', () => {
  console.log(`seed ${seed}`);
  const dir = world(seed, 2, 1000);
  const { text, figures } = evaluated(dir);
  assert.deepEqual(Object.keys(figures), keys);
  assert.ok(figures.farmRecall > 0.5, text);
  assert.ok(
    figures.farmRecall > figures.baselineSharedAddressRecall && figures.farmRecall > figures.baselineNewDeviceRecall,
    text,
  );
  assert.ok(figures.innocentsClustered < 0.05 && figures.honestStepUps < 0.05, text);
  assert.ok(figures.attacksStopped.replay > 0.5 && figures.attacksStopped.repackage > 0.5, text);
  for (const name of ['farmRecall', 'innocentsClustered', 'honestStepUps', 'attacksStopped.replay']) {
    const value = name.startsWith('attacksStopped.') ? figures.attacksStopped[name.slice(15)] : figures[name];
    const [low, high] = figures.ci95[name];
    assert.ok(low <= value + 1e-9 && value <= high + 1e-9, `${name}: ${low} ${value} ${high}`);
  }
  assert.equal(evaluated(dir).text, text);
  // With everybody called honest, only the figures may change: what the decisions were is seen in the share of events that were felt.
  const file = join(dir, 'truth.json');
  const truth = JSON.parse(readFileSync(file, 'utf8'));
  const attacks = Object.keys(truth.events).length;
  const events = readFileSync(join(dir, 'events.jsonl'), 'utf8').trim().split('\n').length;
  const stopped = Object.entries(figures.attacksStopped as Record<string, number>).reduce((sum, [kind, share]) => {
    const all = Object.values(truth.events as Record<string, { kind: string }>).filter(
      (each) => each.kind === kind,
    ).length;
    return sum + Math.round(share * all);
  }, 0);
  writeFileSync(file, JSON.stringify({ ...truth, events: {}, groups: {} }));
  const blind = evaluated(dir).figures;
  const felt = Math.round(blind.honestStepUps * events);
  const before = Math.round(figures.honestStepUps * (events - attacks));
  // Slow counts as stopped for machines only, and is felt by everybody.
  assert.ok(felt >= before + stopped * 0.98 - 2, `${felt} of ${events}; before ${before} + ${stopped}`);
  assert.equal(blind.farmRecall, figures.farmRecall);
});

test('evaluate: what cannot be read is told by file and line', () => {
  const dir = world(seed + 1, 1, 300);
  appendFileSync(join(dir, 'reports.jsonl'), '{"device":7}\n');
  const wrong = hauberk('evaluate', 'fraud', '--in', dir);
  assert.equal(wrong.status, 1);
  assert.match(wrong.stderr, /reports\.jsonl line \d+: report\.malformed/);
  const format = '"format":"hauberk-fraud-truth-1"';
  for (const [truth, told] of [
    [`{${format},"events":{},"groups":{},"devices":{"d":{"role":"king"}}}`, /truth\.json: d has no role/],
    ['{}', /truth\.json is not the truth of a world: its format is not hauberk-fraud-truth-1/],
    [`{${format},"events":{},"devices":[]}`, /truth\.json is not the truth of a world: it has no devices/],
    ['nothing', /truth\.json is not the truth of a world: json/],
  ] as const) {
    writeFileSync(join(dir, 'truth.json'), truth);
    const refused = hauberk('evaluate', 'fraud', '--in', dir, '--json');
    assert.equal(`${refused.status} ${refused.stdout}`, '1 ');
    assert.match(refused.stderr, told);
  }
  for (const [manifest, told] of [
    ['garbage', /manifest\.json is not the manifest of a world: json/],
    ['{}', /manifest\.json is not the manifest of a world: its format is not hauberk-fraud-1/],
  ] as const) {
    writeFileSync(join(dir, 'manifest.json'), manifest);
    const refused = hauberk('evaluate', 'fraud', '--in', dir);
    assert.equal(`${refused.status} ${refused.stdout}`, '1 ');
    assert.match(refused.stderr, told);
  }
  assert.equal(hauberk('evaluate', 'fraud', '--in', join(folder, 'nowhere')).status, 1);
  assert.equal(hauberk('evaluate', 'fraud').status, 2);
  assert.equal(hauberk('evaluate', 'weather', '--in', dir).status, 2);
});

test('reports: every other line is refused by code', () => {
  for (const line of ['', '[]', '{"device":"d","atMs":1,"checks":{},"report":{}}', `"${'x'.repeat(70_000)}"`]) {
    const read = readWorldReport(line);
    assert.match(read.ok ? 'read' : read.code, /^(?:report|signal-report)\./);
  }
});

test('context: attributes with a dot are what the gateway knew, and leave the event', () => {
  const attributes = {
    'channel.result': 'replayed',
    'device.tier': 0,
    'device.isAttested': true,
    'device.bootState': 'unverified',
    'device.isLocked': false,
    'device.platform': 'android',
    succeeded: true,
  };
  const event = { id: 'e', type: 'transfer', atMs: 1e12, entities: {}, amountMinor: Number.NaN, attributes };
  assert.deepEqual(withoutContext(event).attributes, { succeeded: true });
  const context = contextOf(event, undefined, undefined);
  assert.deepEqual(context.channel, { result: 'replayed' });
  assert.deepEqual(context.device, { tier: 0, isAttested: true, bootState: 'unverified', isLocked: false });
  assert.equal(attestedText(attributes), 'platform=android;boot=unverified;locked=false;level=software');
  assert.equal(attestedText({ ...attributes, 'device.isAttested': false }), '');
  assert.equal(
    'channel' in contextOf({ ...event, attributes: { 'channel.result': 'magic' } }, undefined, undefined),
    false,
  );
});

test('figures: thresholds leave ties below, slow stops machines only, intervals hold what they are of', () => {
  const good = Array.from({ length: 1000 }, (_, place) => place);
  assert.equal(thresholdAt(good, 0.001), 998);
  assert.equal(
    thresholdAt(
      good.map(() => 5),
      0.001,
    ),
    5,
  );
  assert.ok(isStopped('slow', 'scraper') && !isStopped('slow', 'takeover') && isStopped('challenge', 'takeover'));
  assert.ok(!isStopped('observe', 'replay') && !isStopped('allow', 'replay'));
  assert.deepEqual(wilson(0, 0), [0, 1]);
  const [low, high] = wilson(50, 100);
  assert.ok(Math.abs(low - 0.4038) < 1e-3 && Math.abs(high - 0.5962) < 1e-3);
  assert.equal(median([3, 1, 2]), 2);
  assert.deepEqual(bootstrap([1, 1, 1], median), [1, 1]);
});

const truthOf = (devices: WorldTruth['devices'], events: WorldTruth['events'] = new Map()): WorldTruth => ({
  devices,
  events,
  newFarms: new Set(['f']),
});

test('baselines: a farm on one address, or of new devices, is found by them; one that is neither is not', () => {
  const baselines = new Baselines();
  const devices = new Map<string, { role: 'honest' | 'farm'; group: string | undefined }>();
  const add = (device: string, role: 'honest' | 'farm', address: string, days: number): void => {
    devices.set(device, { role, group: role === 'farm' ? 'f' : undefined });
    baselines.take({
      id: device,
      type: 't',
      atMs: 1e12,
      entities: { device, address },
      amountMinor: 0,
      attributes: { 'device.ageDays': days },
    });
  };
  for (let place = 0; place < 2000; place += 1)
    add(`h${place}`, 'honest', `carrier${place % 100}`, 100 + (place % 300));
  for (let place = 0; place < 50; place += 1)
    add(`f${place}`, 'farm', place < 25 ? 'bench' : `own${place}`, place < 10 ? 0 : 200);
  const truth = truthOf(devices);
  assert.equal(baselines.sharedAddress(truth).recall, 0.5);
  assert.equal(baselines.newDevice(truth).recall, 0.2);
});

test('farm watch: found when half of those who have acted are clustered, from the first event on; never found is infinite', () => {
  const ids = ['a', 'b', 'c', 'd'];
  const events = new Map(ids.map((id) => [id, { kind: 'farm-coupon', group: 'f' }]));
  const clustered = new Set<string>();
  const watch = new FarmWatch(truthOf(new Map(), events), (device) => clustered.has(device));
  const act = (id: string, atMs: number): void => {
    watch.take({ id, type: 't', atMs, entities: { device: id }, amountMinor: 0, attributes: {} });
    watch.advance(atMs);
  };
  act('a', 1_000_000);
  act('b', 1_010_000);
  clustered.add('a');
  watch.advance(1_015_000);
  assert.deepEqual([...watch.seconds()], [['f', Number.POSITIVE_INFINITY]]);
  act('c', 1_020_000);
  clustered.add('b');
  watch.advance(1_031_000);
  assert.deepEqual([...watch.seconds()], [['f', 31]]);
});

const fiveWorlds = (): void => {
  console.log(`seeds ${seed + 10} to ${seed + 14}`);
  for (let of = seed + 10; of < seed + 15; of += 1) {
    const dir = world(of, 5, 20_000);
    const { text, figures } = evaluated(dir);
    rmSync(dir, { recursive: true, force: true });
    console.log(`seed ${of}: ${text.trim().slice(0, 900)}`);
    assert.ok(figures.farmRecall >= 0.95, text);
    assert.ok(figures.innocentsClustered <= 0.001, text);
    assert.ok(figures.secondsToNewFarm <= 60, text);
    assert.ok(figures.honestStepUps <= 0.005, text);
    for (const kind of ['replay', 'repackage', 'clone'])
      assert.ok(figures.attacksStopped[kind] >= 0.9, `${kind}: ${text}`);
    assert.ok(figures.baselineSharedAddressRecall < 0.6 && figures.baselineNewDeviceRecall < 0.6, text);
  }
};

if (isFull) test('evaluate at full size: five worlds of medium difficulty that nothing was set on', fiveWorlds);
