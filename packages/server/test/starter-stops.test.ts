/** Every starter policy has an actor of the fraud simulator that it stops: small worlds through the online parts, and reasons of the policy on what was stopped. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { starterPolicies, starterTargets } from '@hauberk/decision';
import { isStopped } from '../src/evaluation/fraud-figures.ts';
import { FraudJudge } from '../src/evaluation/fraud-judge.ts';
import { readWorld, readWorldLabels } from '../src/evaluation/world-lines.ts';
import { readWorldTruth } from '../src/evaluation/world-truth.ts';

const isFull = process.env['HAUBERK_FULL'] === '1';
const seed = Number(process.env['HAUBERK_SEED'] ?? (isFull ? Math.floor(Math.random() * 1_000_000) : 41));
const folder = mkdtempSync(join(tmpdir(), 'hauberk-starter-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const hauberk = (...args: readonly string[]): string => {
  const done = spawnSync(process.execPath, ['packages/server/src/main.ts', ...args], { encoding: 'utf8' });
  assert.equal(done.status, 0, done.stderr);
  return done.stdout;
};

const makeWorld = (days: number, devices: number): string => {
  const out = join(folder, `world-${devices}`);
  hauberk(
    'simulate',
    'fraud',
    '--seed',
    String(seed),
    '--days',
    String(days),
    '--devices',
    String(devices),
    '--out',
    out,
  );
  return out;
};

/** Reasons of each policy's rules that stop, by policy. */
const stoppingReasons: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  starterPolicies.map(({ id, rules }) => [
    id,
    new Set(rules.filter(({ outcome }) => !['allow', 'observe'].includes(outcome)).map(({ reason }) => reason)),
  ]),
);

/** By policy and kind: gangs, and gangs of which an event was stopped with a reason of the policy. */
const runWorld = async (world: string): Promise<ReadonlyMap<string, { all: Set<string>; stopped: Set<string> }>> => {
  const judge = new FraudJudge({ entities: 16_384, events: 65_536 }, new Uint8Array(16).fill(7));
  const [truth, labels] = [readWorldTruth(world), await readWorldLabels(world)];
  const found = new Map<string, { all: Set<string>; stopped: Set<string> }>();
  let known = 0;
  for await (const step of readWorld(world)) {
    for (let label = labels[known]; label !== undefined && label.knownAtMs <= step.atMs; label = labels[known]) {
      judge.label(label);
      known += 1;
    }
    if (step.kind === 'report') {
      judge.report(step.number, step.report);
      continue;
    }
    const { decision } = judge.decide(step.event);
    const attack = truth.events.get(step.event.id);
    if (attack === undefined) continue;
    for (const [policy, kinds] of Object.entries(starterTargets)) {
      if (!kinds.includes(attack.kind)) continue;
      const key = `${policy} ${attack.kind}`;
      const gangs = found.get(key) ?? { all: new Set(), stopped: new Set() };
      found.set(key, gangs);
      gangs.all.add(attack.group);
      const isIts = decision.reasons.some((reason) => stoppingReasons.get(policy)?.has(reason));
      if (isIts && isStopped(decision.outcome, attack.kind)) gangs.stopped.add(attack.group);
    }
  }
  return found;
};

test('every starter policy stops most gangs of the actors that it names', async () => {
  console.log(`seed ${seed}`);
  const found = await runWorld(makeWorld(2, 4000));
  // Some kinds have three gangs in so small a world, and all may hide well: a policy is judged by all of its kinds together.
  const byPolicy = Map.groupBy(found, ([key]) => key.split(' ')[0] ?? '');
  const told = starterPolicies
    .filter(({ id }) => id !== 'base')
    .map(({ id }) => {
      const gangs = (byPolicy.get(id) ?? []).map(([, each]) => each);
      const stopped = gangs.reduce((sum, each) => sum + each.stopped.size, 0);
      return { id, stopped, all: gangs.reduce((sum, each) => sum + each.all.size, 0) };
    });
  assert.deepEqual(
    told.filter(({ stopped, all }) => all === 0 || stopped * 2 < all),
    [],
  );
});

const fullWorld = (): void => {
  console.log(`seed ${seed}`);
  const line = hauberk('evaluate', 'fraud', '--json', '--in', makeWorld(5, 20_000)).trim().split('\n').at(-1) ?? '';
  const { attacksStopped, honestStepUps } = JSON.parse(line) as {
    readonly attacksStopped: Readonly<Record<string, number>>;
    readonly honestStepUps: number;
  };
  for (const kind of ['replay', 'repackage', 'clone'])
    assert.ok((attacksStopped[kind] ?? 0) >= 0.9, `${kind}: ${line}`);
  assert.ok(honestStepUps <= 0.005, line);
};

if (isFull)
  test('at full size replayed, repackaged and cloned apps are stopped and hardly anybody honest is asked', fullWorld);
