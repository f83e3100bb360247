/** What the binding service asks of the world, each as a narrow port. */
import type { Msisdn, NumberFacts, ServerInstant } from '@hauberk/binding';
import type { Bytes } from '@hauberk/primitives';

/** Both clocks of this machine. The fence comes from the store. */
export interface BindingClock {
  now(): Pick<ServerInstant, 'wallMs' | 'monotonicMs'>;
}

/** Randomness and keyed hashes. What is hashed is never kept in the clear. */
export interface BindingSecrets {
  random(length: number): Bytes;
  /** Keyed hash, base64url; the kind separates the uses. Equal inputs give equal hashes for the life of the key. */
  hash(
    kind: 'token' | 'number' | 'code' | 'factor' | 'sms' | 'subscription' | 'approval' | 'passkey',
    text: string,
  ): string;
}

/** The bank's own record of its customers. */
export interface CustomerDirectory {
  /** The number that is registered for a profile; undefined when there is none. */
  registeredNumber(profile: string): Promise<Msisdn | undefined>;
}

/** Lists, fraud scores, swap dates. A provider that fails or is late is `silent`, never an exception. */
export interface NumberFactsPort {
  facts(number: Msisdn): Promise<NumberFacts>;
}

/** What is told to customers and to the rest of the house. Failures are the port's to retry; they never undo a transition. */
export interface BindingNotices {
  /** Sends a one-time code by SMS from our own sender. */
  sendCode(number: Msisdn, text: string): Promise<void>;
  /** A binding ended: its sessions and grants must end now. */
  bindingEnded(ended: { readonly profile: string; readonly key: string; readonly why: string }): Promise<void>;
  /** Something for people to look at; holds no number. */
  alarm(code: string, facts: Readonly<Record<string, string | number>>): void;
}

/** Which links may deliver for which VMN. */
export interface SmsLinks {
  isTrusted(link: string, vmn: string): boolean;
}
