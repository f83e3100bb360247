/** Training and serving see the same: every feature that a model learns from comes out of the engine as the memory of `hauberk learn` told it. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { featureNames, fullProfile, planFeatures, RiskMemory, reserveMemory } from '@hauberk/decision';
import { days } from '@hauberk/primitives';
import { factsOfPlan } from '../src/model/own-ensemble.ts';
import { key, newEngine, type Step, schema, stepsOf } from './support/small-bank.ts';

const instantOf = (step: Step): number => (step.kind === 'event' ? step.event.atMs : step.knownAtMs);

test('parity: the engine serves every feature of a plan with the value that training saw, late labels and text attributes included', () => {
  const steps = [...stepsOf(21, 2500)].sort((left, right) => instantOf(left) - instantOf(right));
  const plan = planFeatures(steps.flatMap((step) => (step.kind === 'event' ? [step.event] : [])));
  assert.ok(plan.kinds.includes('=rail') && plan.kinds.includes('=type') && plan.kinds.includes('account'));
  const names = featureNames(plan);
  const served = new Float64Array(names.length);
  const model = {
    hash: 'ab'.repeat(32),
    features: factsOfPlan(plan),
    score: (features: Float64Array) => {
      served.set(features);
      return 0.5;
    },
  };
  const capacity = 2000;
  const memory = reserveMemory(schema, {
    kinds: {},
    usual: { capacity, spec: fullProfile([]) },
    events: 4096,
    labelDelay: days(7),
  });
  const engine = newEngine({ memory, policies: [], model });
  const training = new RiskMemory({ plan, labelDelay: days(7), capacity: capacity * 6, key });
  const seen = new Set<string>();
  const learnt = new Float64Array(names.length);
  const sinceFraud = names.indexOf('account.sinceFraud');
  let withFrauds = 0;
  let compared = 0;
  for (const step of steps) {
    if (step.kind === 'label') {
      engine.label(step);
      training.label(step.eventId, step.fraud);
      continue;
    }
    const { event } = step;
    if (seen.has(event.id)) continue;
    seen.add(event.id);
    engine.decide(event, step.context);
    training.advance(event.atMs);
    const rows = training.rowsOf(event);
    training.view(event, rows, learnt);
    training.take(event, rows);
    for (const [place, name] of names.entries())
      assert.equal(served[place], learnt[place], `${name} of ${event.id} (${compared})`);
    compared += 1;
    if (!Number.isNaN(learnt[sinceFraud])) withFrauds += 1;
  }
  assert.ok(compared > 2000);
  assert.ok(withFrauds > 200, String(withFrauds));
});
