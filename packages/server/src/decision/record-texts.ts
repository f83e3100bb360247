/**
 * What records name by the first half of a hash: schemas, policies and models as they were when it was decided by them. Kept once each, so that a decision can be
 * read and evaluated again long after something else counts.
 */
import type { EpochMs, JsonValue } from '@hauberk/primitives';
import type { Scope } from '../storage/scope.ts';
import { scopeKey } from '../storage/scope.ts';
import type { DecisionPut, DecisionStore } from './record-rows.ts';

/** What a text is. */
export const textKinds = ['schema', 'policy', 'model', 'run'] as const;
/** One of them. */
export type TextKind = (typeof textKinds)[number];

/** A text. */
export interface KeptText {
  readonly kind: TextKind;
  /** Full hash, hexadecimal; of a run, its number. */
  readonly hash: string;
  /** JSON. */
  readonly document: string;
}

/** Id of the row: records carry half of the hash. */
export const textRowId = (kind: TextKind, hash: string): string => `${kind}\n${hash.slice(0, 32)}`;

/** Texts of any app. */
export class RecordTexts {
  readonly #store: Pick<DecisionStore, 'load' | 'commit'>;
  readonly #now: () => EpochMs;
  readonly #known = new Set<string>();

  constructor(store: Pick<DecisionStore, 'load' | 'commit'>, now: () => EpochMs) {
    this.#store = store;
    this.#now = now;
  }

  /** Keeps texts that are not kept yet. */
  async keep(scope: Scope, texts: readonly KeptText[]): Promise<void> {
    const nameOf = ({ kind, hash }: KeptText): string => `${scopeKey(scope)}\n${textRowId(kind, hash)}`;
    const fresh = texts.filter((text) => !this.#known.has(nameOf(text)));
    if (fresh.length === 0) return;
    const atMs = this.#now();
    const puts = fresh.map(
      (text): DecisionPut => ({ kind: 'text', id: textRowId(text.kind, text.hash), value: text, atMs }),
    );
    const written = await this.#store.commit({ changes: [{ scope, read: [], puts, audit: [] }] }, atMs);
    if (!written.ok) throw new Error(`texts of decisions were not kept: ${written.code}`);
    for (const text of fresh) this.#known.add(nameOf(text));
  }

  /** The text that a record names; undefined when it was never kept. */
  async find(scope: Scope, kind: TextKind, hash: string): Promise<KeptText | undefined> {
    const [row] = await this.#store.load(scope, [{ kind: 'text', id: textRowId(kind, hash) }]);
    return row?.value;
  }
}

/** A value as the document of a text. The order of members stays: that of signals is the order of their facts. */
export const textOf = (kind: TextKind, hash: string, value: JsonValue): KeptText => ({
  kind,
  hash,
  document: JSON.stringify(value),
});
