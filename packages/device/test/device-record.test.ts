/** The record of a device: evidence that continues its chain, counters that rise, keys that hand over, histories that stay bounded. */
import assert from 'node:assert/strict';
import test from 'node:test';
import {
  type Appraised,
  type AttestedFacts,
  changeState,
  type DeviceKey,
  type DeviceRecord,
  demandEvidence,
  deviceEvents,
  enrolDevice,
  factsText,
  isActiveState,
  maxFactsText,
  maxHistory,
  reattest,
  reattestationDue,
  rotateIdentity,
  tierOfLevel,
  trustLevels,
} from '@hauberk/device';
import { days, type EpochMs, epochMs, type Result } from '@hauberk/primitives';
import fc from 'fast-check';

const start = epochMs(1_800_000_000_000);
const at = (minute: number): EpochMs => epochMs(start + minute * 60_000);
const scope = { organisation: 'demo', app: 'app' };
const by = { actor: 'operator', reason: 'test' };
const android: AttestedFacts = {
  platform: 'android',
  level: 'tee',
  app: 'example.bank',
  boot: 'verified',
  locked: true,
};
const software: AttestedFacts = { platform: 'other', level: 'software' };

const key = (name: string, purpose: DeviceKey['purpose'] = 'identity'): DeviceKey => ({
  thumbprint: name,
  purpose,
  publicKey: new Uint8Array(65),
  createdAtMs: start,
});

const appraised = (facts: AttestedFacts, counter?: number): Appraised => ({
  kind: facts.level === 'software' ? 'software' : 'android-key',
  tier: facts.level === 'software' ? 0 : 1,
  facts,
  verdictReference: 'reference',
  ...(counter === undefined ? {} : { counter: { key: 'apple', value: counter } }),
});

const device = (facts: AttestedFacts = android, counter?: number): DeviceRecord =>
  enrolDevice(scope, 'id', key('first'), appraised(facts, counter), start);

const taken = <Value>(result: Result<Value>): Value => {
  assert.ok(result.ok, result.ok ? '' : result.code);
  return result.value;
};
const codeOf = (result: Result<unknown>): string => (result.ok ? 'accepted' : result.code);

test('hardware makes a device trusted, software only enrolled', () => {
  assert.equal(device().state, 'trusted');
  assert.equal(device(software).state, 'enrolled');
});

test('new evidence counts only under the signature of the bound key', () => {
  assert.equal(codeOf(reattest(device(), appraised(android), undefined, at(1))), 'reattest.not-chained');
  assert.equal(codeOf(reattest(device(), appraised(android), 'another', at(1))), 'reattest.not-chained');
  assert.equal(taken(reattest(device(), appraised(android), 'first', at(1))).generation, 2);
});

test('a phone does not become another kind of phone, a software device may become one', () => {
  const ios: AttestedFacts = { ...android, platform: 'ios' };
  assert.equal(codeOf(reattest(device(), appraised(ios), 'first', at(1))), 'reattest.platform');
  assert.equal(taken(reattest(device(software), appraised(ios), 'first', at(1))).state, 'trusted');
});

test('a counter that does not rise is refused: the attesting key was copied', () => {
  for (const counter of [0, 6, 7])
    assert.equal(codeOf(reattest(device(android, 7), appraised(android, counter), 'first', at(1))), 'reattest.counter');
  assert.equal(taken(reattest(device(android, 7), appraised(android, 8), 'first', at(1))).appraised.counter?.value, 8);
  const fresh = { ...appraised(android), counter: { key: 'another', value: 0 } };
  assert.equal(taken(reattest(device(android, 7), fresh, 'first', at(1))).appraised.counter?.value, 0, 'a fresh key');
});

test('evidence of software takes the trust of a device away', () => {
  const after = taken(reattest(device(), appraised({ ...software, platform: 'android' }), 'first', at(1)));
  assert.deepEqual([after.state, after.tier], ['enrolled', 0]);
});

test('no evidence changes a device that was switched off, and none can be demanded of it', () => {
  for (const event of ['suspend', 'lose', 'revoke'] as const) {
    const off = taken(changeState(device(), event, by, at(1)));
    assert.equal(codeOf(reattest(off, appraised(android), 'first', at(2))), `device.${off.state}`);
    assert.equal(
      codeOf(reattest(off, appraised({ ...software, platform: 'android' }), 'first', at(2))),
      `device.${off.state}`,
    );
    assert.equal(codeOf(demandEvidence(off, { reason: 'demanded', atMs: at(2) }, by)), `device.${off.state}`);
  }
});

test('a reinstated device with hardware must be vouched for anew; the evidence meets the demand', () => {
  const off = taken(changeState(device(), 'suspend', by, at(1)));
  const back = taken(changeState(off, 'reinstate', by, at(2)));
  const policy = { maxAge: undefined, isApproved: () => true };
  assert.equal(reattestationDue(back, policy, at(3)), 'reinstated');
  assert.equal(reattestationDue(taken(reattest(back, appraised(android), 'first', at(3))), policy, at(4)), undefined);
});

