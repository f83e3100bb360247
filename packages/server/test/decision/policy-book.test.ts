/** Policies from draft to retired, over the stores in memory. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { epochMs } from '@hauberk/primitives';
import { PolicyBook } from '../../src/decision/policy-book.ts';
import type { PolicyAction } from '../../src/decision/policy-life.ts';
import { type DecisionSnapshot, policyOfScene } from '../../src/decision/policy-snapshot.ts';
import { memoryStorage } from '../../src/storage/memory/memory-stores.ts';

const scope = { organisation: 'bank', app: 'retail' };

const open = () => {
  const { stores } = memoryStorage().connect();
  let at = 1_800_000_000_000;
  const now = () => epochMs((at += 1000));
  const book = new PolicyBook({ store: stores.decisions, scopes: [scope], now });
  const draft = async (policy: string, scenes: readonly string[], points: number) => {
    const drafted = await book.draft(scope, { policy, document: { id: policy, points }, scenes, reason: 'r' }, 'alice');
    assert.ok(drafted.ok);
    return drafted.value;
  };
  const step = (policy: string, version: number, hash: string, action: PolicyAction) =>
    book.step(
      scope,
      policy,
      { version, hash, action, ...(action === 'challenge' ? { perMille: 100 } : {}) },
      {
        actor: 'bob',
        reason: 'r',
      },
    );
  const live = async (policy: string, scenes: readonly string[], points: number) => {
    const { version, hash } = await draft(policy, scenes, points);
    assert.ok((await step(policy, version, hash, 'shadow')).ok);
    return { version, hash, went: await step(policy, version, hash, 'live') };
  };
  return { stores, book, draft, step, live, now };
};

test('a version goes live only from shadow or as a challenger, and retires the one before it', async () => {
  const { book, draft, step, live } = open();
  const first = await draft('pay', ['pay'], 1);
  const early = await step('pay', 1, first.hash, 'live');
  assert.deepEqual([early.ok, early.ok ? '' : early.code], [false, 'policy-state']);
  assert.ok((await step('pay', 1, first.hash, 'shadow')).ok);
  assert.deepEqual(
    book.snapshotOf(scope).shadow.map(({ version }) => version),
    [1],
  );
  assert.ok((await step('pay', 1, first.hash, 'live')).ok);
  assert.ok((await live('pay', ['pay'], 2)).went.ok);
  assert.deepEqual(
    (await book.policies(scope)).map(({ version, state }) => [version, state]),
    [
      [1, 'retired'],
      [2, 'live'],
    ],
  );
  assert.deepEqual(
    book.snapshotOf(scope).policies.map(({ version }) => version),
    [2],
  );
});

test('a version that was live can be rolled back to, one that never was cannot', async () => {
  const { book, draft, step, live } = open();
  const one = await live('pay', [], 1);
  await live('pay', [], 2);
  const never = await draft('pay', [], 3);
  assert.ok((await step('pay', 3, never.hash, 'retire')).ok);
  const refused = await step('pay', 3, never.hash, 'rollback');
  assert.equal(refused.ok ? '' : refused.code, 'policy-state');
  assert.ok((await step('pay', 1, one.hash, 'rollback')).ok);
  assert.deepEqual(
    book.snapshotOf(scope).policies.map(({ version }) => version),
    [1],
  );
});

test('a step names the document that was looked at, by its hash', async () => {
  const { draft, step } = open();
  await draft('pay', [], 1);
  const refused = await step('pay', 1, '0'.repeat(64), 'shadow');
  assert.equal(refused.ok ? '' : refused.code, 'policy-changed');
});

test('no scene has two live policies, and only one policy is for all others', async () => {
  const { live, book } = open();
  assert.ok((await live('pay', ['pay', 'transfer'], 1)).went.ok);
  const { went } = await live('transfer', ['transfer'], 1);
  assert.equal(went.ok ? '' : went.code, 'policy-scene-taken');
  assert.ok((await live('rest', [], 1)).went.ok);
  const second = (await live('other-rest', [], 1)).went;
  assert.equal(second.ok ? '' : second.code, 'policy-scene-taken');
  const { policies } = book.snapshotOf(scope);
  assert.equal(policyOfScene(policies, 'transfer')?.policy, 'pay');
  assert.equal(policyOfScene(policies, 'coupon')?.policy, 'rest');
});

test('a challenger needs a champion, is alone, and ends when its champion is replaced', async () => {
  const { live, draft, step, book } = open();
  const lone = await draft('login', ['login'], 1);
  await step('login', 1, lone.hash, 'shadow');
  const refused = await step('login', 1, lone.hash, 'challenge');
  assert.equal(refused.ok ? '' : refused.code, 'policy-no-champion');
  await live('pay', ['pay'], 1);
  for (const points of [2, 3, 4]) {
    const { version, hash } = await draft('pay', ['pay'], points);
    await step('pay', version, hash, 'shadow');
  }
  const [, two, three, four] = (await book.policies(scope)).filter(({ policy }) => policy === 'pay');
  assert.ok((await step('pay', 2, two?.hash ?? '', 'challenge')).ok);
  const second = await step('pay', 3, three?.hash ?? '', 'challenge');
  assert.equal(second.ok ? '' : second.code, 'policy-challenged');
  assert.deepEqual(
    book.snapshotOf(scope).challengers.map(({ version, perMille }) => [version, perMille]),
    [[2, 100]],
  );
  assert.ok((await step('pay', 4, four?.hash ?? '', 'live')).ok);
  assert.equal((await book.policy(scope, 'pay', 2))?.state, 'shadow');
  assert.deepEqual(book.snapshotOf(scope).challengers, []);
});

test('the same document again is the same version; every change raises the revision and reaches whoever follows', async () => {
  const { book, draft, step, stores, now } = open();
  const heard: (readonly DecisionSnapshot[])[] = [];
  const stop = book.follow((snapshots) => heard.push(snapshots));
  const one = await draft('pay', [], 1);
  assert.equal((await draft('pay', [], 1)).version, 1);
  assert.equal((await draft('pay', [], 2)).version, 2);
  await step('pay', 1, one.hash, 'shadow');
  await step('pay', 1, one.hash, 'live');
  stop();
  await step('pay', 1, one.hash, 'retire');
  assert.deepEqual(
    heard.map(([snapshot]) => snapshot?.revision),
    [1, 2],
  );
  const again = new PolicyBook({ store: stores.decisions, scopes: [scope], now });
  assert.equal(again.snapshotOf(scope).revision, 0);
  await again.refresh();
  assert.deepEqual(again.snapshots(), book.snapshots());
  assert.equal(again.snapshotOf(scope).revision, 3);
});
