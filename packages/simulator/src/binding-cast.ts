/**
 * Who comes to bind a SIM: honest phones, and the attackers that are known, each as the phone in the attacker's hand. What the attacker has of the victim
 * (password, number, malware, a talked-over customer) is the caller's to play: `sim.sendBeside` of the victim's phone, `sim.passOn` of the attacker's.
 */
import type { PhoneKind, PhoneOptions } from './phone.ts';
import type { SimTrick } from './sim-tricks.ts';
import type { PhoneTrick } from './tricks.ts';

/** A part. */
export interface BindingPart {
  /** What is done, in one line. */
  readonly words: string;
  readonly kind: PhoneKind;
  /** Whose number the SIM in the phone has. */
  readonly card: 'own' | 'victims' | 'none';
  readonly tricks: readonly PhoneTrick[];
  readonly simTricks: readonly SimTrick[];
  /** How the victim's phone helps: it sends the token, and malware on it passes codes on. */
  readonly victim: 'nothing' | 'forwards' | 'malware';
  /** How `bind()` ends under the default rules: `bound`, or the code. */
  readonly ends: string;
}

const honest = { tricks: [], simTricks: [], victim: 'nothing', card: 'own' } as const;

/** The name of a part. */
export type BindingRole =
  | 'honest-android'
  | 'honest-strongbox'
  | 'honest-iphone'
  | 'no-sim'
  | 'other-sim'
  | 'forwarder'
  | 'malware-genuine'
  | 'malware-hooked'
  | 'emulator'
  | 'repackaged-app'
  | 'leaked-keybox'
  | 'sideloaded-iphone'
  | 'cloned-sim';

/** The parts, by name. */
export const bindingCast: Readonly<Record<BindingRole, BindingPart>> = {
  'honest-android': { ...honest, words: 'An honest Android.', kind: 'android', ends: 'bound' },
  'honest-strongbox': {
    ...honest,
    words: 'An honest Android with StrongBox.',
    kind: 'android-strongbox',
    ends: 'bound',
  },
  'honest-iphone': {
    ...honest,
    words: 'An honest iPhone: it can show neither sent item nor code, and needs another proof.',
    kind: 'iphone',
    ends: 'binding.no-possession',
  },
  'no-sim': { ...honest, words: 'No SIM is in the phone.', kind: 'android', card: 'none', ends: 'binding.sim-missing' },
  'other-sim': {
    ...honest,
    words: 'The password of somebody else, and a SIM of one’s own.',
    kind: 'android',
    ends: 'binding.number-mismatch',
  },
  forwarder: {
    ...honest,
    words: 'A victim is talked into sending the token; the genuine phone that asks keeps its own SMS back.',
    kind: 'android',
    simTricks: ['unsent-sms'],
    victim: 'forwards',
    ends: 'binding.no-possession',
  },
  'malware-genuine': {
    ...honest,
    words: 'Malware on the victim’s phone sends the token; the phone that asks is genuine and tried as well.',
    kind: 'android',
    simTricks: ['unsent-sms'],
    victim: 'malware',
    ends: 'binding.no-possession',
  },
  'malware-hooked': {
    ...honest,
    words: 'Malware sends the token and passes codes on; a hooked phone with an open boot loader forges the sent item.',
    kind: 'android',
    tricks: ['unlocked'],
    simTricks: ['unsent-sms', 'hooked-sent-items', 'stolen-codes', 'hidden-lifecycle'],
    victim: 'malware',
    ends: 'enrolment-refused',
  },
  emulator: {
    ...honest,
    words: 'An emulator that says that it has a SIM.',
    kind: 'android',
    card: 'none',
    tricks: ['emulator'],
    simTricks: ['forged-sim', 'unsent-sms', 'hooked-sent-items'],
    victim: 'malware',
    ends: 'enrolment-refused',
  },
  'repackaged-app': {
    ...honest,
    words: 'A changed app forges what the phone knows.',
    kind: 'android',
    tricks: ['repackaged'],
    simTricks: ['unsent-sms', 'hooked-sent-items'],
    victim: 'malware',
    ends: 'enrolment-refused',
  },
  'leaked-keybox': {
    ...honest,
    words: 'Attestation is forged with a maker’s key that is on the list.',
    kind: 'android',
    tricks: ['leaked-keybox'],
    simTricks: ['unsent-sms', 'hooked-sent-items'],
    victim: 'malware',
    ends: 'enrolment-refused',
  },
  'sideloaded-iphone': {
    ...honest,
    words: 'A sideloaded app says that its composer took no time.',
    kind: 'iphone',
    tricks: ['sideloaded'],
    simTricks: ['rewound-composer'],
    ends: 'enrolment-refused',
  },
  'cloned-sim': {
    ...honest,
    words: 'A swapped or cloned SIM with the victim’s number, in a genuine phone: only the date of the swap tells.',
    kind: 'android',
    card: 'victims',
    ends: 'bound',
  },
};

/** What a phone is made with to play a part. */
export const partOptions = (
  role: BindingRole,
  numbers: { readonly own: string; readonly victims: string },
): Pick<PhoneOptions, 'tricks' | 'simTricks' | 'cards'> => {
  const { card, tricks, simTricks } = bindingCast[role];
  return { tricks, simTricks, cards: card === 'none' ? [] : [{ number: numbers[card], carrier: 'Jio' }] };
};
