/** Read access to keys that are in memory, on the main thread or, from a snapshot, on a worker. */
import { createSecretKey, KeyObject } from 'node:crypto';
import { currentOf, isAccepted } from './key-lifecycle.ts';
import { type KeyReader, type KeySnapshot, type ManagedKey, SecretBytes } from './key-provider.ts';

/** A reader over keys that may change behind it. */
export const keyReader = (keys: () => readonly ManagedKey[]): KeyReader => ({
  current: (purpose, now) => {
    const current = currentOf(keys(), purpose, now);
    // Every purpose has a key from the opening on; without one nothing may be signed or sealed.
    if (current === undefined) throw new Error(`no key for ${purpose}`);
    return current;
  },
  accepted: (purpose, now) => {
    const current = currentOf(keys(), purpose, now);
    const others = keys().filter((key) => key.purpose === purpose && key !== current && isAccepted(key, now));
    return current === undefined ? others : [current, ...others];
  },
  find: (purpose, id) => keys().find((key) => key.purpose === purpose && key.id === id),
  snapshot: () =>
    keys().map(({ secret, ...facts }) => ({ ...facts, sealed: createSecretKey(Buffer.from(secret.reveal())) })),
});

/** A worker's keys: what the main thread last sent. */
export interface SnapshotKeys extends KeyReader {
  /** Takes a newer snapshot. */
  update(snapshot: KeySnapshot): void;
}

const exported = (key: KeyObject): Uint8Array => {
  if (key.type !== 'secret') throw new TypeError('a snapshot holds secret keys only');
  return key.export();
};

const managed = (snapshot: KeySnapshot): readonly ManagedKey[] =>
  snapshot.map(({ sealed, ...facts }) => ({ ...facts, secret: new SecretBytes(exported(sealed)) }));

/** Keys from a snapshot. */
export const keysFromSnapshot = (snapshot: KeySnapshot): SnapshotKeys => {
  let keys = managed(snapshot);
  return {
    ...keyReader(() => keys),
    update: (newer) => {
      keys = managed(newer);
    },
  };
};
