/** Decisions of one worker thread: an engine for each app over the shared memory, exchanged whole when what is decided by changes. */
import type { Engine, FactSchema, ServingModel } from '@hauberk/decision';
import { type Bytes, type EpochMs, hours, type SecretKey, type SyncCrypto, toHex, utf8 } from '@hauberk/primitives';
import type { AuditLog } from '../audit/audit-log.ts';
import type { ClusterOf } from '../clusters/cluster-table.ts';
import type { DecisionConfig } from '../config/decision-config.ts';
import type { IdentityOf } from '../device/identity-table.ts';
import type { RiskJudge } from '../gateway/judgement.ts';
import type { WorkerIntelligence } from '../intelligence/worker-intelligence.ts';
import type { Outbox } from '../storage/outbox.ts';
import { canaryPlace, isCanary, mintCanary } from './canary-values.ts';
import { canonicalId } from './canonical-id.ts';
import type { SignalsOf } from './decision-context.ts';
import { decisionFacts } from './decision-facts.ts';
import { DecisionFigures } from './decision-figures.ts';
import type { DecisionSeed, DecisionText } from './decision-seed.ts';
import { compileSnapshot, joinPolicies, listNames, namedLists } from './policy-set.ts';
import type { DecisionSnapshot } from './policy-snapshot.ts';
import type { ProfileSender } from './profile-sender.ts';
import { RequestJudge } from './risk-judge.ts';
import { servedModel } from './served-model.ts';
import { Stories } from './stories.ts';
import { TrapMarks } from './trap-marks.ts';
import { WaitingRecords } from './waiting-records.ts';

/** What the decisions of a thread stand on. */
export interface WorkerDecisionParts {
  readonly section: DecisionConfig;
  readonly seed: DecisionSeed;
  /** Makes an engine over the shared memory. */
  readonly engine: (schema: FactSchema) => Engine;
  /** Where the engine notes what it changed. */
  readonly profiles: Pick<ProfileSender, 'close'>;
  readonly crypto: SyncCrypto;
  /** Of canary values. */
  readonly canaryKey: SecretKey;
  readonly signalsOf: SignalsOf;
  readonly clusterOf: ClusterOf;
  readonly identityOf: IdentityOf;
  /** What partners told, asked in memory. */
  readonly intelligence: WorkerIntelligence;
  readonly outbox: Pick<Outbox, 'append'>;
  readonly audit: Pick<AuditLog, 'append'>;
  /** Of requests that nobody vouches for. */
  readonly app: string;
  /** Boot number of the state folder. */
  readonly run: number;
  readonly now: () => EpochMs;
  readonly onFault: (error: unknown) => void;
}

/** The engine of an app and what it was made for. */
interface AppEngine {
  readonly engine: Engine;
  readonly lists: string;
  readonly model: ServingModel | undefined;
}

/** See the top of the file. */
export class WorkerDecisions {
  readonly #parts: WorkerDecisionParts;
  readonly #records: WaitingRecords;
  readonly #engines = new Map<string, AppEngine>();
  readonly #canaries: ReadonlySet<string>;
  readonly #intelligence: WorkerIntelligence;
  readonly figures: DecisionFigures = new DecisionFigures();
  readonly judge: RiskJudge;

  constructor(parts: WorkerDecisionParts) {
    const { section, seed, outbox, audit, now, onFault, crypto } = parts;
    this.#parts = parts;
    this.#intelligence = parts.intelligence;
    this.#records = new WaitingRecords(outbox, section.waitingRecords, onFault);
    this.figures.recordsDropped = () => this.#records.dropped;
    this.#canaries = new Set(section.traps.canaries.map(({ kind, value }) => `${kind}\n${canonicalId(value)}`));
    this.judge = new RequestJudge({
      engineOf: (app) => this.#engines.get(app)?.engine,
      isCanary: (kind, value) => this.#isCanary(kind, value),
      marks: new TrapMarks(seed.memory.marks),
      signalsOf: parts.signalsOf,
      clusterOf: parts.clusterOf,
      identityOf: parts.identityOf,
      intelligence: parts.intelligence,
      keep: (entry) => void this.#records.keep(entry),
      audit: (scope, record) => void audit.append(scope, record, now()).catch(onFault),
      figures: this.figures,
      markSeconds: hours(section.traps.markHours) / 1000,
      app: parts.app,
      now,
      monotonic: () => performance.now(),
      random: () => toHex(crypto.random(8)),
      run: parts.run,
      onFault,
    });
    this.update(seed.text);
  }

  #isCanary(kind: string, value: string): boolean {
    const { crypto, canaryKey } = this.#parts;
    const spelled = canonicalId(value);
    return this.#canaries.has(`${kind}\n${spelled}`) || isCanary(crypto, canaryKey, spelled);
  }

  /** The engine of an app; undefined before its first snapshot. */
  engineOf(app: string): Engine | undefined {
    return this.#engines.get(app)?.engine;
  }

  /** Takes other policies, lists and models over: the next request is judged by them, and none by half of them. */
  update({ files, snapshots, intelligence }: DecisionText): void {
    this.#intelligence.update(intelligence);
    for (const snapshot of snapshots) this.#take(joinPolicies(snapshot, files), files.lists);
  }

  #take(snapshot: DecisionSnapshot, fileLists: DecisionText['files']['lists']): void {
    const { section, onFault } = this.#parts;
    const names = listNames(snapshot.lists, fileLists);
    const held = this.#engines.get(snapshot.app);
    const lists = names.join('\n');
    const engine = held?.lists === lists ? held.engine : this.#make(section, names);
    const model = servedModel(snapshot.model, held?.model, onFault);
    engine.exchange({
      model,
      policies: compileSnapshot(snapshot, engine.schema, onFault),
      lists: namedLists(snapshot.lists, fileLists, (kind, id) => engine.pseudonym(kind, canonicalId(id))),
    });
    this.#engines.set(snapshot.app, { engine, lists, model });
  }

  /** Which lists there are is part of what policies are read by. */
  #make(section: DecisionConfig, lists: readonly string[]): Engine {
    const schema = decisionFacts(section, lists);
    // The configuration was judged by the same schema; lists cannot clash with anything.
    if (!schema.ok) throw new Error(`the facts of decisions cannot be declared: ${schema.code}`);
    return this.#parts.engine(schema.value);
  }

  /** What traps of this thread tell: the body of a decoy has a canary of the device's own where it wants one. */
  stories(): Stories {
    const { section, crypto, canaryKey } = this.#parts;
    const { traps } = section;
    return new Stories({
      limits: traps,
      decoys: new Map(
        Object.entries(traps.decoys).map(([name, decoy]) => [name, { ...decoy, body: utf8(decoy.body) }]),
      ),
      bodyFor: (deviceId, body) => withCanary(body, () => mintCanary(crypto, canaryKey, deviceId)),
      random: Math.random,
    });
  }

  /** Writes what waits. */
  close(): Promise<void> {
    this.#parts.profiles.close();
    return this.#records.close();
  }
}

/** Puts a canary into every place that wants one. */
export const withCanary = (body: Uint8Array, mint: () => string): Uint8Array => {
  const buffer = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (!buffer.includes(canaryPlace)) return body;
  const filled: Bytes = utf8(buffer.toString('utf8').replaceAll(canaryPlace, mint()));
  return filled;
};
