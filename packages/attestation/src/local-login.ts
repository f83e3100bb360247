/**
 * Local login without a password through somebody else's scheme, as IFAA in China: a port. Its protocol and its certificates are for
 * members only, so nothing of it is built here; an operator who is one brings the adapter, and the rest of the house sees four verbs.
 */
import type { Bytes, EpochMs, Result } from '@hauberk/primitives';

/** Why a provider said no. */
export type LocalLoginCode =
  | 'local-login.unavailable'
  | 'local-login.unsupported-device'
  | 'local-login.not-registered'
  | 'local-login.challenge'
  | 'local-login.signature'
  | 'local-login.user-changed';

/** What is asked of whom. */
export interface LocalLoginRequest {
  /** The bank's name of the device; never a phone number or a name of a person. */
  readonly device: string;
  /** Issued for this request, at least 16 bytes, used once. */
  readonly challenge: Bytes;
  /** What the user is to confirm, as a digest; absent for a mere login. */
  readonly contentDigest?: Bytes;
  readonly now: EpochMs;
}

/** A registered key of the scheme. */
export interface LocalLoginRegistration {
  /** The provider's name of it, for later requests. */
  readonly handle: string;
  /** Which of finger, face or code stands behind it, in the provider's words. */
  readonly method: string;
}

/** The four verbs of such schemes. `message` is what the device's component wrote; it is opaque here. */
export interface LocalLoginProvider {
  readonly name: string;
  /** What to hand to the device's component to begin. */
  begin(verb: 'register' | 'authenticate', request: LocalLoginRequest): Promise<Result<Bytes, LocalLoginCode>>;
  register(request: LocalLoginRequest, message: Bytes): Promise<Result<LocalLoginRegistration, LocalLoginCode>>;
  /** Must refuse a message over another challenge or another content. */
  authenticate(
    request: LocalLoginRequest,
    registration: LocalLoginRegistration,
    message: Bytes,
  ): Promise<Result<true, LocalLoginCode>>;
  /** Ends a registration; done also when there was none. */
  deregister(registration: LocalLoginRegistration): Promise<void>;
}
