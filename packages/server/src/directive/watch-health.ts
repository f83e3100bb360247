/**
 * Feeds the guards: reads how sessions ended from the outbox, deals them to the arms of every rollout under way, and halts the one whose guard has
 * seen enough. What was counted is written with how far was read, so that nothing is counted twice over a crash.
 */
import { createHash } from 'node:crypto';
import { type EpochMs, fromUtf8, parseJson } from '@hauberk/primitives';
import {
  armOf,
  bucketInput,
  bucketOf,
  type GuardCounts,
  isInAudience,
  type Rollout,
  readSessionHealth,
  type SessionHealth,
  sessionHealthKind,
  stepRollout,
} from '@hauberk/rollout';
import type { DirectiveStore, StoredRollout } from '../storage/directive-store.ts';
import type { Outbox, OutboxEvent } from '../storage/outbox.ts';
import { type Scope, scopeKey } from '../storage/scope.ts';
import type { DirectiveDesk } from './directive-desk.ts';

/** What is read and written. */
export interface HealthWatchParts {
  readonly desk: Pick<DirectiveDesk, 'halt'>;
  readonly store: DirectiveStore;
  readonly outbox: Pick<Outbox, 'readAfter' | 'head' | 'acknowledge' | 'acknowledged'>;
  readonly now: () => EpochMs;
  readonly onHalted: (metric: 'crash' | 'error') => void;
}

/** Sessions of one device that a rollout counts, and those of them that may have ended badly: one phone halts nothing. */
export const mostSessionsOfDevice = 16;
export const mostBadSessionsOfDevice = 2;
/** Devices whose sessions are remembered, for each rollout; beyond, only known devices are counted. */
const mostDevices = 500_000;
/** The name under which the outbox remembers how far was read. */
const consumer = 'health';
/** Events read at a time. */
const batchEvents = 4096;

interface CountedSession {
  readonly device: string;
  readonly service: string;
  readonly health: SessionHealth;
}

const sessionOf = ({ kind, payload }: OutboxEvent): CountedSession | undefined => {
  if (kind !== `report.${sessionHealthKind}`) return undefined;
  const parsed = parseJson(fromUtf8(payload) ?? '');
  if (!parsed.ok) return undefined;
  const { device, service, report } = parsed.value as Readonly<Record<string, unknown>>;
  const { body, kindVersion } = (report ?? {}) as Readonly<Record<string, unknown>>;
  const health = kindVersion === 1 ? readSessionHealth(body) : undefined;
  if (health === undefined || typeof device !== 'string' || typeof service !== 'string') return undefined;
  return { device, service, health };
};

/** How often each device was counted. Memory only: a restart counts from zero, which the guard does not mind. */
class DeviceTally {
  readonly #rollouts = new Map<string, Map<string, { sessions: number; bad: number }>>();

  admits(rollout: string, device: string, isBad: boolean): boolean {
    const devices = this.#rollouts.get(rollout) ?? new Map<string, { sessions: number; bad: number }>();
    this.#rollouts.set(rollout, devices);
    const held = devices.get(device) ?? { sessions: 0, bad: 0 };
    // Whoever ended badly that often is counted no more, well or badly: else the rest would make the device look well.
    if (held.sessions >= mostSessionsOfDevice || held.bad >= mostBadSessionsOfDevice) return false;
    if (held.sessions === 0 && devices.size >= mostDevices) return false;
    devices.set(device, { sessions: held.sessions + 1, bad: held.bad + (isBad ? 1 : 0) });
    return true;
  }

  keepOnly(rollouts: ReadonlySet<string>): void {
    for (const id of this.#rollouts.keys()) if (!rollouts.has(id)) this.#rollouts.delete(id);
  }
}

const bucketOfDevice = (salt: string, device: string): number =>
  bucketOf(createHash('sha256').update(bucketInput(salt, device)).digest());

const isOf = ({ plan }: Rollout, { service, health }: CountedSession): boolean =>
  (plan.service ?? service) === service &&
  isInAudience(plan.audience, { appVersion: health.appVersion ?? undefined, cohorts: health.cohorts });

const countFor = (rollout: Rollout, sessions: readonly CountedSession[], tally: DeviceTally): GuardCounts => {
  const arms = { staged: { sessions: 0, crashed: 0, failed: 0 }, control: { sessions: 0, crashed: 0, failed: 0 } };
  for (const session of sessions) {
    const { device, health } = session;
    if (!isOf(rollout, session)) continue;
    const arm = armOf(rollout, { revision: health.revision, bucket: bucketOfDevice(rollout.id, device) });
    const isBad = health.crashed || health.errors > 0;
    if (arm === undefined || !tally.admits(rollout.id, device, isBad)) continue;
    arms[arm].sessions += 1;
    if (health.crashed) arms[arm].crashed += 1;
    if (health.errors > 0) arms[arm].failed += 1;
  }
  return arms;
};

/** Watches; `step` is called again and again. */
export class HealthWatch {
  readonly #parts: HealthWatchParts;
  readonly #tally = new DeviceTally();
  constructor(parts: HealthWatchParts) {
    this.#parts = parts;
  }

