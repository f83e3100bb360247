/** What operators do to devices and to outcomes that nobody knows. A revocation reaches every worker thread with one store to shared memory. */
import { type DeviceTable, deviceTableKey, revokeDeviceRow } from '@hauberk/channel';
import {
  accept,
  after,
  type EpochMs,
  fromBase64Url,
  minutes,
  type Result,
  refuse,
  toEpochSeconds,
} from '@hauberk/primitives';
import type { Device, DeviceChange, DeviceChangeRefusal, DeviceStore } from '../storage/device-store.ts';
import type { IdempotencyStore, Settlement, UnknownOutcome } from '../storage/idempotency-store.ts';
import type { Scope } from '../storage/scope.ts';
import type { StorageRefusal } from '../storage/storage-refusal.ts';

/** What the operations need. */
export interface DeviceOperationsParts {
  readonly scopes: readonly Scope[];
  readonly devices: DeviceStore;
  readonly idempotency: IdempotencyStore;
  readonly table: DeviceTable;
  readonly now: () => EpochMs;
}

/** A device with the app that it belongs to. */
export interface FoundDevice {
  readonly app: string;
  readonly device: Device;
}

/** Operations on the devices of every app; ids are random, so one names one device. */
export interface DeviceOperations {
  readonly find: (device: string) => Promise<FoundDevice | undefined>;
  /** Changes a device's state; kept first, then felt by every thread at once. */
  readonly change: (
    device: string,
    change: DeviceChange,
  ) => Promise<Result<FoundDevice, StorageRefusal | 'device-unknown' | DeviceChangeRefusal>>;
  readonly unknownOutcomes: () => Promise<readonly (UnknownOutcome & { readonly app: string })[]>;
  /** True when the entry was unknown until now. */
  readonly settle: (entry: string, settlement: Settlement, actor: string) => Promise<Result<boolean, StorageRefusal>>;
}

const listedOutcomes = 1000;

/** Voids every ticket of an older generation on all threads. */
export const voidTickets = (table: DeviceTable, device: Device, now: EpochMs): void => {
  const id = fromBase64Url(device.id);
  if (id === undefined) return;
  // Also for a device without a session: a hello that read the record just before must find the new generation. No hello takes minutes.
  const until = toEpochSeconds(after(now, minutes(5)));
  revokeDeviceRow(table, deviceTableKey(id), device.generation, toEpochSeconds(now), until);
};

/** The operations over a storage and the shared table. */
export const deviceOperations = (parts: DeviceOperationsParts): DeviceOperations => {
  const { scopes, devices, idempotency, table, now } = parts;
  const find = async (id: string): Promise<{ readonly scope: Scope; readonly device: Device } | undefined> => {
    for (const scope of scopes) {
      const device = await devices.find(scope, id);
      if (device !== undefined) return { scope, device };
    }
    return undefined;
  };
  return {
    find: async (id) => {
      const found = await find(id);
      return found === undefined ? undefined : { app: found.scope.app, device: found.device };
    },
    change: async (id, change) => {
      const found = await find(id);
      if (found === undefined) return refuse('device-unknown');
      const changed = await devices.changeState(found.scope, id, change, now());
      if (!changed.ok) return changed;
      voidTickets(table, changed.value, now());
      return accept({ app: found.scope.app, device: changed.value });
    },
    unknownOutcomes: async () => {
      const lists = scopes.map(async (scope) =>
        (await idempotency.listUnknown(scope, listedOutcomes)).map((outcome) => ({ ...outcome, app: scope.app })),
      );
      return (await Promise.all(lists)).flat();
    },
    settle: async (entry, settlement, actor) => {
      for (const scope of scopes) {
        const settled = await idempotency.settle(scope, entry, settlement, actor, now());
        if (!settled.ok || settled.value) return settled;
      }
      return accept(false);
    },
  };
};
