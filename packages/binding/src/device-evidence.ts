/** What is known of the requesting device: attested facts, what its client says, and what the network shows (B01 to B03, B10, B24). */
import type { BindingPolicy, Platform } from './policy.ts';

/** Facts that hardware vouches for. Made by the shell from a verdict of `@hauberk/attestation`, never from what a client says. */
export interface AttestedFacts {
  /** Thumbprint of the attested key; the device must speak with the same one. */
  readonly key: string;
  readonly isHardware: boolean;
  /** Locked and verified; true where the platform has no other state. */
  readonly isVerifiedSystem: boolean;
  readonly appVersion?: number | undefined;
  readonly systemVersion?: number | undefined;
  /** YYYYMM. */
  readonly patchLevel?: number | undefined;
}

/** What a device claims of itself. */
export interface ClaimedFacts {
  readonly appVersion: number;
  readonly systemFamily: string;
  readonly systemVersion: number;
  readonly patchLevel: number;
}

/** The requesting device. */
export interface RequestingDevice {
  readonly id: string;
  /** Thumbprint of the key that the session was verified with. */
  readonly key: string;
  readonly fingerprint: string;
  readonly platform: Platform;
  readonly attested: AttestedFacts | undefined;
  readonly claimed: ClaimedFacts;
}

/** What the client says of its SIM and network; counts only from an attested device. */
export interface ClientEvidence {
  readonly sim: 'present' | 'absent' | 'unknown';
  readonly airplane: 'off' | 'on' | 'unknown';
  readonly path: 'cellular' | 'wifi' | 'unknown';
  /** iOS: a request over the cellular path came through. */
  readonly cellularWorks: boolean;
  /** The slot that is meant to send, counted from 0. */
  readonly slot?: number | undefined;
  /** The carrier in that slot. */
  readonly slotCarrier?: string | undefined;
}

/** What the source address of a request belongs to. */
export type SourceNetwork = 'mobile' | 'fixed' | 'unknown';

/** Whether hardware vouches for the key that this device speaks with, on a system that was not opened. */
export const isAttested = ({ attested, key }: Pick<RequestingDevice, 'attested' | 'key'>): boolean =>
  attested !== undefined && attested.isHardware && attested.isVerifiedSystem && attested.key === key;

/** B01. */
export const lacksSim = (platform: Platform, evidence: ClientEvidence): boolean =>
  platform === 'android' ? evidence.sim !== 'present' : !evidence.cellularWorks;

/** B02. */
export const isInAirplaneMode = (evidence: ClientEvidence): boolean => evidence.airplane !== 'off';

/** B03: on Android Wi-Fi is one more path, while B01 and B02 are checked by themselves; on iOS the network itself must say mobile. */
export const isWrongPath = (platform: Platform, evidence: ClientEvidence, network: SourceNetwork): boolean =>
  platform === 'android' ? evidence.path === 'unknown' : evidence.path !== 'cellular' || network !== 'mobile';

/** B10: the attested version where there is one. */
export const isOldApp = ({ platform, attested, claimed }: RequestingDevice, { latestApp }: BindingPolicy): boolean =>
  // Written so that no number at all is old.
  !((attested?.appVersion ?? claimed.appVersion) >= latestApp[platform]);

/** B24: the attested version and patch level where there are any; a family that is not served is too old. */
export const isOldSystem = (device: RequestingDevice, { systems }: BindingPolicy): boolean => {
  const { platform, attested, claimed } = device;
  const floor = systems.find((each) => each.family === claimed.systemFamily && each.platform === platform);
  if (floor === undefined) return true;
  const version = attested?.systemVersion ?? claimed.systemVersion;
  const patchLevel = attested?.patchLevel ?? claimed.patchLevel;
  return !(version >= floor.leastVersion && patchLevel >= floor.leastPatchLevel);
};
