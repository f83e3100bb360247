/** The life of a finding. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { epochMs } from '@hauberk/primitives';
import {
  type Finding,
  type FindingEvent,
  maxEvidence,
  nextFinding,
  openFinding,
  type PrivacyAccess,
} from '../src/index.ts';

const access: PrivacyAccess = {
  api: 'wx:getLocation',
  chain: 'c1',
  owner: 'ads',
  scene: 'login',
  at: epochMs(1000),
  isForeground: false,
};
const opened = openFinding('background', access);
const acceptance = { reason: 'until the release of May', by: 'officer', until: epochMs(5000) };
const run = (...events: readonly FindingEvent[]): Finding => {
  let finding = opened;
  for (const event of events) {
    const next = nextFinding(finding, event);
    assert.ok(next.ok, event.type);
    finding = next.value;
  }
  return finding;
};
const codeOf = (finding: Finding, event: FindingEvent): string => {
  const next = nextFinding(finding, event);
  return next.ok ? 'ok' : next.code;
};
const accepting: FindingEvent = { type: 'accept', acceptance, at: epochMs(2000) };
const seenAt = (at: number): FindingEvent => ({ type: 'seen', access: { ...access, at: epochMs(at) } });

test('what is seen again is counted; evidence is bounded', () => {
  const finding = run(...Array.from({ length: 20 }, (_, index) => seenAt(2000 + index)));
  assert.equal(finding.count, 21);
  assert.equal(finding.evidence.length, maxEvidence);
  assert.deepEqual([finding.firstAt, finding.lastAt], [1000, 2019]);
  assert.equal(codeOf(opened, { type: 'seen', access: { ...access, chain: 'c2' } }), 'finding.foreign');
});

test('an acceptance needs a reason and an end, and lapses at it', () => {
  assert.equal(run(accepting).state, 'accepted');
  assert.equal(run(accepting, seenAt(4999)).state, 'accepted');
  for (const last of [seenAt(5000), { type: 'tick', at: epochMs(5000) } as const]) {
    assert.equal(run(accepting, last).state, 'open');
    assert.equal(run(accepting, last).acceptance, undefined);
  }
  const changed = (changes: object): FindingEvent =>
    ({ ...accepting, acceptance: { ...acceptance, ...changes } }) as FindingEvent;
  assert.equal(codeOf(opened, changed({ reason: ' ' })), 'finding.no-reason');
  assert.equal(codeOf(opened, changed({ by: '' })), 'finding.no-reason');
  assert.equal(codeOf(opened, changed({ until: 2000 })), 'finding.expiry');
  assert.equal(codeOf(opened, changed({ until: Number.NaN })), 'finding.expiry');
});

test('a fixed finding that is seen again is open; a stopped one stays stopped until it is resumed', () => {
  assert.equal(run({ type: 'fix' }, seenAt(3000)).state, 'open');
  assert.equal(run({ type: 'stop' }, seenAt(3000)).state, 'stopped');
  assert.equal(run({ type: 'stop' }, { type: 'resume' }).state, 'open');
  assert.equal(run(accepting, { type: 'stop' }).acceptance, undefined);
});

test('every other step is refused', () => {
  assert.equal(codeOf(opened, { type: 'resume' }), 'finding.wrong-state');
  assert.equal(codeOf(run(accepting), accepting), 'finding.wrong-state');
  assert.equal(codeOf(run({ type: 'stop' }), accepting), 'finding.wrong-state');
  assert.equal(codeOf(run({ type: 'fix' }), { type: 'fix' }), 'finding.wrong-state');
  assert.equal(codeOf(run({ type: 'fix' }), { type: 'stop' }), 'finding.wrong-state');
});
