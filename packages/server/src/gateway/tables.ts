/** The shared memory of the data plane: made once by the main thread, laid open by every worker. */
import {
  type DeviceTable,
  deviceTableBytes,
  openDeviceTable,
  openSessionTable,
  openStrikeRegister,
  type SessionTable,
  type StrikeRegister,
  sessionTableBytes,
  strikeRegisterBytes,
} from '@hauberk/channel';
import type { EpochSeconds } from '@hauberk/primitives';

/** How much is reserved, from the configuration. */
export interface TableSizes {
  /** Session slots per trust tier, reserved: one tier's flood cannot displace another's sessions. */
  readonly sessionsPerTier: readonly number[];
  readonly devices: number;
  /** Hello hashes remembered per span. */
  readonly strikes: number;
  readonly strikeSpanSeconds: number;
}

/** The memory itself, as it is posted to workers. */
export interface SharedTables extends TableSizes {
  readonly sessions: SharedArrayBuffer;
  readonly deviceRows: SharedArrayBuffer;
  readonly strikeRows: SharedArrayBuffer;
  readonly bornAt: EpochSeconds;
}

/** The tables of one thread. */
export interface OpenTables {
  readonly sessions: SessionTable;
  readonly devices: DeviceTable;
  readonly strikes: StrikeRegister;
}

/** Reserves the memory. */
export const createSharedTables = (sizes: TableSizes, bornAt: EpochSeconds): SharedTables => ({
  ...sizes,
  sessions: new SharedArrayBuffer(sessionTableBytes(sizes.sessionsPerTier)),
  deviceRows: new SharedArrayBuffer(deviceTableBytes(sizes.devices)),
  strikeRows: new SharedArrayBuffer(strikeRegisterBytes(sizes.strikes)),
  bornAt,
});

/** Lays the tables over the memory. */
export const openSharedTables = (shared: SharedTables): OpenTables => ({
  sessions: openSessionTable(shared.sessions, shared.sessionsPerTier, shared.bornAt),
  devices: openDeviceTable(shared.deviceRows, shared.sessionsPerTier.length > 1),
  strikes: openStrikeRegister(shared.strikeRows, shared.strikeSpanSeconds, shared.bornAt),
});
