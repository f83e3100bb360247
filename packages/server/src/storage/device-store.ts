/** Devices, their keys and their state. A change of state raises the generation, which voids every ticket of an older one. */
import {
  type Appraised,
  type DeviceKey,
  type DeviceKeyPurpose,
  type DeviceState,
  isActiveState,
  isReachableState,
} from '@hauberk/device';
import type { Bytes, EpochMs, Result } from '@hauberk/primitives';
import { accept, refuse } from '@hauberk/primitives';
import type { Scope } from './scope.ts';
import type { Stored } from './storage-refusal.ts';

export { type DeviceKey, type DeviceKeyPurpose, type DeviceState, maxDeviceKeys } from '@hauberk/device';

/** A device. Its id is random and tells nothing. */
export interface Device {
  /** base64url of 16 random bytes. */
  readonly id: string;
  readonly tier: number;
  readonly state: DeviceState;
  /** Starts at 1; only ever rises. */
  readonly generation: number;
  /** Names the verdict that the tier rests on. */
  readonly verdictReference: string;
  readonly createdAtMs: EpochMs;
  readonly changedAtMs: EpochMs;
}

/** A device together with the key that it was found by. */
export interface KeyedDevice {
  readonly device: Device;
  readonly key: DeviceKey;
}

/** What is enrolled: a key that was proved, and what its evidence was worth. */
export interface DeviceEnrolment {
  readonly thumbprint: string;
  readonly publicKey: Bytes;
  readonly tier: number;
  readonly verdictReference: string;
  /** What was said about the key; software, which says nothing, when absent. */
  readonly appraised?: Appraised;
  /** The evidence itself, kept for whoever asks later. */
  readonly evidence?: Bytes;
  /** Claims of the verdict (EAR), as JSON text. */
  readonly verdict?: string;
  /** A key that vouches for the device key and signs assertions. */
  readonly attestingKey?: { readonly thumbprint: string; readonly publicKey: Bytes } | undefined;
}

/** A change of state, tier or both. */
export interface DeviceChange {
  readonly state: DeviceState;
  /** Left alone when absent. */
  readonly tier?: number;
  /** The verdict that the new tier rests on. */
  readonly verdictReference?: string;
  /** The generation that the change was judged on: with any other it is refused. */
  readonly ifGeneration?: number;
  /** Who asked for it, for the audit log. */
  readonly actor: string;
  readonly reason: string;
}

/** Why a change of a device is refused. */
export type DeviceChangeRefusal = 'device-state-final' | 'device-changed';

/** Why a key is not added. */
export type AddKeyRefusal = 'device-unknown' | 'device-not-enrolled' | 'device-key-taken' | 'device-keys-full';

/** An entry of the revocation log, which other nodes follow. */
export interface Revocation {
  readonly position: number;
  readonly scope: Scope;
  readonly device: string;
  readonly generation: number;
  readonly state: DeviceState;
  readonly tier: number;
  readonly reason: string;
  readonly atMs: EpochMs;
}

/** Which part of the devices to list, ordered by id. */
export interface DevicePage {
  readonly state?: DeviceState;
  readonly afterId?: string;
  readonly limit: number;
}

/** The record of devices. */
export interface DeviceStore {
  /** Enrols a device with its identity key. Idempotent by thumbprint: a known key answers the device that has it, unchanged. */
  enrol(
    scope: Scope,
    enrolment: DeviceEnrolment,
    now: EpochMs,
  ): Stored<KeyedDevice & { readonly created: boolean }, 'device-key-taken'>;
  /** Adds a key to an enrolled device. Idempotent; a key that another device or purpose has is refused. */
  addKey(
    scope: Scope,
    device: string,
    key: Omit<DeviceKey, 'createdAtMs'>,
    now: EpochMs,
  ): Stored<DeviceKey, AddKeyRefusal>;
  /** The device that has a key of this purpose: a step-up key must never say hello, nor an identity key step up. */
  findByThumbprint(scope: Scope, thumbprint: string, purpose: DeviceKeyPurpose): Promise<KeyedDevice | undefined>;
  find(scope: Scope, device: string): Promise<Device | undefined>;
  /** Changes state or tier, raises the generation, ends the device's logins, drops its stored outcomes: all or nothing. */
  changeState(
    scope: Scope,
    device: string,
    change: DeviceChange,
    now: EpochMs,
  ): Stored<Device, 'device-unknown' | DeviceChangeRefusal>;
  list(scope: Scope, page: DevicePage): Promise<readonly Device[]>;
  /** Revocations of every scope after a position, oldest first. */
  revocationsAfter(position: number, limit: number): Promise<readonly Revocation[]>;
}

/** The device after a change; the same device when the change asks for nothing new. */
export const changeDevice = (
  device: Device,
  change: DeviceChange,
  now: EpochMs,
): Result<Device, DeviceChangeRefusal> => {
  if (change.ifGeneration !== undefined && change.ifGeneration !== device.generation) return refuse('device-changed');
  const tier = change.tier ?? device.tier;
  if (!isReachableState(device.state, change.state)) {
    return refuse('device-state-final', `${device.state} to ${change.state}`);
  }
  const verdictReference = change.verdictReference ?? device.verdictReference;
  const isSame = change.state === device.state && tier === device.tier && verdictReference === device.verdictReference;
  if (isSame) return accept(device);
  const generation = device.generation + 1;
  return accept({ ...device, state: change.state, tier, verdictReference, generation, changedAtMs: now });
};

/** Whether a change takes rights away, so that logins and stored outcomes must go. */
export const takesAway = (before: Device, after: Device): boolean =>
  !isActiveState(after.state) || after.tier < before.tier;
