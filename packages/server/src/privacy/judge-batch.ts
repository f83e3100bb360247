/**
 * One batch of reports → rows to write: windows, counters, chains, findings and proofs of effect. What a device can make grow is bounded: new chains of
 * a device and a day, chains, findings and counters of an app. Beyond a bound things are counted together, never dropped in silence.
 */
import { createHash } from 'node:crypto';
import { epochMs } from '@hauberk/primitives';
import {
  type AccessRow,
  type ChainReport,
  type Consent,
  type EffectReport,
  type ExceptionKind,
  type Finding,
  judgeRow,
  newDeviceWatch,
  nextFinding,
  openFinding,
  openWatch,
  type PrivacyAccess,
  saveWatch,
  unattributedChain,
} from '@hauberk/privacy';
import type { PrivacyConfig } from '../config/privacy-config.ts';
import type { Scope } from '../storage/scope.ts';
import type { DeclaredPrivacy } from './privacy-policy.ts';
import type { AccessTotal, ChainEffect, KeptEffect, KeptFinding, KnownChain } from './privacy-store.ts';
import { witnessTag } from './privacy-subject.ts';
import type { StreamEvent } from './stream-event.ts';
import type { Workspace } from './workspace.ts';

/** The chain of what is counted together: where nobody looked at the caller, or there was no room. */
export const otherChain: string = unattributedChain;
/** The same for an owner. */
export const otherOwner = '(other)';
/** Witnesses that are told apart; from there on it is so many or more. */
export const maxWitnesses = 64;
const maxOwners = 4;
const maxEffects = 8;
const maxRuns = 8;

/** What the stream counts. */
export interface StreamCounts {
  rows: number;
  calls: number;
  late: number;
  /** Rows whose chain was counted together with others. */
  folded: number;
  /** Exceptions for which there was no room for a finding. */
  unfound: number;
  findings: number;
  unreadable: number;
  readonly exceptions: Partial<Record<ExceptionKind, number>>;
}

/** How many rows of an app there are, as of the last commit. */
export interface Held {
  readonly chains: number;
  readonly findings: number;
  /** Of that day. */
  readonly totals: number;
}

/** What judging works with. */
export interface JudgeParts {
  readonly workspace: Workspace;
  readonly declared: DeclaredPrivacy;
  readonly limits: PrivacyConfig['limits'];
  readonly counts: StreamCounts;
  readonly held: (scope: Scope, day: string) => Promise<Held>;
  readonly consentOf: (scope: Scope, subject: string) => Promise<(at: number) => Consent>;
  /** Whether this version of a directive was made here. */
  readonly isPublished: (directive: string, version: number) => Promise<boolean>;
  /** Tells of a finding that changed. */
  readonly touched: (scope: Scope, id: string) => void;
}

/** The day of an instant, in UTC. */
export const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10);

/** The id of a finding: of its rule, function and chain. */
export const findingId = (kind: string, api: string, chain: string): string =>
  createHash('sha256').update(`hauberk finding 1\n${kind}\n${api}\n${chain}`).digest('hex').slice(0, 20);

const newChain = (chain: string, at: number): KnownChain => ({
  chain,
  owners: {},
  ownerVersion: null,
  frames: [],
  effects: {},
  firstAtMs: at,
  lastAtMs: at,
});

/** The owner that most devices told; of equals the one that was told first. */
export const ownerOf = ({ owners }: KnownChain): string => {
  let found = '';
  let most = 0;
  for (const [owner, witnesses] of Object.entries(owners))
    if (witnesses.length > most) {
      found = owner;
      most = witnesses.length;
    }
  return found;
};

const withWitness = (witnesses: readonly string[], tag: string): readonly string[] =>
  witnesses.length >= maxWitnesses || witnesses.includes(tag) ? witnesses : [...witnesses, tag];

/** One owner's word, by one device, which has one word: it may change it, not add to it. */
const withOwner = (known: KnownChain, owner: string, tag: string): KnownChain['owners'] => {
  const others = Object.entries(known.owners)
    .filter(([name]) => name !== owner)
    .map(([name, witnesses]) => [name, witnesses.filter((each) => each !== tag)] as const)
    .filter(([, witnesses]) => witnesses.length > 0);
  const held = known.owners[owner] ?? [];
  if (held.length === 0 && others.length >= maxOwners) return known.owners;
  const mine = [owner, withWitness(held, tag)] as const;
  return Object.fromEntries(known.owners[owner] === undefined ? [...others, mine] : [mine, ...others]);
};

interface Device {
  readonly scope: Scope;
  readonly subject: string;
  readonly receivedAtMs: number;
}

/** Judges the reports of one batch. */
export class BatchJudge {
  readonly #parts: JudgeParts;

  constructor(parts: JudgeParts) {
    this.#parts = parts;
  }

  async take({ report, ...device }: StreamEvent): Promise<void> {
    if (report.kind === 'privacy.accesses') return this.#accesses(device, report.accesses);
    return report.kind === 'privacy.chain' ? this.#chain(device, report.chain) : this.#effect(device, report.effect);
  }

