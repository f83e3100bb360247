/** What operators see of the bindings of an app, and the little that they may change. Everything else is decided by the rules. */
import {
  type Binding,
  type BindingAttempt,
  type BindingCode,
  type RuleId,
  readMsisdn,
  type Trail,
} from '@hauberk/binding';
import { accept, type DurationMs, type EpochMs, epochMs, type Refusal, type Result, refuse } from '@hauberk/primitives';
import type { AuditRecord } from '../audit/audit-log.ts';
import type { Scope } from '../storage/scope.ts';
import type { StorageRefusal } from '../storage/storage-refusal.ts';
import type { BankDirectory } from './bank-directory.ts';
import type { BindingClock, BindingSecrets } from './binding-ports.ts';
import type { BindingService } from './binding-service.ts';
import { type BindingStore, type Block, blockKey, newestFirst, type RowKey } from './binding-store.ts';
import { type Decided, transact } from './binding-transaction.ts';
import { trailKey } from './trail-rows.ts';
import type { PoolFigures } from './vmn-health.ts';

/** A part of a list. `next` goes on after it; a part may be shorter than was asked for, and even empty, with more to come. */
export interface Part<Item> {
  readonly items: readonly Item[];
  readonly next: string | undefined;
}

/** Where a part begins and how long it may be. */
export interface PartAsk {
  readonly after: string;
  readonly limit: number;
}

/** What attempts are looked for by; what is absent does not matter. */
export interface AttemptFilter {
  readonly state?: Trail['state'] | undefined;
  /** Only those that may still end bound. */
  readonly isOpen?: boolean | undefined;
  readonly profile?: string | undefined;
  readonly device?: string | undefined;
  /** Keyed hash. */
  readonly number?: string | undefined;
  readonly rule?: RuleId | undefined;
  readonly code?: BindingCode | undefined;
  readonly sinceMs?: number | undefined;
  readonly untilMs?: number | undefined;
}

/** What bindings are looked for by. */
export interface BindingFilter {
  readonly profile?: string | undefined;
  readonly device?: string | undefined;
  readonly number?: string | undefined;
  readonly isLive?: boolean | undefined;
}

/** A block that an operator sets. */
export type NewBlock = Pick<Block, 'subject' | 'value' | 'reason'> & { readonly life: DurationMs };

/** The operators' side of one app. */
export interface BindingAdministration {
  bindings(filter: BindingFilter, ask: PartAsk): Promise<Part<Binding>>;
  /** The binding of a profile, ended or not. */
  binding(profile: string): Promise<Binding | undefined>;
  /** Newest first. */
  attempts(filter: AttemptFilter, ask: PartAsk): Promise<Part<Trail>>;
  attempt(id: string): Promise<{ readonly trail: Trail; readonly attempt: BindingAttempt | undefined } | undefined>;
  /** Whether an attempt may still end bound. */
  isOpen(trail: Trail): boolean;
  blocks(ask: PartAsk): Promise<Part<Block>>;
  block(which: Pick<Block, 'subject' | 'value'>): Promise<Block | undefined>;
  addBlock(block: NewBlock, actor: string): Promise<Result<Block, StorageRefusal>>;
  /** Takes exactly this block back; a block that was set anew is another one. */
  liftBlock(block: Block, actor: string): Promise<Result<true, 'block-changed' | StorageRefusal>>;
  /** Ends exactly this binding; ended by an operator before, it is done. */
  end(
    which: Pick<Binding, 'id' | 'profile'>,
    actor: string,
  ): Promise<Result<Binding, 'binding.unknown' | StorageRefusal>>;
  vmns(): PoolFigures;
  /** The keyed hash of a number; undefined when it is none. */
  hashNumber(number: string): string | undefined;
  /** What the bank has for a profile. @throws BankSilent */
  registeredNumber(profile: string): Promise<string | undefined>;
}

/** What it works with. */
export interface BindingAdministrationParts {
  readonly scope: Scope;
  readonly store: BindingStore;
  readonly clock: BindingClock;
  readonly secrets: BindingSecrets;
  readonly service: BindingService;
  readonly directory: Pick<BankDirectory, 'registeredNumber'>;
  readonly timerMs: number;
  readonly vmns: () => PoolFigures;
}

