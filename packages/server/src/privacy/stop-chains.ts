/**
 * Chains that are stopped on devices. The list of an app is what is wanted; making it so publishes the whole list as one `privacy.stop` directive and
 * is tried again until it is. What lapses leaves the list, and its findings are open again.
 */
import { createHash } from 'node:crypto';
import { accept, canonicalJson, days, type EpochMs, hours, type Result, refuse } from '@hauberk/primitives';
import { nextFinding } from '@hauberk/privacy';
import { maxStops, type PrivacyStop, type PrivacyStopBody, type RolloutPlan, wholeShare } from '@hauberk/rollout';
import type { AuditRecord } from '../audit/audit-log.ts';
import type { DirectiveDesk } from '../directive/directive-desk.ts';
import type { Scope } from '../storage/scope.ts';
import type { StorageRefusal } from '../storage/storage-refusal.ts';
import { otherChain } from './judge-batch.ts';
import type { PrivacyPut, PrivacyRow, PrivacyStore, StopList } from './privacy-store.ts';

/** A chain to be stopped. */
export interface StopOrder {
  readonly chain: string;
  /** Functions; every one that is watched when absent. */
  readonly apis?: readonly string[] | undefined;
  readonly action: 'empty' | 'deny' | 'delay';
  readonly delayMs?: number | undefined;
  /** Until somebody resumes it when absent. */
  readonly hours?: number | undefined;
  /** Shares in thousandths, the last one all; everybody at once when absent. */
  readonly stages?: readonly number[] | undefined;
  readonly reason: string;
}

/** What became of an order. */
export interface Stopped {
  readonly chain: string;
  /** The rollout that carries the list to devices; null until it could be published. */
  readonly rollout: string | null;
  readonly state: string | null;
  readonly findings: number;
}

/** Why an order is refused. */
export type StopCode = 'chain-unknown' | 'stops-full' | 'stop-unknown' | 'privacy-conflict' | StorageRefusal;

/** What stopping works with. */
export interface StopParts {
  readonly store: PrivacyStore;
  readonly desk: Pick<DirectiveDesk, 'draft' | 'approve' | 'stage' | 'publish'>;
  readonly now: () => EpochMs;
}

const listKey = { kind: 'stops', id: '*' } as const;
const attempts = 8;
const maxFindings = 1_000_000;
/** How long a published list holds, and how long before its end it is published anew. */
const listLife = days(30);
const renewBefore = days(10);

type Stop = StopList['stops'][number];

const isLive = ({ untilMs }: Stop, now: number): boolean => untilMs === undefined || untilMs > now;

const wireOf = ({ chain, apis, action, delayMs }: Stop): PrivacyStop => ({
  chain,
  ...(apis === undefined ? {} : { apis }),
  action,
  ...(delayMs === undefined ? {} : { delayMs }),
});

const hashOf = (body: PrivacyStopBody): string => createHash('sha256').update(canonicalJson(body)).digest('hex');

/** Findings of a chain, of these functions when some are named, moved by an event where they can be. */
const movedFindings = async (
  store: PrivacyStore,
  scope: Scope,
  stops: readonly Stop[],
  event: 'stop' | 'resume',
  by: string,
): Promise<{ readonly read: readonly PrivacyRow<'finding'>[]; readonly puts: readonly PrivacyPut[] }> => {
  const rows = await store.list(scope, 'finding', { limit: maxFindings });
  const read: PrivacyRow<'finding'>[] = [];
  const puts: PrivacyPut[] = [];
  for (const row of rows) {
    const { value } = row;
    if (value === undefined) continue;
    const { finding } = value;
    const isMeant = stops.some(
      ({ chain, apis }) => chain === finding.chain && (apis === undefined || apis.includes(finding.api)),
    );
    const next = isMeant ? nextFinding(finding, { type: event }) : undefined;
    if (next?.ok !== true) continue;
    read.push(row);
    const changed = { ...value, finding: next.value, stoppedBy: event === 'stop' ? by : null, changedBy: by };
    puts.push({ kind: 'finding', id: value.id, value: changed, atMs: finding.lastAt });
  }
  return { read, puts };
};