  /** Whether there is room for the chain of a report: it is known, or neither its device nor its app has brought too many. */
  async #admits({ scope, subject, receivedAtMs }: Device, chain: string, at: number): Promise<boolean> {
    const { workspace, limits, held } = this.#parts;
    if (chain === otherChain || (await workspace.get(scope, 'chain', chain)) !== undefined) return true;
    const day = dayOf(receivedAtMs);
    const watch = await workspace.get(scope, 'watch', subject);
    const brought = watch?.day === day ? watch.newChains : 0;
    const total = (await held(scope, day)).chains + workspace.added(scope, 'chain');
    if (brought >= limits.newChainsPerDevice || total >= limits.chains) return false;
    const saved = watch?.saved ?? saveWatch(newDeviceWatch());
    workspace.put(scope, 'watch', subject, { saved, day, newChains: brought + 1 }, receivedAtMs);
    workspace.put(scope, 'chain', chain, newChain(chain, at), at);
    return true;
  }

  async #told(device: Device, chain: string, owner: string, at: number, told: Partial<KnownChain>): Promise<void> {
    const { workspace } = this.#parts;
    const { scope, subject } = device;
    const known = (await workspace.get(scope, 'chain', chain)) ?? newChain(chain, at);
    const owners = withOwner(known, owner, witnessTag(subject, chain));
    const lastAtMs = Math.max(known.lastAtMs, at);
    const firstAtMs = Math.min(known.firstAtMs, at);
    workspace.put(scope, 'chain', chain, { ...known, ...told, owners, firstAtMs, lastAtMs }, lastAtMs);
  }

  async #chain(device: Device, { chain, owner, ownerVersion, frames }: ChainReport): Promise<void> {
    const { receivedAtMs: at } = device;
    if (chain === otherChain || !(await this.#admits(device, chain, at))) {
      this.#parts.counts.folded += 1;
      return;
    }
    await this.#told(device, chain, owner, at, { frames, ownerVersion: ownerVersion ?? null });
  }

  async #accesses(device: Device, accesses: readonly AccessRow[]): Promise<void> {
    const { workspace, counts } = this.#parts;
    const { scope, subject, receivedAtMs } = device;
    // Within a report a device need not be in order.
    const rows = accesses.toSorted((one, other) => one.lastAtMs - other.lastAtMs);
    const kept = await workspace.get(scope, 'watch', subject);
    const watch = kept === undefined ? newDeviceWatch() : openWatch(kept.saved);
    const consentAt = await this.#parts.consentOf(scope, subject);
    const { policy, decide } = this.#parts.declared;
    const told = new Set<string>();
    for (const row of rows) {
      const isAdmitted = await this.#admits(device, row.chain, row.lastAtMs);
      if (!isAdmitted) counts.folded += 1;
      const counted = isAdmitted ? row : { ...row, chain: otherChain, owner: otherOwner };
      if (isAdmitted && row.chain !== otherChain && !told.has(`${row.chain} ${row.owner}`))
        await this.#told(device, row.chain, row.owner, rows.at(-1)?.lastAtMs ?? row.lastAtMs, {});
      told.add(`${row.chain} ${row.owner}`);
      const judged = judgeRow(watch, row, policy, decide(consentAt(row.lastAtMs), row.owner, row.lastAtMs));
      counts.rows += 1;
      counts.calls += row.count;
      if (judged.isLate) counts.late += 1;
      await this.#total(scope, counted);
      for (const kind of judged.kinds) await this.#exception(device, kind, counted);
    }
    const present = await workspace.get(scope, 'watch', subject);
    const { day = dayOf(receivedAtMs), newChains = 0 } = present ?? {};
    workspace.put(scope, 'watch', subject, { saved: saveWatch(watch), day, newChains }, receivedAtMs);
  }

  async #total(scope: Scope, row: AccessRow): Promise<void> {
    const { workspace, limits, held, declared } = this.#parts;
    const day = dayOf(row.lastAtMs);
    const scene = Object.hasOwn(declared.scenes, row.scene) ? row.scene : '(other)';
    const { api, chain, owner, isForeground, outcome } = row;
    let named: Omit<AccessTotal, 'calls' | 'firstAtMs' | 'lastAtMs'> = {
      day,
      api,
      chain,
      owner,
      scene,
      isForeground,
      outcome,
    };
    const idOf = (total: typeof named): string => Object.values(total).join('\n');
    const isKnown = (await workspace.get(scope, 'total', idOf(named))) !== undefined;
    if (!isKnown && (await held(scope, day)).totals + workspace.added(scope, 'total', `${day}\n`) >= limits.totals)
      named = { ...named, api: '(other)', chain: otherChain, owner: otherOwner, scene: '(other)' };
    const before = await workspace.get(scope, 'total', idOf(named));
    const after: AccessTotal = {
      ...named,
      calls: (before?.calls ?? 0) + row.count,
      firstAtMs: Math.min(before?.firstAtMs ?? row.firstAtMs, row.firstAtMs),
      lastAtMs: Math.max(before?.lastAtMs ?? 0, row.lastAtMs),
    };
    workspace.put(scope, 'total', idOf(named), after, after.lastAtMs);
  }

  async #exception({ scope, subject }: Device, kind: ExceptionKind, row: AccessRow): Promise<void> {
    const { workspace, limits, held, counts, touched } = this.#parts;
    counts.exceptions[kind] = (counts.exceptions[kind] ?? 0) + row.count;
    const id = findingId(kind, row.api, row.chain);
    const kept = await workspace.get(scope, 'finding', id);
    const total = (await held(scope, dayOf(row.lastAtMs))).findings + workspace.added(scope, 'finding');
    if (kept === undefined && total >= limits.findings) {
      counts.unfound += 1;
      return;
    }
    if (kept === undefined) counts.findings += 1;
    const next = seenAgain(kept, { id, kind, row, tag: witnessTag(subject, id) });
    workspace.put(scope, 'finding', id, next, next.finding.lastAt);
    touched(scope, id);
  }

  async #effect(device: Device, effect: EffectReport): Promise<void> {
    const { workspace, counts, isPublished } = this.#parts;
    const { scope, subject, receivedAtMs } = device;
    const { chain, directive, version } = effect;
    const known = await workspace.get(scope, 'chain', chain);
    // A proof about a chain that nobody told of, or of a directive that was never made, proves nothing.
    if (known === undefined || !(await isPublished(directive, version))) {
      counts.folded += 1;
      return;
    }
    const name = `${directive} ${version}`;
    const id = `${subject}/${chain}/${name}`;
    const before = await workspace.get(scope, 'effect', id);
    const { kept, more } = keptEffect(before, effect, { subject, receivedAtMs });
    workspace.put(scope, 'effect', id, kept, receivedAtMs);
    const summed = addEffect(known.effects[name], effect, before === undefined, more);
    const effects = newestEffects({ ...known.effects, [name]: summed });
    workspace.put(scope, 'chain', chain, { ...known, effects }, Math.max(known.lastAtMs, receivedAtMs));
  }
}

