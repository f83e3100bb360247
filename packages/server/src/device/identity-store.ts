/** Storage of identities: versioned rows by app, see `IdentityRows` of the device package. */
import type { IdentityRows } from '@hauberk/device';
import type { RowKey, RowPut, VersionedRows } from '../storage/versioned-rows.ts';

/** A kind of row. */
export type IdentityRowKind = keyof IdentityRows;
/** Names a row. */
export type IdentityKey<Kind extends IdentityRowKind = IdentityRowKind> = RowKey<IdentityRows, Kind>;
/** A row to write. */
export type IdentityPut = RowPut<IdentityRows>;
/** The store of all apps. */
export type IdentityStore = VersionedRows<IdentityRows, 'identity-conflict'>;
