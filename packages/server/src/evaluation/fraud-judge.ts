/** The online parts as a server puts them together: signals in force, clusters, the engine with the starter policies. Event time is the only clock. */
import { createHash } from 'node:crypto';
import {
  type ClusterFacts,
  Clusters,
  catalogueFacts,
  createEngine,
  type Decision,
  type Engine,
  factSchema,
  fullProfile,
  joinStarterPolicies,
  type KindMemory,
  leanProfile,
  type Observation,
  type RiskEvent,
  type RiskLabel,
  readPolicySet,
  reserveMemory,
  type ScalarType,
  schemaDocument,
  starterLists,
  usualClusterOptions,
} from '@hauberk/decision';
import { type SignalsInForce, signalRules } from '@hauberk/device';
import { canonicalJson, type JsonValue } from '@hauberk/primitives';
import { attestedText, contextOf, withoutContext } from './world-context.ts';
import type { WorldReport } from './world-lines.ts';
import { WorldSignals } from './world-signals.ts';

/** How much a judge remembers. */
export interface JudgeSizes {
  /** Most devices, accounts, and each other kind of entity. */
  readonly entities: number;
  /** Most events that labels may still come for. */
  readonly events: number;
}

/** Kinds of entities that say nothing about who shares what: a session is one device's, a device is itself. */
const noEvidence: ReadonlySet<string> = new Set(['device', 'session']);

const sha256 = (value: JsonValue): string => createHash('sha256').update(canonicalJson(value)).digest('hex');

/** The distinct counts that a policy asks, by kind. */
const distinctAsked = (policy: JsonValue): ReadonlyMap<string, readonly string[]> => {
  const asked = JSON.stringify(policy).matchAll(/\b([a-z]\w*)\.distinct\.([a-zA-Z]+?)(?:1m|10m|1h|24h|7d|30d)\b/g);
  const pairs = [...asked].map(([, kind, other]) => [kind as string, other as string] as const);
  return new Map(
    [...Map.groupBy(pairs, ([kind]) => kind)].map(([kind, all]) => [kind, [...new Set(all.map(([, other]) => other))]]),
  );
};

const memoryOf = (
  policy: JsonValue,
  kinds: readonly string[],
  { entities }: JudgeSizes,
): Readonly<Record<string, KindMemory>> => {
  const asked = distinctAsked(policy);
  return Object.fromEntries(
    kinds.map((kind) => [
      kind,
      kind === 'session'
        ? { capacity: entities, spec: leanProfile }
        : { capacity: entities, spec: fullProfile(asked.get(kind) ?? []), sketches: Math.ceil(entities / 16) },
    ]),
  );
};

const createFraudEngine = (sizes: JudgeSizes, key: Uint8Array): Engine => {
  const signals = Object.fromEntries(
    signalRules.map(({ code, form }): readonly [string, ScalarType] => [code, form === 'flag' ? 'truth' : 'number']),
  );
  const schema = factSchema({ scenes: catalogueFacts, lists: starterLists, signals, zoneMinutes: 480 });
  if (!schema.ok) throw new Error(`the schema of the catalogue: ${schema.code}`);
  const document = joinStarterPolicies('starter');
  const policies = readPolicySet([{ document, hash: sha256(document) }], schema.value);
  if (!policies.ok) throw new Error(`the starter policies: ${JSON.stringify(policies.faults[0])}`);
  const { kinds } = schema.value;
  return createEngine({
    schema: schema.value,
    schemaHash: sha256(schemaDocument(schema.value)),
    memory: reserveMemory(schema.value, {
      kinds: memoryOf(document, kinds, sizes),
      usual: { capacity: sizes.entities },
      events: sizes.events,
    }),
    key,
    policies: policies.value,
    hasRecords: false,
  });
};

/** See the top of the file. */
export class FraudJudge {
  readonly clusters: Clusters;
  readonly #signals: WorldSignals;
  readonly #engine: Engine;
  readonly #attested = new Map<string, string>();
  readonly #sizes: JudgeSizes;

  constructor(sizes: JudgeSizes, key: Uint8Array) {
    this.#sizes = sizes;
    this.#signals = new WorldSignals(sizes.entities, key);
    this.#engine = createFraudEngine(sizes, key);
    this.clusters = new Clusters({
      ...usualClusterOptions,
      key,
      devices: sizes.entities,
      evidence: sizes.entities * 8,
    });
  }

  /** Takes a report. What its device shares counts only when the device signed it. */
  report(number: number, report: WorldReport): void {
    const { device, atMs, checks } = report;
    this.#signals.take(report);
    if (checks.signature !== 'verified') return;
    this.clusters.take({
      id: `report ${number}`,
      device,
      atMs,
      evidence: report.report.evidence,
      ...this.#risk(device, atMs),
    });
  }

  /** Decides on an event with what is known before it, then takes it in. */
  decide(event: RiskEvent): { readonly decision: Decision; readonly cluster: ClusterFacts | undefined } {
    const { device } = event.entities;
    this.clusters.advance(event.atMs);
    if (device !== undefined) this.#attest(device, event);
    const signals = device === undefined ? undefined : this.#signals.of(device, event.atMs);
    const cluster = device === undefined ? undefined : this.clusters.facts(device);
    const decision = this.#engine.decide(withoutContext(event), contextOf(event, signals, cluster));
    if (device !== undefined) this.clusters.take(this.#observation(device, event));
    return { decision, cluster };
  }

  #attest(device: string, event: RiskEvent): void {
    const said = attestedText(event.attributes);
    if (said === '' || this.#attested.get(device) === said) return;
    if (this.#attested.size >= this.#sizes.entities) this.#attested.clear();
    this.#attested.set(device, said);
    this.#signals.attest(device, said, event.atMs);
  }

  #risk(device: string, atMs: number): { readonly risk?: number } {
    const { score } = this.#signals.of(device, atMs);
    return score === undefined ? {} : { risk: 1 - score / 100 };
  }

  #observation(device: string, { id, atMs, type, entities }: RiskEvent): Observation {
    const evidence = Object.entries(entities).flatMap(([kind, digest]) =>
      noEvidence.has(kind) ? [] : [{ kind, digest }],
    );
    return { id, device, atMs, scene: type, evidence };
  }

  /** Takes a label that is known now. It tells of an event: the device may be the victim's, so clusters do not learn of it. */
  label(label: RiskLabel): void {
    this.#engine.label(label);
  }

  /** What is in force for a device now. */
  signalsOf(device: string, nowMs: number): SignalsInForce {
    return this.#signals.of(device, nowMs);
  }

  /** Whether a device counts as clustered now: it belongs to a grey or black cluster. */
  isClustered(device: string): boolean {
    const grade = this.clusters.facts(device)?.grade;
    return grade === 'grey' || grade === 'black';
  }
}
