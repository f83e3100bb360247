/**
 * The book of what an app decides by: policies with their versions, lists, models. Every change is one commit of rows; afterwards the book makes the
 * app's snapshot anew and publishes it, whole, to whoever follows (docs/decision-operations.md).
 */
import { createHash } from 'node:crypto';
import { accept, canonicalJson, type EpochMs, type JsonValue, type Result, refuse, utf8 } from '@hauberk/primitives';
import { openGuard } from '@hauberk/rollout';
import type { AuditRecord } from '../audit/audit-log.ts';
import { type Scope, scopeKey } from '../storage/scope.ts';
import type { StorageRefusal } from '../storage/storage-refusal.ts';
import { entriesOf, maxLists } from './policy-entries.ts';
import { type KeptPolicy, type PolicyStep, type PolicyStepCode, policyRowId, stepPolicy } from './policy-life.ts';
import {
  type DecisionSnapshot,
  emptySnapshot,
  type ListText,
  type ModelText,
  type PublishSnapshots,
} from './policy-snapshot.ts';
import type { DecisionKey, DecisionPut, DecisionStore } from './record-rows.ts';

/** What the book stands on. */
export interface PolicyBookParts {
  readonly store: Pick<DecisionStore, 'load' | 'list' | 'commit'>;
  readonly scopes: readonly Scope[];
  readonly now: () => EpochMs;
}

/** Why a change was not written. */
export type BookRefusal = 'decision-conflict' | StorageRefusal;

/** Versions of all policies of an app that are kept; drafts beyond are refused. */
const maxVersions = 2000;
const pageRows = 500;
const bookKey: DecisionKey<'book'> = { kind: 'book', id: '' };

/** SHA-256 of a canonical document, hexadecimal. */
export const documentHash = (document: string): string => createHash('sha256').update(utf8(document)).digest('hex');

/** What a draft is made of; `scenes` are those that the document decides. */
export interface PolicyDraft {
  readonly policy: string;
  readonly document: JsonValue;
  readonly scenes: readonly string[];
  readonly reason: string;
}

/** See the top of the file. */
export class PolicyBook {
  readonly #parts: PolicyBookParts;
  readonly #snapshots = new Map<string, DecisionSnapshot>();
  readonly #followers = new Set<PublishSnapshots>();

  constructor(parts: PolicyBookParts) {
    this.#parts = parts;
    for (const scope of parts.scopes)
      this.#snapshots.set(scopeKey(scope), emptySnapshot(scope.organisation, scope.app));
  }

