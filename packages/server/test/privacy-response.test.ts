/** Stopping: by people, by two people, by rules that two people agreed on; what it publishes, what it ends, and what it cannot be made to do. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { epochMs } from '@hauberk/primitives';
import type { AccessRow } from '@hauberk/privacy';
import { openDirectiveDesk } from '../src/directive/directive-desk.ts';
import { openFileKeys } from '../src/keys/file-keys.ts';
import { findingId } from '../src/privacy/judge-batch.ts';
import { PrivacyAdministration } from '../src/privacy/privacy-administration.ts';
import type { KeptFinding } from '../src/privacy/privacy-store.ts';
import { ResponseRules, type RuleContent } from '../src/privacy/response-rules.ts';
import { ChainStops } from '../src/privacy/stop-chains.ts';
import { memoryStorage } from '../src/storage/memory/memory-stores.ts';
import type { Stores } from '../src/storage/stores.ts';
import { accessAt, bank, chainAt, type PrivacyLoop, privacyLoop, reportOf, start } from './privacy-kit.ts';

let folder = '';
let stores: Stores;
let loop: PrivacyLoop;
let stops: ChainStops;
let rules: ResponseRules;
let office: PrivacyAdministration;
let isDeskDown = false;
let published = 0;
const clock = { now: epochMs(start) };
const now = () => clock.now;
const hour = 3_600_000;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hauberk-response-'));
  ({ stores } = memoryStorage().connect());
  const keys = openFileKeys(join(folder, 'keys'), epochMs(start));
  clock.now = epochMs(start);
  isDeskDown = false;
  published = 0;
  const desk = openDirectiveDesk({
    store: stores.directives,
    now,
    onPublished: async () => {
      published += 1;
    },
  });
  const shaky = {
    ...desk,
    publish: (...order: Parameters<typeof desk.publish>) =>
      isDeskDown ? Promise.resolve({ ok: false, code: 'storage-full' } as const) : desk.publish(...order),
  };
  stops = new ChainStops({ store: stores.privacy, desk: shaky, now });
  rules = new ResponseRules({ store: stores.privacy, stops, now });
  loop = privacyLoop(stores, keys, { consent: 'unrecorded', sdks: [{ name: '@ads/web' }, { name: '@maps/web' }] });
  office = new PrivacyAdministration(
    { store: stores.privacy, outbox: stores.outbox, keys, stops, rules, stopFourEyes: 'never', now },
    bank,
  );
});
afterEach(() => rmSync(folder, { recursive: true }));

const { chain } = chainAt('ads');
const inBackground = (changes: Partial<AccessRow> = {}) =>
  reportOf('privacy.accesses', { accesses: [accessAt(clock.now, { isForeground: false, ...changes })] });
const finding = async (of = chain): Promise<KeptFinding> => {
  const found = await office.finding(findingId('background', accessAt(0).api, of));
  assert.ok(found !== undefined);
  return found;
};
const seenBy = async (devices: number, changes: Partial<AccessRow> = {}): Promise<void> => {
  for (let device = 0; device < devices; device += 1) await loop.report(`device-${device}`, inBackground(changes));
};
/** The list that devices are told now. */
const inForce = async (): Promise<unknown> => {
  const track = (await stores.directives.published()).filter(({ directive }) => directive.kind === 'privacy.stop');
  return track.toSorted((one, other) => other.directive.version - one.directive.version)[0]?.directive.body['stops'];
};
const actions = async (): Promise<readonly string[]> =>
  (await stores.audit.readAfter(bank, 0, 999))
    .map(({ action }) => action)
    .filter((action) => /^privacy\.(?!consent)/.test(action));

