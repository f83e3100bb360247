/** Storage in IndexedDB: CryptoKeys are kept as they are, so a private key never becomes readable bytes. */
import type { EntryStorage, StoredEntries } from '../core/storage.ts';

const storeName = 'entries';

const settled = <Value>(request: IDBRequest<Value>): Promise<Value> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('IndexedDB'));
  });

const committed = (transaction: IDBTransaction): Promise<void> =>
  new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    const fail = (): void => reject(transaction.error ?? new Error('IndexedDB'));
    transaction.onabort = fail;
    transaction.onerror = fail;
  });

const openDatabase = (factory: IDBFactory, name: string): Promise<IDBDatabase> => {
  const request = factory.open(name, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(storeName);
  return settled(request);
};

/** Keeps the entries in one database. Several tabs share it; each change is one transaction. */
export const indexedDbStorage = <Entries extends { readonly [Name in keyof Entries]: unknown } = StoredEntries>(
  factory: IDBFactory,
  name: string,
): EntryStorage<Entries> => {
  let opened: Promise<IDBDatabase> | undefined;
  const database = (): Promise<IDBDatabase> => {
    opened ??= openDatabase(factory, name).then((found) => {
      // The user cleared the site's storage, or another tab wants to: let go, and open anew when next needed.
      const leave = (): void => {
        found.close();
        opened = undefined;
      };
      found.onversionchange = leave;
      found.onclose = leave;
      return found;
    });
    opened.catch(() => {
      opened = undefined;
    });
    return opened;
  };
  const within = async <Value>(
    mode: IDBTransactionMode,
    work: (entries: IDBObjectStore) => Promise<Value>,
  ): Promise<Value> => {
    const transaction = (await database()).transaction(storeName, mode);
    const done = committed(transaction);
    const value = await work(transaction.objectStore(storeName));
    await done;
    return value;
  };
  const readFrom = <Name extends keyof Entries>(entries: IDBObjectStore, entry: Name) =>
    settled(entries.get(String(entry)) as IDBRequest<Entries[Name] | undefined>);
  return {
    isPersistent: () => true,
    read: (entry) => within('readonly', (entries) => readFrom(entries, entry)),
    update: (entry, change) =>
      within('readwrite', async (entries) => {
        const next = change(await readFrom(entries, entry));
        entries.put(next, String(entry));
        return next;
      }),
    remove: (entry) =>
      within('readwrite', async (entries) => {
        entries.delete(String(entry));
      }),
  };
};
