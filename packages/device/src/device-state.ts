/** The life of a device, as data: which event leads from which state to which, and what refuses it otherwise. */
import { accept, type Result, refuse } from '@hauberk/primitives';

/**
 * `enrolled`: a key was proved, and nothing beyond that. `trusted`: hardware vouches for the key, the system and the app. `suspended`: switched
 * off until somebody switches it on. `lost`: out of its owner's hands. `revoked`: final.
 */
export const deviceStates = ['enrolled', 'trusted', 'suspended', 'lost', 'revoked'] as const;
/** One of them. */
export type DeviceState = (typeof deviceStates)[number];

/** What happens to devices. `vouch`: evidence of hardware was accepted. `lapse`: what was accepted counts no longer. */
export const deviceEvents = ['vouch', 'lapse', 'suspend', 'reinstate', 'lose', 'revoke'] as const;
/** One of them. */
export type DeviceEvent = (typeof deviceEvents)[number];

/** Why an event does not happen: the state that stands in its way. */
export type DeviceStateCode = 'device.suspended' | 'device.lost' | 'device.revoked';

type Step = DeviceState | DeviceStateCode;

/**
 * Every state under every event. A found device goes through `suspended`: two people's decision, not one click. A reinstated one is
 * `enrolled`, whatever it was: it must be vouched for anew.
 */
export const deviceTransitions: { readonly [State in DeviceState]: { readonly [Event in DeviceEvent]: Step } } = {
  enrolled: {
    vouch: 'trusted',
    lapse: 'enrolled',
    suspend: 'suspended',
    reinstate: 'enrolled',
    lose: 'lost',
    revoke: 'revoked',
  },
  trusted: {
    vouch: 'trusted',
    lapse: 'enrolled',
    suspend: 'suspended',
    reinstate: 'trusted',
    lose: 'lost',
    revoke: 'revoked',
  },
  suspended: {
    vouch: 'device.suspended',
    lapse: 'suspended',
    suspend: 'suspended',
    reinstate: 'enrolled',
    lose: 'lost',
    revoke: 'revoked',
  },
  lost: {
    vouch: 'device.lost',
    lapse: 'lost',
    suspend: 'suspended',
    reinstate: 'device.lost',
    lose: 'lost',
    revoke: 'revoked',
  },
  revoked: {
    vouch: 'device.revoked',
    lapse: 'revoked',
    suspend: 'device.revoked',
    reinstate: 'device.revoked',
    lose: 'device.revoked',
    revoke: 'revoked',
  },
};

const isState = (step: Step): step is DeviceState => deviceStates.some((state) => state === step);

/** The state after an event, or the state that stands in its way. */
export const nextDeviceState = (state: DeviceState, event: DeviceEvent): Result<DeviceState, DeviceStateCode> => {
  const step = deviceTransitions[state][event];
  return isState(step) ? accept(step) : refuse(step);
};

/** Whether a device in this state may open sessions. */
export const isActiveState = (state: DeviceState): boolean => state === 'enrolled' || state === 'trusted';

/** Whether one event leads from the one state to the other. */
export const isReachableState = (from: DeviceState, to: DeviceState): boolean =>
  Object.values(deviceTransitions[from]).includes(to);
