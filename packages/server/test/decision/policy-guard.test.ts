/** A challenger that troubles honest people halts itself; one that does not goes on. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeRecord, encodeRecord } from '@hauberk/decision';
import { epochMs } from '@hauberk/primitives';
import { DecisionOffice } from '../../src/decision/policy-office.ts';
import { recordKind } from '../../src/decision/record-entry.ts';
import { memoryStorage } from '../../src/storage/memory/memory-stores.ts';
import { engineOf, eventAt, policyDocument } from './decision-kit.ts';

const scope = { organisation: 'bank', app: 'retail' };

const challenged = async () => {
  const { stores } = memoryStorage().connect();
  const office = new DecisionOffice({
    store: stores.decisions,
    outbox: stores.outbox,
    scopes: [scope],
    pseudonym: (_kind, id) => id,
    configuredLists: [],
    configuredScenes: [],
    now: () => epochMs(1_800_000_000_000),
    failed: (error) => {
      throw error;
    },
  });
  for (const [large, last] of [
    [100_000, 'live'],
    [50_000, 'challenge'],
  ] as const) {
    const drafted = await office.draft(scope, policyDocument('pay', large), 'r', 'ada');
    assert.ok(drafted.ok);
    const { version, hash } = drafted.value;
    for (const action of ['shadow', last] as const) {
      const step = {
        policy: 'pay',
        version,
        hash,
        action,
        reason: 'r',
        ...(action === 'challenge' ? { perMille: 500 } : {}),
      };
      assert.ok((await office.step(scope, step, 'ada')).ok);
    }
  }
  await office.keepTexts();
  const { policies, challengers } = office.book.snapshotOf(scope);
  const { record } = engineOf(office.book.snapshotOf(scope)).decide(eventAt(1), {});
  const read = decodeRecord(record);
  assert.ok(read.ok);
  const base = read.value;
  /** Decisions of both arms, a device each; so many in a thousand of each are denied. */
  const decide = async (
    devices: number,
    from: number,
    denied: { readonly staged: number; readonly control: number },
  ) => {
    const entries = Array.from({ length: devices }, (_, at) => {
      const isChallenger = at % 2 === 0;
      const hash = (isChallenger ? challengers[0]?.hash : policies[0]?.hash) ?? '';
      const share = isChallenger ? denied.staged : denied.control;
      const pseudonym = (from + at).toString(16).padStart(16, '0');
      const outcome = (at * 7919) % 1000 < share ? 'deny' : 'allow';
      const entities = base.entities.map((entity) => ({ ...entity, pseudonym }));
      const made = { ...base, id: pseudonym, outcome, entities, policy: { id: 'pay', hash, isChallenger } } as const;
      return { scope, kind: recordKind, atMs: epochMs(base.atMs), payload: Uint8Array.from(encodeRecord(made)) };
    });
    assert.ok((await stores.outbox.append(entries)).ok);
    await office.stream.drain();
    return office.book.policy(scope, 'pay', 2);
  };
  return { office, stores, decide };
};

test('a challenger that denies as often as its champion goes on, and what was counted is kept', async () => {
  const { decide } = await challenged();
  const kept = await decide(4000, 0, { staged: 20, control: 20 });
  assert.equal(kept?.state, 'challenger');
  assert.deepEqual([kept.guard?.counts.staged.sessions, kept.guard?.counts.control.sessions], [2000, 2000]);
});

test('one that denies five times as many honest devices halts itself, and the champion decides for all', async () => {
  const { office, stores, decide } = await challenged();
  const kept = await decide(4000, 0, { staged: 100, control: 20 });
  assert.deepEqual([kept?.state, kept?.changedBy, kept?.guard?.halted], ['shadow', 'guard', 'error']);
  const snapshot = office.book.snapshotOf(scope);
  assert.deepEqual([snapshot.challengers, snapshot.policies.length], [[], 1]);
  const audited = await stores.audit.readAfter(scope, 0, 1000);
  assert.ok(audited.some(({ action, actor }) => action === 'policy.halted' && actor === 'guard'));
});

test('a device counts once a day, so that one that asks often decides nothing', async () => {
  const { decide } = await challenged();
  let kept = await decide(100, 0, { staged: 1000, control: 0 });
  const { staged } = kept?.guard?.counts ?? {};
  for (let turn = 0; turn < 5; turn += 1) kept = await decide(100, 0, { staged: 1000, control: 0 });
  assert.deepEqual(kept?.guard?.counts.staged, staged);
});
