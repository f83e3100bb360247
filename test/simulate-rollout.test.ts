/** The guard keeps its promises over many rollouts; one that promises less does halt harmless ones, so the simulation can tell. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultGuard } from '@hauberk/rollout';
import { simulateRollouts, usualRollouts } from '../simulate/rollout.ts';

const full = process.env['HAUBERK_FULL'] === '1';
const runs = full ? 4000 : 300;
const seed = Number(process.env['HAUBERK_SEED'] ?? 41);

test(`of ${runs} harmless rollouts at most one in a hundred is halted, half of ${runs} harmful ones within 8,000 sessions`, (t) => {
  const report = simulateRollouts({ ...usualRollouts, seed, runs, guard: defaultGuard });
  t.diagnostic(JSON.stringify({ seed, ...report }));
  assert.ok(report.falseHalts <= 0.01, String(report.falseHalts));
  assert.ok(report.medianSessionsToHalt <= 8000, String(report.medianSessionsToHalt));
  assert.equal(report.trueHalts, 1);
});

test('control: a guard that may halt one in five harmless rollouts does halt some', () => {
  const guard = { ...defaultGuard, falseHaltPerMille: 200 };
  assert.ok(simulateRollouts({ ...usualRollouts, seed, runs: 200, guard }).falseHalts > 0);
});
