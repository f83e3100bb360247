/** Profiles over a restart: what engines changed is there again; files that cannot be used are set aside and said so. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import {
  createEngine,
  type Engine,
  type EngineMemory,
  factSchema,
  nextRun,
  Rebuild,
  type RiskEvent,
  reserveMemory,
} from '@hauberk/decision';
import { openProfileKeeper, type ProfileKeeper, setProfilesAside } from '../../src/decision/profile-keeper.ts';
import { ProfileSender } from '../../src/decision/profile-sender.ts';
import { createLog } from '../../src/gateway/log.ts';

const start = Date.UTC(2026, 0, 1);
const declared = factSchema({ scenes: [{ code: 'pay', attributes: {}, entities: ['account', 'device'] }] });
assert.ok(declared.ok);
const schema = declared.value;

const newMemory = (): EngineMemory => reserveMemory(schema, { kinds: {}, usual: { capacity: 100 }, events: 1000 });

/** A gateway's part in this: a keeper, and a worker with an engine. */
interface Run {
  readonly keeper: ProfileKeeper;
  readonly engine: Engine;
  readonly end: () => Promise<void>;
}

const lines: string[] = [];
const log = createLog('info', (line) => lines.push(line));

const run = async (state: string, keep: readonly string[] = []): Promise<Run> => {
  const memory = newMemory();
  const kept = await openProfileKeeper(state, memory, log);
  assert.ok(kept.ok, kept.ok ? '' : kept.code);
  const keeper = kept.value;
  const sender = new ProfileSender(keeper.post);
  const key = new Uint8Array(16).fill(4);
  const engine = createEngine({ schema, schemaHash: '0'.repeat(64), memory, key, keep, journal: sender.buffer });
  return {
    keeper,
    engine,
    end: async () => {
      sender.close();
      await keeper.close();
    },
  };
};

const payment = (number: number): RiskEvent => ({
  id: `event ${number}`,
  type: 'pay',
  atMs: start + number * 60_000,
  entities: { account: `a${number % 3}`, device: 'd' },
  amountMinor: 100 + number,
  attributes: {},
});

/** Orders of the entities of the n-th payment. */
const pay = (engine: Engine, number: number): readonly number[] =>
  engine
    .decide(payment(number), {})
    .entities.filter(({ order }) => order >= 0)
    .map(({ order }) => order);

const stateFolder = (t: TestContext): string => {
  const state = mkdtempSync(join(tmpdir(), 'profile-keeper-'));
  t.after(() => rmSync(state, { recursive: true, force: true }));
  return state;
};

test('profiles: a restart goes on where the last run ended, order numbers too', async (t) => {
  const state = stateFolder(t);
  const whole = await run(stateFolder(t));
  const expected = Array.from({ length: 80 }, (_, number) => pay(whole.engine, number));
  await whole.end();
  const seen: (readonly number[])[] = [];
  for (let turn = 0; turn < 8; turn += 1) {
    const part = await run(state);
    for (let number = turn * 10; number < turn * 10 + 10; number += 1) seen.push(pay(part.engine, number));
    await part.end();
  }
  assert.deepEqual(seen, expected);
  assert.ok(lines.some((line) => line.includes('decision.profiles-restored')));
  assert.ok(
    readdirSync(join(state, 'profiles')).some((name) => name.startsWith('snapshot')),
    'many journals become a snapshot',
  );
});

test('profiles: a rebuild goes over a restart: the facts of the second run come out of the first one and its own events', async (t) => {
  const state = stateFolder(t);
  const memory = newMemory();
  const key = new Uint8Array(16).fill(4);
  const facts = ['account.count1h', 'device.count1h', 'device.sum24h'];
  const runs = [memory, nextRun(memory)];
  for (const [turn, rebuilt] of runs.entries()) {
    const part = await run(state, facts);
    const rebuild = new Rebuild({ schema, memory: rebuilt, key });
    for (let number = turn * 10; number < turn * 10 + 10; number += 1) {
      const { record } = part.engine.decide(payment(number), {});
      assert.deepEqual(rebuild.event(payment(number), record), { state: 'same' });
    }
    await part.end();
  }
  const part = await run(state, facts);
  const forgot = new Rebuild({ schema, memory: newMemory(), key }).event(
    payment(30),
    part.engine.decide(payment(30), {}).record,
  );
  assert.equal(forgot.state, 'differs');
  await part.end();
});

test('profiles: files that are refused are set aside, once and again', async (t) => {
  const state = stateFolder(t);
  const first = await run(state);
  pay(first.engine, 1);
  await first.end();
  for (const number of [1, 2]) {
    const [journal = ''] = readdirSync(join(state, 'profiles'));
    writeFileSync(join(state, 'profiles', journal), 'x'.repeat(500));
    const refused = await openProfileKeeper(state, newMemory(), log);
    assert.equal(refused.ok ? 'ok' : refused.code, 'profiles.foreign');
    setProfilesAside(state);
    assert.ok(existsSync(join(state, `profiles-refused-${number}`, journal)));
    const again = await run(state);
    assert.deepEqual(pay(again.engine, 1), [1, 1]);
    await again.end();
  }
});
