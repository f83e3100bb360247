/** Money as whole minor units (cents, paise) of one currency. Binary fractions never touch an amount. */
import { accept, type Result, refuse } from './result.ts';

declare const unit: unique symbol;

/** A whole, safe number of minor units; may be negative. */
export type AmountMinor = number & { readonly [unit]: 'AmountMinor' };
/** An ISO 4217 alphabetic code. */
export type Currency = string & { readonly [unit]: 'Currency' };

/** An amount of one currency. */
export interface Money {
  readonly amountMinor: AmountMinor;
  readonly currency: Currency;
}

/** Why an amount was refused. */
export type MoneyCode = 'money.amount' | 'money.currency' | 'money.currency-mismatch' | 'money.overflow';

/** Reads a whole, safe number of minor units. */
export const parseAmountMinor = (value: unknown): Result<AmountMinor, MoneyCode> =>
  typeof value === 'number' && Number.isSafeInteger(value) && !Object.is(value, -0)
    ? accept(value as AmountMinor)
    : refuse('money.amount');

/** Reads three capital letters. Which codes exist is the bank's business, not ours. */
export const parseCurrency = (value: unknown): Result<Currency, MoneyCode> =>
  typeof value === 'string' && /^[A-Z]{3}$/.test(value) ? accept(value as Currency) : refuse('money.currency');

const combine = (left: Money, right: Money, sign: 1 | -1): Result<Money, MoneyCode> => {
  if (left.currency !== right.currency) return refuse('money.currency-mismatch');
  // `+ 0` turns a negative zero into zero: one value, one form.
  const sum = left.amountMinor + sign * right.amountMinor + 0;
  return Number.isSafeInteger(sum)
    ? accept({ amountMinor: sum as AmountMinor, currency: left.currency })
    : refuse('money.overflow');
};

/** The sum of two amounts of one currency. */
export const addMoney = (left: Money, right: Money): Result<Money, MoneyCode> => combine(left, right, 1);
/** What is left of `from` without `amount`. */
export const subtractMoney = (from: Money, amount: Money): Result<Money, MoneyCode> => combine(from, amount, -1);
/** Negative, zero or positive as `left` is below, equal to or above `right`. */
export const compareMoney = (left: Money, right: Money): Result<number, MoneyCode> =>
  left.currency === right.currency
    ? accept(Math.sign(left.amountMinor - right.amountMinor))
    : refuse('money.currency-mismatch');
