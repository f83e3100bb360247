/** The storage of this origin, or of this page where the host keeps nothing. */
import type { ClientStorage } from '../core/storage.ts';
import { fallbackStorage } from './fallback-storage.ts';
import { indexedDbStorage } from './indexed-db-storage.ts';

/** The storage of a scope in this origin; `name` keeps several clients of one scope apart. */
export const webStorage = (name: string): ClientStorage => {
  // Absent, or a getter that throws, where the host keeps nothing.
  try {
    return fallbackStorage(indexedDbStorage(globalThis.indexedDB, name));
  } catch {
    return fallbackStorage(undefined);
  }
};
