/** The storage's door: what the gateway and the commands use. */
export type { AuditEntry, AuditHead, AuditLog, AuditRecord } from '../audit/audit-log.ts';
export { installationScope } from '../audit/audit-log.ts';
export type { KeyProvider, KeyPurpose, KeyReader, ManagedKey } from '../keys/key-provider.ts';
export { suppliedMasterKey } from '../keys/master-key.ts';
export type * from './admin-token-store.ts';
export type * from './app-record.ts';
export type * from './approval-store.ts';
export type * from './attestation-store.ts';
export type * from './device-store.ts';
export type * from './enrolment-challenges.ts';
export type * from './idempotency-store.ts';
export type * from './login-store.ts';
export { type OpenStorage, openStorage, type StorageOptions } from './open-storage.ts';
export type * from './outbox.ts';
export type { Scope } from './scope.ts';
export { type ConnectedState, connectStorage, type StateConnection, transferOf } from './state-connection.ts';
export { StateError, type StateErrorCode, StorageFault, type StorageRefusal, type Stored } from './storage-refusal.ts';
export type { Stores } from './stores.ts';
