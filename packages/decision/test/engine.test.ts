/** The engine: what decisions say, that they are a function of the events and their order, and what of it is kept. */
import assert from 'node:assert/strict';
import test from 'node:test';
import {
  type Decision,
  type DecisionContext,
  decodeRecord,
  type Engine,
  explainRecord,
  type RiskEvent,
  recordedFacts,
  reserveMemory,
} from '@hauberk/decision';
import { canonicalJson } from '@hauberk/primitives';
import { mainPolicy, newEngine, newMemory, policiesOf, schema, stepsOf } from './support/small-bank.ts';

const at = Date.UTC(2026, 2, 2, 4);

let serial = 0;
const transfer = (over: Partial<RiskEvent> = {}): RiskEvent => {
  serial += 1;
  return {
    id: `t${serial}`,
    type: 'transfer',
    atMs: at,
    entities: { device: 'd1', account: 'a1', payee: 'p1' },
    amountMinor: 1000,
    attributes: { isSavedPayee: true, rail: 'card' },
    ...over,
  };
};
const verified: DecisionContext = { channel: { result: 'verified' } };

const factsOf = ({ record }: Decision): Readonly<Record<string, unknown>> => {
  const read = decodeRecord(record);
  assert.ok(read.ok, JSON.stringify(read));
  return recordedFacts(read.value, schema);
};

test('engine: windows count what came before the event, a duplicate counts nowhere and is decided again', () => {
  const engine = newEngine();
  const first = engine.decide(transfer({ id: 'one' }), verified);
  assert.equal(factsOf(first)['payee.isNew'], true);
  assert.equal(factsOf(first)['account.count1h'], 0);
  engine.decide(transfer({ id: 'two', atMs: at + 60_000 }), verified);
  const again = engine.decide(transfer({ id: 'two', atMs: at + 60_000 }), verified);
  assert.equal(again.isDuplicate, true);
  assert.equal(factsOf(again)['account.count1h'], 2);
  const third = engine.decide(transfer({ id: 'three', atMs: at + 120_000 }), verified);
  assert.equal(factsOf(third)['account.count1h'], 2);
  assert.equal(factsOf(third)['account.sum24h'], 2000);
  assert.equal(factsOf(third)['device.distinct.account24h'], 1);
  assert.deepEqual(
    [first, again, third].map(({ order }) => order),
    [1, 3, 4],
  );
  assert.notEqual(first.id, third.id);
});

test('engine: outcomes, points, reasons and obligations are those of the policy for the scene; without one it is allow', () => {
  const engine = newEngine();
  const decision = engine.decide(
    transfer({ amountMinor: 60_000, attributes: { isSavedPayee: false, rail: 'wire' } }),
    verified,
  );
  assert.equal(decision.outcome, 'challenge');
  assert.equal(decision.points, 50);
  assert.deepEqual(decision.reasons, ['rail', 'new-payee']);
  assert.deepEqual(decision.obligations, [{ kind: 'challenge', step: 'webauthn' }]);
  assert.equal(decision.policy?.id, 'main');
  const unsigned = engine.decide(transfer(), { channel: { result: 'replayed' } });
  assert.deepEqual([unsigned.outcome, unsigned.reasons], ['deny', ['channel']]);
  engine.exchange({ policies: policiesOf([{ document: mainPolicy, scenes: ['login'] }]) });
  const free = engine.decide(transfer(), { channel: { result: 'replayed' } });
  assert.deepEqual([free.outcome, free.policy, free.obligations], ['allow', undefined, []]);
});

test('engine: lists hold pseudonyms, and no raw id is in a record', () => {
  const engine = newEngine();
  const mule = transfer({
    id: 'event-raw-id',
    entities: { device: 'device-raw-id', account: 'a2', payee: 'payee-raw-id' },
  });
  assert.equal(engine.decide(mule, verified).outcome, 'allow');
  const sets = { mules: new Set([engine.pseudonym('payee', 'payee-raw-id')]), 'bad-rails': new Set<string>() };
  engine.exchange({ lists: { hash: 'cd'.repeat(32), sets } });
  const denied = engine.decide({ ...mule, id: 'event-raw-id-2' }, verified);
  assert.deepEqual([denied.outcome, denied.reasons], ['deny', ['mule']]);
  assert.deepEqual(denied.obligations.at(-1), { kind: 'case', queue: 'mules' });
  assert.notEqual(engine.pseudonym('payee', 'x'), engine.pseudonym('account', 'x'));
  assert.doesNotMatch(Buffer.from(denied.record).toString('latin1'), /raw-id/);
  assert.match(engine.pseudonym('payee', '\u5ba2\u6237'), /^[0-9a-f]{16}$/);
  assert.notEqual(engine.pseudonym('payee', '\u5ba2'), engine.pseudonym('payee', '\u62b7'));
});