/** What a device proved so far, and how many calls this report adds. */
const keptEffect = (
  before: KeptEffect | undefined,
  effect: EffectReport,
  by: Pick<KeptEffect, 'subject' | 'receivedAtMs'>,
): { readonly kept: KeptEffect; readonly more: number } => {
  const run = String(effect.firstStoppedAtMs);
  const counted = before?.runs[run] ?? 0;
  const more = Math.max(0, effect.stopped - counted);
  const runs = Object.entries({ ...before?.runs, ...(effect.stopped > 0 ? { [run]: counted + more } : {}) });
  const stopped = (before?.stopped ?? 0) + more;
  return { kept: { ...effect, ...by, stopped, runs: Object.fromEntries(runs.slice(-maxRuns)) }, more };
};

/** A list changes often, and each change is a version: the newest are kept. */
const newestEffects = (effects: KnownChain['effects']): KnownChain['effects'] => {
  const versionOf = ([name]: readonly [string, ChainEffect]): number => Number(name.split(' ')[1]);
  const all = Object.entries(effects).toSorted((one, other) => versionOf(one) - versionOf(other));
  return Object.fromEntries(all.slice(-maxEffects));
};

const addEffect = (
  before: ChainEffect | undefined,
  effect: EffectReport,
  isNew: boolean,
  more: number,
): ChainEffect => {
  const { firstStoppedAtMs, lastStoppedAtMs, stopped } = effect;
  const { devices = 0, stopped: total = 0, firstAtMs = null, lastAtMs = null } = before ?? {};
  const counted = { devices: devices + (isNew ? 1 : 0), stopped: total + more };
  if (stopped === 0) return { ...counted, firstAtMs, lastAtMs };
  return {
    ...counted,
    firstAtMs: firstAtMs === null ? firstStoppedAtMs : Math.min(firstAtMs, firstStoppedAtMs),
    lastAtMs: Math.max(lastAtMs ?? 0, lastStoppedAtMs),
  };
};

interface Seen {
  readonly id: string;
  readonly kind: ExceptionKind;
  readonly row: AccessRow;
  readonly tag: string;
}

/** What is kept as evidence: never who. */
const evidenceOf = ({ api, chain, owner, scene, isForeground, lastAtMs, destination }: AccessRow): PrivacyAccess => ({
  api,
  chain,
  owner,
  scene,
  isForeground,
  at: epochMs(lastAtMs),
  ...(destination === undefined ? {} : { destination }),
});

const seenAgain = (kept: KeptFinding | undefined, { id, kind, row, tag }: Seen): KeptFinding => {
  const access = evidenceOf(row);
  if (kept === undefined) {
    const opened: Finding = { ...openFinding(kind, access, row.count), firstAt: epochMs(row.firstAtMs) };
    return { id, finding: opened, witnesses: [tag], stoppedBy: null, changedBy: null };
  }
  const next = nextFinding(kept.finding, { type: 'seen', access, count: row.count });
  // The id names function and chain, so the finding is never a foreign one.
  if (!next.ok) throw new Error(`finding ${id}: ${next.code}`);
  return { ...kept, finding: next.value, witnesses: withWitness(kept.witnesses, tag) };
};
