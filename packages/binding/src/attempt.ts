/** One attempt to bind: its states, what it remembers and what may happen to it. */
import type { EpochMs } from '@hauberk/primitives';
import type { ClientEvidence, RequestingDevice, SourceNetwork } from './device-evidence.ts';
import type { CustomerFactor } from './factors.ts';
import type { ServerInstant } from './instant.ts';
import type { NumberFacts } from './number-facts.ts';
import type { BindingPolicy, Platform } from './policy.ts';
import type { ProofKind } from './possession.ts';
import type { BindingCode } from './rules.ts';
import type { Tally } from './tally.ts';

/** States of an attempt. The last three are ends, and `bound` is one that only a second SMS undoes. */
export const attemptStates = ['idle', 'issued', 'seen', 'proven', 'bound', 'declined', 'expired', 'blocked'] as const;

/** A state of an attempt. */
export type AttemptState = (typeof attemptStates)[number];

/** One physical SMS: what tells it from another one, and from its own redelivery. */
export interface PhysicalSms {
  readonly link: string;
  readonly messageId: string;
  /** Keyed hash of the source number. */
  readonly source: string;
  readonly vmn: string;
  readonly receivedAtMs: EpochMs;
}

/** How possession is to be shown: by the SIM's SMS, by the operator, or for a device without a SIM by what is bound already. */
export const bindingWays = ['sms', 'number', 'bound-device', 'passkey'] as const;

/** One of them. */
export type BindingWay = (typeof bindingWays)[number];

/** An attempt, as the store keeps it. Numbers are keyed hashes; the token is not in it. */
export interface BindingAttempt {
  readonly id: string;
  readonly state: AttemptState;
  /** Why it was declined. */
  readonly code?: BindingCode | undefined;
  readonly platform: Platform;
  readonly profile: string;
  /** The declared number, which is the registered one. */
  readonly number: string;
  readonly device: Pick<RequestingDevice, 'id' | 'key' | 'fingerprint'>;
  /** By SMS when absent. */
  readonly way?: BindingWay | undefined;
  /** Empty for a way without SMS: there is no token either. */
  readonly vmn: string;
  readonly carrier?: string | undefined;
  readonly slot?: number | undefined;
  /** Keyed hash of what names the SIM's subscription (B23). */
  readonly subscription?: string | undefined;
  readonly issuedAt: ServerInstant;
  readonly replaces: boolean;
  readonly sms?: PhysicalSms | undefined;
  readonly proofs: readonly ProofKind[];
  /** How the sent item was answered so far. */
  readonly sentItem: 'unasked' | 'delivered' | 'sent' | 'absent';
  readonly polls: number;
  readonly otp?: { readonly hash: string; readonly tries: number } | undefined;
  /** Keyed hash of the words that the bound phone must repeat, and how often it was wrong. */
  readonly approval?: { readonly hash: string; readonly tries: number } | undefined;
  /** What the passkey must sign: base64url of 32 bytes. */
  readonly challenge?: string | undefined;
}

/** What a device asks for, with everything that is known when it asks. */
export interface BindingRequest {
  readonly profile: string;
  /** Keyed hashes; `registered` is what the bank has for the profile. */
  readonly number: string;
  readonly registered: string | undefined;
  readonly device: RequestingDevice;
  readonly evidence: ClientEvidence;
  readonly network: SourceNetwork;
  /** By SMS when absent. */
  readonly way?: BindingWay | undefined;
  readonly carrier?: string | undefined;
  readonly slot?: number | undefined;
  readonly factor: CustomerFactor | undefined;
  readonly isFactorReplayed: boolean;
  /** One more factor was verified, as risk may ask. */
  readonly steppedUp: boolean;
  readonly facts: NumberFacts;
  /** Consent to end the binding that the profile has. */
  readonly replaces: boolean;
}

/** An SMS that carries the token of this attempt. */
export interface TokenSms extends PhysicalSms {
  readonly carrier?: string | undefined;
  /** The link is on the list of those that may deliver for this VMN. */
  readonly isTrustedLink: boolean;
}

/** What the client read of the SMS it sent. */
export interface SentItem {
  readonly kind: 'sent-item';
  /** `delivered` is the network's own report; `sent` only says that the phone tried. */
  readonly state: 'delivered' | 'sent' | 'absent';
  readonly slot?: number | undefined;
}

/** A one-time code, read by the app from an SMS of our sender, or typed by somebody, or not readable at all. */
export interface OtpAnswer {
  readonly kind: 'otp';
  readonly state: 'right' | 'wrong' | 'unreadable';
  readonly isRead: boolean;
}

/** A proof that a provider verified for this attempt. */
export interface ProvidedProof {
  readonly kind: Exclude<ProofKind, 'attestation' | 'sms-mo' | 'sent-item' | 'otp-read'>;
}

/** What may happen to an attempt. */
export type AttemptEvent =
  | { readonly kind: 'request'; readonly request: BindingRequest }
  | { readonly kind: 'sms'; readonly sms: TokenSms }
  | { readonly kind: 'proof'; readonly proof: SentItem | OtpAnswer | ProvidedProof; readonly key: string }
  | {
      readonly kind: 'otp-sent';
      /** Keyed hash of the code. */
      readonly hash: string;
    }
  | {
      readonly kind: 'left';
      readonly how: 'left' | 'charge-notice' | 'composer-slow' | 'airplane-mode' | 'sim-missing';
      readonly key: string;
    }
  | { readonly kind: 'confirm'; readonly key: string }
  /** The same device asked anew. */
  | { readonly kind: 'superseded' }
  | { readonly kind: 'tick' };

/** A kind of event. */
export type AttemptEventKind = AttemptEvent['kind'];

/** What stands around an attempt when something happens to it. */
export interface StepContext {
  readonly now: ServerInstant;
  readonly policy: BindingPolicy;
  /** B09: the tallies of everything that names the device. */
  readonly deviceTallies: readonly Tally[];
  /** B16. */
  readonly profileTally: Tally;
  /** Another device is in the middle of binding this profile or this number. */
  readonly isBusy: boolean;
  /** The profile is bound to another device, live. */
  readonly isBoundElsewhere: boolean;
  /** Guards that are taken away: for proofs and simulations only. */
  readonly without?: ReadonlySet<Guard> | undefined;
}

/** Guards: each refuses something, and taking any of them away lets some attacker win (docs/binding-matrix.md). */
export const guards = [
  'attestation',
  'second-factor',
  'revocation-list',
  'swap-date',
  'number-match',
  'token-limit',
  'trusted-link',
  'assigned-vmn',
  'one-number',
  'one-sms',
  'deadline',
  'fence',
  'session',
  'delivery-report',
  'otp-read',
  'possession',
  'own-key',
  'one-binding',
] as const;

/** A guard. */
export type Guard = (typeof guards)[number];
