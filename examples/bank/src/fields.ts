/** Reads bodies by hand: every field is checked, anything unexpected is left alone, nothing throws. */
import type { PayeeOrder, TransferOrder } from './bank-api.ts';
import { granted, type Outcome, type Refused, refused } from './problem.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Reads a body as one JSON object. */
export function readObject(body: Buffer): Outcome<Fields> {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? granted(value as Fields)
      : refused('bad-json');
  } catch {
    return refused('bad-json');
  }
}

/** A string of 1 to `max` characters. */
function text(fields: Fields, name: string, max: number): string | undefined {
  const value = fields[name];
  return typeof value === 'string' && value.length > 0 && value.length <= max ? value : undefined;
}

const badField = (name: string): Refused => refused('bad-field', name);

/** `POST /api/login`. */
export function readLogin(fields: Fields): Outcome<{ username: string; password: string }> {
  const username = text(fields, 'username', 100);
  const password = text(fields, 'password', 200);
  if (username === undefined) return badField('username');
  return password === undefined ? badField('password') : granted({ username: username.toLowerCase(), password });
}

/** `POST /api/login/otp`. */
export function readCode(fields: Fields): Outcome<string> {
  const code = text(fields, 'code', 6);
  return code !== undefined && /^\d{6}$/.test(code) ? granted(code) : badField('code');
}

/** `POST /api/payees`. */
export function readPayee(fields: Fields): Outcome<PayeeOrder> {
  const name = text(fields, 'name', 70)?.trim();
  const accountNumber = text(fields, 'accountNumber', 34)?.trim().toUpperCase();
  if (name === undefined || name === '') return badField('name');
  return accountNumber !== undefined && /^[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){1,6}$/.test(accountNumber)
    ? granted({ name, accountNumber: printed(accountNumber) })
    : badField('accountNumber');
}

/** An account number in groups of four, however it was typed. */
const printed = (accountNumber: string): string => accountNumber.replaceAll(' ', '').replaceAll(/(.{4})(?=.)/g, '$1 ');

/** `POST /api/transfers`. The amount is judged by the ledger. */
export function readTransfer(fields: Fields): Outcome<TransferOrder> {
  const fromAccountId = text(fields, 'fromAccountId', 40);
  const payeeId = text(fields, 'payeeId', 40);
  const toAccountId = text(fields, 'toAccountId', 40);
  const { amountMinor, currency, memo = '', clientReference } = fields;
  if (fromAccountId === undefined) return badField('fromAccountId');
  if ((payeeId === undefined) === (toAccountId === undefined)) return badField('payeeId or toAccountId');
  if (typeof amountMinor !== 'number') return badField('amountMinor');
  if (currency !== 'EUR' && currency !== 'USD') return badField('currency');
  if (typeof memo !== 'string' || memo.length > 140) return badField('memo');
  if (clientReference !== undefined && text(fields, 'clientReference', 64) === undefined) {
    return badField('clientReference');
  }
  const receiver = payeeId === undefined ? { toAccountId: toAccountId ?? '' } : { payeeId };
  const reference = typeof clientReference === 'string' ? { clientReference } : {};
  return granted({ fromAccountId, ...receiver, amountMinor, currency, memo, ...reference });
}
