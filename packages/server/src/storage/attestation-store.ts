/** What devices' evidence came to, and what happened to each. One row a device for what counts now, a bounded history for what was. */
import type { SharedRoute } from '@hauberk/channel';
import type {
  Appraised,
  AttestCode,
  By,
  DevicePlatform,
  DeviceRecord,
  DeviceState,
  DeviceStateCode,
  HistoryEntry,
  ReattestationDemand,
  RotationCode,
} from '@hauberk/device';
import type { Bytes, EpochMs } from '@hauberk/primitives';
import type { Device } from './device-store.ts';
import type { Scope } from './scope.ts';
import type { Stored } from './storage-refusal.ts';

/** A key that vouches for a device key: App Attest's. */
export interface AttestingKey {
  readonly thumbprint: string;
  readonly publicKey: Bytes;
}

/** New evidence of a known device. */
export interface NewAttestation {
  readonly appraised: Appraised;
  /** Thumbprint of the device key under whose signature it came. */
  readonly signedBy: string;
  /** As it was sent. */
  readonly evidence: Bytes;
  /** A new key that vouches for the device key and signs assertions. */
  readonly attestingKey?: AttestingKey | undefined;
  /** Claims of the verdict (EAR), as JSON text. */
  readonly verdict?: string;
}

/** A successor of an identity key; both keys have signed the proposal. */
export interface NewIdentity {
  readonly thumbprint: string;
  readonly publicKey: Bytes;
  readonly signedBy: readonly string[];
}

/** What is looked for; every given member must hold. */
export interface DeviceQuery {
  readonly state?: DeviceState;
  readonly tier?: number;
  readonly platform?: DevicePlatform;
  /** Begins the id or the thumbprint of a key, or is the shared identity. */
  readonly text?: string;
  readonly afterId?: string;
  readonly limit: number;
}

/** A device in a list. */
export interface ListedDevice {
  readonly device: Device;
  readonly appraised: Appraised;
  readonly attestedAtMs: EpochMs;
  readonly demand: ReattestationDemand | undefined;
  readonly shared: DeviceRecord['shared'];
  /** The newest entry of its history, where a search looked it up. */
  readonly last?: Pick<HistoryEntry, 'kind' | 'reason'> | undefined;
}

/** Everything about a device. */
export interface RecordedDevice {
  readonly record: DeviceRecord;
  /** The last accepted evidence, as it was sent. */
  readonly evidence: Bytes | undefined;
  /** Claims of its verdict (EAR), as JSON text. */
  readonly verdict: string | undefined;
}

/** Longest evidence that is kept; of longer one only the verdict is. */
export const maxEvidenceBytes = 65_536;

/** The record of evidence. */
export interface AttestationStore {
  /** Takes new evidence over, if it continues the device's own chain; raises the generation, so that tickets tell the new facts. */
  attest(
    scope: Scope,
    device: string,
    attestation: NewAttestation,
    now: EpochMs,
  ): Stored<Device, 'device-unknown' | 'device-key-taken' | AttestCode>;
  /** Ends open sessions; the next hello must bring new evidence. */
  demand(
    scope: Scope,
    device: string,
    demand: ReattestationDemand,
    by: By,
  ): Stored<Device, 'device-unknown' | DeviceStateCode>;
  /** Replaces the identity key; sessions end, the device stays itself. */
  rotate(
    scope: Scope,
    device: string,
    identity: NewIdentity,
    now: EpochMs,
  ): Stored<Device, 'device-unknown' | 'device-not-enrolled' | RotationCode>;
  /** Makes the device one with others of the organisation. */
  link(
    scope: Scope,
    device: string,
    shared: { readonly identity: string; readonly route: SharedRoute },
    now: EpochMs,
  ): Stored<true, 'device-unknown'>;
  /** Adds an entry to a device's history; an unknown device has none. */
  note(scope: Scope, device: string, entry: HistoryEntry): Stored<true, 'device-unknown'>;
  /** What counts of a device now. */
  current(scope: Scope, device: Device): Promise<Omit<ListedDevice, 'device'>>;
  /** Everything about a device, its last evidence and verdict beside it. */
  record(scope: Scope, device: string): Promise<RecordedDevice | undefined>;
  /** Devices in the order of their ids. */
  search(scope: Scope, query: DeviceQuery): Promise<readonly ListedDevice[]>;
}