test('engine: a fraud that is known in time raises the risk of its entities, and none that is not', () => {
  const engine = newEngine();
  engine.decide(transfer({ id: 'bad' }), verified);
  assert.equal(engine.decide(transfer({ atMs: at + 1000 }), verified).outcome, 'allow');
  assert.deepEqual(engine.label({ eventId: 'nobody', fraud: true, knownAtMs: at }), { order: 3, isKnown: false });
  assert.deepEqual(engine.label({ eventId: 'bad', fraud: true, knownAtMs: at }), { order: 4, isKnown: true });
  const after = engine.decide(transfer({ atMs: at + 2000 }), verified);
  assert.deepEqual([after.outcome, after.reasons.at(-1)], ['deny', 'bad-past']);
  assert.equal(factsOf(after)['payee.frauds30d'], 1);
});

test('engine: an event without a label counts as honest after the delay', () => {
  const engine = newEngine({ keep: ['account.cleanRun', 'account.fraudShare', 'account.fraudRate30d'] });
  engine.decide(transfer({ id: 'bad' }), verified);
  engine.label({ eventId: 'bad', fraud: true, knownAtMs: at });
  for (let day = 1; day <= 9; day += 1) engine.decide(transfer({ atMs: at + day * 86_400_000 }), verified);
  // Of the nine days only those of at least seven days ago are settled: the first two.
  assert.equal(factsOf(engine.decide(transfer({ atMs: at + 9 * 86_400_000 }), verified))['account.cleanRun'], 2);
});

test('engine: shadows are told and have no effect; a challenger decides for its share of the devices, the same ones each time', () => {
  const strict = { id: 'strict', rules: [{ id: 'all', when: 'true', outcome: 'deny', reason: 'strict' }] };
  const engine = newEngine({
    policies: policiesOf([
      { document: mainPolicy },
      { document: strict, role: 'shadow' },
      { document: { ...strict, id: 'bold' }, role: 'challenger', perMille: 300, salt: '0123456789abcdef' },
    ]),
  });
  const decided = Array.from({ length: 400 }, (_, device) =>
    engine.decide(transfer({ entities: { device: `d${device % 200}`, account: `a${device}` } }), verified),
  );
  const challenged = decided.slice(0, 200).filter(({ isChallenger }) => isChallenger).length;
  assert.ok(challenged > 35 && challenged < 85, String(challenged));
  for (const [index, decision] of decided.entries()) {
    assert.equal(decision.isChallenger, decided[index % 200]?.isChallenger);
    assert.equal(decision.outcome, decision.isChallenger ? 'deny' : 'allow');
    assert.equal(decision.policy?.id, decision.isChallenger ? 'bold' : 'main');
    assert.deepEqual(
      decision.shadows.map(({ id, outcome }) => `${id} ${outcome}`),
      decision.isChallenger ? ['main allow', 'strict deny'] : ['strict deny'],
    );
  }
});

test('engine: a policy outside of its validity is not there', () => {
  const document = { ...mainPolicy, validFrom: '2026-03-03T00:00:00Z' };
  const engine = newEngine({ policies: policiesOf([{ document }]) });
  assert.equal(engine.decide(transfer(), verified).policy, undefined);
  assert.equal(engine.decide(transfer({ atMs: Date.UTC(2026, 2, 3) }), verified).policy?.id, 'main');
});

test('engine: a list is only asked about the value of a field, and each document tells its own faults', () => {
  const rule = (when: string) => ({ id: 'p', rules: [{ id: 'r', when, outcome: 'deny', reason: 'r' }] });
  const faultOf = (when: string): string => {
    try {
      policiesOf([{ document: mainPolicy }, { document: rule(when) }]);
      return 'read';
    } catch (error) {
      return (error as Error).message;
    }
  };
  assert.match(faultOf('"x" in list("mules")'), /"policy.type","at":0,.*only the value of a field.*"document":1/);
  assert.match(faultOf('count(list("mules")) > 3'), /only asked with in/);
  assert.equal(faultOf('(payee.isNew ? payee.id : account.id) in list("mules")'), 'read');
});

const decideAll = (engine: Engine, seed: number, count: number): readonly Decision[] => {
  const decisions: Decision[] = [];
  for (const step of stepsOf(seed, count))
    if (step.kind === 'event') decisions.push(engine.decide(step.event, step.context));
    else engine.label(step);
  return decisions;
};

