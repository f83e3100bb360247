/** An engine over a small memory, and events to decide on, as an app of the tests has them. */
import {
  createEngine,
  type Engine,
  type EngineMemory,
  type MemoryDeclaration,
  type RiskEvent,
  readPolicySet,
  reserveMemory,
} from '@hauberk/decision';
import { canonicalJson, epochMs, type JsonValue } from '@hauberk/primitives';
import { documentHash } from '../../src/decision/policy-book.ts';
import { appFactSchema } from '../../src/decision/policy-schema.ts';
import type { DecisionSnapshot } from '../../src/decision/policy-snapshot.ts';
import { recordKind, recordPayload } from '../../src/decision/record-entry.ts';
import { schemaHashOf } from '../../src/decision/record-reader.ts';
import type { OutboxEntry } from '../../src/storage/outbox.ts';
import type { Scope } from '../../src/storage/scope.ts';

/** 16 bytes. */
export const engineKey: Uint8Array = new Uint8Array(16).fill(7);
export const startMs = 1_800_000_000_000;

/** The policy of the tests: large amounts, many accounts on one device. */
export const policyDocument = (id = 'pay', large = 100_000): JsonValue => ({
  id,
  rules: [
    {
      id: 'large',
      scenes: ['transfer'],
      when: `event.amountMinor > ${large}`,
      outcome: 'challenge',
      points: 20,
      reason: 'amount.large',
    },
    {
      id: 'many',
      scenes: ['transfer'],
      when: 'device.count1h >= 5 && event.amountMinor > 100',
      outcome: 'deny',
      points: 60,
      reason: 'device.busy',
    },
    {
      id: 'listed',
      scenes: ['transfer'],
      when: 'payee.id in list("mule-payees")',
      outcome: 'deny',
      points: 90,
      reason: 'payee.listed',
    },
  ],
});

/** What the memory of the tests is reserved for. */
export const smallDeclaration: MemoryDeclaration = { kinds: {}, usual: { capacity: 64 }, events: 16_384 };

/** A memory for the schema of an app without lists of its own. */
export const smallMemory = (): EngineMemory => {
  const schema = appFactSchema([]);
  if (!schema.ok) throw new Error(schema.code);
  return reserveMemory(schema.value, smallDeclaration);
};

/** An engine that decides by what a snapshot says. */
export const engineOf = (snapshot: DecisionSnapshot, memory: EngineMemory = smallMemory()): Engine => {
  const schema = appFactSchema(snapshot.lists.map(({ name }) => name));
  if (!schema.ok) throw new Error(schema.code);
  const offered = snapshot.policies.map(({ document, hash, scenes }) => ({
    document: JSON.parse(document) as JsonValue,
    hash,
    scenes,
  }));
  const policies = readPolicySet(offered, schema.value);
  if (!policies.ok) throw new Error(JSON.stringify(policies.faults));
  const sets = Object.fromEntries(snapshot.lists.map(({ name, members }) => [name, new Set(members)]));
  const lists = { hash: documentHash(canonicalJson(Object.keys(sets))), sets };
  const schemaHash = schemaHashOf(schema.value);
  return createEngine({ schema: schema.value, schemaHash, memory, key: engineKey, policies: policies.value, lists });
};

/** The n-th event: ten devices, amounts that rise and fall, some of them large. */
export const eventAt = (n: number, more: Partial<RiskEvent> = {}): RiskEvent => ({
  id: `event-${n}`,
  type: 'transfer',
  atMs: startMs + n * 60_000,
  entities: { device: `device-${n % 10}`, account: `account-${n % 7}`, payee: `payee-${n % 13}` },
  amountMinor: ((n * 7919) % 150) * 1000,
  attributes: {},
  ...more,
});

/** Decides on an event and makes the entry of its record. */
export const decided = (
  engine: Engine,
  scope: Scope,
  event: RiskEvent,
  run = 1,
): { readonly id: string; readonly entry: OutboxEntry } => {
  const { id, record } = engine.decide(event, { channel: { result: 'verified', mode: 'signed' }, device: { tier: 1 } });
  const payload = recordPayload(record, run, event.amountMinor);
  return { id, entry: { scope, kind: recordKind, atMs: epochMs(event.atMs), payload } };
};