  /** Counts what came since the last step and halts what must be halted. */
  async step(): Promise<void> {
    const staged = (await this.#parts.store.inState('staged')).filter(({ rollout }) => rollout.guard !== null);
    this.#tally.keepOnly(new Set(staged.map(({ rollout }) => rollout.id)));
    const [first] = staged;
    await (first === undefined ? this.#skip() : this.#count(first.scope, staged));
  }

  /** Sessions that ended while nothing was under way say nothing about what comes. */
  async #skip(): Promise<void> {
    const { outbox } = this.#parts;
    const [head, read] = await Promise.all([outbox.head(), outbox.acknowledged(consumer)]);
    if (head > read) await outbox.acknowledge(consumer, head);
  }

  async #count(scope: Scope, staged: readonly StoredRollout[]): Promise<void> {
    const { store, outbox, now } = this.#parts;
    let held = staged;
    for (;;) {
      const events = await outbox.readAfter(await outbox.acknowledged(consumer), batchEvents);
      const position = events.at(-1)?.position;
      if (position === undefined) break;
      const next = this.#watched(held, events);
      const changed = next.filter(({ rollout }, index) => rollout !== held[index]?.rollout);
      const rollouts = changed.map(({ rollout, row, scope: own }) => ({ rollout, ifRow: row, scope: own }));
      const read = { consumer, position };
      const kept = await store.commit(scope, { rollouts, publish: [], audit: [], read }, now());
      // Somebody took a step meanwhile, or the disk is full: the same events are read again with the next step.
      if (!kept.ok) return;
      held = next.map((each) => (changed.includes(each) ? { ...each, row: each.row + 1 } : each));
      if (events.length < batchEvents) break;
    }
    for (const { scope: own, rollout } of held) await this.#haltIfDue(own, rollout);
  }

  #watched(held: readonly StoredRollout[], events: readonly OutboxEvent[]): readonly StoredRollout[] {
    const sessions = new Map<string, CountedSession[]>();
    for (const event of events) {
      const session = sessionOf(event);
      if (session === undefined) continue;
      const name = scopeKey(event.scope);
      const ofScope = sessions.get(name) ?? [];
      ofScope.push(session);
      sessions.set(name, ofScope);
    }
    return held.map((each) => {
      const counted = countFor(each.rollout, sessions.get(scopeKey(each.scope)) ?? [], this.#tally);
      const watched = stepRollout(each.rollout, { type: 'watch', counted }, this.#parts.now());
      return watched.ok ? { ...each, rollout: watched.value } : each;
    });
  }

  async #haltIfDue(scope: Scope, { id, guard }: Rollout): Promise<void> {
    const metric = guard?.halted ?? null;
    if (metric === null) return;
    const halted = await this.#parts.desk.halt(scope, id, 'guard', `guard: ${metric}`);
    if (halted.ok) this.#parts.onHalted(metric);
  }
}

/** Steps again and again; one that fails is told, and the next one tries again. Answers how to stop. */
export const keepWatching = (
  step: () => Promise<void>,
  everyMs: number,
  onFault: (error: unknown) => void,
): (() => Promise<void>) => {
  let isStopped = false;
  let timer: NodeJS.Timeout | undefined;
  let present: Promise<void> = Promise.resolve();
  const turn = (): void => {
    present = step()
      .catch(onFault)
      .finally(() => {
        if (!isStopped) timer = setTimeout(turn, everyMs).unref();
      });
  };
  turn();
  return () => {
    isStopped = true;
    clearTimeout(timer);
    return present;
  };
};
