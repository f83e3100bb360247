/** Secure Payment Confirmation: what the browser showed to the payer, against what the bank is about to execute. */
import {
  accept,
  type Bytes,
  equalBytes,
  fromBase64Url,
  type JsonValue,
  type Result,
  refuse,
} from '@hauberk/primitives';
import { readCbor } from './cbor.ts';
import { type CoseCode, type CoseKey, readCoseKey } from './cose.ts';
import { type ClientData, jsonMembers } from './webauthn-client-data.ts';

/** Why payment details were refused. */
export type PaymentCode =
  | 'webauthn.payment'
  | 'webauthn.payment-rp-id'
  | 'webauthn.payment-top-origin'
  | 'webauthn.payment-payee'
  | 'webauthn.payment-amount'
  | 'webauthn.payment-instrument'
  | 'webauthn.payment-browser-key'
  | CoseCode;

/** The payment as the bank knows it. */
export interface PaymentExpectations {
  /** Origin of the merchant's page that asked for the payment. */
  readonly topOrigin: string;
  /** At least one of both; each that is given must be what the payer saw. */
  readonly payeeName?: string;
  readonly payeeOrigin?: string;
  /** Decimal, as in `12.50`. */
  readonly amount: string;
  /** ISO 4217. */
  readonly currency: string;
  readonly instrument: { readonly displayName: string; readonly icon?: string };
  /** COSE_Key of the browser-bound key that must have signed; undefined when none is bound yet. */
  readonly browserBoundKey?: Uint8Array;
}

/** What the payer confirmed. */
export interface ConfirmedPayment {
  readonly payeeName: string | undefined;
  readonly payeeOrigin: string | undefined;
  readonly amount: string;
  readonly currency: string;
  readonly instrument: string;
  /** The key that the browser named; its signature over the client data is checked when it is expected. */
  readonly browserBoundKey: CoseKey | undefined;
}

type Members = { readonly [name: string]: JsonValue } | undefined;

/** Digits without zeros that carry no value, so that `12.50` and `12.5` are one amount; undefined for no amount. */
const canonicalAmount = (amount: string): string | undefined => {
  const parts = /^([0-9]{1,18})(?:\.([0-9]{1,18}))?$/.exec(amount);
  if (parts === null) return undefined;
  const whole = (parts[1] ?? '').replace(/^0+(?=[0-9])/, '');
  const fraction = (parts[2] ?? '').replace(/0+$/, '');
  return fraction === '' ? whole : `${whole}.${fraction}`;
};

const textOf = (members: Members, name: string): string | undefined => {
  const value = members?.[name];
  return typeof value === 'string' ? value : undefined;
};

const isPayee = (members: Members, expected: PaymentExpectations): boolean => {
  const { payeeName, payeeOrigin } = expected;
  if (payeeName === undefined && payeeOrigin === undefined) return false;
  return textOf(members, 'payeeName') === payeeName && textOf(members, 'payeeOrigin') === payeeOrigin;
};

const isTotal = (total: Members, expected: PaymentExpectations): boolean => {
  const shown = canonicalAmount(textOf(total, 'value') ?? '');
  const isCurrency = textOf(total, 'currency')?.toUpperCase() === expected.currency.toUpperCase();
  return shown !== undefined && shown === canonicalAmount(expected.amount) && isCurrency;
};

const isInstrument = (instrument: Members, expected: PaymentExpectations['instrument']): boolean =>
  textOf(instrument, 'displayName') === expected.displayName &&
  (expected.icon === undefined || textOf(instrument, 'icon') === expected.icon);

const readBrowserKey = (
  members: Members,
  expected: Uint8Array | undefined,
): Result<CoseKey | undefined, PaymentCode> => {
  const text = members?.['browserBoundPublicKey'];
  if (text === undefined)
    return expected === undefined ? accept(undefined) : refuse('webauthn.payment-browser-key', 'absent');
  const bytes: Bytes | undefined = typeof text === 'string' ? fromBase64Url(text) : undefined;
  const value = bytes === undefined ? undefined : readCbor(bytes, { keyOrder: 'ctap2', maxDepth: 1, maxItems: 16 });
  if (bytes === undefined || value?.ok !== true) return refuse('webauthn.payment-browser-key', 'malformed');
  if (expected !== undefined && !equalBytes(bytes, expected)) return refuse('webauthn.payment-browser-key', 'another');
  return readCoseKey(value.value);
};

/** Checks the payment member of client data whose type, challenge and origin are already right. */
export const readPayment = (
  clientData: ClientData,
  rpId: string,
  expected: PaymentExpectations,
): Result<ConfirmedPayment, PaymentCode> => {
  const members = jsonMembers(clientData.payment);
  const total = jsonMembers(members?.['total']);
  const instrument = jsonMembers(members?.['instrument']);
  if (members === undefined || total === undefined || instrument === undefined) return refuse('webauthn.payment');
  if (textOf(members, 'rpId') !== rpId) return refuse('webauthn.payment-rp-id');
  if (textOf(members, 'topOrigin') !== expected.topOrigin) return refuse('webauthn.payment-top-origin');
  if (!isPayee(members, expected)) return refuse('webauthn.payment-payee');
  if (!isTotal(total, expected)) return refuse('webauthn.payment-amount');
  if (!isInstrument(instrument, expected.instrument)) return refuse('webauthn.payment-instrument');
  const key = readBrowserKey(members, expected.browserBoundKey);
  if (!key.ok) return key;
  return accept({
    payeeName: textOf(members, 'payeeName'),
    payeeOrigin: textOf(members, 'payeeOrigin'),
    amount: canonicalAmount(expected.amount) ?? expected.amount,
    currency: expected.currency.toUpperCase(),
    instrument: expected.instrument.displayName,
    browserBoundKey: key.value,
  });
};