/** Rows that one call looks through; what it did not find is looked for further by the next one. */
const mostLookedAt = 4000;
const pageSize = 200;

/** Looks through a list until enough was found, or enough was looked at. */
const search = async <Row, Item>(
  page: (after: string, limit: number) => Promise<readonly Row[]>,
  idOf: (row: Row) => string,
  pick: (rows: readonly Row[]) => Promise<readonly { readonly id: string; readonly item: Item }[]>,
  { after, limit }: PartAsk,
): Promise<Part<Item>> => {
  const items: Item[] = [];
  let at = after;
  for (let looked = 0; looked < mostLookedAt; looked += pageSize) {
    const rows = await page(at, pageSize);
    for (const { id, item } of await pick(rows)) {
      items.push(item);
      if (items.length === limit) return { items, next: id };
    }
    const last = rows.at(-1);
    if (last === undefined || rows.length < pageSize) return { items, next: undefined };
    at = idOf(last);
  }
  return { items, next: at };
};

const fits = (filter: AttemptFilter, trail: Trail): boolean =>
  (filter.state === undefined || filter.state === trail.state) &&
  (filter.profile === undefined || filter.profile === trail.profile) &&
  (filter.device === undefined || filter.device === trail.device.id) &&
  (filter.number === undefined || filter.number === trail.number) &&
  (filter.rule === undefined || filter.rule === trail.rule) &&
  (filter.code === undefined || filter.code === trail.code) &&
  (filter.sinceMs === undefined || trail.startedAtMs >= filter.sinceMs);

const recentId = ({ startedAtMs, id }: Trail): string => `${newestFirst(startedAtMs)} ${id}`;

const openStates: readonly Trail['state'][] = ['issued', 'seen', 'proven'];

const listAttempts = (
  { scope, store }: BindingAdministrationParts,
  isOpen: (trail: Trail) => boolean,
  filter: AttemptFilter,
  ask: PartAsk,
): Promise<Part<Trail>> => {
  // Later instants sort first, so that `until` is where the list begins.
  const begin = filter.untilMs === undefined ? '' : newestFirst(filter.untilMs);
  const isPast = (trail: Trail): boolean => filter.sinceMs !== undefined && trail.startedAtMs < filter.sinceMs;
  let isOver = false;
  return search(
    async (after, limit) => (isOver ? [] : store.list(scope, 'recent', after, limit)),
    ({ id }) => id,
    async (rows) => {
      const keys = rows.map(({ attempt }) => trailKey(attempt));
      const loaded = keys.length === 0 ? [] : await store.load(scope, keys);
      const trails = loaded.flatMap(({ value }) => (value === undefined ? [] : [value as Trail]));
      isOver = trails.some(isPast);
      return trails
        .filter((trail) => fits(filter, trail) && (filter.isOpen === undefined || filter.isOpen === isOpen(trail)))
        .map((item) => ({ id: recentId(item), item }));
    },
    { ...ask, after: ask.after > begin ? ask.after : begin },
  );
};

const listBindings = async (
  { scope, store }: BindingAdministrationParts,
  filter: BindingFilter,
  ask: PartAsk,
): Promise<Part<Binding>> => {
  const isMeant = ({ device, number, end }: Binding): boolean =>
    (filter.device === undefined || filter.device === device) &&
    (filter.number === undefined || filter.number === number) &&
    (filter.isLive === undefined || filter.isLive === (end === undefined));
  if (filter.profile !== undefined) {
    const found = await one<Binding>(store, scope, { kind: 'binding', id: filter.profile });
    return { items: found !== undefined && isMeant(found) ? [found] : [], next: undefined };
  }
  return search(
    (after, limit) => store.list(scope, 'binding', after, limit),
    ({ profile }) => profile,
    async (rows) => rows.filter(isMeant).map((item) => ({ id: item.profile, item })),
    ask,
  );
};

const one = async <Value>(store: BindingStore, scope: Scope, key: RowKey): Promise<Value | undefined> =>
  (await store.load(scope, [key]))[0]?.value as Value | undefined;

const idOfBlock = (block: Pick<Block, 'source' | 'subject' | 'value'>): string => blockKey(block).id;

const blockAudit = (action: string, { subject, value, reason, untilMs }: Block, actor: string): AuditRecord => ({
  actor,
  action: `binding.${action}`,
  subject: `${subject} ${value}`,
  facts: { reason, untilMs },
});

