/** Live bindings: transfers in the first day, SIM changes, and the jobs that end what has run out. */
import {
  type Binding,
  type BindingCode,
  type BindingEnd,
  isCooling,
  isInactive,
  isLive,
  isStaleList,
  judgeTransfer,
} from '@hauberk/binding';
import { type AmountMinor, accept, type EpochMs, type Refusal, type Result, refuse } from '@hauberk/primitives';
import type { AuditRecord } from '../audit/audit-log.ts';
import type { StorageRefusal } from '../storage/storage-refusal.ts';
import type { ServiceParts } from './binding-service.ts';
import type { RowKey, UntoldEnd } from './binding-store.ts';
import { type Decided, type LoadedRows, transact } from './binding-transaction.ts';
import { type EndedBinding, endPuts, untold } from './step-rows.ts';

/** A device that speaks for a profile, as the channel verified it. */
export interface BoundCaller {
  readonly profile: string;
  readonly key: string;
}

const bindingRow = (profile: string): RowKey<'binding'> => ({ kind: 'binding', id: profile });
const justBinding =
  (profile: string) =>
  (load: (keys: readonly RowKey[]) => Promise<LoadedRows>): Promise<LoadedRows> =>
    load([bindingRow(profile)]);

/** The live binding of a profile, as it stands; nothing is changed by looking. */
export const liveBinding = async ({ store, scope }: ServiceParts, profile: string): Promise<Binding | undefined> => {
  const [row] = await store.load(scope, [bindingRow(profile)]);
  const binding = row?.key.kind === 'binding' ? (row.value as Binding | undefined) : undefined;
  return isLive(binding) ? binding : undefined;
};

/** B19: takes a transfer into the account of the first day, or refuses it. The bank calls it before it moves money. */
export const takeTransfer = (
  parts: ServiceParts,
  { profile, key }: BoundCaller,
  amount: AmountMinor,
): Promise<Result<true, BindingCode | StorageRefusal>> => {
  const moved: RowKey<'moved'> = { kind: 'moved', id: profile };
  return transact(
    parts,
    (load) => load([bindingRow(profile), moved]),
    (rows, now): Decided<Result<true, BindingCode>> => {
      const nothing = (answer: Result<true, BindingCode>) => ({ answer, puts: [], audit: [] });
      const binding = rows.find('binding', profile);
      if (!isLive(binding)) return nothing(refuse('binding.unknown'));
      if (binding.key !== key) return nothing(refuse('binding.foreign-device'));
      if (!isCooling(binding, parts.policy, now.wallMs)) return nothing(accept(true));
      const held = rows.find('moved', profile);
      const before = held?.binding === binding.id ? held.minor : 0;
      const code = judgeTransfer(binding, amount, before as AmountMinor, parts.policy, now.wallMs);
      if (code !== undefined) return nothing(refuse(code));
      const value = { binding: binding.id, minor: before + amount };
      return { answer: accept(true), puts: [{ kind: 'moved', id: profile, value }], audit: [] };
    },
  );
};

const auditEnd = ({ id }: Binding, why: BindingEnd, actor: string): AuditRecord => ({
  actor,
  action: 'binding.ended',
  subject: id,
  facts: { why },
});

type EndAnswer = Result<EndedBinding, 'binding.unknown'>;

/** Ends the live binding of a profile if it is still the expected one, tells of it once that is durable. */
export const endBinding = async (
  parts: ServiceParts,
  which: { readonly profile: string; readonly key?: string | undefined; readonly id?: string | undefined },
  why: BindingEnd,
  actor: string,
): Promise<EndAnswer | Refusal<StorageRefusal>> => {
  const answer = await transact(parts, justBinding(which.profile), (rows, now): Decided<EndAnswer> => {
    const binding = rows.find('binding', which.profile);
    const isMeant =
      isLive(binding) &&
      (which.key === undefined || which.key === binding.key) &&
      (which.id === undefined || which.id === binding.id);
    if (!isMeant) return { answer: refuse('binding.unknown'), puts: [], audit: [] };
    return {
      answer: accept({ binding, why }),
      puts: [...endPuts(binding, why, now.wallMs), untold({ binding, why })],
      audit: [auditEnd(binding, why, actor)],
    };
  });
  if (answer.ok) await parts.tellEnded(answer.value);
  return answer;
};

