/** A device as it is known: random id, keys, what was attested and when, and what happened to it. */
import type { SharedRoute } from '@hauberk/channel/client';
import { accept, type EpochMs, type Result, refuse } from '@hauberk/primitives';
import type { AttestedFacts } from './attested-facts.ts';
import type { DeviceKey } from './device-key.ts';
import { type DeviceEvent, type DeviceState, type DeviceStateCode, nextDeviceState } from './device-state.ts';
import { type ChainCode, judgeChain, type ReattestationDemand } from './reattestation.ts';

/** An accepted piece of evidence. */
export interface Appraised {
  /** `android-key`, `app-attest`, `webauthn`, `software`, … */
  readonly kind: string;
  readonly tier: number;
  readonly facts: AttestedFacts;
  /** Names the verdict: kind and hash of the evidence. */
  readonly verdictReference: string;
  /** Signature counter of the attesting key, where it has one, and that key's thumbprint. */
  readonly counter?: { readonly key: string; readonly value: number };
}

/** What one entry of a device's history is about. */
export type HistoryKind = 'enrolled' | 'attested' | 'refused' | 'demanded' | 'state' | 'key' | 'linked';

/** One entry. */
export interface HistoryEntry {
  readonly kind: HistoryKind;
  readonly atMs: EpochMs;
  readonly actor: string;
  /** A reason code or an operator's words. */
  readonly reason: string;
  readonly facts: AttestedFacts | undefined;
}

/** Entries that are kept of one device, the enrolment always among them. */
export const maxHistory = 64;

/** A device. */
export interface DeviceRecord {
  /** base64url of 16 random bytes; tells nothing. */
  readonly id: string;
  readonly organisation: string;
  readonly app: string;
  readonly state: DeviceState;
  readonly tier: number;
  /** Only ever rises; tickets of an older one are void. */
  readonly generation: number;
  readonly keys: readonly DeviceKey[];
  readonly appraised: Appraised;
  readonly attestedAtMs: EpochMs;
  readonly demand: ReattestationDemand | undefined;
  /** The device that it is one with in other apps of the organisation, and how that was proved. */
  readonly shared: { readonly identity: string; readonly route: SharedRoute } | undefined;
  readonly createdAtMs: EpochMs;
  readonly changedAtMs: EpochMs;
  readonly history: readonly HistoryEntry[];
}

/** Who changed something, and why. */
export interface By {
  readonly actor: string;
  readonly reason: string;
}

/** Why new evidence changes nothing. */
export type AttestCode = DeviceStateCode | ChainCode | 'reattest.counter';

/** History with one more entry, the first one always kept. */
export const withEntry = (history: readonly HistoryEntry[], entry: HistoryEntry): readonly HistoryEntry[] => {
  const [first, ...later] = [...history, entry];
  return first === undefined ? [] : [first, ...later.slice(-(maxHistory - 1))];
};

const entryOf = (kind: HistoryKind, { actor, reason }: By, now: EpochMs, facts?: AttestedFacts): HistoryEntry => ({
  kind,
  atMs: now,
  actor,
  reason,
  facts,
});

/** The event that evidence of this worth is. */
export const eventOf = (facts: AttestedFacts): DeviceEvent => (facts.level === 'software' ? 'lapse' : 'vouch');

/** A new device. */
export const enrolDevice = (
  scope: { readonly organisation: string; readonly app: string },
  id: string,
  identity: DeviceKey,
  appraised: Appraised,
  now: EpochMs,
): DeviceRecord => ({
  id,
  ...scope,
  state: appraised.facts.level === 'software' ? 'enrolled' : 'trusted',
  tier: appraised.tier,
  generation: 1,
  keys: [identity],
  appraised,
  attestedAtMs: now,
  demand: undefined,
  shared: undefined,
  createdAtMs: now,
  changedAtMs: now,
  history: [entryOf('enrolled', { actor: 'gateway', reason: appraised.kind }, now, appraised.facts)],
});

/** The device after an event. One that changes nothing answers the same device. */
export const changeState = (
  device: DeviceRecord,
  event: DeviceEvent,
  by: By,
  now: EpochMs,
): Result<DeviceRecord, DeviceStateCode> => {
  const next = nextDeviceState(device.state, event);
  if (!next.ok) return next;
  if (next.value === device.state) return accept(device);
  const demand: ReattestationDemand | undefined =
    event === 'reinstate' && device.appraised.facts.level !== 'software'
      ? { reason: 'reinstated', atMs: now }
      : device.demand;
  return accept({
    ...device,
    state: next.value,
    demand,
    generation: device.generation + 1,
    changedAtMs: now,
    history: withEntry(device.history, entryOf('state', by, now)),
  });
};

/** Takes new evidence of a device over; it must continue the device's own chain, and its counter must rise. */
export const reattest = (
  device: DeviceRecord,
  appraised: Appraised,
  signedBy: string | undefined,
  now: EpochMs,
): Result<DeviceRecord, AttestCode> => {
  const boundKey = device.keys.find(({ purpose }) => purpose === 'identity')?.thumbprint ?? '';
  const broken = judgeChain({ boundKey, signedBy, platform: device.appraised.facts.platform }, appraised.facts);
  if (broken !== undefined) return refuse(broken);
  const state = nextDeviceState(device.state, eventOf(appraised.facts));
  if (!state.ok) return state;
  // The state that stands is no activity: software evidence of a switched-off device must not look like a success.
  if (state.value !== 'enrolled' && state.value !== 'trusted') return refuse(`device.${state.value}`);
  const [before, after] = [device.appraised.counter, appraised.counter];
  // A fresh attesting key counts from zero; one that is known must have gone on.
  if (before !== undefined && after !== undefined && after.key === before.key && after.value <= before.value)
    return refuse('reattest.counter', `${after.value} after ${before.value}`);
  return accept({
    ...device,
    state: state.value,
    tier: appraised.tier,
    appraised,
    attestedAtMs: now,
    demand: undefined,
    generation: device.generation + 1,
    changedAtMs: now,
    history: withEntry(
      device.history,
      entryOf('attested', { actor: 'gateway', reason: appraised.kind }, now, appraised.facts),
    ),
  });
};

/** Asks for new evidence: open sessions end, and the next hello must bring it. */
export const demandEvidence = (
  device: DeviceRecord,
  demand: ReattestationDemand,
  by: By,
): Result<DeviceRecord, DeviceStateCode> => {
  const active = nextDeviceState(device.state, 'vouch');
  if (!active.ok) return active;
  return accept({
    ...device,
    demand,
    generation: device.generation + 1,
    changedAtMs: demand.atMs,
    history: withEntry(device.history, entryOf('demanded', by, demand.atMs)),
  });
};
