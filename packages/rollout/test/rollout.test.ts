/** A rollout goes forward by its stages, ends once, and halts on evidence. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type EpochMs, epochMs } from '@hauberk/primitives';
import fc from 'fast-check';
import {
  type ArmCounts,
  armOf,
  defaultGuard,
  defaultStages,
  draftLifeMs,
  draftRollout,
  type GuardCounts,
  guardEvidence,
  nextShare,
  openGuard,
  presentShare,
  type Rollout,
  type RolloutEvent,
  type RolloutPlan,
  rolloutStates,
  stepRollout,
  targetOf,
  watchGuard,
} from '../src/index.ts';

const born = epochMs(1_800_000_000_000);
const plan: RolloutPlan = {
  kind: 'privacy.stop',
  kindVersion: 1,
  service: null,
  body: { stops: [{ chain: 'c1', action: 'empty' }] },
  audience: { versions: [], cohorts: [] },
  stages: defaultStages,
  guard: defaultGuard,
  lifeMs: 86_400_000,
  reason: 'reads the location in the background',
};
const drafted = (changes: Partial<RolloutPlan> = {}): Rollout => {
  const made = draftRollout('r1', { ...plan, ...changes }, 'ann', born);
  assert.ok(made.ok);
  return made.value;
};
const after = (rollout: Rollout, events: readonly RolloutEvent[], now: EpochMs = born): Rollout =>
  events.reduce((held, event) => {
    const stepped = stepRollout(held, event, now);
    assert.ok(stepped.ok, stepped.ok ? '' : `${event.type}: ${stepped.code}`);
    return stepped.value;
  }, rollout);
const codeOf = (rollout: Rollout, event: RolloutEvent, now: EpochMs = born): string => {
  const stepped = stepRollout(rollout, event, now);
  return stepped.ok ? 'ok' : stepped.code;
};
const approve: RolloutEvent = { type: 'approve', by: 'ben' };
const stage = (version: number): RolloutEvent => ({ type: 'stage', version, revision: 10 + version });

describe('the life of a rollout', () => {
  it('drafted, approved, 1 %, 5 %, 25 %, all', () => {
    let rollout = after(drafted(), [approve]);
    const shares: number[] = [];
    for (let version = 1; nextShare(rollout) !== undefined; version += 1) {
      rollout = after(rollout, [stage(version)]);
      shares.push(presentShare(rollout));
    }
    assert.deepEqual(shares, [10, 50, 250, 1000]);
    assert.equal(rollout.state, 'complete');
    assert.equal(codeOf(rollout, stage(9)), 'rollout.wrong-state');
    assert.equal(after(rollout, [{ type: 'revert', why: 'not needed' }]).state, 'reverted');
  });

  it('nothing is published that nobody approved, nothing halts that is not under way', () => {
    assert.equal(codeOf(drafted(), stage(1)), 'rollout.wrong-state');
    assert.equal(codeOf(drafted(), { type: 'halt', why: 'x' }), 'rollout.wrong-state');
    assert.equal(codeOf(after(drafted(), [approve]), { type: 'revert', why: 'x' }), 'rollout.wrong-state');
    assert.equal(codeOf(after(drafted(), [approve]), approve), 'rollout.wrong-state');
  });

  it('a halted rollout stays halted', () => {
    const halted = after(drafted(), [approve, stage(1), { type: 'halt', why: 'guard: crash' }]);
    assert.equal(halted.end, 'guard: crash');
    for (const event of [approve, stage(2), { type: 'halt', why: 'x' }, { type: 'revert', why: 'x' }] as const)
      assert.equal(codeOf(halted, event), 'rollout.wrong-state');
  });

  it('drafts and directives lapse', () => {
    assert.equal(codeOf(drafted(), approve, epochMs(born + draftLifeMs)), 'rollout.expired');
    const lapsed = after(drafted(), [{ type: 'tick' }], epochMs(born + draftLifeMs));
    assert.equal(lapsed.state, 'expired');
    const staged = after(drafted(), [approve, stage(1)]);
    assert.equal(after(staged, [{ type: 'tick' }], epochMs(born + plan.lifeMs - 1)).state, 'staged');
    assert.equal(after(staged, [{ type: 'tick' }], epochMs(born + plan.lifeMs)).state, 'expired');
  });

  for (const [name, changes] of [
    ['a body of another kind', { body: { kinds: [] } }],
    ['stages that fall', { stages: [50, 10, 1000] }],
    ['stages that end before all', { stages: [10, 50] }],
    ['no stages', { stages: [] }],
    ['a life without end', { lifeMs: Number.POSITIVE_INFINITY }],
    ['a guard that halts everything', { guard: { ...defaultGuard, falseHaltPerMille: 1000 } }],
  ] as const)
    it(`no plan: ${name}`, () => {
      const made = draftRollout('r1', { ...plan, ...(changes as Partial<RolloutPlan>) }, 'ann', born);
      assert.equal(made.ok ? 'ok' : made.code, 'rollout.plan');
    });

  it('whatever happens in whatever order: shares rise, versions are those given, an end is an end', () => {
    const event = fc.oneof(
      fc.constant<RolloutEvent>(approve),
      fc.constant<RolloutEvent>({ type: 'stage', version: 0, revision: 0 }),
      fc.constant<RolloutEvent>({ type: 'halt', why: 'x' }),
      fc.constant<RolloutEvent>({ type: 'revert', why: 'x' }),
      fc.constant<RolloutEvent>({ type: 'tick' }),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(event, fc.nat(40_000_000)), { maxLength: 30 }), (steps) => {
        let rollout = drafted();
        let now = Number(born);
        for (const [index, [given, wait]] of steps.entries()) {
          now += wait;
          const numbered = given.type === 'stage' ? { ...given, version: index, revision: index } : given;
          const next = stepRollout(rollout, numbered, epochMs(now));
          if (!next.ok) continue;
          assert.ok(presentShare(next.value) >= presentShare(rollout));
          assert.ok(rolloutStates.includes(next.value.state));
          if (['halted', 'reverted', 'expired'].includes(rollout.state)) assert.equal(next.value.state, rollout.state);
          if (next.value.stages.length > 0) assert.notEqual(next.value.approvedBy, null);
          rollout = next.value;
        }
      }),
      { numRuns: 300 },
    );
  });

  it('a session counts by the share that its client knew, for one arm or for none', () => {
    const staged = after(drafted(), [approve, stage(1), stage(2)]);
    assert.deepEqual(targetOf(staged, 50), { versions: [], cohorts: [], perMille: 50, salt: 'r1' });
    assert.equal(armOf(staged, { revision: 10, bucket: 0 }), undefined);
    assert.equal(armOf(staged, { revision: 11, bucket: 9 }), 'staged');
    assert.equal(armOf(staged, { revision: 11, bucket: 40 }), 'control');
    assert.equal(armOf(staged, { revision: 12, bucket: 40 }), 'staged');
    assert.equal(armOf(staged, { revision: 99, bucket: 50 }), 'control');
  });
});

const arm = (sessions: number, crashed = 0, failed = 0): ArmCounts => ({ sessions, crashed, failed });
const look = (staged: ArmCounts, control: ArmCounts): GuardCounts => ({ staged, control });

describe('the guard', () => {
  it('sees nothing where the arms do not differ, and halts where one crashes', () => {
    const even = watchGuard(defaultGuard, openGuard(), look(arm(50_000, 25), arm(950_000, 475)));
    assert.equal(even.halted, null);
    assert.ok(guardEvidence(defaultGuard, even).crash < 1);
    assert.equal(watchGuard(defaultGuard, openGuard(), look(arm(5000, 20), arm(95_000, 47))).halted, 'crash');
    assert.equal(watchGuard(defaultGuard, openGuard(), look(arm(5000, 0, 20), arm(95_000, 0, 47))).halted, 'error');
  });

  it('a cure halts nothing, however much of it is seen', () => {
    const cured = watchGuard(defaultGuard, openGuard(), look(arm(500_000, 10), arm(9_500_000, 4750)));
    assert.equal(cured.halted, null);
    assert.ok(guardEvidence(defaultGuard, cured).crash < 1e-6);
  });

  it('one arm alone proves nothing, unless a bearable rate was declared', () => {
    const alone = look(arm(10_000, 40), arm(0));
    assert.equal(watchGuard(defaultGuard, openGuard(), alone).halted, null);
    assert.equal(watchGuard({ ...defaultGuard, crashesPerMillion: 500 }, openGuard(), alone).halted, 'crash');
    assert.equal(watchGuard({ ...defaultGuard, crashesPerMillion: 5000 }, openGuard(), alone).halted, null);
  });

  it('after a halt nothing is counted, and impossible counts never are', () => {
    const halted = watchGuard(defaultGuard, openGuard(), look(arm(5000, 60), arm(95_000, 47)));
    assert.equal(watchGuard(defaultGuard, halted, look(arm(9), arm(9))), halted);
    const open = openGuard();
    for (const wrong of [look(arm(1, 2), arm(1)), look(arm(-1), arm(1)), look(arm(Number.NaN), arm(1))])
      assert.equal(watchGuard(defaultGuard, open, wrong), open);
  });

  it('the e-value has expectation at most one: exactly, over every outcome of small batches', () => {
    // Hypergeometric: which of the hits fell on the staged arm when the arms are alike.
    const choose = (n: number, k: number): number =>
      Array.from({ length: k }, (_, index) => (n - index) / (index + 1)).reduce((product, each) => product * each, 1);
    for (const [staged, control] of [
      [1, 19],
      [5, 5],
      [20, 60],
      [40, 10],
    ] as const)
      for (const hits of [1, 2, 5, 9]) {
        let expectation = 0;
        for (let hit = 0; hit <= Math.min(hits, staged); hit += 1) {
          if (hits - hit > control) continue;
          const chance = (choose(staged, hit) * choose(control, hits - hit)) / choose(staged + control, hits);
          const state = watchGuard(
            { ...defaultGuard, falseHaltPerMille: 1 },
            openGuard(),
            look(arm(staged, hit), arm(control, hits - hit)),
          );
          expectation += chance * guardEvidence(defaultGuard, state).crash;
        }
        assert.ok(expectation <= 1 + 1e-9, `${staged}/${control}/${hits}: ${expectation}`);
        assert.ok(expectation > 0.2, 'the batch says something');
      }
  });

  it('against a declared rate the expectation is one at that rate, exactly', () => {
    const settings = { ...defaultGuard, crashesPerMillion: 100_000, falseHaltPerMille: 1 };
    const sessions = 12;
    let expectation = 0;
    for (let hits = 0; hits <= sessions; hits += 1) {
      const ways = Array.from({ length: hits }, (_, index) => (sessions - index) / (index + 1)).reduce(
        (a, b) => a * b,
        1,
      );
      const state = watchGuard(settings, openGuard(), look(arm(sessions, hits), arm(0)));
      expectation += ways * 0.1 ** hits * 0.9 ** (sessions - hits) * guardEvidence(settings, state).crash;
    }
    assert.ok(Math.abs(expectation - 1) < 1e-9, String(expectation));
  });
});
