/** What `hauberk simulate fraud` writes: the forms of the lines, their order, and the same bytes for the same arguments. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { readRiskEvent, readRiskLabel } from '@hauberk/decision';
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
