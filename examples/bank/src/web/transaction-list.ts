/** An account's history, grouped by day. */
import type { TransactionView } from '../bank-api.ts';
import { emptyNote } from './async-section.ts';
import { h } from './dom.ts';
import { formatDay, formatMoney, formatTime, initials } from './format.ts';

/** Draws transactions, newest day first. */
export function transactionList(transactions: readonly TransactionView[]): HTMLElement {
  if (transactions.length === 0) return emptyNote('Nothing here yet', 'Your payments will show up here.');
  const now = Date.now();
  const days = Map.groupBy(transactions, ({ bookedAtMs }) => formatDay(bookedAtMs, now));
  return h(
    'div',
    { class: 'days' },
    [...days].map(([day, group]) =>
      h('section', {}, h('h3', { class: 'day' }, day), h('ul', { class: 'list card' }, group.map(transactionRow))),
    ),
  );
}

function transactionRow({ counterparty, memo, amountMinor, currency, bookedAtMs }: TransactionView): HTMLElement {
  const isIncoming = amountMinor > 0;
  return h(
    'li',
    { class: 'line' },
    h('span', { class: `avatar ${tint(counterparty)}`, 'aria-hidden': 'true' }, initials(counterparty)),
    h(
      'span',
      { class: 'grow' },
      h('span', { class: 'strong clip' }, counterparty),
      h('span', { class: 'muted small clip' }, [memo, formatTime(bookedAtMs)].filter(Boolean).join(' · ')),
    ),
    h('span', { class: isIncoming ? 'amount in' : 'amount' }, formatMoney(amountMinor, currency, true)),
  );
}

/** The same colour for the same name, every time. */
export const tint = (name: string): string =>
  `tint-${Array.from(name, (letter) => letter.codePointAt(0) ?? 0).reduce((sum, code) => sum + code, 0) % 5}`;