  /** What every app decides by now. */
  snapshots(): readonly DecisionSnapshot[] {
    return [...this.#snapshots.values()];
  }

  /** What one app decides by now. */
  snapshotOf(scope: Scope): DecisionSnapshot {
    return this.#snapshots.get(scopeKey(scope)) ?? emptySnapshot(scope.organisation, scope.app);
  }

  /** Hears of every change, with the snapshots of all apps; answers how to stop. */
  follow(publish: PublishSnapshots): () => void {
    this.#followers.add(publish);
    return () => this.#followers.delete(publish);
  }

  /** Reads everything anew and publishes it. */
  async refresh(): Promise<void> {
    for (const scope of this.#parts.scopes) await this.#renew(scope);
    this.#publish();
  }

  /** Every version of every policy of an app. */
  async policies(scope: Scope): Promise<readonly KeptPolicy[]> {
    const all: KeptPolicy[] = [];
    for (let after = ''; ; ) {
      const page = await this.#parts.store.list(scope, 'policy', { after, limit: pageRows });
      all.push(...page.flatMap(({ value }) => value ?? []));
      if (page.length < pageRows) return all;
      after = page.at(-1)?.key.id ?? '';
    }
  }

  async policy(scope: Scope, policy: string, version: number): Promise<KeptPolicy | undefined> {
    const [row] = await this.#parts.store.load(scope, [{ kind: 'policy', id: policyRowId(policy, version) }]);
    return row?.value;
  }

  /** Keeps a document as the next version of its policy; the same document as the newest one is that one. */
  async draft(
    scope: Scope,
    { policy, document, scenes, reason }: PolicyDraft,
    by: string,
  ): Promise<Result<KeptPolicy, 'policies-full' | BookRefusal>> {
    const { store, now } = this.#parts;
    const newestKey: DecisionKey<'newest'> = { kind: 'newest', id: policy };
    const [newest] = await store.load(scope, [newestKey]);
    const last = newest?.value?.version ?? 0;
    const text = canonicalJson(document);
    const hash = documentHash(text);
    const held = last === 0 ? undefined : await this.policy(scope, policy, last);
    if (held !== undefined && held.hash === hash && held.state !== 'retired') return accept(held);
    if ((await this.policies(scope)).length >= maxVersions) return refuse('policies-full');
    const atMs = now();
    const version = last + 1;
    const drafted: KeptPolicy = {
      policy,
      version,
      hash,
      document: text,
      scenes,
      state: 'draft',
      reason,
      draftedBy: by,
      changedBy: by,
      createdAtMs: atMs,
      changedAtMs: atMs,
      liveAtMs: null,
      perMille: null,
      salt: null,
      guard: null,
    };
    const audit = { actor: by, action: 'policy.drafted', subject: `${policy} ${version}`, facts: { hash, reason } };
    const puts: readonly DecisionPut[] = [
      { kind: 'policy', id: policyRowId(policy, version), value: drafted, atMs },
      { ...newestKey, value: { version }, atMs },
    ];
    const change = { scope, read: [{ key: newestKey, version: newest?.version ?? 0 }], puts, audit: [audit] };
    const written = await store.commit({ changes: [change] }, atMs);
    return written.ok ? accept(drafted) : written;
  }

  /** Takes a step of one version, and publishes what follows from it. */
  async step(
    scope: Scope,
    policy: string,
    step: PolicyStep,
    by: { readonly actor: string; readonly reason: string },
  ): Promise<Result<KeptPolicy, PolicyStepCode | BookRefusal>> {
    const atMs = this.#parts.now();
    // A cohort of its own for each challenge: who was in the last one is not in this one for that.
    const salted =
      step.action === 'challenge' ? { ...step, salt: documentHash(`${policy} ${atMs}`).slice(0, 16) } : step;
    const revision = await this.#revision(scope);
    const stepped = stepPolicy(await this.policies(scope), policy, salted, { actor: by.actor, now: atMs });
    if (!stepped.ok) return stepped;
    const [first] = stepped.value;
    const changed = stepped.value.map((each) =>
      each.state === 'challenger' && each.guard === null ? { ...each, guard: openGuard() } : each,
    );
    const audit = {
      actor: by.actor,
      action: `policy.${step.action}`,
      subject: `${policy} ${step.version}`,
      facts: {
        hash: step.hash,
        reason: by.reason,
        ...(step.perMille === undefined ? {} : { perMille: step.perMille }),
        ended: stepped.value.slice(1).map(({ version, state }) => `${version} ${state}`),
      },
    };
    const puts = changed.map(
      (each): DecisionPut => ({ kind: 'policy', id: policyRowId(policy, each.version), value: each, atMs }),
    );
    const written = await this.change(scope, revision, puts, [audit]);
    if (!written.ok) return written;
    return accept(changed[0] ?? (first as KeptPolicy));
  }

  /** The revision that a change follows; `change` is refused when another came between. */
  async #revision(scope: Scope): Promise<{ readonly revision: number; readonly version: number }> {
    const [row] = await this.#parts.store.load(scope, [bookKey]);
    return { revision: row?.value?.revision ?? 0, version: row?.version ?? 0 };
  }

  /** The revision to change from, for rooms that change rows of the book themselves. */
  revision(scope: Scope): Promise<{ readonly revision: number; readonly version: number }> {
    return this.#revision(scope);
  }

  /** Writes rows that decisions are made by, raises the revision, and publishes. */
  async change(
    scope: Scope,
    from: { readonly revision: number; readonly version: number },
    puts: readonly DecisionPut[],
    audit: readonly AuditRecord[],
  ): Promise<Result<true, BookRefusal>> {
    const atMs = this.#parts.now();
    const raised: DecisionPut = { ...bookKey, value: { revision: from.revision + 1 }, atMs };
    const change = { scope, read: [{ key: bookKey, version: from.version }], puts: [...puts, raised], audit };
    const written = await this.#parts.store.commit({ changes: [change] }, atMs);
    if (!written.ok) return written;
    await this.#renew(scope);
    this.#publish();
    return written;
  }

  /** Writes rows that change nothing of what is decided; refused when a change came between. */
  async note(
    scope: Scope,
    from: { readonly version: number },
    puts: readonly DecisionPut[],
  ): Promise<Result<true, BookRefusal>> {
    const change = { scope, read: [{ key: bookKey, version: from.version }], puts, audit: [] };
    return this.#parts.store.commit({ changes: [change] }, this.#parts.now());
  }

  async #renew(scope: Scope): Promise<void> {
    this.#snapshots.set(scopeKey(scope), await this.#make(scope));
  }

  async #make(scope: Scope): Promise<DecisionSnapshot> {
    const { revision } = await this.#revision(scope);
    const kept = await this.policies(scope);
    const texts = (state: KeptPolicy['state']) =>
      kept
        .filter((each) => each.state === state)
        .map(({ policy, version, hash, document, scenes, perMille, salt }) => ({
          text: { policy, version, hash, document, scenes },
          perMille: perMille ?? 0,
          salt: salt ?? '',
        }));
    return {
      ...emptySnapshot(scope.organisation, scope.app),
      revision,
      policies: texts('live').map(({ text }) => text),
      shadow: texts('shadow').map(({ text }) => text),
      challengers: texts('challenger').map(({ text, perMille, salt }) => ({ ...text, perMille, salt })),
      lists: await this.#lists(scope),
      model: await this.#model(scope),
    };
  }

  async #lists(scope: Scope): Promise<readonly ListText[]> {
    const { store, now } = this.#parts;
    const rows = await store.list(scope, 'list', { limit: maxLists });
    const members = new Map(rows.map(({ key }): [string, string[]] => [key.id, []]));
    const at = now();
    for await (const { list, member, entry } of entriesOf(store, scope))
      if (entry.expiresAtMs === null || entry.expiresAtMs > at) members.get(list)?.push(member);
    return [...members].map(([name, held]) => ({ name, members: held }));
  }

  async #model(scope: Scope): Promise<ModelText | null> {
    const rows = await this.#parts.store.list(scope, 'model', { limit: pageRows });
    const active = rows.find(({ value }) => value?.state === 'active')?.value;
    return active === undefined ? null : { hash: active.hash, document: active.document };
  }

  #publish(): void {
    const all = this.snapshots();
    for (const follower of this.#followers) follower(all);
  }
}
