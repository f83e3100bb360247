/** What a privacy officer asks and decides, for one app. */

import { accept, type EpochMs, epochMs, type Result, refuse, toBase64Url } from '@hauberk/primitives';
import { type DataItem, dataItems, nextFinding, sensitiveApiOf } from '@hauberk/privacy';
import type { KeyReader } from '../keys/key-provider.ts';
import type { Outbox } from '../storage/outbox.ts';
import type { Scope } from '../storage/scope.ts';
import type { StorageRefusal } from '../storage/storage-refusal.ts';
import { ledgerKeys } from './consent-record.ts';
import { dayOf, ownerOf } from './judge-batch.ts';
import type { AccessTotal, KeptFinding, KnownChain, PrivacyStore } from './privacy-store.ts';
import type { ResponseRules } from './response-rules.ts';
import type { ChainStops } from './stop-chains.ts';
import { accessSubject, eraseSubject, type SubjectAccess, type SubjectName, subjectOf } from './subject-rights.ts';

/** What the administration stands on. */
export interface PrivacyOffice {
  readonly store: PrivacyStore;
  readonly outbox: Pick<Outbox, 'readAfter'>;
  readonly keys: KeyReader;
  readonly stops: ChainStops;
  readonly rules: ResponseRules;
  readonly stopFourEyes: 'never' | 'always';
  readonly now: () => EpochMs;
}

/** Which findings are asked for. */
export interface FindingQuery {
  readonly state?: string | undefined;
  readonly kind?: string | undefined;
  readonly severity?: string | undefined;
  readonly chain?: string | undefined;
  readonly limit: number;
  readonly after?: string | undefined;
}

/** What would be met by a stop of a chain. */
export interface StopPreview {
  readonly chain: string;
  readonly owner: string;
  /** Devices that told of the chain, told apart up to 64. */
  readonly devices: number;
  /** Calls of the last 30 days, by function. */
  readonly calls: readonly { readonly api: string; readonly scene: string; readonly calls: number }[];
  /** Findings that would be stopped. */
  readonly findings: readonly string[];
  /** Other chains of the same owner, which go on. */
  readonly otherChains: readonly string[];
}

/** One cell of the matrix: an item of data, by whom, where, how often. */
export interface MatrixCell {
  readonly item: string;
  readonly class: DataItem['class'];
  readonly api: string;
  readonly chain: string;
  readonly owner: string;
  readonly scene: string;
  readonly isForeground: boolean;
  readonly outcome: string;
  readonly calls: number;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
}

const pageRows = 500;
const mostTotals = 200_000;
const previewDays = 30;

/** Everything of one kind, a page at a time. */
async function* rowsOf<Kind extends 'finding' | 'chain' | 'total'>(
  store: PrivacyStore,
  scope: Scope,
  kind: Kind,
  from = '',
): AsyncGenerator<NonNullable<Awaited<ReturnType<PrivacyStore['list']>>[number]['value']>> {
  let after = from;
  for (let seen = 0; seen < mostTotals; seen += pageRows) {
    const page = await store.list(scope, kind, { after, limit: pageRows });
    for (const { value } of page) if (value !== undefined) yield value;
    if (page.length < pageRows) return;
    after = page.at(-1)?.key.id ?? '';
  }
}

/** A finding as it stands now: what was accepted until a while ago is open again. */
const present = (kept: KeptFinding, now: EpochMs): KeptFinding => {
  const ticked = nextFinding(kept.finding, { type: 'tick', at: now });
  return ticked.ok ? { ...kept, finding: ticked.value } : kept;
};

const isAsked = ({ finding }: KeptFinding, { state, kind, severity, chain }: FindingQuery): boolean =>
  (state === undefined || finding.state === state) &&
  (kind === undefined || finding.kind === kind) &&
  (severity === undefined || finding.severity === severity) &&
  (chain === undefined || finding.chain === chain);

/** The administration of one app. */
export class PrivacyAdministration {
  readonly #office: PrivacyOffice;
  readonly #scope: Scope;

  constructor(office: PrivacyOffice, scope: Scope) {
    this.#office = office;
    this.#scope = scope;
  }

  get stopsNeedTwo(): boolean {
    return this.#office.stopFourEyes === 'always';
  }

  get stops(): ChainStops {
    return this.#office.stops;
  }

  get rules(): ResponseRules {
    return this.#office.rules;
  }