describe('people stop a chain', () => {
  test('the whole list is published, the finding is stopped, the other chain goes on', async () => {
    const other = chainAt('maps').chain;
    await seenBy(3);
    await seenBy(2, { chain: other, owner: '@maps/web' });
    const preview = await office.preview(chain);
    assert.deepEqual([preview?.devices, preview?.owner, preview?.calls[0]?.calls], [3, '@ads/web', 3]);
    const stopped = await stops.stop(bank, { chain, action: 'deny', reason: 'in the background' }, 'alice');
    assert.ok(stopped.ok);
    assert.deepEqual([stopped.value.state, stopped.value.findings], ['complete', 1]);
    assert.deepEqual(await inForce(), [{ chain, action: 'deny' }]);
    assert.equal((await finding()).finding.state, 'stopped');
    assert.equal((await finding(other)).finding.state, 'open');
    // A phone that was offline still reports: it stays stopped.
    await loop.report('late', inBackground());
    assert.equal((await finding()).finding.state, 'stopped');
    await stops.stop(bank, { chain: other, action: 'delay', delayMs: 500, reason: 'as well' }, 'alice');
    assert.deepEqual(await inForce(), [
      { chain, action: 'deny' },
      { chain: other, action: 'delay', delayMs: 500 },
    ]);
    const resumed = await stops.resume(bank, chain, 'mistaken', 'bob');
    assert.ok(resumed.ok);
    assert.deepEqual(await inForce(), [{ chain: other, action: 'delay', delayMs: 500 }]);
    assert.equal((await finding()).finding.state, 'open');
    assert.deepEqual(await actions(), ['privacy.stopped', 'privacy.stopped', 'privacy.resumed']);
  });

  test('a stop with an end lapses at it, and its finding is open again', async () => {
    await seenBy(1);
    await stops.stop(bank, { chain, action: 'empty', hours: 2, reason: 'for now' }, 'alice');
    clock.now = epochMs(start + 2 * hour - 1);
    await stops.upkeep(bank);
    assert.equal((await finding()).finding.state, 'stopped');
    clock.now = epochMs(start + 2 * hour);
    await stops.upkeep(bank);
    assert.equal((await finding()).finding.state, 'open');
    assert.deepEqual(await inForce(), []);
    const before = published;
    await stops.upkeep(bank);
    assert.equal(published, before);
  });

  test('a list that could not be published is published later, and anew before it ends', async () => {
    await seenBy(1);
    isDeskDown = true;
    const stopped = await stops.stop(bank, { chain, action: 'deny', reason: 'r' }, 'alice');
    assert.ok(stopped.ok && stopped.value.rollout === null);
    assert.equal(await inForce(), undefined);
    isDeskDown = false;
    await stops.upkeep(bank);
    assert.deepEqual(await inForce(), [{ chain, action: 'deny' }]);
    clock.now = epochMs(start + 21 * 24 * hour);
    await stops.upkeep(bank);
    assert.equal(published, 2);
  });

  test('stages are those of a rollout', async () => {
    await seenBy(1);
    const staged = await stops.stop(bank, { chain, action: 'deny', stages: [50, 1000], reason: 'r' }, 'alice');
    assert.ok(staged.ok);
    assert.equal(staged.value.state, 'staged');
    const [directive] = await stores.directives.published();
    assert.equal(directive?.directive.target?.['perMille'], 50);
  });

  test('a chain that nobody told of, and what is counted together, cannot be stopped', async () => {
    for (const unknown of ['f'.repeat(16), '0'.repeat(16)]) {
      const stopped = await stops.stop(bank, { chain: unknown, action: 'deny', reason: 'r' }, 'alice');
      assert.deepEqual([stopped.ok, stopped.ok ? '' : stopped.code], [false, 'chain-unknown']);
    }
    assert.equal((await stops.resume(bank, chain, 'r', 'alice')).ok, false);
  });
});

describe('people decide on a finding', () => {
  test('accepted with reason and end, open again at it; fixed, open again when seen', async () => {
    await seenBy(1);
    const { id } = await finding();
    const accepted = await office.decide(id, { action: 'accept', days: 2 }, 'known', 'alice');
    assert.ok(accepted.ok);
    assert.equal((await office.findings({ state: 'accepted', limit: 9 })).items.length, 1);
    assert.equal((await office.decide(id, { action: 'accept', days: 2 }, 'known', 'alice')).ok, false);
    clock.now = epochMs(start + 48 * hour);
    assert.equal((await finding()).finding.state, 'open');
    assert.ok((await office.decide(id, { action: 'fix' }, 'in 2.1', 'bob')).ok);
    assert.equal((await finding()).finding.state, 'fixed');
    loop.clock.now = clock.now;
    await loop.report('device-0', inBackground());
    assert.equal((await finding()).finding.state, 'open');
    assert.deepEqual(await actions(), ['privacy.finding-accepted', 'privacy.finding-fixed']);
  });

  test('the stream and a person at once: neither is lost', async () => {
    await seenBy(1);
    const { id } = await finding();
    const [, decided] = await Promise.all([
      loop.report('device-9', inBackground()),
      office.decide(id, { action: 'accept', days: 2 }, 'known', 'alice'),
    ]);
    const kept = await finding();
    assert.equal(kept.finding.count, 2);
    assert.equal(kept.finding.state, decided.ok ? 'accepted' : 'open');
  });

  test('the matrix names data, owner and place', async () => {
    await seenBy(2);
    const { cells, isComplete } = await office.matrix(7, 10);
    assert.equal(isComplete, true);
    assert.deepEqual(
      cells.map(({ item, owner, scene, calls }) => ({ item, owner, scene, calls })),
      [{ item: 'precise-location', owner: '@ads/web', scene: 'branch-finder', calls: 2 }],
    );
  });
});

