/** Rows of identities as they were read, so that a change names their versions. */
import type { IdentityRecord, IdentityRows } from '@hauberk/device';
import type { Scope } from '../storage/scope.ts';
import type { VersionedRow } from '../storage/versioned-rows.ts';
import type { IdentityKey, IdentityRowKind, IdentityStore } from './identity-store.ts';

/** Hops along merges that are followed. */
const maxHops = 16;

/** See the top of the file. */
export class IdentityReading {
  readonly #store: IdentityStore;
  readonly #scope: Scope;
  readonly #rows = new Map<string, VersionedRow<IdentityRows>>();

  constructor(store: IdentityStore, scope: Scope) {
    this.#store = store;
    this.#scope = scope;
  }

  /** Rows of these ids that are there. */
  async load<Kind extends IdentityRowKind>(kind: Kind, ids: readonly string[]): Promise<readonly IdentityRows[Kind][]> {
    const keys = [...new Set(ids)].map((id): IdentityKey<Kind> => ({ kind, id }));
    const rows = await this.#store.load(this.#scope, keys);
    for (const row of rows) this.#rows.set(`${kind}\n${row.key.id}`, row);
    return rows.flatMap(({ value }) => value ?? []);
  }

  /** What was read, with versions. */
  read(): readonly { readonly key: IdentityKey; readonly version: number }[] {
    return [...this.#rows.values()].map(({ key, version }) => ({ key, version }));
  }

  /** An identity as it is now: where its merges lead. */
  async canonical(id: string): Promise<IdentityRecord | undefined> {
    let [identity] = await this.load('identity', [id]);
    for (let hop = 0; hop < maxHops && identity !== undefined && identity.mergedInto !== null; hop += 1) {
      const [next] = await this.load('identity', [identity.mergedInto]);
      identity = next ?? identity;
    }
    return identity;
  }
}
