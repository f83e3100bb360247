/** The JSON that crosses between the bank and its clients. Money is always whole minor units (cents) beside its currency. */

/** Currencies that the demo bank keeps accounts in. */
export type Currency = 'EUR' | 'USD';

/** One account as its owner sees it. */
export interface AccountView {
  readonly accountId: string;
  readonly number: string;
  readonly name: string;
  readonly kind: 'current' | 'savings' | 'travel';
  readonly currency: Currency;
  readonly balanceMinor: number;
}

/** One line of an account's history. `amountMinor` is negative when money left the account. */
export interface TransactionView {
  readonly transferId: string;
  readonly bookedAtMs: number;
  readonly amountMinor: number;
  readonly balanceMinor: number;
  readonly currency: Currency;
  readonly counterparty: string;
  readonly memo: string;
  readonly clientReference: string | null;
}

/** The reply to either login step. `authorization` is the exact header value for what follows. */
export interface LoginReply {
  readonly authorization: string;
  readonly customerId: string;
  readonly customerName: string;
  readonly accountIds: readonly string[];
  /** `otp` while the one-time code is still due, `null` when the login is complete. */
  readonly nextStep: 'otp' | null;
  /** Stands in for the text message that a real bank would send; `null` after the second step. */
  readonly demoCode: string | null;
  readonly expiresAtMs: number;
}

/** Someone whom a customer pays. */
export interface PayeeView {
  readonly payeeId: string;
  readonly name: string;
  readonly accountNumber: string;
}

/** What a client sends to add a payee. */
export interface PayeeOrder {
  readonly name: string;
  readonly accountNumber: string;
}

/** What a client sends to move money: exactly one of `payeeId` and `toAccountId` names the receiver. */
export interface TransferOrder {
  readonly fromAccountId: string;
  readonly payeeId?: string;
  readonly toAccountId?: string;
  readonly amountMinor: number;
  readonly currency: Currency;
  readonly memo: string;
  /** The client's own name for this payment. The same one booked twice is a double payment. */
  readonly clientReference?: string;
}

/** A booked transfer. */
export interface TransferReply {
  readonly transferId: string;
  readonly status: 'booked';
  readonly bookedAtMs: number;
  readonly fromAccountId: string;
  readonly toAccountId: string;
  readonly amountMinor: number;
  readonly currency: Currency;
  readonly memo: string;
  /** The debited account's balance right after this booking. */
  readonly balanceMinor: number;
  readonly clientReference: string | null;
}

/** A coupon as one customer sees it. */
export interface CouponView {
  readonly couponId: string;
  readonly title: string;
  readonly terms: string;
  readonly valueMinor: number;
  readonly currency: Currency;
  readonly stock: number;
  readonly remaining: number;
  readonly claimedByYou: boolean;
}

/** The receipt of a claimed coupon. */
export interface ClaimReply {
  readonly couponId: string;
  readonly transferId: string;
  readonly accountId: string;
  readonly valueMinor: number;
  readonly currency: Currency;
}

/** One month of one account. */
export interface StatementMonth {
  readonly month: string;
  readonly incomingMinor: number;
  readonly outgoingMinor: number;
}

/** Everything that happened on one account. */
export interface StatementAccount {
  readonly account: AccountView;
  readonly months: readonly StatementMonth[];
  readonly transactions: readonly TransactionView[];
}

/** All accounts of one customer, newest transaction first. */
export interface StatementReply {
  readonly issuedAtMs: number;
  readonly customerName: string;
  readonly accounts: readonly StatementAccount[];
}

/** What one exchange rate says. */
export interface RateView {
  readonly pair: string;
  /** Units of the second currency for one of the first, in millionths, so that no float crosses. */
  readonly rateMicros: number;
}

/** A stored upload. */
export interface UploadReply {
  readonly documentId: string;
  readonly fields: Readonly<Record<string, string>>;
  readonly files: readonly {
    readonly field: string;
    readonly name: string;
    readonly bytes: number;
    readonly sha256: string;
  }[];
}

/** The auditor's view of the whole bank. */
export interface LedgerCheckReply {
  readonly balanced: boolean;
  /** What was found wrong; empty when `balanced`. */
  readonly faults: readonly string[];
  /** How many customer-made transfers are booked (seed history not counted). */
  readonly transfers: number;
  /** Client references that were booked more than once by the same customer: double payments. */
  readonly duplicates: readonly {
    readonly customerId: string;
    readonly clientReference: string;
    readonly transferIds: readonly string[];
  }[];
  /** Coupons given out more often than stock or one-per-customer allows. */
  readonly overclaimed: readonly {
    readonly couponId: string;
    readonly stock: number;
    readonly claims: number;
    readonly customersWithSeveral: readonly string[];
  }[];
}

/** The bank's refusal document (RFC 9457). */
export interface BankProblem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly detail?: string;
}

/** What a client needs to know to talk through Hauberk; all of it public. `GET /hauberk-trust.json`. */
export interface HauberkTrust {
  readonly service: string;
  readonly organisation: string;
  readonly app: string;
  /** Origins in order of preference; empty means the one that served the page. */
  readonly endpoints: readonly string[];
  /** Pinned config-signing keys: P-256, raw uncompressed point in base64url. */
  readonly configKeys: readonly { readonly kid: string; readonly publicKey: string }[];
  readonly minConfigVersion: number;
}

/** `GET /api/events`, event `booking`: money moved on one of the caller's accounts. */
export interface BookingEvent {
  readonly accountId: string;
  readonly transaction: TransactionView;
}
