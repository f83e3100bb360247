/** Rows that one batch works on: read once, changed in memory, written together. */
import type { Scope } from '../storage/scope.ts';
import { scopeKey } from '../storage/scope.ts';
import type {
  PrivacyChange,
  PrivacyKey,
  PrivacyPut,
  PrivacyRow,
  PrivacyRowKind,
  PrivacyRows,
  PrivacyStore,
} from './privacy-store.ts';

interface Held {
  readonly scope: Scope;
  readonly row: PrivacyRow;
  value: PrivacyRows[PrivacyRowKind] | undefined;
  atMs: number;
  isChanged: boolean;
}

/** Rows that nobody but the stream writes need no second look when they are written. */
const own: readonly PrivacyRowKind[] = ['watch', 'total', 'effect'];

/** A batch's rows. */
export class Workspace {
  readonly #store: Pick<PrivacyStore, 'load'>;
  readonly #held = new Map<string, Held>();

  constructor(store: Pick<PrivacyStore, 'load'>) {
    this.#store = store;
  }

  async get<Kind extends PrivacyRowKind>(scope: Scope, kind: Kind, id: string): Promise<PrivacyRows[Kind] | undefined> {
    const key: PrivacyKey<Kind> = { kind, id };
    const name = `${scopeKey(scope)}\u0000${kind}\u0000${id}`;
    const held = this.#held.get(name);
    if (held !== undefined) return held.value as PrivacyRows[Kind] | undefined;
    const [row] = await this.#store.load(scope, [key]);
    const found = row ?? { key, version: 0, value: undefined };
    this.#held.set(name, { scope, row: found as PrivacyRow, value: found.value, atMs: 0, isChanged: false });
    return found.value;
  }

  /** Changes a row that was got before. */
  put<Kind extends PrivacyRowKind>(scope: Scope, kind: Kind, id: string, value: PrivacyRows[Kind], atMs: number): void {
    const held = this.#held.get(`${scopeKey(scope)}\u0000${kind}\u0000${id}`);
    if (held === undefined) throw new Error(`row ${kind} was not read before it was changed`);
    held.value = value;
    held.atMs = Math.max(held.atMs, atMs);
    held.isChanged = true;
  }

  /** How many rows of a kind, with ids that begin so, are new. */
  added(scope: Scope, kind: PrivacyRowKind, prefix = ''): number {
    let count = 0;
    for (const { row, isChanged, scope: its } of this.#held.values())
      if (isChanged && row.version === 0 && row.key.kind === kind && row.key.id.startsWith(prefix))
        if (scopeKey(its) === scopeKey(scope)) count += 1;
    return count;
  }

  /** Everything that changed, by app. */
  changes(): readonly PrivacyChange[] {
    const byScope = new Map<string, Held[]>();
    for (const held of this.#held.values())
      if (held.isChanged) byScope.set(scopeKey(held.scope), [...(byScope.get(scopeKey(held.scope)) ?? []), held]);
    return [...byScope.values()].map((all) => ({
      scope: (all[0] as Held).scope,
      read: all.filter(({ row }) => !own.includes(row.key.kind)).map(({ row: { key, version } }) => ({ key, version })),
      puts: all.map(({ row: { key }, value, atMs }) => ({ ...key, value, atMs }) as PrivacyPut),
      audit: [],
    }));
  }
}
