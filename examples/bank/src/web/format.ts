/** How amounts, dates and names are written, and how a typed amount is read. Amounts stay whole minor units throughout. */
import type { Currency } from '../bank-api.ts';

const LOCALE = 'en-IE';
const money = new Map<Currency, Intl.NumberFormat>();
const day = new Intl.DateTimeFormat(LOCALE, { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' });
const time = new Intl.DateTimeFormat(LOCALE, { hour: '2-digit', minute: '2-digit' });
const month = new Intl.DateTimeFormat(LOCALE, { month: 'long', year: 'numeric', timeZone: 'UTC' });

/** `€1,234.50`; with `signed`, incoming amounts carry a plus. */
export function formatMoney(amountMinor: number, currency: Currency, signed = false): string {
  const format =
    money.get(currency) ??
    new Intl.NumberFormat(LOCALE, { style: 'currency', currency, currencyDisplay: 'narrowSymbol' });
  money.set(currency, format);
  const text = format.format(Math.abs(amountMinor) / 100);
  if (amountMinor < 0) return `\u2212${text}`;
  return signed ? `+${text}` : text;
}

/** Whole and fractional part apart, for large type. */
export function splitMoney(amountMinor: number, currency: Currency): readonly [string, string] {
  const text = formatMoney(amountMinor, currency);
  return [text.slice(0, -3), text.slice(-3)];
}

/** Reads `12`, `12.5`, `12,50` as minor units; `null` for anything else. No binary fraction is involved. */
export function readAmountMinor(text: string): number | null {
  const match = /^(\d{1,8})(?:[.,](\d{1,2}))?$/.exec(text.trim());
  if (match === null) return null;
  return Number(match[1]) * 100 + Number((match[2] ?? '').padEnd(2, '0'));
}

/** `Today`, `Yesterday`, or the date. */
export function formatDay(atMs: number, nowMs: number): string {
  const label = day.format(atMs);
  if (label === day.format(nowMs)) return 'Today';
  return label === day.format(nowMs - 86_400_000) ? 'Yesterday' : label;
}

/** Hours and minutes. */
export const formatTime = (atMs: number): string => time.format(atMs);

/** `2026-03` as `March 2026`. */
export const formatMonth = (key: string): string => month.format(Date.parse(`${key}-01T00:00:00Z`));

/** Two letters that stand for a name. */
export const initials = (name: string): string =>
  name
    .split(/[\s&]+/)
    .filter(Boolean)
    .slice(0, 2)
    .map((word) => word[0]?.toUpperCase() ?? '')
    .join('');
