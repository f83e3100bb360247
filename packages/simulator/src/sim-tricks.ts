/** What attackers do with the SIM half of a phone. An app that hardware vouches for does none of the hooked ones. */

/** A trick. */
export type SimTrick =
  | 'forged-sim'
  | 'unsent-sms'
  | 'hooked-sent-items'
  | 'stolen-codes'
  | 'hidden-lifecycle'
  | 'rewound-composer';

/** In words, for the demo and reports. */
export const simTrickWords: Readonly<Record<SimTrick, string>> = {
  'forged-sim': 'There is no SIM, and the app says that there is one.',
  'unsent-sms': 'The SMS never leaves this phone: its holder reads the token in the outbox.',
  'hooked-sent-items': 'A hook answers that every SMS was delivered.',
  'stolen-codes': 'Codes that malware on another phone reads arrive here as if they were this one’s.',
  'hidden-lifecycle': 'A hook keeps from the app that it was left.',
  'rewound-composer': 'A hook says that the composer took less than a second.',
};
