/**
 * Guards challengers: of each device the first decision of a day counts, on the side that its cohort put it, and the sequential guard of rollouts judges whether
 * honest people are challenged or denied more often than under the champion. A challenger that is, goes back to shadow by itself.
 */
import { type GuardCounts, type GuardSettings, watchGuard } from '@hauberk/rollout';
import type { Scope } from '../storage/scope.ts';
import { scopeKey } from '../storage/scope.ts';
import type { PolicyBook } from './policy-book.ts';
import { type KeptPolicy, policyRowId } from './policy-life.ts';
import type { SeenBatch, SeenDecision } from './record-stream.ts';

/** One halt in a hundred is a false one, over all looks. */
const settings: GuardSettings = { falseHaltPerMille: 10, crashesPerMillion: null, errorsPerMillion: null };

/** Devices of a day that are told apart; beyond, the day counts no more. */
const mostDevices = 1_000_000;
const dayMs = 86_400_000;

type Arm = 'staged' | 'control';
type Counts = { [Side in Arm]: { sessions: number; crashed: number; failed: number } };

const noCounts = (): Counts => ({
  staged: { sessions: 0, crashed: 0, failed: 0 },
  control: { sessions: 0, crashed: 0, failed: 0 },
});

/** What guards stand on. */
export interface PolicyGuardParts {
  readonly book: PolicyBook;
  /** Whether an entity is known not to be honest: on a list, or with a label of fraud. */
  readonly isKnownBad: (scope: Scope, seen: SeenDecision) => Promise<boolean>;
  /** Told when a challenger was halted. */
  readonly onHalted: (scope: Scope, policy: KeptPolicy, metric: string) => void;
}

/** See the top of the file. */
export class PolicyGuard {
  readonly #parts: PolicyGuardParts;
  /** Devices that were counted, by challenge and day. */
  readonly #counted = new Map<string, { readonly day: number; readonly devices: Set<string> }>();

  constructor(parts: PolicyGuardParts) {
    this.#parts = parts;
  }

  /** Counts a batch. */
  async take({ decisions }: SeenBatch): Promise<void> {
    const byScope = new Map<string, SeenDecision[]>();
    for (const seen of decisions) {
      const name = scopeKey(seen.scope);
      byScope.set(name, [...(byScope.get(name) ?? []), seen]);
    }
    for (const all of byScope.values()) await this.#ofScope((all[0] as SeenDecision).scope, all);
  }

  async #ofScope(scope: Scope, all: readonly SeenDecision[]): Promise<void> {
    const { book } = this.#parts;
    const { challengers, policies } = book.snapshotOf(scope);
    for (const challenger of challengers) {
      const champion = policies.find(({ policy }) => policy === challenger.policy);
      if (champion === undefined) continue;
      const counts = noCounts();
      const name = `${scopeKey(scope)}\n${challenger.salt}`;
      for (const seen of all) {
        const side = sideOf(seen, challenger.hash, champion.hash);
        if (side !== undefined) await this.#count(scope, name, seen, counts[side]);
      }
      if (counts.staged.sessions + counts.control.sessions > 0)
        await this.#judge(scope, challenger.policy, challenger.version, counts);
    }
  }

  async #count(scope: Scope, name: string, seen: SeenDecision, into: Counts[Arm]): Promise<void> {
    const device = seen.indexed.entities.find((entity) => entity.startsWith('device:'));
    if (device === undefined) return;
    const day = Math.floor(seen.indexed.atMs / dayMs);
    let held = this.#counted.get(name);
    if (held === undefined || held.day < day) {
      held = { day, devices: new Set() };
      this.#counted.set(name, held);
    }
    if (held.day > day || held.devices.has(device) || held.devices.size >= mostDevices) return;
    held.devices.add(device);
    // Who is known to be bad is to be stopped: what a challenger does to them is no harm.
    if (await this.#parts.isKnownBad(scope, seen)) return;
    const { outcome } = seen.indexed;
    into.sessions += 1;
    if (outcome === 'challenge' || outcome === 'slow') into.crashed += 1;
    if (outcome === 'deny' || outcome === 'trap') into.failed += 1;
  }

  async #judge(scope: Scope, policy: string, version: number, counts: GuardCounts): Promise<void> {
    const { book, onHalted } = this.#parts;
    const revision = await book.revision(scope);
    const kept = await book.policy(scope, policy, version);
    if (kept === undefined || kept.state !== 'challenger' || kept.guard === null) return;
    const guard = watchGuard(settings, kept.guard, counts);
    const id = policyRowId(policy, version);
    const isHalted = guard.halted !== null;
    const value: KeptPolicy = isHalted
      ? { ...kept, guard, state: 'shadow', perMille: null, salt: null, changedBy: 'guard' }
      : { ...kept, guard };
    const puts = [{ kind: 'policy', id, value, atMs: kept.changedAtMs }] as const;
    if (!isHalted) {
      await book.note(scope, revision, puts);
      return;
    }
    const metric = guard.halted === 'crash' ? 'challenged' : 'denied';
    const facts = { hash: kept.hash, metric };
    const audit = { actor: 'guard', action: 'policy.halted', subject: `${policy} ${version}`, facts };
    const written = await book.change(scope, revision, puts, [audit]);
    if (written.ok) onHalted(scope, value, metric);
  }
}

const sideOf = ({ record }: SeenDecision, challenger: string, champion: string): Arm | undefined => {
  const { policy } = record;
  if (policy === undefined || record.isDuplicate) return undefined;
  if (policy.isChallenger) return challenger.startsWith(policy.hash) ? 'staged' : undefined;
  return champion.startsWith(policy.hash) ? 'control' : undefined;
};
