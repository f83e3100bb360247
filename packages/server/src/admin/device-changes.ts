/**
 * Carries changes of devices out. Each names the generation that it was decided on, and a change raises it: so it happens once or not at all,
 * and carrying the same list out again after a crash ends as the first time did.
 */
import type { JsonValue } from '@hauberk/primitives';
import type { DeviceAdministration, OperatorWord } from '../device/device-administration.ts';
import type { DeviceAction } from './four-eyes.ts';

/** Exactly what is to happen. */
export interface DeviceChangeContent {
  readonly action: DeviceAction;
  readonly reason: string;
  readonly devices: readonly { readonly id: string; readonly generation: number }[];
}

/** The same as plain JSON, to be hashed and kept. */
export const contentJson = ({ action, reason, devices }: DeviceChangeContent): JsonValue => ({
  action,
  reason,
  devices: devices.map(({ id, generation }) => ({ id, generation })),
});

/** What became of one device. */
export interface DeviceChangeResult {
  readonly id: string;
  /** Why it was refused; null when it was done. */
  readonly code: string | null;
  readonly state: string | null;
  readonly generation: number | null;
}

/** What became of all. */
export interface DeviceChangesOutcome {
  readonly results: readonly DeviceChangeResult[];
}

const verbOf: Readonly<Record<DeviceAction, 'suspend' | 'reinstate' | 'revoke' | 'markLost' | 'demandAttestation'>> = {
  suspend: 'suspend',
  unsuspend: 'reinstate',
  revoke: 'revoke',
  lost: 'markLost',
  're-attest': 'demandAttestation',
};

/** The states that an action leads to. */
const ends: Readonly<Record<DeviceAction, readonly string[]>> = {
  suspend: ['suspended'],
  unsuspend: ['enrolled', 'trusted'],
  revoke: ['revoked'],
  lost: ['lost'],
  're-attest': ['enrolled', 'trusted'],
};

type Target = DeviceChangeContent['devices'][number];

/** A device that stands one generation on, where the action leads, was changed by this very list before. */
const isDoneAlready = async (
  devices: DeviceAdministration,
  action: DeviceAction,
  { id, generation }: Target,
): Promise<DeviceChangeResult | undefined> => {
  const shown = await devices.show(id);
  if (!shown.ok || shown.value.generation !== generation + 1) return undefined;
  const { state } = shown.value;
  return ends[action].includes(state) ? { id, code: null, state, generation: generation + 1 } : undefined;
};

const changeOne = async (
  devices: DeviceAdministration,
  action: DeviceAction,
  target: Target,
  word: OperatorWord,
): Promise<DeviceChangeResult> => {
  const { id, generation } = target;
  const changed = await devices[verbOf[action]](id, { ...word, ifGeneration: generation });
  if (changed.ok) return { id, code: null, state: changed.value.state, generation: changed.value.generation };
  const done = changed.code === 'device-changed' ? await isDoneAlready(devices, action, target) : undefined;
  return done ?? { id, code: changed.code, state: null, generation: null };
};

/** Carries a change out, device by device: one that is refused keeps none of the others back. */
export const changeDevices = async (
  devices: DeviceAdministration,
  { action, reason, devices: targets }: DeviceChangeContent,
  actor: string,
): Promise<DeviceChangesOutcome> => ({
  results: await Promise.all(targets.map((target) => changeOne(devices, action, target, { actor, reason }))),
});
