/** Models of an app: files as `hauberk learn --out` writes them, kept by content; at most one is active, and two people agree on which. */
import { accept, canonicalJson, type EpochMs, type JsonValue, type Result, refuse } from '@hauberk/primitives';
import type { Scope } from '../storage/scope.ts';
import { type BookRefusal, documentHash, type PolicyBook } from './policy-book.ts';
import type { KeptModel } from './policy-rows.ts';
import type { DecisionPut, DecisionStore } from './record-rows.ts';

/** Exactly what two people agree on; an empty hash stands for no model. */
export interface ModelContent {
  readonly model: string;
  readonly reason: string;
}

/** Models that are kept for an app. */
const maxModels = 16;
/** Longest document in characters. */
export const maxModelText = 4_194_304;

/** Models of any app. */
export class DecisionModels {
  readonly #store: Pick<DecisionStore, 'load' | 'list' | 'commit'>;
  readonly #book: PolicyBook;
  readonly #now: () => EpochMs;

  constructor(store: Pick<DecisionStore, 'load' | 'list' | 'commit'>, book: PolicyBook, now: () => EpochMs) {
    this.#store = store;
    this.#book = book;
    this.#now = now;
  }

  async list(scope: Scope): Promise<readonly KeptModel[]> {
    const rows = await this.#store.list(scope, 'model', { limit: maxModels });
    return rows.flatMap(({ value }) => value ?? []);
  }

  async find(scope: Scope, hash: string): Promise<KeptModel | undefined> {
    const [row] = await this.#store.load(scope, [{ kind: 'model', id: hash }]);
    return row?.value;
  }

  /** Keeps a document; the same one again is that one. Nothing is decided by it yet. */
  async keep(
    scope: Scope,
    document: JsonValue,
    reason: string,
    by: string,
  ): Promise<Result<KeptModel, 'model-too-large' | 'models-full' | BookRefusal>> {
    const text = canonicalJson(document);
    if (text.length > maxModelText) return refuse('model-too-large', `at most ${maxModelText} characters`);
    const hash = documentHash(text);
    const key = { kind: 'model', id: hash } as const;
    const [row] = await this.#store.load(scope, [key]);
    if (row?.value !== undefined) return accept(row.value);
    const kept = await this.list(scope);
    if (kept.length >= maxModels) return refuse('models-full');
    const at = this.#now();
    const times = { createdAtMs: at, changedAtMs: at };
    const model: KeptModel = { hash, document: text, state: 'kept', reason, uploadedBy: by, changedBy: by, ...times };
    const audit = { actor: by, action: 'model.kept', subject: hash, facts: { reason } };
    const change = { scope, read: [{ key, version: 0 }], puts: [{ ...key, value: model, atMs: at }], audit: [audit] };
    const written = await this.#store.commit({ changes: [change] }, at);
    return written.ok ? accept(model) : written;
  }

  /** Makes a model the one that counts, or none with an empty hash. Said again, it changes nothing. */
  async activate(
    scope: Scope,
    { model: hash, reason }: ModelContent,
    actor: string,
  ): Promise<Result<true, 'model-unknown' | BookRefusal>> {
    const revision = await this.#book.revision(scope);
    const kept = await this.list(scope);
    if (hash !== '' && !kept.some((each) => each.hash === hash)) return refuse('model-unknown');
    const at = this.#now();
    const puts = kept.flatMap((model): readonly DecisionPut[] => {
      const state = model.hash === hash ? 'active' : 'kept';
      if (state === model.state) return [];
      const value = { ...model, state, changedBy: actor, changedAtMs: at } as const;
      return [{ kind: 'model', id: model.hash, value, atMs: at }];
    });
    if (puts.length === 0) return accept(true);
    const audit = { actor, action: 'model.activated', subject: hash === '' ? 'none' : hash, facts: { reason } };
    return this.#book.change(scope, revision, puts, [audit]);
  }

  /** Forgets a model that is not active. */
  async drop(
    scope: Scope,
    hash: string,
    reason: string,
    by: string,
  ): Promise<Result<true, 'model-unknown' | 'model-active' | BookRefusal>> {
    const key = { kind: 'model', id: hash } as const;
    const [row] = await this.#store.load(scope, [key]);
    if (row?.value === undefined) return refuse('model-unknown');
    if (row.value.state === 'active') return refuse('model-active');
    const at = this.#now();
    const audit = { actor: by, action: 'model.dropped', subject: hash, facts: { reason } };
    const put: DecisionPut = { ...key, value: undefined, atMs: at };
    const change = { scope, read: [{ key, version: row.version }], puts: [put], audit: [audit] };
    return this.#store.commit({ changes: [change] }, at);
  }
}
