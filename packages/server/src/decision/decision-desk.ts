/** Decisions on the main thread: what every worker decides by, put together from files and from what the administration keeps, and posted whole. */
import { joinOwners, retireOwner } from '@hauberk/decision';
import { type EpochMs, toEpochSeconds } from '@hauberk/primitives';
import type { Config } from '../config/config.ts';
import type { PathIssue } from '../config/config-issue.ts';
import type { Log } from '../gateway/log.ts';
import { type IntelligenceText, noIntelligence } from '../intelligence/worker-intelligence.ts';
import type { DecisionCounts } from './decision-figures.ts';
import { type DecisionMemory, type DecisionSeed, type DecisionText, reserveDecisions } from './decision-seed.ts';
import { reserveEngine } from './engine-maker.ts';
import { type FilePolicies, noFilePolicies, readFilePolicies } from './file-policies.ts';
import { type DecisionSnapshot, emptySnapshot, type PolicyText } from './policy-snapshot.ts';
import { openProfileKeeper, type ProfileKeeper, setProfilesAside } from './profile-keeper.ts';
import type { ProfilePost } from './profile-sender.ts';
import { addShadowRuns, readShadowRuns } from './shadow-runs.ts';
import { deviceMark, type Mark, TrapMarks } from './trap-marks.ts';

/** What the desk stands on. */
export interface DecisionDeskParts {
  readonly config: Config;
  /** Posts what is decided by to every worker. */
  readonly post: (text: DecisionText) => void;
  readonly now: () => EpochMs;
}

/** Where changes go before anybody keeps them. */
const nowhere: ProfilePost = { channel: 'hauberk-profiles', sent: new SharedArrayBuffer(4) };

/** See the top of the file. */
export class DecisionDesk {
  readonly #parts: DecisionDeskParts;
  #memory: DecisionMemory;
  #profiles: ProfileKeeper | undefined;
  readonly #marks: TrapMarks;
  readonly #tokens = new Map<number, number>();
  #files: FilePolicies = noFilePolicies;
  #snapshots: readonly DecisionSnapshot[];
  #intelligence: IntelligenceText = noIntelligence;
  /** What was counted of shadow policies when it was last written down. */
  #written: Readonly<Record<string, number>> = {};

  constructor(parts: DecisionDeskParts, memory: DecisionMemory) {
    const { organisation, apps } = parts.config;
    this.#parts = parts;
    this.#memory = memory;
    this.#marks = new TrapMarks(memory.marks);
    this.#snapshots = apps.map(({ id }) => emptySnapshot(organisation, id));
  }

  /** Where clusters are told to the workers. */
  get clusterMemory(): SharedArrayBuffer {
    return this.#memory.clusters;
  }

  /** Where workers are told of identities. */
  get identityMemory(): SharedArrayBuffer {
    return this.#memory.identities;
  }

  #text(): DecisionText {
    return { files: this.#files, snapshots: this.#snapshots, intelligence: this.#intelligence };
  }

  /** Policies of files, which decide beside those of the administration. */
  filePolicies(): readonly PolicyText[] {
    return [...this.#files.policies, ...this.#files.shadow];
  }

  /**
   * Brings the profiles back to where the last run left them, before any worker starts, and keeps them from then on. Files that are refused are set aside: the gateway goes on with empty profiles
   * and says so.
   */
  async keepProfiles(log: Log): Promise<void> {
    const { config } = this.#parts;
    const { decision, state } = config;
    if (decision === undefined) return;
    const kept = await openProfileKeeper(state, this.#memory.engine, log);
    if (kept.ok) {
      this.#profiles = kept.value;
      return;
    }
    log.error('decision.profiles-refused', { reason: kept.code });
    setProfilesAside(state);
    // What was restored before the refusal must not stay.
    this.#memory = { ...this.#memory, engine: reserveEngine(config, decision) };
    const fresh = await openProfileKeeper(state, this.#memory.engine, log);
    if (!fresh.ok) throw new Error(`a new folder of profiles is refused: ${fresh.code}`);
    this.#profiles = fresh.value;
  }

  /** Keeps what workers noted last, and ends. */
  async close(): Promise<void> {
    await this.#profiles?.close();
  }

  /** What a worker starts with; `index` is its own. */
  seed(index: number): DecisionSeed {
    this.left(index);
    const token = joinOwners(this.#memory.engine.owners);
    this.#tokens.set(index, token);
    return { memory: this.#memory, token, profiles: this.#profiles?.post ?? nowhere, text: this.#text() };
  }

  /** A worker has ended: rows that it had locked are free. */
  left(index: number): void {
    const token = this.#tokens.get(index);
    if (token === undefined) return;
    retireOwner(this.#memory.engine.owners, token);
    this.#tokens.delete(index);
  }

  /** Reads policies and lists of a configuration; answers what is wrong with them, and then everything stays as it was. */
  read(config: Config): readonly PathIssue[] {
    const read = readFilePolicies(config, readShadowRuns(config.state));
    if (!read.ok) return read.issues;
    this.#files = read.value;
    this.#parts.post(this.#text());
    return [];
  }

  /** Takes over what partners tell. */
  informed(intelligence: IntelligenceText): void {
    this.#intelligence = intelligence;
    this.#parts.post(this.#text());
  }

  /** Takes over what the administration keeps, for every app that it names. */
  publish(snapshots: readonly DecisionSnapshot[]): void {
    const named = new Set(snapshots.map(({ app }) => app));
    this.#snapshots = [...this.#snapshots.filter(({ app }) => !named.has(app)), ...snapshots];
    this.#parts.post(this.#text());
  }

  /** Which traps a device touched, while it counts. */
  trapOf(deviceId: string): Mark | undefined {
    return this.#marks.read(deviceMark(deviceId), toEpochSeconds(this.#parts.now()));
  }

  /** Takes back that a device touched a trap; false when it had not. */
  clearTrap(deviceId: string): boolean {
    return this.#marks.clear(deviceMark(deviceId));
  }

  /** Writes down how often policies were watched in shadow. */
  noteShadows({ shadows }: Pick<DecisionCounts, 'shadows'>): void {
    const total: Record<string, number> = {};
    for (const [key, times] of Object.entries(shadows)) {
      const [hash = ''] = key.split('\n');
      total[hash] = (total[hash] ?? 0) + times;
    }
    const fresh = Object.entries(total).flatMap(([hash, times]) => {
      const more = times - (this.#written[hash] ?? 0);
      return more > 0 ? [[hash, more] as const] : [];
    });
    if (fresh.length === 0) return;
    addShadowRuns(this.#parts.config.state, Object.fromEntries(fresh));
    this.#written = total;
  }
}

/** Opens the desk; undefined where nothing decides. Throws when a policy file cannot be taken over, which loading the configuration rules out. */
export const openDecisionDesk = (parts: DecisionDeskParts): DecisionDesk | undefined => {
  const { decision } = parts.config;
  if (decision === undefined) return undefined;
  const desk = new DecisionDesk(parts, reserveDecisions(parts.config, decision));
  const issues = desk.read(parts.config);
  if (issues.length > 0) throw new Error(issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '));
  return desk;
};