test('evidence is due by age, by app and on demand; that of software does not age', () => {
  const policy = { maxAge: days(30), isApproved: (facts: AttestedFacts) => facts.appVersion !== '1' };
  const month = epochMs(start + days(30));
  assert.equal(reattestationDue(device(), policy, month), undefined);
  assert.equal(reattestationDue(device(), policy, epochMs(month + 1)), 'age');
  assert.equal(reattestationDue(device({ ...android, appVersion: '1' }), policy, start), 'app-update');
  assert.equal(reattestationDue(device(software), policy, epochMs(month * 2)), undefined);
  const asked = taken(demandEvidence(device(software), { reason: 'risk', atMs: at(1) }, by));
  assert.equal(reattestationDue(asked, policy, at(2)), 'risk');
});

test('whatever happens: generations rise with every change, the first entry stays, the history is bounded', () => {
  const step = fc.oneof(
    fc
      .constantFrom(...deviceEvents)
      .map((event) => (held: DeviceRecord, now: EpochMs) => changeState(held, event, by, now)),
    fc
      .record({ counter: fc.nat(9), isChained: fc.boolean(), isHardware: fc.boolean() })
      .map(({ counter, isChained, isHardware }) => (held: DeviceRecord, now: EpochMs) => {
        const facts = isHardware ? android : { ...software, platform: 'android' as const };
        return reattest(held, appraised(facts, counter), isChained ? 'first' : 'other', now);
      }),
    fc.constant((held: DeviceRecord, now: EpochMs) => demandEvidence(held, { reason: 'demanded', atMs: now }, by)),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      let held = device(android, 0);
      let highest = 0;
      for (const [index, change] of steps.entries()) {
        const after = change(held, at(index + 1));
        if (!after.ok) continue;
        assert.equal(after.value.generation, held.generation + (after.value === held ? 0 : 1));
        assert.ok(after.value.state !== 'trusted' || isActiveState(held.state));
        held = after.value;
        assert.ok((held.appraised.counter?.value ?? highest) >= highest);
        highest = held.appraised.counter?.value ?? highest;
      }
      assert.ok(held.history.length <= maxHistory);
      assert.equal(held.history[0]?.kind, 'enrolled');
    }),
  );
});

test('an identity hands over under both signatures, once, and stays known as retired', () => {
  const keys = [key('first'), key('approve', 'step-up')];
  const successor = { thumbprint: 'second', publicKey: new Uint8Array(65) };
  for (const signedBy of [[], ['first'], ['second'], ['approve', 'second']])
    assert.equal(codeOf(rotateIdentity(keys, { ...successor, signedBy }, start)), 'rotation.not-signed');
  const both = { ...successor, signedBy: ['first', 'second'] };
  const rotated = taken(rotateIdentity(keys, both, start));
  assert.deepEqual(
    rotated.map(({ thumbprint, purpose }) => [thumbprint, purpose]),
    [
      ['first', 'retired'],
      ['approve', 'step-up'],
      ['second', 'identity'],
    ],
  );
  assert.equal(taken(rotateIdentity(rotated, both, start)), rotated, 'repeated it changes nothing');
  const back = { ...both, thumbprint: 'first', signedBy: ['first', 'second'] };
  assert.equal(codeOf(rotateIdentity(rotated, back, start)), 'rotation.key-taken');
  assert.equal(codeOf(rotateIdentity([], both, start)), 'rotation.no-identity');
});

test('rotations are bounded, and never leave a device with two identities', () => {
  let keys: readonly DeviceKey[] = [key('k0')];
  for (let turn = 1; turn <= 16; turn += 1) {
    const rotation = { thumbprint: `k${turn}`, publicKey: new Uint8Array(65), signedBy: [`k${turn - 1}`, `k${turn}`] };
    keys = taken(rotateIdentity(keys, rotation, start));
    assert.equal(keys.filter(({ purpose }) => purpose === 'identity').length, 1);
  }
  const last = { thumbprint: 'k17', publicKey: new Uint8Array(65), signedBy: ['k16', 'k17'] };
  assert.equal(codeOf(rotateIdentity(keys, last, start)), 'rotation.too-often');
});

test('the text of facts is bounded and holds nothing that a header or a ticket could not carry', () => {
  const text = fc.string({ maxLength: 300, unit: 'grapheme' });
  fc.assert(
    fc.property(text, text, text, (app, appVersion, appDigest) => {
      const written = factsText({ ...android, app, appVersion, appDigest, patchLevel: 202_610 });
      assert.ok(written.length <= maxFactsText);
      assert.match(written, /^platform=android;level=tee(?:;[a-z]+=[A-Za-z0-9._-]*)*$/);
    }),
  );
});

test('a level takes the highest tier that is named after a level it reaches', () => {
  const names = ['software', 'hardware'];
  assert.deepEqual(
    trustLevels.map((level) => tierOfLevel(names, level)),
    [0, 1, 1],
  );
  assert.deepEqual(
    trustLevels.map((level) => tierOfLevel(['software', 'partner', 'hardware', 'secure-element'], level)),
    [0, 2, 3],
  );
  assert.equal(tierOfLevel(['gold'], 'tee'), 0);
});
