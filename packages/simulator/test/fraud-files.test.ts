/** What `hauberk simulate fraud` writes: the forms of the lines, their order, and the same bytes for the same arguments. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { attributesOf, entitiesOf, readRiskEvent, readRiskLabel, sceneAttributes, sceneOf } from '@hauberk/decision';
import { reachesTier, readSignalReport, signalRuleOf } from '@hauberk/device';
import { type FraudBatch, type FraudWorld, playFraud } from '../src/index.ts';

const world: FraudWorld = {
  seed: 11,
  days: 2,
  difficulty: 'medium',
  devices: 900,
  startMs: Date.parse('2026-03-02T00:00:00+08:00'),
};

const play = (asked: FraudWorld): { batches: readonly FraudBatch[]; digest: string; truth: object } => {
  const hash = createHash('sha256');
  const run = playFraud(asked);
  const batches = [...run.batches()];
  const truth = run.truth();
  hash.update(JSON.stringify(batches)).update(JSON.stringify(truth));
  return { batches, truth, digest: hash.digest('hex') };
};
const whole = play(world);

test('equal arguments make equal bytes, another seed makes others', () => {
  assert.equal(play(world).digest, whole.digest);
  assert.notEqual(play({ ...world, seed: 12 }).digest, whole.digest);
});

test('every event and label is one that the engine reads', () => {
  let events = 0;
  for (const batch of whole.batches) {
    for (const event of batch.events) {
      const read = readRiskEvent(JSON.stringify(event));
      assert.ok(read.ok, `${JSON.stringify(event)} ${read.ok ? '' : read.code}`);
      events += 1;
    }
    for (const label of batch.labels) assert.ok(readRiskLabel(JSON.stringify(label)).ok, JSON.stringify(label));
  }
  assert.ok(events > 1000);
});

test('events and reports come in order of time, ids in order of events', () => {
  let [atMs, reportMs, count] = [0, 0, 0];
  for (const batch of whole.batches) {
    for (const event of batch.events) {
      assert.ok(event.atMs >= atMs);
      atMs = event.atMs;
      count += 1;
      assert.equal(event.id, `e${count}`);
    }
    for (const report of batch.reports) {
      assert.ok(report.atMs >= reportMs);
      reportMs = report.atMs;
    }
  }
});

test('no event, report or id says what it is', () => {
  const telling = /farm-|attacker|honest|"role"|"kind":"(?:replay|clone)/;
  for (const { events, reports } of whole.batches) {
    for (const event of events) assert.doesNotMatch(JSON.stringify(event), telling);
    for (const report of reports) assert.doesNotMatch(JSON.stringify(report), telling);
  }
});

/** What the gateway knew; documented in docs/fraud-simulator.md. */
const gatewayFacts = [
  'channel.result',
  'device.platform',
  'device.isAttested',
  'device.tier',
  'device.bootState',
  'device.isLocked',
  'device.isAppApproved',
  'device.ageDays',
  'network.kind',
  'place.city',
  'phone.block',
];
const typeOf: Readonly<Record<string, string>> = { text: 'string', number: 'number', truth: 'boolean' };

test('every event is of a scene of the catalogue and carries what the scene declares', () => {
  const wrong = new Set<string>();
  for (const { events } of whole.batches) {
    for (const { type, entities, attributes } of events) {
      const scene = sceneOf(type);
      if (scene === undefined) {
        wrong.add(type);
        continue;
      }
      for (const kind of Object.keys(entities))
        if (!entitiesOf(scene).some((known) => known === kind) && kind !== 'account')
          wrong.add(`${type} entity ${kind}`);
      for (const [name, value] of Object.entries(attributes)) {
        if (gatewayFacts.includes(name)) continue;
        const declared = attributesOf(scene).find((known) => known === name);
        if (declared === undefined) wrong.add(`${type} ${name}`);
        else if (typeof value !== typeOf[sceneAttributes[declared]?.type ?? ''])
          wrong.add(`${type} ${name} ${typeof value}`);
      }
    }
  }
  assert.deepEqual([...wrong], []);
});

test('every report is one that the gateway reads: registered signals, in their scenes, from those who can sense them', () => {
  let count = 0;
  for (const { reports } of whole.batches) {
    for (const { report } of reports) {
      count += 1;
      const read = readSignalReport('device.signals', 1, JSON.parse(JSON.stringify(report)));
      assert.ok(read.ok, `${JSON.stringify(report)} ${read.ok ? '' : `${read.code} ${read.detail}`}`);
      for (const code of [...report.ran, ...report.skipped.map((skipped) => skipped.code)]) {
        const rule = signalRuleOf(code);
        assert.ok(rule !== undefined && reachesTier(report.scene, rule.tier), code);
      }
      for (const { code, value, source } of report.signals) {
        assert.ok(signalRuleOf(code)?.layers.includes(source), `${code} from ${source}`);
        assert.equal(typeof value, 'boolean');
        assert.ok(report.ran.includes(code));
      }
    }
  }
  assert.ok(count > 500);
});