/** Stops and resumes chains of any app, one step at a time. */
export class ChainStops {
  readonly #parts: StopParts;
  #turns: Promise<unknown> = Promise.resolve();

  constructor(parts: StopParts) {
    this.#parts = parts;
  }

  async list(scope: Scope): Promise<StopList> {
    const [row] = await this.#parts.store.load(scope, [listKey]);
    return row?.value ?? { stops: [], published: null };
  }

  /** Adds a chain to the list and makes it so. */
  stop(scope: Scope, order: StopOrder, by: string): Promise<Result<Stopped, StopCode>> {
    return this.#inTurn(async () => {
      const { store, now } = this.#parts;
      const [known] = await store.load(scope, [{ kind: 'chain', id: order.chain }]);
      if (known?.value === undefined || order.chain === otherChain) return refuse('chain-unknown');
      const { chain, apis, action, delayMs, hours: life, reason } = order;
      const stop: Stop = {
        chain,
        action,
        by,
        ...(apis === undefined ? {} : { apis }),
        ...(delayMs === undefined ? {} : { delayMs }),
        ...(life === undefined ? {} : { untilMs: now() + hours(life) }),
      };
      const facts = { action, reason, ...(apis === undefined ? {} : { apis }), hours: life ?? 0 };
      const audit = { actor: by, action: 'privacy.stopped', subject: chain, facts };
      const changed = await this.#change(scope, 'stop', [stop], by, audit);
      if (!changed.ok) return changed;
      const published = await this.#make(scope, by, reason, order.stages);
      return accept({ chain, findings: changed.value, ...published });
    });
  }

  /** Takes a chain off the list and makes it so. */
  resume(scope: Scope, chain: string, reason: string, by: string): Promise<Result<Stopped, StopCode>> {
    return this.resumeAll(scope, (stop) => stop.chain === chain, reason, by);
  }

  /** Takes several off the list. */
  resumeAll(
    scope: Scope,
    isMeant: (stop: Stop) => boolean,
    reason: string,
    by: string,
  ): Promise<Result<Stopped, StopCode>> {
    return this.#inTurn(async () => {
      const gone = (await this.list(scope)).stops.filter(isMeant);
      const [first] = gone;
      if (first === undefined) return refuse('stop-unknown');
      const facts = { reason, chains: gone.map(({ chain }) => chain) };
      const audit = { actor: by, action: 'privacy.resumed', subject: first.chain, facts };
      const changed = await this.#change(scope, 'resume', gone, by, audit);
      if (!changed.ok) return changed;
      const published = await this.#make(scope, by, reason, undefined);
      return accept({ chain: first.chain, findings: changed.value, ...published });
    });
  }

  /** Lets lapsed stops go, and publishes what is wanted and is not published, or not for much longer. */
  upkeep(scope: Scope): Promise<void> {
    return this.#inTurn(async () => {
      const { now } = this.#parts;
      const lapsed = (await this.list(scope)).stops.filter((stop) => !isLive(stop, now()));
      if (lapsed.length > 0) {
        const facts = { reason: 'lapsed', chains: lapsed.map(({ chain }) => chain) };
        const audit = { actor: 'gateway', action: 'privacy.resumed', subject: lapsed[0]?.chain ?? '', facts };
        await this.#change(scope, 'resume', lapsed, 'gateway', audit);
      }
      await this.#make(scope, 'gateway', 'upkeep of the list', undefined);
    });
  }

  #inTurn<Value>(step: () => Promise<Value>): Promise<Value> {
    const turn = this.#turns.then(step);
    this.#turns = turn.catch(() => undefined);
    return turn;
  }

  async #change(
    scope: Scope,
    event: 'stop' | 'resume',
    stops: readonly Stop[],
    by: string,
    audit: AuditRecord,
  ): Promise<Result<number, StopCode>> {
    const { store, now } = this.#parts;
    for (let left = attempts; left > 0; left -= 1) {
      const [row] = await store.load(scope, [listKey]);
      const { stops: held = [], published = null } = row?.value ?? {};
      const others = held.filter(({ chain }) => !stops.some((stop) => stop.chain === chain));
      const wanted = event === 'stop' ? [...others, ...stops] : others;
      if (wanted.length > maxStops) return refuse('stops-full');
      const moved = await movedFindings(store, scope, stops, event, by);
      const read = [{ key: listKey, version: row?.version ?? 0 }, ...moved.read];
      const list = { ...listKey, value: { stops: wanted, published }, atMs: now() };
      const change = { scope, read, puts: [list, ...moved.puts], audit: [audit] };
      const written = await store.commit({ changes: [change] }, now());
      if (written.ok) return accept(moved.puts.length);
      if (written.code !== 'privacy-conflict') return refuse(written.code);
    }
    return refuse('privacy-conflict');
  }

  /** Publishes the list as it stands, unless that was done; answers what carries it. */
  async #make(
    scope: Scope,
    by: string,
    reason: string,
    stages: readonly number[] | undefined,
  ): Promise<Pick<Stopped, 'rollout' | 'state'>> {
    const { store, now } = this.#parts;
    const [row] = await store.load(scope, [listKey]);
    const { stops, published } = row?.value ?? { stops: [], published: null };
    const body: PrivacyStopBody = { stops: stops.map(wireOf) };
    const hash = hashOf(body);
    const isDone = published?.hash === hash && (stops.length === 0 || published.untilMs > now() + renewBefore);
    if (isDone || (published === null && stops.length === 0))
      return { rollout: published?.rollout ?? null, state: null };
    const plan = planOf(body, stops, reason, stages, now());
    const carried = await this.#publish(scope, plan, by, stages !== undefined);
    if (carried === undefined) return { rollout: null, state: null };
    const value = { stops, published: { hash, rollout: carried.rollout, untilMs: now() + plan.lifeMs } };
    const read = [{ key: listKey, version: row?.version ?? 0 }];
    // A change that came between is made so by its own turn, which waits for this one.
    await store.commit({ changes: [{ scope, read, puts: [{ ...listKey, value, atMs: now() }], audit: [] }] }, now());
    return carried;
  }

  async #publish(
    scope: Scope,
    plan: RolloutPlan,
    by: string,
    isStaged: boolean,
  ): Promise<{ readonly rollout: string; readonly state: string } | undefined> {
    const { desk } = this.#parts;
    if (!isStaged) {
      const published = await desk.publish(scope, plan, { draft: by, approve: by });
      return published.ok ? { rollout: published.value.rollout.id, state: published.value.rollout.state } : undefined;
    }
    const drafted = await desk.draft(scope, plan, by);
    if (!drafted.ok) return undefined;
    const { id } = drafted.value.rollout;
    const approved = await desk.approve(scope, id, by);
    const staged = approved.ok ? await desk.stage(scope, id, by) : approved;
    return staged.ok ? { rollout: id, state: staged.value.rollout.state } : undefined;
  }
}

const planOf = (
  body: PrivacyStopBody,
  stops: readonly Stop[],
  reason: string,
  stages: readonly number[] | undefined,
  now: number,
): RolloutPlan => {
  const ends = stops.map(({ untilMs }) => untilMs ?? Number.POSITIVE_INFINITY);
  const latest = Math.max(now + days(1), ...ends);
  return {
    kind: 'privacy.stop',
    kindVersion: 1,
    service: null,
    body,
    audience: { versions: [], cohorts: [] },
    stages: stages ?? [wholeShare],
    guard: null,
    lifeMs: Math.min(listLife, latest - now),
    reason,
  };
};
