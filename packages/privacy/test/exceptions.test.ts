/** The judge agrees with an oracle that remembers everything; each rule is broken by what it names, and by nothing else. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { epochMs } from '@hauberk/primitives';
import fc from 'fast-check';
import {
  type CollectDecision,
  type Consent,
  clauses,
  dataItems,
  type ExceptionKind,
  type ExceptionPolicy,
  exceptionKinds,
  exceptionRules,
  judgeAccess,
  maxWindowCount,
  mayCollect,
  newExceptionWatch,
  type PrivacyAccess,
  sensitiveApiOf,
} from '../src/index.ts';

const policy: ExceptionPolicy = {
  frequency: { window: 1000, most: 3 },
  identifiers: { window: 500, most: 2 },
  declaredSdks: new Set(['maps']),
  declaredHosts: new Set(['api.bank.example']),
  backgroundApis: new Set(['wx:onLocationChange']),
  maxWatched: 64,
};
const always: CollectDecision = { isAllowed: true, reason: 'granted', clauses: [] };
const allowed = (): CollectDecision => always;
const access = (changes: Partial<PrivacyAccess> = {}): PrivacyAccess => ({
  api: 'wx:getLocation',
  chain: 'c1',
  owner: 'app',
  scene: 'branch-finder',
  at: epochMs(1000),
  isForeground: true,
  ...changes,
});
type Decide = (item: string, scene: string) => CollectDecision;
const judge = (changes: Partial<PrivacyAccess>, decide: Decide = allowed): readonly ExceptionKind[] =>
  judgeAccess(newExceptionWatch(), access(changes), policy, decide);

test('an honest access breaks nothing, and each rule what it names', () => {
  assert.deepEqual(judge({}), []);
  assert.deepEqual(judge({ isForeground: false }), ['background']);
  assert.deepEqual(judge({ isForeground: false, api: 'wx:onLocationChange' }), []);
  assert.deepEqual(judge({ owner: 'maps' }), []);
  assert.deepEqual(judge({ owner: 'ads' }), ['undeclared-sdk']);
  assert.deepEqual(judge({ destination: 'api.bank.example' }), []);
  assert.deepEqual(judge({ destination: 'ads.example' }), ['undeclared-destination']);
  assert.deepEqual(judge({ api: 'wx:unheardOf' }), ['over-scope']);
  const none: Consent = new Map();
  const decide = (item: string, scene: string) => mayCollect(item, scene, none, { now: epochMs(1000) });
  assert.deepEqual(judge({}, decide), ['before-consent']);
  assert.deepEqual(judge({ scene: 'login' }, decide), ['over-scope']);
  const refused = (): CollectDecision => ({ isAllowed: false, reason: 'refused', clauses: [] });
  assert.deepEqual(judge({}, refused), ['after-refusal']);
});

test('every rule names clauses that are in the catalogue', () => {
  for (const kind of exceptionKinds) {
    assert.ok(exceptionRules[kind].clauses.length > 0, kind);
    assert.deepEqual(
      exceptionRules[kind].clauses.filter((clause) => !Object.hasOwn(clauses, clause)),
      [],
    );
  }
});

/** Everything that was ever seen, counted anew for each access. */
const oracle = (earlier: readonly PrivacyAccess[], now: PrivacyAccess): readonly ExceptionKind[] => {
  const all = [...earlier, now];
  const within = (window: number) => all.filter(({ at }) => at > now.at - window);
  const calls = within(policy.frequency.window).filter(({ api, chain }) => api === now.api && chain === now.chain);
  const identifiersOf = ({ api }: PrivacyAccess) =>
    (sensitiveApiOf(api)?.yields ?? []).filter((item) => dataItems.get(item)?.isIdentifier === true);
  const mine = within(policy.identifiers.window).filter(({ owner }) => owner === now.owner);
  const isFingerprint =
    identifiersOf(now).length > 0 && new Set(mine.flatMap(identifiersOf)).size > policy.identifiers.most;
  return [
    ...(calls.length > policy.frequency.most ? ['over-frequency' as const] : []),
    ...(now.isForeground ? [] : ['background' as const]),
    ...(isFingerprint ? ['many-identifiers' as const] : []),
  ];
};

test('windows: equal to an oracle that counts everything anew', () => {
  const apis = ['web:navigator.geolocation.getCurrentPosition', 'wx:login', 'react-native:DeviceInfo.getUniqueId'];
  const more = ['react-native:DeviceInfo.getMacAddress', 'react-native:DeviceInfo.getSerialNumber', 'wx:getStorage'];
  const step = fc.record({
    api: fc.constantFrom(...apis, ...more),
    chain: fc.constantFrom('c1', 'c1', 'c1', 'c2'),
    owner: fc.constantFrom('app', 'maps'),
    gap: fc.constantFrom(0, 0, 1, 1, 100, 249, 250, 250, 333, 500, 500, 501, 1000),
    isForeground: fc.boolean(),
  });
  const broken = new Set<ExceptionKind>();
  fc.assert(
    fc.property(fc.array(step, { minLength: 40, maxLength: 80 }), (steps) => {
      const watch = newExceptionWatch();
      const earlier: PrivacyAccess[] = [];
      let at = 0;
      for (const { gap, ...rest } of steps) {
        at += gap;
        const now = access({ ...rest, at: epochMs(at) });
        const kinds = judgeAccess(watch, now, policy, allowed);
        assert.deepEqual(kinds, oracle(earlier, now));
        for (const kind of kinds) broken.add(kind);
        earlier.push(now);
      }
    }),
    { numRuns: 300 },
  );
  assert.deepEqual([...broken].sort(), ['background', 'many-identifiers', 'over-frequency']);
});

test('memory is bounded, and the pair that is in use is not the one forgotten', () => {
  const watch = newExceptionWatch();
  let found = 0;
  for (let index = 0; index < 5000; index += 1) {
    judgeAccess(watch, access({ chain: `x${index}`, owner: `o${index}`, api: 'wx:login' }), policy, allowed);
    if (judgeAccess(watch, access({ chain: 'busy' }), policy, allowed).includes('over-frequency')) found += 1;
  }
  assert.equal(found, 4997);
  assert.ok(watch.calls.size <= policy.maxWatched && watch.identifiers.size <= policy.maxWatched);
  for (const times of watch.calls.values()) assert.ok(times.length <= policy.frequency.most + 1);
  const greedy = { ...policy, frequency: { window: 1000, most: 1e9 } };
  for (let index = 0; index < 3000; index += 1) judgeAccess(watch, access({ chain: 'greedy' }), greedy, allowed);
  assert.equal(watch.calls.get('wx:getLocation\ngreedy')?.length, maxWindowCount + 1);
});