test('engine: the same steps in the same order give the same decisions, byte for byte, in generated code and in closures', () => {
  const closures = policiesOf([{ document: mainPolicy }], 'closures');
  assert.equal(closures[0]?.compiled.backEnd, 'closures');
  const [one, other] = [decideAll(newEngine(), 5, 3000), decideAll(newEngine({ policies: closures }), 5, 3000)];
  assert.deepEqual(
    one.map(({ record }) => Buffer.from(record).toString('hex')),
    other.map(({ record }) => Buffer.from(record).toString('hex')),
  );
  const outcomes = new Set(one.map(({ outcome }) => outcome));
  assert.ok(
    ['allow', 'observe', 'slow', 'challenge', 'deny'].every((each) => outcomes.has(each as 'allow')),
    [...outcomes].join(),
  );
  assert.ok(one.some(({ isDuplicate }) => isDuplicate));
  const reasons = new Set(one.flatMap((decision) => decision.reasons));
  assert.ok(reasons.has('bad-past') && reasons.has('many-accounts') && reasons.has('night'), [...reasons].join());
});

test('engine: entities that find no room have no facts, and the decision is made all the same', () => {
  const engine = newEngine({ memory: newMemory(64) });
  const decisions = Array.from({ length: 900 }, (_, each) =>
    engine.decide(transfer({ entities: { device: `d${each}`, account: `a${each}` } }), verified),
  );
  const last = decisions.at(-1) as Decision;
  assert.deepEqual(
    last.entities.map(({ kind, order }) => `${schema.kinds[kind]} ${order}`),
    ['=rail 900', '=type 900', 'account -1', 'device -1'],
  );
  assert.equal(factsOf(last)['account.isNew'], null);
});

test('engine: why each rule fired or did not is told from the record alone', () => {
  const engine = newEngine();
  const { record } = engine.decide(transfer({ amountMinor: 60_000, attributes: { rail: 'card' } }), verified);
  const read = decodeRecord(record);
  assert.ok(read.ok);
  const [entry] = policiesOf([{ document: mainPolicy }]);
  assert.ok(entry);
  const told = explainRecord(read.value, schema, entry);
  const rule = told.find((each) => each.rule === 'new-payee');
  assert.equal(rule?.state, 'not-fired');
  assert.deepEqual(rule?.conditions.at(-1), {
    text: '!attr.isSavedPayee',
    value: 'missing',
    fields: { 'attr.isSavedPayee': null },
  });
  assert.equal(canonicalJson(told.map(({ state }) => state === 'fired')).includes('true'), false);
});

test('engine: one device brings so many new entities in an hour and no more; the others, and its own row, are not touched by it', () => {
  // Two are values of attributes that have profiles.
  const memory = reserveMemory(schema, { kinds: {}, usual: { capacity: 100 }, events: 1000, mints: 7 });
  const engine = newEngine({ memory });
  const known = (device: string, payee: string, atMs = at): readonly number[] =>
    engine
      .decide(transfer({ entities: { device, payee }, atMs }), verified)
      .entities.filter(({ kind }) => ['device', 'payee'].includes(schema.kinds[kind] ?? ''))
      .map(({ order }) => (order < 0 ? -1 : 0));
  const flood = Array.from({ length: 20 }, (_, each) => known('farm', `invented-${each}`));
  // Entities come in the order of their kinds: the device, then the payee.
  assert.deepEqual(flood[0], [0, 0]);
  assert.equal(flood.filter(([device]) => device === 0).length, 20);
  assert.equal(flood.filter(([, payee]) => payee === 0).length, 5);
  assert.deepEqual(known('farm', 'invented-0'), [0, 0], 'who has a row keeps it');
  assert.deepEqual(known('honest', 'invented-19'), [0, 0]);
  assert.deepEqual(known('farm', 'later', at + 3_600_000), [0, 0], 'the next hour');
});

test('engine: a context with more signals and traps than a record holds is cut, and its record is read', () => {
  const many = Array.from({ length: 400 }, (_, each) => `code-${each}`);
  const signals = many.map((code) => ({ code, value: true, source: 'tee', ageMs: 0 }));
  const decision = newEngine().decide(transfer(), { ...verified, signals, touchedTraps: many });
  const facts = factsOf(decision);
  assert.equal(facts['signals.count'], 400);
  for (const name of ['signals.codes', 'signals.fromTee', 'traps.touched'])
    assert.deepEqual(facts[name], many.slice(0, 256), name);
});