const addBlock = async (
  parts: BindingAdministrationParts,
  asked: NewBlock,
  actor: string,
): Promise<Result<Block, StorageRefusal>> => {
  const { subject, value, reason, life } = asked;
  const key = blockKey({ source: 'operator', subject, value });
  return transact(
    parts,
    (load) => load([key]),
    (rows, now): Decided<Result<Block, never>> => {
      // A shorter block in the place of a longer one would lift it by one person's word.
      const longest = epochMs(Math.max(now.wallMs + life, rows.find('block', key.id)?.untilMs ?? 0));
      const block: Block = {
        source: 'operator',
        subject,
        value,
        by: actor,
        reason,
        atMs: now.wallMs,
        untilMs: longest,
      };
      return {
        answer: accept(block),
        puts: [{ ...key, value: block, expiresAtMs: longest }],
        audit: [blockAudit('blocked-by-operator', block, actor)],
      };
    },
  );
};

const liftBlock = async (parts: BindingAdministrationParts, block: Block, actor: string) => {
  const key = blockKey(block);
  const answer: Result<true, 'block-changed'> | Refusal<StorageRefusal> = await transact(
    parts,
    (load) => load([key]),
    (rows): Decided<Result<true, 'block-changed'>> => {
      const held = rows.find('block', key.id);
      // Gone already: lifted before, or over.
      if (held === undefined) return { answer: accept(true), puts: [], audit: [] };
      if (held.atMs !== block.atMs || held.untilMs !== block.untilMs)
        return { answer: refuse('block-changed'), puts: [], audit: [] };
      const audit = [blockAudit('block-lifted', held, actor)];
      return { answer: accept(true), puts: [{ ...key, value: undefined }], audit };
    },
  );
  return answer;
};

const endOne = async (
  { scope, store, service }: BindingAdministrationParts,
  which: Pick<Binding, 'id' | 'profile'>,
  actor: string,
): Promise<Result<Binding, 'binding.unknown' | StorageRefusal>> => {
  const ended = await service.endByOperator(which, actor);
  if (ended.ok) return accept(ended.value.binding);
  if (ended.code !== 'binding.unknown') return ended;
  const held = await one<Binding>(store, scope, { kind: 'binding', id: which.profile });
  return held?.id === which.id && held.end?.why === 'operator' ? accept(held) : refuse('binding.unknown');
};

/** Opens the operators' side of an app. */
export const bindingAdministration = (parts: BindingAdministrationParts): BindingAdministration => {
  const { scope, store, clock, secrets, directory, timerMs } = parts;
  const now = (): EpochMs => clock.now().wallMs;
  const isOpen = ({ state, startedAtMs }: Trail): boolean =>
    openStates.includes(state) && now() - startedAtMs <= timerMs;
  return {
    bindings: (filter, ask) => listBindings(parts, filter, ask),
    binding: (profile) => one(store, scope, { kind: 'binding', id: profile }),
    attempts: (filter, ask) => listAttempts(parts, isOpen, filter, ask),
    attempt: async (id) => {
      const [trail, attempt] = await store.load(scope, [trailKey(id), { kind: 'attempt', id }]);
      if (trail?.value === undefined) return undefined;
      return { trail: trail.value as Trail, attempt: attempt?.value as BindingAttempt | undefined };
    },
    isOpen,
    blocks: (ask) =>
      search(
        (after, limit) => store.list(scope, 'block', after, limit),
        idOfBlock,
        async (rows) => rows.filter(({ untilMs }) => untilMs > now()).map((item) => ({ id: idOfBlock(item), item })),
        ask,
      ),
    block: async (which) => {
      const held = await one<Block>(store, scope, blockKey({ source: 'operator', ...which }));
      return held !== undefined && held.untilMs > now() ? held : undefined;
    },
    addBlock: (block, actor) => addBlock(parts, block, actor),
    liftBlock: (block, actor) => liftBlock(parts, block, actor),
    end: (which, actor) => endOne(parts, which, actor),
    vmns: parts.vmns,
    hashNumber: (number) => {
      const read = readMsisdn(number);
      return read.ok ? secrets.hash('number', read.value) : undefined;
    },
    registeredNumber: (profile) => directory.registeredNumber(profile),
  };
};