/** B23: the bound device saw its SIM change. Ends the binding and, through the notice, every session. */
export const simChanged = (parts: ServiceParts, { profile, key }: BoundCaller): ReturnType<typeof endBinding> =>
  endBinding(parts, { profile, key }, 'sim-changed', 'device');

/** What a round of upkeep came to. */
export interface UpkeepReport {
  readonly seen: number;
  readonly inactive: number;
  readonly revoked: number;
  /** Bindings whose number no fresh list could say anything of. */
  readonly unchecked: number;
}

const pageSize = 200;

const reasonToEnd = async (
  parts: ServiceParts,
  binding: Binding,
  now: EpochMs,
): Promise<'inactive' | 'number-revoked' | 'unchecked' | undefined> => {
  if (isInactive(binding, parts.policy, now)) return 'inactive';
  const number = await parts.directory.registeredNumber(binding.profile);
  // Another number is registered now: the one that was bound is no longer the customer's.
  if (number === undefined || parts.secrets.hash('number', number) !== binding.number) return 'number-revoked';
  const facts = await parts.numberFacts.facts(number);
  if (facts.revocation !== 'silent' && facts.revocation.isListed) return 'number-revoked';
  return isStaleList(facts, parts.policy, now) ? 'unchecked' : undefined;
};

/**
 * Tells of an end, and forgets it once it was told. A notice that fails, or a process that dies before it, is told again by the next
 * upkeep: whoever listens may hear of one end twice, and never not at all.
 */
export const tellEnd = async (parts: ServiceParts, { id, profile, key, why }: UntoldEnd): Promise<void> => {
  try {
    await parts.notices.bindingEnded({ profile, key, why });
  } catch {
    parts.notices.alarm('binding.notice-failed', { binding: id });
    return;
  }
  const put = { kind: 'ended', id, value: undefined } as const;
  const change = { fence: await parts.store.fence(), read: [], puts: [put], audit: [] };
  await parts.store.commit(parts.scope, change, parts.clock.now().wallMs);
};

/** Tells what was not told. */
const tellUntold = async (parts: ServiceParts): Promise<void> => {
  let after = '';
  for (;;) {
    const page = await parts.store.list(parts.scope, 'ended', after, pageSize);
    for (const end of page) await tellEnd(parts, end);
    const last = page.at(-1);
    if (last === undefined || page.length < pageSize) return;
    after = last.id;
  }
};

/** B17 and B21: goes through all live bindings, and tells what was not told. Run at every start and at least weekly. */
export const refreshBindings = async (parts: ServiceParts): Promise<UpkeepReport> => {
  await tellUntold(parts);
  const counts = { seen: 0, inactive: 0, revoked: 0, unchecked: 0 };
  let after = '';
  for (;;) {
    const page = await parts.store.list(parts.scope, 'binding', after, pageSize);
    for (const binding of page.filter(isLive)) {
      counts.seen += 1;
      const why = await reasonToEnd(parts, binding, parts.clock.now().wallMs);
      if (why === 'unchecked') counts.unchecked += 1;
      else if (why !== undefined) {
        const done = await endBinding(parts, { profile: binding.profile, id: binding.id }, why, 'upkeep');
        if (done.ok) counts[why === 'inactive' ? 'inactive' : 'revoked'] += 1;
      }
    }
    const last = page.at(-1);
    if (last === undefined || page.length < pageSize) break;
    after = last.profile;
  }
  if (counts.unchecked > 0) parts.notices.alarm('binding.number-list-stale', { unchecked: counts.unchecked });
  return counts;
};
