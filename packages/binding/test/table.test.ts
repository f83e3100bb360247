/** The tables are whole: every rule has a code, every code a rule or a reason, every guard a row, every row a condition. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  attemptStates,
  type BindingPolicy,
  conditions,
  defaultBindingPolicy,
  findTransition,
  guards,
  policyFault,
  ruleIds,
  rules,
  transitions,
} from '@hauberk/binding';
import { days, durationMs, hours, seconds } from '@hauberk/primitives';
import fc from 'fast-check';
import {
  confirmed,
  context,
  delivered,
  honestRequest,
  honestSms,
  issuedAttempt,
  smsArrives,
  walk,
} from '../vectors/honest.ts';

test('B01 to B26 are there once, in order, each with words, a source and codes', () => {
  assert.deepEqual(
    rules.map(({ id }) => id),
    [...ruleIds],
  );
  assert.equal(ruleIds.length, 26);
  for (const { id, words, source, codes } of rules) assert.ok(words !== '' && source !== '' && codes.length > 0, id);
});

test("a row's code is one of its rule's, and every guard takes some row away", () => {
  for (const { rule, code } of transitions) {
    if (rule === undefined || code === undefined) continue;
    assert.ok(rules.find(({ id }) => id === rule)?.codes.includes(code), `${rule} ${code}`);
  }
  assert.deepEqual(
    guards.filter((guard) => !transitions.some((row) => row.guard === guard)),
    [],
  );
});

test('every condition is used, and after a row without one comes no other', () => {
  const used = new Set(transitions.map(({ when }) => when));
  assert.deepEqual(
    Object.keys(conditions).filter((name) => !used.has(name as keyof typeof conditions)),
    [],
  );
  const open = Map.groupBy(transitions, ({ from, on }) => `${from} ${on}`);
  for (const [name, rows] of open) {
    const last = rows.findIndex(({ when, guard }) => when === undefined && guard === undefined);
    assert.equal(last, rows.length - 1, name);
  }
});

test('ends are ends: nothing leaves declined, expired or blocked, and only a second SMS leaves bound', () => {
  for (const { from, on } of transitions) {
    assert.ok(!['declined', 'expired', 'blocked'].includes(from));
    if (from === 'bound') assert.equal(on, 'sms');
  }
  assert.deepEqual(attemptStates.length, 8);
});

test('a policy may be stricter than the rules, never laxer', () => {
  assert.equal(policyFault(defaultBindingPolicy), undefined);
  assert.equal(policyFault({ ...defaultBindingPolicy, timer: seconds(30), tokensPerDevice: 1 }), undefined);
  const laxer: readonly Partial<BindingPolicy>[] = [
    { timer: durationMs(45_001) },
    { timer: durationMs(0) },
    { composerLimit: seconds(6) },
    { tokensPerDevice: 4 },
    { tokensPerDevice: 0 },
    { blockFor: hours(23) },
    { attemptsPerProfile: 4 },
    { attemptsSpan: hours(23) },
    { listMaxAge: days(8) },
    { inactiveAfter: days(366) },
    { sufficient: { ...defaultBindingPolicy.sufficient, bind: [[]] } },
  ];
  for (const over of laxer)
    assert.notEqual(policyFault({ ...defaultBindingPolicy, ...over }), undefined, JSON.stringify(over));
});

const anyEvent = fc.oneof(
  fc.constantFrom(smsArrives, delivered, confirmed),
  fc.record({ kind: fc.constant('tick' as const) }),
  fc.record({
    kind: fc.constant('sms' as const),
    sms: fc
      .record({
        source: fc.constantFrom('number-a', 'number-x'),
        messageId: fc.constantFrom('', 'm-1', 'm-2'),
        vmn: fc.constantFrom('+919000000001', '+919000000002'),
        isTrustedLink: fc.boolean(),
      })
      .map(honestSms),
  }),
  fc.record({ kind: fc.constant('confirm' as const), key: fc.constantFrom('key-1', 'key-x') }),
  fc.record({
    kind: fc.constant('left' as const),
    how: fc.constantFrom('left' as const, 'airplane-mode' as const),
    key: fc.constantFrom('key-1', 'key-x'),
  }),
  fc.record({
    kind: fc.constant('proof' as const),
    key: fc.constantFrom('key-1', 'key-x'),
    proof: fc.record({
      kind: fc.constant('otp' as const),
      state: fc.constantFrom('right' as const, 'wrong' as const, 'unreadable' as const),
      isRead: fc.boolean(),
    }),
  }),
  fc.record({ kind: fc.constant('otp-sent' as const), hash: fc.constant('h') }),
);
const anyWalk = fc.array(fc.tuple(fc.integer({ min: 0, max: 50_000 }), anyEvent), { maxLength: 12 });

test('whatever happens: no state is left that is an end, and no binding without an SMS of the number and two proofs', () => {
  fc.assert(
    fc.property(anyWalk, (events) => {
      const timed = events.toSorted(([one], [other]) => one - other);
      let attempt = issuedAttempt();
      for (const event of timed) {
        const before = attempt;
        ({ attempt } = walk(before, [event]));
        if (['declined', 'expired', 'blocked'].includes(before.state)) assert.deepEqual(attempt, before);
        if (attempt.state === 'bound' && before.state !== 'bound') {
          assert.equal(attempt.sms?.source, 'number-a');
          assert.equal(attempt.sms?.vmn, attempt.vmn);
          assert.ok(attempt.proofs.includes('sent-item') || attempt.proofs.includes('otp-read'));
          assert.ok(event[0] <= 45_000);
        }
        // Only an SMS leaves `issued` for a state that is no end.
        if (before.state === 'issued' && ['seen', 'proven'].includes(attempt.state)) assert.equal(event[1].kind, 'sms');
      }
    }),
    { numRuns: 2000 },
  );
});

test('two numbers in a walk never leave it bound', () => {
  fc.assert(
    fc.property(anyWalk, (events) => {
      const timed = events.toSorted(([one], [other]) => one - other);
      const { attempt } = walk(issuedAttempt(), timed);
      const sources = new Set(
        timed.flatMap(([, event]) => (event.kind === 'sms' && event.sms.isTrustedLink ? [event.sms.source] : [])),
      );
      const arrivedInTime = timed.every(([ms]) => ms <= 45_000);
      if (sources.size > 1 && arrivedInTime) assert.notEqual(attempt.state, 'bound');
    }),
    { numRuns: 2000 },
  );
});

test('a request is always judged, whatever stands around', () => {
  const found = findTransition(undefined, { kind: 'request', request: honestRequest() }, context());
  assert.ok(found.ok);
  const strange = findTransition(undefined, { kind: 'tick' }, context());
  assert.equal(strange.ok ? '' : strange.code, 'binding.wrong-state');
});
