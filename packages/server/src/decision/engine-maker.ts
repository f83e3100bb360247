/** Memory and engines of decisions: reserved once on the main thread, opened by every worker under a key of the installation. */
import {
  createEngine,
  type Engine,
  type EngineMemory,
  type FactSchema,
  fullProfile,
  type JournalBuffer,
  type KindMemory,
  leanProfile,
  type MemoryDeclaration,
  reserveMemory,
  schemaDocument,
} from '@hauberk/decision';
import { canonicalJson } from '@hauberk/primitives';
import type { Config } from '../config/config.ts';
import type { DecisionConfig } from '../config/decision-config.ts';
import { commonKinds, decisionFacts } from './decision-facts.ts';
import { documentHash } from './policy-book.ts';

/** Room for kinds that no route names: what is asked over the API alone. */
const unnamedRoom = 1024;

/** New entities that one device, or one address, may bring in an hour: at least so many, otherwise a sixteenth of the table. */
const leastMints = 256;

/** Of which other kinds the different ones are counted. */
const distinct: Readonly<Record<string, readonly string[]>> = {
  device: ['account', 'card', 'payee', 'phone'],
  account: ['address', 'device', 'payee'],
  address: ['account', 'device'],
  payee: ['account', 'device'],
  phone: ['account', 'device'],
  card: ['account', 'device', 'merchant'],
  merchant: ['card'],
};

/** Who comes again and again: whatever a route names may be counted apart for these. */
const busyKinds: readonly string[] = ['account', 'address', 'device'];

const countedApart = (kind: string, named: ReadonlySet<string>): readonly string[] => [
  ...new Set([
    ...(distinct[kind] ?? []),
    ...(busyKinds.includes(kind) ? [...named].filter((other) => other !== kind && !commonKinds.includes(other)) : []),
  ]),
];

const kindMemory = (kind: string, capacity: number, named: ReadonlySet<string>): KindMemory =>
  kind === 'session'
    ? // A session is short, and nothing hangs on one but its pace.
      { capacity, spec: { ...leanProfile, distinct: [] } }
    : { capacity, spec: fullProfile(countedApart(kind, named)), sketches: Math.ceil(capacity / 16) };

const namedKinds = ({ services }: Pick<Config, 'services'>): ReadonlySet<string> =>
  new Set([
    ...commonKinds,
    ...services.flatMap(({ routes }) => routes.flatMap(({ decision }) => Object.keys(decision?.entities ?? {}))),
  ]);

/** What the memory of an installation is reserved for. */
export const engineDeclaration = (
  config: Pick<Config, 'services'>,
  section: DecisionConfig,
): { readonly schema: FactSchema; readonly declaration: MemoryDeclaration } => {
  const schema = decisionFacts(section, []);
  if (!schema.ok) throw new Error(`the facts of decisions cannot be declared: ${schema.code}`);
  const named = namedKinds(config);
  const { profiles } = section;
  const kinds = Object.fromEntries(
    schema.value.kinds.map((kind) => [
      kind,
      kindMemory(kind, named.has(kind) ? profiles : Math.min(profiles, unnamedRoom), named),
    ]),
  );
  const declaration = {
    kinds,
    usual: kindMemory('', unnamedRoom, named),
    events: 4 * profiles,
    mints: Math.max(leastMints, profiles >>> 4),
  };
  return { schema: schema.value, declaration };
};

/** Reserves the profiles of an installation. Untouched memory costs nothing but addresses. */
export const reserveEngine = (config: Pick<Config, 'services'>, section: DecisionConfig): EngineMemory => {
  const { schema, declaration } = engineDeclaration(config, section);
  return reserveMemory(schema, declaration);
};

/** Makes engines of one thread over the shared memory. */
export const engineMaker =
  (memory: EngineMemory, token: number, key: Uint8Array, journal: JournalBuffer) =>
  (schema: FactSchema): Engine =>
    createEngine({
      schema,
      schemaHash: documentHash(canonicalJson(schemaDocument(schema))),
      memory,
      token,
      key,
      journal,
    });
