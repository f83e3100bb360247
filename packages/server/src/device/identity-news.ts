/**
 * Tells decisions what the book of identities knows of a device: after every change, one after the other, so that the newest is told last. Rows are read again for it; whoever made the change waits, no
 * request does.
 */
import { type IdentityFacts, type IdentityRecord, identityFacts, type SourceRecord } from '@hauberk/device';
import type { EpochMs } from '@hauberk/primitives';
import type { Scope } from '../storage/scope.ts';
import { IdentityReading } from './identity-reading.ts';
import type { IdentityStore } from './identity-store.ts';

/** What news are made from and where they go. */
export interface IdentityNewsParts {
  readonly store: IdentityStore;
  readonly now: () => EpochMs;
  /** Takes what is known of a device; waits for nothing. */
  readonly tell: (device: string, facts: IdentityFacts) => void;
  /** A fault of reading: the change stands, and is told with the next one. */
  readonly failed: (error: unknown) => void;
}

/** Most identities that were merged into one and are told of its changes. */
const mostHeirs = 64;

/** See the top of the file. */
export class IdentityNews {
  readonly #parts: IdentityNewsParts;
  #turn: Promise<void> = Promise.resolve();

  constructor(parts: IdentityNewsParts) {
    this.#parts = parts;
  }

  /** These identities have changed. Settles when it is told, and never fails. */
  changed(scope: Scope, ids: readonly string[]): Promise<void> {
    this.#turn = this.#turn.then(() => this.#all(scope, ids)).catch(this.#parts.failed);
    return this.#turn;
  }

  async #all(scope: Scope, ids: readonly string[]): Promise<void> {
    const told = new Set<string>();
    for (const id of ids) {
      const reading = new IdentityReading(this.#parts.store, scope);
      const identity = await reading.canonical(id);
      if (identity === undefined || told.has(identity.id)) continue;
      told.add(identity.id);
      const facts = await this.#factsOf(reading, identity);
      for (const each of await heirsOf(reading, identity)) this.#parts.tell(each.id, facts);
    }
  }

  /** Tells of identities that were read at the start. Who was merged is told what is known of whom it was merged into. */
  async opened(scope: Scope, identities: readonly IdentityRecord[]): Promise<void> {
    for (const each of identities) {
      const reading = new IdentityReading(this.#parts.store, scope);
      const identity = each.mergedInto === null ? each : ((await reading.canonical(each.id)) ?? each);
      this.#parts.tell(each.id, await this.#factsOf(reading, identity));
    }
  }

  async #factsOf(reading: IdentityReading, identity: IdentityRecord): Promise<IdentityFacts> {
    const aliases = await reading.load('alias', identity.aliases);
    const sources = new Map<string, SourceRecord>();
    for (const name of new Set(aliases.map(({ source }) => source))) {
      const [source] = await reading.load('source', [name]);
      if (source !== undefined) sources.set(name, source);
    }
    const absorbed = new Set<string>();
    for (const { identity: twin } of identity.twins)
      if ((await reading.canonical(twin))?.id === identity.id) absorbed.add(twin);
    return identityFacts(identity, { aliases, sources, absorbed }, this.#parts.now());
  }
}

/** An identity and those that were merged into it, by their events, directly or through others. */
const heirsOf = async (reading: IdentityReading, identity: IdentityRecord): Promise<readonly IdentityRecord[]> => {
  const found = [identity];
  for (let at = 0; at < found.length && found.length < mostHeirs; at += 1) {
    const { id, events } = found[at] as IdentityRecord;
    const others = (await reading.load('event', events)).filter(({ kept }) => kept === id).map(({ other }) => other);
    const gone = (await reading.load('identity', others)).filter(({ mergedInto }) => mergedInto === id);
    found.push(...gone.filter(({ id: next }) => !found.some((each) => each.id === next)));
  }
  return found;
};