const content: RuleContent = {
  kind: 'background',
  action: 'deny',
  delayMs: null,
  minDevices: 2,
  perDay: 2,
  stopHours: 3,
  expiresAtMs: start + 72 * hour,
  reason: 'nobody is awake at night',
};
const approvedRule = async (changes: Partial<RuleContent> = {}) => {
  const approved = await rules.approve(bank, { ...content, ...changes }, { id: 'a1', actor: 'alice, approved by bob' });
  assert.ok(approved.ok, approved.ok ? '' : approved.code);
  return approved.value;
};

describe('a rule that two people agreed on', () => {
  test('stops what enough devices saw, says so in the audit log, and lets it go after its time', async () => {
    const rule = await approvedRule();
    await seenBy(1);
    assert.equal(await rules.answer(bank, await finding()), 'too-few-devices');
    await seenBy(2);
    assert.equal(await rules.answer(bank, await finding()), 'answered');
    assert.deepEqual(await inForce(), [{ chain, action: 'deny' }]);
    assert.equal((await finding()).stoppedBy, `rule ${rule.id}`);
    assert.equal(await rules.answer(bank, await finding()), 'none');
    clock.now = epochMs(start + 3 * hour);
    await stops.upkeep(bank);
    assert.deepEqual(await inForce(), []);
    assert.deepEqual(await actions(), [
      'privacy.rule-approved',
      'privacy.rule-answered',
      'privacy.stopped',
      'privacy.resumed',
    ]);
  });

  test('answers so often a day and no more', async () => {
    await approvedRule();
    const outcomes = [];
    for (const place of ['a', 'b', 'c']) {
      const of = chainAt(place).chain;
      await seenBy(2, { chain: of });
      outcomes.push(await rules.answer(bank, await finding(of)));
    }
    assert.deepEqual(outcomes, ['answered', 'answered', 'limited']);
    clock.now = epochMs(start + 24 * hour + 1);
    assert.equal(await rules.answer(bank, await finding(chainAt('c').chain)), 'answered');
  });

  test('ends by itself', async () => {
    await approvedRule();
    await seenBy(2);
    clock.now = epochMs(content.expiresAtMs);
    assert.equal(await rules.answer(bank, await finding()), 'none');
    const late = await rules.approve(bank, content, { id: 'a2', actor: 'x' });
    assert.deepEqual([late.ok, late.ok ? '' : late.code], [false, 'rule-expired']);
  });

  test('is ended with everything that it stopped, and not what people stopped, and does not come back', async () => {
    const rule = await approvedRule();
    const own = chainAt('own').chain;
    await seenBy(2);
    await seenBy(2, { chain: own });
    await stops.stop(bank, { chain: own, action: 'deny', reason: 'by hand' }, 'alice');
    assert.equal(await rules.answer(bank, await finding()), 'answered');
    const ended = await rules.revoke(bank, rule.id, 'enough', 'carol');
    assert.ok(ended.ok);
    assert.deepEqual(await inForce(), [{ chain: own, action: 'deny' }]);
    assert.equal(await rules.answer(bank, await finding()), 'none');
    const again = await rules.approve(bank, content, { id: 'a1', actor: 'alice, approved by bob' });
    assert.deepEqual([again.ok, again.ok ? '' : again.code], [false, 'rule-ended']);
  });

  test('does nothing once somebody changed its row: the hash is of what was approved', async () => {
    const rule = await approvedRule();
    await seenBy(2);
    const bent = { kind: 'rule', id: rule.id, value: { ...rule, minDevices: 1 }, atMs: start } as const;
    await stores.privacy.commit({ changes: [{ scope: bank, read: [], puts: [bent], audit: [] }] }, now());
    assert.equal(await rules.answer(bank, await finding()), 'changed');
    assert.equal(await inForce(), undefined);
  });

  test("never stops the app's own code, whatever one device says of its owner", async () => {
    await approvedRule();
    await seenBy(3, { owner: 'app' });
    await loop.report('liar', inBackground({ owner: '@ads/web' }));
    assert.equal(await rules.answer(bank, await finding()), 'own-code');
  });

  test('said again by a crash, is one rule', async () => {
    const one = await approvedRule();
    const other = await approvedRule();
    assert.equal(one.id, other.id);
    assert.equal((await rules.list(bank)).length, 1);
  });
});
