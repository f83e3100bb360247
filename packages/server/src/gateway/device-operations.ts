/** What a change of a device means for its open sessions: it reaches every worker thread with one store to shared memory. */
import { type DeviceTable, deviceTableKey, revokeDeviceRow } from '@hauberk/channel';
import { after, type EpochMs, fromBase64Url, minutes, toEpochSeconds } from '@hauberk/primitives';
import type { Device } from '../storage/device-store.ts';

/** Voids every ticket of an older generation on all threads. */
export const voidTickets = (table: DeviceTable, device: Device, now: EpochMs): void => {
  const id = fromBase64Url(device.id);
  if (id === undefined) return;
  // Also for a device without a session: a hello that read the record just before must find the new generation. No hello takes minutes.
  const until = toEpochSeconds(after(now, minutes(5)));
  revokeDeviceRow(table, deviceTableKey(id), device.generation, toEpochSeconds(now), until);
};
