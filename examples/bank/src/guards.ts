/** The classic holes of a bank's API, each with a switch. Nearly all are open by default: closing them is the gateway's job. */

/** `true` closes the hole inside the bank itself. */
export interface BankGuards {
  /** An account named in a request must belong to the caller (else: broken object level authorisation). */
  readonly ownership: boolean;
  /** A repeated Idempotency-Key answers with the first booking (else: a repeat is booked again). */
  readonly idempotency: boolean;
  /** A coupon is reserved before the slow part of its claim (else: parallel claims race past stock and one-per-customer). */
  readonly couponReservation: boolean;
  /** The password alone opens nothing (else: the one-time code can be skipped). */
  readonly loginSteps: boolean;
  /** `hauberk-verified-customer` is believed only under a valid signature (else: whoever sends the header is that customer). */
  readonly signedFacts: boolean;
  /** A path means what it says (else: dot segments, escapes and empty segments are resolved, past whatever a proxy has judged). */
  readonly exactPaths: boolean;
}

/** What `createBank` uses unless told otherwise: as weak as a bank that was written for a friendly world. */
export const DEFAULT_GUARDS: BankGuards = {
  ownership: false,
  idempotency: true,
  couponReservation: false,
  loginSteps: false,
  signedFacts: false,
  exactPaths: false,
};

/** Every hole open: the control in an attack's experiment. */
export const BARE_GUARDS: BankGuards = {
  ownership: false,
  idempotency: false,
  couponReservation: false,
  loginSteps: false,
  signedFacts: false,
  exactPaths: false,
};

/** Every hole closed: shows that a refusal through the gateway is what a careful bank would have answered. */
export const CAREFUL_GUARDS: BankGuards = {
  ownership: true,
  idempotency: true,
  couponReservation: true,
  loginSteps: true,
  signedFacts: true,
  exactPaths: true,
};
