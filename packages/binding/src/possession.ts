/** Possession proofs: what can show that a device holds a SIM, a key or a document now, and which sets of them suffice for what. */

/** Kinds of proof. `external-key` and `identity` are claimed by providers that come later. */
export const proofKinds = [
  'attestation',
  'sms-mo',
  'sent-item',
  'otp-read',
  'number-verification',
  'bound-device',
  'passkey',
  'external-key',
  'identity',
] as const;

/** A kind of proof. */
export type ProofKind = (typeof proofKinds)[number];

/** What proofs are asked for. */
export type BindingAction = 'bind' | 'raise-limits' | 'log-in-elsewhere';

/** For each action the sets that suffice; one whole set must be there. */
export type SufficientProofs = Readonly<Record<BindingAction, readonly (readonly ProofKind[])[]>>;

/**
 * The default sets. Each holds the attestation of the requesting device: without it, everything that the device says of itself may be
 * forged. Number verification alone is not enough either, for a proxy through the victim's phone passes it.
 */
export const defaultSufficientProofs: SufficientProofs = {
  bind: [
    ['attestation', 'sms-mo', 'sent-item'],
    ['attestation', 'sms-mo', 'otp-read'],
    ['attestation', 'number-verification'],
    ['attestation', 'bound-device'],
    ['attestation', 'passkey'],
  ],
  'raise-limits': [
    ['attestation', 'number-verification'],
    ['attestation', 'bound-device'],
    ['attestation', 'identity'],
    ['attestation', 'external-key'],
  ],
  'log-in-elsewhere': [
    ['attestation', 'bound-device'],
    ['attestation', 'passkey'],
  ],
};

/** Whether the proofs hold a whole set that suffices for an action. */
export const suffice = (sets: SufficientProofs, action: BindingAction, held: readonly ProofKind[]): boolean =>
  sets[action].some((set) => set.length > 0 && set.every((kind) => held.includes(kind)));

/** Kinds that only an attested client can bring: its own word, believed because its hardware vouches for the app. */
export const clientProofs: readonly ProofKind[] = ['sent-item', 'otp-read'];
