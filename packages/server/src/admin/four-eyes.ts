/** When two people must agree on a change of devices. */
/** What can be done to a device. */
export const deviceActions = ['suspend', 'unsuspend', 'revoke', 'lost', 're-attest'] as const;
/** One of them. */
export type DeviceAction = (typeof deviceActions)[number];

/** When two people must agree. */
export const fourEyesRules = ['never', 'many', 'always'] as const;
/** One of them. */
export type FourEyesRule = (typeof fourEyesRules)[number];

/** What two people may have to agree on: changes of devices, directives, the kill switch, what is decided by. */
export type FourEyesAction = DeviceAction | 'directive' | 'kill' | 'policy' | 'list' | 'model';

/** The rules unless the configuration says otherwise: what cannot be taken back in bulk, what gives a device back, what every phone obeys. */
export const defaultFourEyes: Readonly<Record<FourEyesAction, FourEyesRule>> = {
  suspend: 'never',
  unsuspend: 'always',
  revoke: 'many',
  lost: 'many',
  're-attest': 'never',
  directive: 'always',
  // A switch that is needed at night must not wait for the second person.
  kill: 'never',
  policy: 'always',
  list: 'always',
  model: 'always',
};

/** Whether a change of so many devices needs a second person; `recent` are those that the same person changed so within the last hour. */
export const needsSecondPerson = (rule: FourEyesRule, devices: number, recent: number, many: number): boolean =>
  rule === 'always' || (rule === 'many' && devices + recent >= many);