  /** Findings in the order of their ids. */
  async findings(
    query: FindingQuery,
  ): Promise<{ readonly items: readonly KeptFinding[]; readonly next: string | null }> {
    const { store, now } = this.#office;
    const items: KeptFinding[] = [];
    for await (const value of rowsOf(store, this.#scope, 'finding', query.after ?? '')) {
      const kept = present(value as KeptFinding, now());
      if (!isAsked(kept, query)) continue;
      if (items.length === query.limit) return { items, next: items.at(-1)?.id ?? null };
      items.push(kept);
    }
    return { items, next: null };
  }

  async finding(id: string): Promise<KeptFinding | undefined> {
    const [row] = await this.#office.store.load(this.#scope, [{ kind: 'finding', id }]);
    return row?.value === undefined ? undefined : present(row.value, this.#office.now());
  }

  /** Accepts a finding for a while, or says that a release is without it. */
  async decide(
    id: string,
    decision: { readonly action: 'accept'; readonly days: number } | { readonly action: 'fix' },
    reason: string,
    by: string,
  ): Promise<Result<KeptFinding, 'finding-unknown' | 'finding-state' | 'privacy-conflict' | StorageRefusal>> {
    const { store, now } = this.#office;
    const key = { kind: 'finding', id } as const;
    const [row] = await store.load(this.#scope, [key]);
    if (row?.value === undefined) return refuse('finding-unknown');
    const at = now();
    const kept = present(row.value, at);
    const until = decision.action === 'accept' ? epochMs(at + decision.days * 86_400_000) : at;
    const next = nextFinding(
      kept.finding,
      decision.action === 'accept' ? { type: 'accept', acceptance: { reason, by, until }, at } : { type: 'fix' },
    );
    if (!next.ok) return refuse('finding-state', next.code);
    const changed: KeptFinding = { ...kept, finding: next.value, changedBy: by };
    const facts = { reason, state: next.value.state, ...(decision.action === 'accept' ? { untilMs: until } : {}) };
    const audit = [{ actor: by, action: `privacy.finding-${next.value.state}`, subject: id, facts }];
    const put = { ...key, value: changed, atMs: next.value.lastAt };
    const change = { scope: this.#scope, read: [{ key, version: row.version }], puts: [put], audit };
    const written = await store.commit({ changes: [change] }, at);
    return written.ok ? accept(changed) : written;
  }

  async chains(after: string | undefined, limit: number): Promise<readonly KnownChain[]> {
    const page = await this.#office.store.list(this.#scope, 'chain', { after: after ?? '', limit });
    return page.flatMap(({ value }) => value ?? []);
  }

  async chain(id: string): Promise<KnownChain | undefined> {
    const [row] = await this.#office.store.load(this.#scope, [{ kind: 'chain', id }]);
    return row?.value;
  }

  /** What a stop would meet; undefined for a chain that nobody told of. */
  async preview(id: string): Promise<StopPreview | undefined> {
    const { store, now } = this.#office;
    const known = await this.chain(id);
    if (known === undefined) return undefined;
    const owner = ownerOf(known);
    const byPlace = new Map<string, { api: string; scene: string; calls: number }>();
    const from = `${dayOf(now() - previewDays * 86_400_000)}\n`;
    for await (const value of rowsOf(store, this.#scope, 'total', from)) {
      const { chain, api, scene, calls } = value as AccessTotal;
      if (chain !== id) continue;
      const place = byPlace.get(`${api}\n${scene}`) ?? { api, scene, calls: 0 };
      byPlace.set(`${api}\n${scene}`, { ...place, calls: place.calls + calls });
    }
    const { items } = await this.findings({ chain: id, limit: 100 });
    const others: string[] = [];
    for await (const value of rowsOf(store, this.#scope, 'chain')) {
      const other = value as KnownChain;
      if (other.chain !== id && ownerOf(other) === owner && others.length < 100) others.push(other.chain);
    }
    return {
      chain: id,
      owner,
      devices: Object.values(known.owners).flat().length,
      calls: [...byPlace.values()].toSorted((one, other) => other.calls - one.calls),
      findings: items.map((kept) => kept.id),
      otherChains: others,
    };
  }

  /** Which data were read by whom, where and how often, since a day; at most so many cells, the most called first. */
  async matrix(
    daysBack: number,
    limit: number,
  ): Promise<{ readonly cells: readonly MatrixCell[]; readonly isComplete: boolean }> {
    const { store, now } = this.#office;
    const byName = new Map<string, MatrixCell>();
    const from = `${dayOf(now() - daysBack * 86_400_000)}\n`;
    for await (const value of rowsOf(store, this.#scope, 'total', from)) {
      const { day: _, calls, firstAtMs, lastAtMs, ...named } = value as AccessTotal;
      const items = sensitiveApiOf(named.api)?.yields ?? [];
      for (const item of items) {
        const name = `${item}\n${Object.values(named).join('\n')}`;
        const held = byName.get(name);
        byName.set(name, {
          item,
          class: dataItems.get(item)?.class ?? 'C1',
          ...named,
          calls: (held?.calls ?? 0) + calls,
          firstAtMs: Math.min(held?.firstAtMs ?? firstAtMs, firstAtMs),
          lastAtMs: Math.max(held?.lastAtMs ?? 0, lastAtMs),
        });
      }
    }
    const cells = [...byName.values()].toSorted((one, other) => other.calls - one.calls);
    return { cells: cells.slice(0, limit), isComplete: cells.length <= limit };
  }

  async subject(name: SubjectName): Promise<SubjectAccess | undefined> {
    const subject = await subjectOf(this.#office, this.#scope, name, this.#office.now());
    return subject === undefined ? undefined : accessSubject(this.#office, this.#scope, subject);
  }

  async erase(
    name: SubjectName,
    reason: string,
    by: string,
  ): Promise<
    Result<{ readonly subject: string; readonly rows: number }, 'subject-unknown' | 'privacy-conflict' | StorageRefusal>
  > {
    const { now } = this.#office;
    const subject = await subjectOf(this.#office, this.#scope, name, now());
    if (subject === undefined) return refuse('subject-unknown');
    return eraseSubject(this.#office, this.#scope, subject, { actor: by, reason }, now());
  }

  /** Public keys of the consent ledger, the present one first. */
  consentKeys(): readonly string[] {
    return ledgerKeys(this.#office.keys, this.#office.now()).map(toBase64Url);
  }
}
