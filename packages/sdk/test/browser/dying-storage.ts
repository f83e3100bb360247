/** The storage of an app that is killed: from one step on nothing is stored or read any more, and nothing answers. */
import type { ClientStorage } from '../../src/core/storage.ts';

/** When: at which change of the journal, before or after it is stored. Undefined: by hand. */
export interface Death {
  readonly change: number;
  readonly isStored: boolean;
}

/** A storage with its end. */
export interface DyingStorage {
  readonly storage: ClientStorage;
  readonly died: Promise<void>;
  readonly kill: () => void;
}

const never = <Value>(): Promise<Value> => new Promise(() => undefined);

/** Wraps what outlives the app. */
export const dyingStorage = (kept: ClientStorage, death?: Death): DyingStorage => {
  let isDead = false;
  let changes = 0;
  let resolve = (): void => undefined;
  const died = new Promise<void>((settle) => {
    resolve = settle;
  });
  const kill = (): void => {
    isDead = true;
    resolve();
  };
  const alive = async <Value>(work: () => Promise<Value>): Promise<Value> => {
    if (isDead) return never();
    const value = await work();
    return isDead ? never() : value;
  };
  return {
    died,
    kill,
    storage: {
      isPersistent: kept.isPersistent,
      read: (name) => alive(() => kept.read(name)),
      remove: (name) => alive(() => kept.remove(name)),
      update: async (name, change) => {
        if (name === 'journal') changes += 1;
        const isLast = name === 'journal' && changes === death?.change;
        if (isLast && !death?.isStored) kill();
        return alive(async () => {
          const value = await kept.update(name, change);
          if (isLast) kill();
          return value;
        });
      },
    },
  };
};
