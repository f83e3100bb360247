/** What an outcome obliges to: which step a challenge asks, how long to slow down, and what is to be done beside. */

/** Steps of a challenge, mildest first. */
export const challengeSteps = ['device-key', 'otp', 'webauthn', 'rebind'] as const;
/** One of them. */
export type ChallengeStep = (typeof challengeSteps)[number];

/** Obligations as a rule, a threshold or a policy declares them. */
export interface Obligations {
  /** The step that a challenge asks. */
  readonly challenge?: ChallengeStep;
  /** Milliseconds that the reply is held back. */
  readonly slow?: number;
  /** Code of the problem that a denial answers. */
  readonly deny?: string;
  /** Id of the decoy that a trap answers. */
  readonly trap?: string;
  /** Who is to be told. */
  readonly notify?: string;
  /** Queue in which a case is opened. */
  readonly case?: string;
  /** Label that the event gets. */
  readonly label?: string;
}

/** One obligation of a decision. */
export type Obligation =
  | { readonly kind: 'challenge'; readonly step: ChallengeStep }
  | { readonly kind: 'slow'; readonly ms: number }
  | { readonly kind: 'deny'; readonly problem: string }
  | { readonly kind: 'trap'; readonly decoy: string }
  | { readonly kind: 'notify'; readonly to: string }
  | { readonly kind: 'case'; readonly queue: string }
  | { readonly kind: 'label'; readonly label: string };

/** What holds where nobody declared anything. */
export const usualObligations = {
  challenge: 'device-key',
  slow: 1000,
  deny: 'decision-denied',
  trap: 'default',
} as const;
