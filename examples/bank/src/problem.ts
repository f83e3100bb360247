/** The bank's refusals: a closed table, so that every code has one status and one title. */
import type { BankProblem } from './bank-api.ts';

/** Why the bank refuses. */
export type BankCode =
  | 'bad-json'
  | 'bad-field'
  | 'bad-upload'
  | 'body-too-large'
  | 'unsupported-media-type'
  | 'not-found'
  | 'method-not-allowed'
  | 'login-refused'
  | 'login-required'
  | 'code-refused'
  | 'step-missing'
  | 'not-your-account'
  | 'unknown-account'
  | 'unknown-payee'
  | 'payee-exists'
  | 'too-many-payees'
  | 'amount-invalid'
  | 'use-large-transfer'
  | 'same-account'
  | 'currency-mismatch'
  | 'insufficient-funds'
  | 'idempotency-mismatch'
  | 'unknown-coupon'
  | 'coupon-sold-out'
  | 'coupon-claimed'
  | 'unverified-request'
  | 'not-durable'
  | 'fault';

/** Status and title of each code. */
const PROBLEMS: Readonly<Record<BankCode, readonly [number, string]>> = {
  'bad-json': [400, 'The body is not the JSON that this endpoint takes'],
  'bad-field': [422, 'A field is missing or has the wrong form'],
  'bad-upload': [400, 'The body is not a readable form'],
  'body-too-large': [413, 'The body is larger than this endpoint takes'],
  'unsupported-media-type': [415, 'The content type is not the one that this endpoint takes'],
  'not-found': [404, 'There is nothing here'],
  'method-not-allowed': [405, 'This endpoint does not take that method'],
  'login-refused': [401, 'Name or password is wrong'],
  'login-required': [401, 'Log in first'],
  'code-refused': [401, 'The one-time code is wrong, used or too old'],
  'step-missing': [403, 'Finish the login first'],
  'not-your-account': [403, 'This account is not yours'],
  'unknown-account': [404, 'There is no such account'],
  'unknown-payee': [404, 'There is no such payee'],
  'payee-exists': [409, 'This payee is on your list already'],
  'too-many-payees': [409, 'The list of payees is full'],
  'amount-invalid': [422, 'The amount is not a positive number of minor units within the limit'],
  'use-large-transfer': [422, 'An amount this large takes the large-transfer endpoint'],
  'same-account': [422, 'Sender and receiver are the same account'],
  'currency-mismatch': [422, 'The account is kept in another currency'],
  'insufficient-funds': [409, 'There is not enough money on the account'],
  'idempotency-mismatch': [422, 'This Idempotency-Key was used for another transfer'],
  'unknown-coupon': [404, 'There is no such coupon'],
  'coupon-sold-out': [409, 'This coupon is sold out'],
  'coupon-claimed': [409, 'You have claimed this coupon already'],
  'unverified-request': [403, 'This request did not come through the gateway'],
  'not-durable': [503, 'The bank cannot record anything at the moment'],
  fault: [500, 'Something broke on our side'],
};

/** A refusal on its way to the client. */
export interface Refused {
  readonly ok: false;
  readonly code: BankCode;
  readonly detail?: string;
}

/** Either a value or a coded refusal. */
export type Outcome<Value> = { readonly ok: true; readonly value: Value } | Refused;

/** Builds a refusal. `detail` is shown to the client. */
export const refused = (code: BankCode, detail?: string): Refused =>
  detail === undefined ? { ok: false, code } : { ok: false, code, detail };

/** Wraps a value. */
export const granted = <Value>(value: Value): { readonly ok: true; readonly value: Value } => ({ ok: true, value });

/** The document that the client receives. */
export function problemOf({ code, detail }: Refused): BankProblem {
  const [status, title] = PROBLEMS[code];
  const problem = { type: `urn:demo-bank:problem:${code}`, title, status, code };
  return detail === undefined ? problem : { ...problem, detail };
}
