/** A small bank for tests of the engine: two scenes, four kinds of entities, a policy that asks all of them, events from a seed. */
import { createHash } from 'node:crypto';
import {
  type BackEnd,
  createEngine,
  type DecisionContext,
  type Engine,
  type EngineMemory,
  type EngineOptions,
  type FactSchema,
  factSchema,
  fullProfile,
  leanProfile,
  type OfferedPolicy,
  type PolicySet,
  type RiskEvent,
  readPolicySet,
  reserveMemory,
  schemaDocument,
} from '@hauberk/decision';
import { canonicalJson, days, type JsonValue } from '@hauberk/primitives';
import { drawsFrom } from '../../vectors/random-policy.ts';

const sha256 = (value: JsonValue): string => createHash('sha256').update(canonicalJson(value)).digest('hex');

const made = factSchema({
  scenes: [
    { code: 'login', attributes: { attempts: 'number', factor: 'text' }, entities: ['device', 'account', 'address'] },
    {
      code: 'transfer',
      attributes: { isSavedPayee: 'truth', rail: 'text' },
      entities: ['device', 'account', 'address', 'payee'],
    },
  ],
  signals: { 'root-su': 'truth', 'battery-level': 'number' },
  lists: ['mules', 'bad-rails', 'staff'],
  profiled: ['rail', 'type'],
  zoneMinutes: 480,
});
if (!made.ok) throw new Error(made.code);
export const schema: FactSchema = made.value;
export const schemaHash: string = sha256(schemaDocument(schema));
export const key: Uint8Array = Uint8Array.from({ length: 16 }, (_, at) => at * 7 + 1);

export const mainPolicy: { readonly [name: string]: JsonValue; readonly rules: readonly JsonValue[] } = {
  id: 'main',
  rules: [
    { id: 'staff', when: 'account.id in list("staff")', outcome: 'allow', final: true, reason: 'staff' },
    { id: 'mule', when: 'payee.id in list("mules")', outcome: 'deny', reason: 'mule', obligations: { case: 'mules' } },
    { id: 'rail', when: 'attr.rail in list("bad-rails")', outcome: 'observe', points: 10, reason: 'rail' },
    { id: 'fast', when: 'device.count10m > 1 || account.count1h > 2', outcome: 'slow', points: 30, reason: 'fast' },
    { id: 'many', when: 'device.distinct.account24h > 2', outcome: 'challenge', points: 30, reason: 'many-accounts' },
    {
      id: 'new-payee',
      scenes: ['transfer'],
      when: 'payee.isNew && event.amountMinor > 50000 && !attr.isSavedPayee',
      outcome: 'challenge',
      points: 40,
      reason: 'new-payee',
      obligations: { challenge: 'webauthn' },
    },
    { id: 'bad-past', when: 'payee.frauds30d > 0 || device.fraudRate7d > 0.2', outcome: 'deny', reason: 'bad-past' },
    { id: 'root', when: 'signal.root_su || "hook" in signals.codes', outcome: 'observe', points: 20, reason: 'root' },
    { id: 'unsigned', when: 'has(channel.result) && !channel.isVerified', outcome: 'deny', reason: 'channel' },
    {
      id: 'night',
      when: 'event.amountMinor > 20000',
      outcome: 'observe',
      points: 15,
      reason: 'night',
      schedule: { zone: '+08:00', from: '23:00', to: '05:00' },
    },
    { id: 'odd', when: 'account.surprise > 2 && attr.rail.count1h < 3', outcome: 'observe', points: 5, reason: 'odd' },
  ],
  thresholds: [{ from: 60, outcome: 'deny' }],
};

export const policiesOf = (
  documents: readonly (Partial<OfferedPolicy> & { readonly document: JsonValue })[],
  backEnd?: BackEnd,
): PolicySet => {
  const read = readPolicySet(
    documents.map((each) => ({ hash: sha256(each.document), ...each })),
    schema,
    backEnd,
  );
  if (!read.ok) throw new Error(JSON.stringify(read.faults));
  return read.value;
};

export const newMemory = (events = 4096): EngineMemory =>
  reserveMemory(schema, {
    kinds: {
      device: { capacity: 400, spec: { ...leanProfile, distinct: [{ name: 'account', exact: 3 }] } },
      address: { capacity: 200, spec: fullProfile(['device']), sketches: 40 },
    },
    usual: { capacity: 500 },
    events,
    labelDelay: days(7),
  });

export const lists: NonNullable<EngineOptions['lists']> = {
  hash: 'ab'.repeat(32),
  sets: { 'bad-rails': new Set(['wire']) },
};

export const newEngine = (options: Partial<EngineOptions> = {}): Engine =>
  createEngine({
    schema,
    schemaHash,
    key,
    memory: newMemory(),
    policies: policiesOf([{ document: mainPolicy }]),
    lists,
    ...options,
  });

/** One step: an event with its context, or a label for an earlier event. */
export type Step =
  | { readonly kind: 'event'; readonly event: RiskEvent; readonly context: DecisionContext }
  | { readonly kind: 'label'; readonly eventId: string; readonly fraud: boolean; readonly knownAtMs: number };

const start = Date.UTC(2026, 2, 1);

const contextOf = (draw: () => number): DecisionContext => ({
  ...(draw() < 0.9 ? { channel: { result: draw() < 0.95 ? 'verified' : 'replayed', clockSkewMs: draw() * 500 } } : {}),
  ...(draw() < 0.5 ? { device: { tier: Math.floor(draw() * 3), isAttested: draw() < 0.5, score: draw() * 100 } } : {}),
  ...(draw() < 0.4
    ? {
        signals:
          draw() < 0.5 ? [] : [{ code: draw() < 0.5 ? 'root-su' : 'hook', value: true, source: 'tee', ageMs: 1000 }],
      }
    : {}),
});

/** Steps from a seed: disorder, duplicates, late labels, ids in every alphabet. */
export function* stepsOf(seed: number, count: number): Generator<Step> {
  const draw = drawsFrom(seed);
  const pick = (most: number): number => Math.floor(draw() * draw() * most);
  let now = start;
  const past: { readonly id: string; readonly atMs: number }[] = [];
  for (let at = 0; at < count; at += 1) {
    now += Math.floor(draw() * 240_000);
    const chance = draw();
    const old = past[Math.floor(draw() * past.length)];
    if (chance < 0.05 && old !== undefined) {
      yield { kind: 'label', eventId: old.id, fraud: draw() < 0.6, knownAtMs: now };
      continue;
    }
    const isTransfer = draw() < 0.6;
    const atMs = chance < 0.15 ? now - Math.floor(draw() * 40 * 3_600_000) : now;
    const id = chance > 0.97 && old !== undefined ? old.id : `e\u00e9${seed}-${at}`;
    const event: RiskEvent = {
      id,
      type: isTransfer ? 'transfer' : 'login',
      atMs,
      entities: {
        device: `d${pick(300)}`,
        account: `\u5ba2${pick(250)}`,
        ...(draw() < 0.8 ? { address: `10.0.0.${pick(150)}` } : {}),
        ...(isTransfer ? { payee: `p${pick(200)}` } : {}),
      },
      amountMinor: isTransfer ? Math.floor(draw() * 100_000) : Number.NaN,
      attributes: isTransfer
        ? { isSavedPayee: draw() < 0.5, rail: ['instant', 'wire', 'card'][pick(3)] ?? 'card' }
        : { attempts: pick(5) },
    };
    past.push({ id, atMs });
    yield { kind: 'event', event, context: contextOf(draw) };
  }
}
