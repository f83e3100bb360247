/** Storage for hosts that may refuse to keep anything, as private windows do: then the device lives as long as the page. */
import { type ClientStorage, memoryStorage, type StoredEntries } from '../core/storage.ts';

/** Uses `primary` until it fails, then memory, with whatever was seen until then. */
export const fallbackStorage = (primary: ClientStorage | undefined): ClientStorage => {
  const memory = memoryStorage();
  let isKept = primary !== undefined;
  const attempt = async <Value>(
    kept: (storage: ClientStorage) => Promise<Value>,
    mirror: (value: Value) => Promise<unknown>,
  ): Promise<Value> => {
    if (primary !== undefined && isKept) {
      try {
        const value = await kept(primary);
        await mirror(value);
        return value;
      } catch {
        isKept = false;
      }
    }
    return kept(memory);
  };
  const remember =
    <Name extends keyof StoredEntries>(name: Name) =>
    async (value: StoredEntries[Name] | undefined): Promise<void> => {
      if (value === undefined) await memory.remove(name);
      else await memory.update(name, () => value);
    };
  return {
    isPersistent: () => isKept,
    read: (name) => attempt((storage) => storage.read(name), remember(name)),
    update: (name, change) => attempt((storage) => storage.update(name, change), remember(name)),
    remove: (name) =>
      attempt(
        (storage) => storage.remove(name),
        () => memory.remove(name),
      ),
  };
};
