/** What a write that was not taken becomes. */
import type { StorageRefusal } from '../storage/storage-refusal.ts';
import { type AdminRefusal, deny } from './admin-problem.ts';

/** Nothing was changed: try again. */
export const storageRefusal = (refusal: { readonly code: StorageRefusal }): AdminRefusal =>
  deny('overloaded', { detail: refusal.code, retryAfterSeconds: 1 });
