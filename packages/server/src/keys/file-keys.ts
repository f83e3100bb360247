/** The default KeyProvider: a keyring file, sealed under a master key. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EpochMs } from '@hauberk/primitives';
import { makePrivateFolder, writeFileDurably } from '../storage/durable-file.ts';
import { StateError } from '../storage/storage-refusal.ts';
import { currentOf, isAccepted, retire, successorDue } from './key-lifecycle.ts';
import { type KeyProvider, type KeyPurpose, type KeySnapshot, keyPurposes, type ManagedKey } from './key-provider.ts';
import { keyReader } from './key-reader.ts';
import { keyringText, openKey, parseKeyring, type SealedKey, sealKey } from './keyring.ts';
import { makeKey } from './make-key.ts';
import { createMasterKeyFile, type MasterKey, readMasterKeyFile } from './master-key.ts';

/** Where the keyring of a keys folder is. */
export const keyringFile = (folder: string): string => join(folder, 'keyring.json');

/** Which master keys to use; without one the folder's own, made when the folder is new. */
export interface FileKeysOptions {
  readonly master?: MasterKey | undefined;
  /** The one before: what it sealed is sealed anew. */
  readonly previousMaster?: MasterKey | undefined;
}

/** The keyring of a folder as it lies on the disk; empty when there is none. */
export const readKeyring = (folder: string): readonly SealedKey[] => {
  const file = keyringFile(folder);
  return existsSync(file) ? parseKeyring(readFileSync(file, 'utf8')) : [];
};

const masterFor = (folder: string, supplied: MasterKey | undefined): MasterKey => {
  const master = supplied ?? readMasterKeyFile(folder);
  if (master !== undefined) return master;
  if (!existsSync(keyringFile(folder))) return createMasterKeyFile(folder);
  throw new StateError(
    'master-key-missing',
    'the keys of this state are sealed under a master key that is not here',
    'put it back as keys/master.key (mode 0600), or name it in HAUBERK_MASTER_KEY_FILE',
  );
};

/** The keyring in memory: what the file holds, and the keys that can be used. */
class Keyring {
  #sealed: readonly SealedKey[];
  #open: readonly ManagedKey[];
  readonly #folder: string;
  readonly #master: MasterKey;
  readonly #listeners = new Set<(snapshot: KeySnapshot) => void>();

  constructor(folder: string, options: FileKeysOptions) {
    makePrivateFolder(folder);
    this.#folder = folder;
    this.#master = masterFor(folder, options.master);
    this.#sealed = readKeyring(folder);
    const masters = [this.#master, ...(options.previousMaster === undefined ? [] : [options.previousMaster])];
    this.#open = this.#sealed.flatMap((key) => openKey(masters, key) ?? []);
    const isOlder = ({ master, wrap }: SealedKey): boolean => wrap !== null && master !== this.#master.id;
    if (this.#sealed.some(isOlder)) this.#replace(this.#open);
  }

  get open(): readonly ManagedKey[] {
    return this.#open;
  }

  get ids(): ReadonlySet<number> {
    return new Set(this.#sealed.map(({ id }) => id));
  }

  listen(listener: (snapshot: KeySnapshot) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Keeps these keys and destroys the secrets of all others. */
  keep(open: readonly ManagedKey[]): void {
    this.#replace(open);
    const snapshot = keyReader(() => this.#open).snapshot();
    for (const listener of this.#listeners) listener(snapshot);
  }

  #replace(open: readonly ManagedKey[]): void {
    const ids = new Set(open.map(({ id }) => id));
    // Of keys that sign, the public key stays for verifiers: an audit log outlives the keys of its checkpoints.
    const ended = this.#sealed
      .filter((key) => !ids.has(key.id) && key.algorithm === 'p256-sign')
      .map((key) => ({ ...key, wrap: null }));
    const sealed = [...ended, ...open.map((key) => sealKey(this.#master, key))];
    // On the disk before it is used: a key that is lost in a crash could open nothing any more.
    writeFileDurably(keyringFile(this.#folder), keyringText(sealed));
    this.#sealed = sealed;
    this.#open = open;
  }
}

const replaceCurrent = (ring: Keyring, purpose: KeyPurpose, now: EpochMs): ManagedKey => {
  const made = makeKey(ring.ids, purpose, now);
  const current = currentOf(ring.open, purpose, now);
  const others = ring.open.map((key) => (key === current ? retire(key, now) : key));
  // A successor that waits would take over from the key that was just made.
  ring.keep([...others.filter((key) => key.purpose !== purpose || key.activeFromMs <= now), made]);
  return made;
};

const replaceDue = (ring: Keyring, now: EpochMs): readonly KeyPurpose[] => {
  const alive = ring.open.filter((key) => isAccepted(key, now));
  const made: ManagedKey[] = [];
  for (const purpose of keyPurposes) {
    const due = successorDue(alive, purpose, now);
    if (due !== undefined) made.push(makeKey(new Set([...ring.ids, ...made.map(({ id }) => id)]), purpose, due));
  }
  const ended = ring.open.filter((key) => !isAccepted(key, now));
  if (made.length > 0 || ended.length > 0) ring.keep([...alive, ...made]);
  return [...new Set([...made, ...ended].map(({ purpose }) => purpose))];
};

/** Opens the keys of a folder, makes what is missing and replaces what is due. */
export const openFileKeys = (folder: string, now: EpochMs, options: FileKeysOptions = {}): KeyProvider => {
  const ring = new Keyring(folder, options);
  replaceDue(ring, now);
  return {
    ...keyReader(() => ring.open),
    rotate: (purpose, at) => replaceCurrent(ring, purpose, at),
    rotateDue: (at) => replaceDue(ring, at),
    withdraw: (purpose, id, at) => {
      const isHeld = ring.open.some((key) => key.purpose === purpose && key.id === id);
      if (isHeld && currentOf(ring.open, purpose, at)?.id === id) replaceCurrent(ring, purpose, at);
      if (isHeld) ring.keep(ring.open.filter((key) => key.id !== id));
      return isHeld;
    },
    onChange: (listener) => ring.listen(listener),
  };
};
