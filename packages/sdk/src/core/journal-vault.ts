/** Entries at rest: sealed one by one under a key of this device, changed only by whoever saw their latest revision. */
import { type Bytes, concat, fromBase64Url, fromUtf8, type SecretKey, toBase64Url, utf8 } from '@hauberk/primitives';
import type { HostPorts } from './options.ts';
import { readMembers } from './outer-problem.ts';
import type { StoredEntry, StoredLease } from './storage.ts';

/** What is sealed with an entry but readable. */
export type EntryHead = Pick<StoredEntry, 'id' | 'order' | 'rank' | 'revision'>;

/** An entry with what it says. */
export interface OpenedEntry<Content> {
  readonly stored: StoredEntry;
  /** Undefined when it cannot be opened: another key sealed it, or somebody changed it. */
  readonly content: Content | undefined;
}

const nonceBytes = 12;

/** A stored entry that is moved, exchanged or set back to an older revision does not open. */
const associatedWith = ({ id, order, rank, revision }: EntryHead): Bytes =>
  utf8(JSON.stringify(['hb1/journal', id, order, rank, revision]));

const inOrder = (one: StoredEntry, other: StoredEntry): number =>
  one.order - other.order || (one.id < other.id ? -1 : 1);

/** The vault. */
export class JournalVault {
  readonly #ports: HostPorts;
  readonly #opened = new Map<string, OpenedEntry<unknown>>();
  #key: Promise<SecretKey> | undefined;
  constructor(ports: HostPorts) {
    this.#ports = ports;
  }

  /** All entries, oldest first. */
  async entries(): Promise<readonly StoredEntry[]> {
    return [...((await this.#ports.storage.read('journal')) ?? [])].sort(inOrder);
  }

  /** Opens an entry. What was opened before is remembered by its revision. */
  async open<Content>(stored: StoredEntry): Promise<OpenedEntry<Content>> {
    const known = this.#opened.get(stored.id);
    if (known?.stored.revision === stored.revision && known.stored.sealed === stored.sealed)
      return { stored, content: known.content as Content };
    const bytes = fromBase64Url(stored.sealed) ?? new Uint8Array(0);
    const plain =
      bytes.length <= nonceBytes
        ? undefined
        : await this.#ports.crypto.open(
            await this.#secret(),
            bytes.subarray(0, nonceBytes),
            bytes.subarray(nonceBytes),
            associatedWith(stored),
          );
    const content = plain === undefined ? undefined : (readMembers(fromUtf8(plain) ?? '') as Content);
    this.#opened.set(stored.id, { stored, content });
    return { stored, content };
  }

  /** Seals content under a head. */
  async seal(head: EntryHead, content: object, lease: StoredLease | null = null): Promise<StoredEntry> {
    const { crypto } = this.#ports;
    const nonce = crypto.random(nonceBytes);
    const { id, order, rank, revision } = head;
    const sealed = await crypto.seal(await this.#secret(), nonce, utf8(JSON.stringify(content)), associatedWith(head));
    return { id, order, rank, revision, sealed: toBase64Url(concat(nonce, sealed)), lease };
  }

  /** Changes the whole list in one step. */
  async change(change: (held: readonly StoredEntry[]) => readonly StoredEntry[]): Promise<void> {
    await this.#ports.storage.update('journal', (held = []) => change(held));
  }

  /** Puts the next revision of an entry in place of the last; false when another one came first. */
  async replace(next: StoredEntry): Promise<boolean> {
    let isReplaced = false;
    await this.change((held) => {
      isReplaced = held.some(({ id, revision }) => id === next.id && revision === next.revision - 1);
      return isReplaced ? held.map((entry) => (entry.id === next.id ? next : entry)) : held;
    });
    return isReplaced;
  }

  /** Prolongs a lease that is still held. */
  renew(id: string, lease: StoredLease): Promise<void> {
    return this.change((held) =>
      held.map((entry) => (entry.id === id && entry.lease?.by === lease.by ? { ...entry, lease } : entry)),
    );
  }

  /** Takes entries out. */
  async remove(ids: readonly string[]): Promise<void> {
    for (const id of ids) this.#opened.delete(id);
    await this.change((held) => held.filter(({ id }) => !ids.includes(id)));
  }

  #secret(): Promise<SecretKey> {
    this.#key ??= this.#makeKey();
    return this.#key;
  }

  async #makeKey(): Promise<SecretKey> {
    const { crypto, storage } = this.#ports;
    const held = await storage.read('journal-key');
    if (held !== undefined) return held;
    const fresh = await crypto.importAead(crypto.random(32));
    // Two tabs may make one at the same time; the first one stays.
    return storage.update('journal-key', (first) => first ?? fresh);
  }
}
