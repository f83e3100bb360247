/** A small engine whose records are real. */
import { createHash } from 'node:crypto';
import {
  createEngine,
  type Engine,
  factSchema,
  leanProfile,
  type RiskEvent,
  reserveMemory,
  schemaDocument,
} from '@hauberk/decision';
import { canonicalJson } from '@hauberk/primitives';

/** An engine without policies: what it sees is in its records all the same. */
export const engineOf = (): Engine => {
  const entities = ['device', 'account', 'address', 'session', 'payee'];
  const schema = factSchema({ scenes: [{ code: 'transfer', attributes: {}, entities }] });
  if (!schema.ok) throw new Error(schema.code);
  const usual = { capacity: 64, spec: leanProfile };
  return createEngine({
    schema: schema.value,
    schemaHash: createHash('sha256')
      .update(canonicalJson(schemaDocument(schema.value)))
      .digest('hex'),
    memory: reserveMemory(schema.value, { kinds: {}, usual, events: 64 }),
    key: new Uint8Array(16).fill(5),
  });
};

/** Events with and without a device. */
export const eventsFrom = (startMs: number): readonly RiskEvent[] =>
  [
    { device: 'd1', account: 'a1', address: '192.0.2.0', session: 's1', payee: 'p1' },
    { address: '192.0.2.0' },
    { device: 'd2', account: 'a1' },
  ].map((entities, index) => ({
    id: `e${index}`,
    type: 'transfer',
    atMs: startMs + index,
    entities: entities as unknown as Readonly<Record<string, string>>,
    amountMinor: 100,
    attributes: {},
  }));
