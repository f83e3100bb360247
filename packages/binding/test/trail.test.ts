/** What operators are told of an attempt: its steps, and what each rule came to. */
import assert from 'node:assert/strict';
import test from 'node:test';
import {
  type AttemptEvent,
  applyStep,
  type BindingAttempt,
  type BindingRequest,
  emptyTally,
  findTransition,
  followed,
  judgeTrail,
  mostSteps,
  type Platform,
  ruleIds,
  type Trail,
  trailStep,
} from '@hauberk/binding';
import { context, honestRequest, honestSms, issuedAttempt, start } from '@hauberk/binding/vectors';

const begin = (platform: Platform): Trail => ({
  id: 'a',
  platform,
  profile: 'alice',
  number: 'number-a',
  device: { id: 'd', key: 'k', fingerprint: 'p' },
  startedAtMs: start.wallMs,
  state: 'idle',
  steps: [],
});

/** Walks the table as the service does. */
const walk = (events: readonly AttemptEvent[], platform: Platform = 'android'): Trail => {
  let trail = begin(platform);
  let attempt: BindingAttempt | undefined;
  for (const event of events) {
    const found = findTransition(attempt, event, context());
    assert.ok(found.ok, JSON.stringify(event));
    trail = followed(trail, trailStep(found.value, start.wallMs, event.kind));
    if (event.kind === 'request' && found.value.to === 'issued') attempt = issuedAttempt({ platform });
    else if (attempt !== undefined) attempt = applyStep(attempt, event, found.value);
  }
  return trail;
};

const request = (over: Partial<BindingRequest> = {}): AttemptEvent => ({
  kind: 'request',
  request: honestRequest(over),
});
const sms = (over: Parameters<typeof honestSms>[0] = {}): AttemptEvent => ({ kind: 'sms', sms: honestSms(over) });
const delivered: AttemptEvent = { kind: 'proof', key: 'key-1', proof: { kind: 'sent-item', state: 'delivered' } };
const undelivered: AttemptEvent = { kind: 'proof', key: 'key-1', proof: { kind: 'sent-item', state: 'sent' } };
const confirm: AttemptEvent = { kind: 'confirm', key: 'key-1' };

const verdicts = (trail: Trail): Readonly<Record<string, string>> =>
  Object.fromEntries(judgeTrail(trail).map(({ rule, verdict }) => [rule.id, verdict]));

test('an honest attempt: every rule of its platform is kept, those about its later life were not judged', () => {
  const trail = walk([request(), sms(), delivered, confirm]);
  assert.equal(trail.state, 'bound');
  const told = judgeTrail(trail);
  assert.deepEqual(
    told.map(({ rule }) => rule.id),
    [...ruleIds],
  );
  const open = told
    .filter(({ verdict }) => verdict !== 'pass')
    .map(({ rule, verdict, why }) => [rule.id, verdict, why]);
  assert.deepEqual(open, [
    ['B05', 'not-judged', 'other-platform'],
    ['B19', 'not-judged', 'after-binding'],
    ['B21', 'not-judged', 'after-binding'],
  ]);
});

test('a request that is declined: the rules before it passed, its own failed, nobody judged the later ones', () => {
  const told = verdicts(walk([request({ evidence: { ...honestRequest().evidence, airplane: 'on' } })]));
  assert.equal(told['B02'], 'fail');
  for (const id of ['B09', 'B22', 'B16', 'B20', 'B01']) assert.equal(told[id], 'pass', id);
  for (const id of ['B03', 'B10', 'B17', 'B25', 'B08', 'B13', 'B14', 'B15', 'B06'])
    assert.equal(told[id], 'not-judged', id);
});

test('a second number after the end undoes what had passed; the reason of the end stays', () => {
  const trail = walk([request(), sms(), delivered, confirm, sms({ source: 'number-b', messageId: 'm-2' })]);
  assert.deepEqual([trail.state, trail.code, trail.rule], ['declined', 'binding.two-numbers', 'B06']);
  const told = judgeTrail(trail).find(({ rule }) => rule.id === 'B06');
  assert.deepEqual([told?.verdict, told?.code], ['fail', 'binding.two-numbers']);
});

test('what is not proven yet has neither passed nor failed B15', () => {
  assert.equal(verdicts(walk([request(), sms(), undelivered]))['B15'], 'not-judged');
  assert.equal(verdicts(walk([request(), sms(), undelivered, delivered]))['B15'], 'pass');
  const trail = walk([request(), sms(), undelivered]);
  assert.deepEqual([trail.state, trail.code], ['seen', 'binding.unproven']);
});

test('a trail is bounded, says nothing twice, and still has room for its end', () => {
  let trail = walk([request(), sms()]);
  const steps = trail.steps.length;
  const refused = (note: string) =>
    ({ atMs: start.wallMs, event: 'proof', from: 'seen', to: 'seen', code: 'binding.unproven', note }) as const;
  for (let index = 0; index < 5; index += 1) trail = followed(trail, refused('again'));
  assert.equal(trail.steps.length, steps + 1);
  for (let index = 0; index < 200; index += 1) trail = followed(trail, refused(`try ${index}`));
  assert.ok(trail.steps.length < mostSteps);
  trail = followed(trail, {
    atMs: start.wallMs,
    event: 'tick',
    from: 'seen',
    to: 'expired',
    code: 'binding.expired',
    rule: 'B11',
    note: '',
  });
  assert.deepEqual([trail.state, trail.code, trail.steps.at(-1)?.to], ['expired', 'binding.expired', 'expired']);
});

test('a block by an operator reads as B09 failed, with a note of its own', () => {
  const found = findTransition(undefined, request(), {
    ...context(),
    deviceTallies: [{ ...emptyTally, blockedUntilMs: (start.wallMs + 1) as typeof start.wallMs }],
  });
  assert.ok(found.ok);
  const trail = followed(begin('android'), trailStep(found.value, start.wallMs, 'blocked by an operator: profile'));
  assert.deepEqual([trail.state, trail.rule, verdicts(trail)['B09']], ['blocked', 'B09', 'fail']);
});

test('an attempt without SMS is not judged by the rules of one, and a device without a SIM not by those of the SIM', () => {
  const noSim = { ...honestRequest().evidence, sim: 'absent', airplane: 'on' } as const;
  const passkey: AttemptEvent = { kind: 'proof', key: 'key-1', proof: { kind: 'passkey' } };
  const trail = { ...walk([request({ way: 'passkey', evidence: noSim }), passkey, confirm]), way: 'passkey' } as const;
  assert.equal(trail.state, 'bound');
  const other = judgeTrail(trail).filter(({ why }) => why === 'other-way');
  const ids = ['B01', 'B02', 'B03', 'B04', 'B06', 'B07', 'B08', 'B13', 'B14', 'B26'];
  assert.deepEqual(
    other.map(({ rule }) => rule.id),
    ids,
  );
  const byNumber = judgeTrail({ ...trail, way: 'number' }).filter(({ why }) => why === 'other-way');
  assert.deepEqual(
    byNumber.map(({ rule }) => rule.id),
    ids.filter((id) => !['B01', 'B02', 'B03', 'B26'].includes(id)),
  );
  for (const id of ['B09', 'B10', 'B15', 'B16', 'B17', 'B20', 'B25']) assert.equal(verdicts(trail)[id], 'pass', id);
});
