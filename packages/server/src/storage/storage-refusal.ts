/** How the storage says no: refusals that a caller can act on, and the fault that ends the process. */
import type { Result } from '@hauberk/primitives';

/** Why a write was not taken. None of them changed anything, so each may be tried again. */
export type StorageRefusal = 'storage-overloaded' | 'storage-full' | 'storage-closed';

/** The answer to a write: a value that is on the disk, or a refusal. */
export type Stored<Value, Code extends string = never> = Promise<Result<Value, StorageRefusal | Code>>;

/** The writer met something that it cannot undo (a failed fsync, a corrupt page): whether the write is kept is unknown. */
export class StorageFault extends Error {
  override readonly name = 'StorageFault';
}

/** A read that was not answered, from a store that is not in this process. It may be tried again. */
export class StorageUnavailable extends Error {
  override readonly name = 'StorageUnavailable';
  readonly refusal: StorageRefusal;
  constructor(refusal: StorageRefusal, message: string, options?: ErrorOptions) {
    super(message, options);
    this.refusal = refusal;
  }
}

/** Why a state folder, or a database beside it, cannot be used. */
export type StateErrorCode =
  | 'state-locked'
  | 'state-newer-than-program'
  | 'state-missing'
  | 'state-unreadable'
  | 'state-rollback'
  | 'sqlite-too-old'
  | 'keys-malformed'
  | 'keys-exposed'
  | 'master-key-malformed'
  | 'master-key-mismatch'
  | 'master-key-missing'
  | 'backup-malformed'
  | 'backup-exists'
  | 'backup-key-missing'
  | 'backup-key-wrong'
  | 'database-driver-missing'
  | 'database-unusable'
  | 'database-unsafe'
  | 'database-too-old';

/** A refusal to start or to run a command on a state folder, with a hint for whoever reads it. */
export class StateError extends Error {
  override readonly name = 'StateError';
  readonly code: StateErrorCode;
  readonly hint: string;
  constructor(code: StateErrorCode, message: string, hint: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.hint = hint;
  }
}
