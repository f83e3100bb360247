/** The first screen: what there is, what can be done, what happened last. */
import type { AccountView, TransactionView } from '../../bank-api.ts';
import { asyncSection } from '../async-section.ts';
import { type Child, h } from '../dom.ts';
import { formatMoney, splitMoney } from '../format.ts';
import { type IconName, icon } from '../icons.ts';
import { transactionList } from '../transaction-list.ts';
import type { AppContext, View } from '../view.ts';

const RECENT = 6;

/** Draws the overview. */
export function accountsView(context: AppContext): View {
  const load = async (): Promise<{ accounts: readonly AccountView[]; recent: readonly TransactionView[] }> => {
    const accounts = await context.api.accounts();
    const first = accounts[0];
    return { accounts, recent: first === undefined ? [] : await context.api.transactions(first.accountId, RECENT) };
  };
  const section = asyncSection(context, 5, load, ({ accounts, recent }) => overview(accounts, recent));
  const firstName = context.customerName.split(' ')[0] ?? '';
  return { title: `Hello ${firstName}`, body: section.element, onBooking: () => void section.reload() };
}

function overview(accounts: readonly AccountView[], recent: readonly TransactionView[]): Child {
  const [first, ...others] = accounts;
  if (first === undefined) return h('p', {}, 'You have no accounts.');
  return [
    heroCard(first),
    h(
      'nav',
      { class: 'actions', 'aria-label': 'Quick actions' },
      action('/transfer', 'send', 'Send'),
      action('/payees', 'people', 'Payees'),
      action('/coupons', 'ticket', 'Coupons'),
      action('/statement', 'list', 'Statement'),
    ),
    others.length > 0 && [h('h2', {}, 'Other accounts'), h('ul', { class: 'list card' }, others.map(accountRow))],
    h(
      'div',
      { class: 'heading-row' },
      h('h2', {}, 'Latest'),
      h('a', { class: 'link', href: `#/accounts/${first.accountId}` }, 'See all'),
    ),
    transactionList(recent),
  ];
}

/** The card with the big balance. */
export function heroCard({ accountId, name, number, balanceMinor, currency }: AccountView): HTMLElement {
  const [whole, cents] = splitMoney(balanceMinor, currency);
  return h(
    'a',
    { class: 'hero', href: `#/accounts/${accountId}`, 'aria-label': `${name}, ${whole}${cents}` },
    h('span', { class: 'hero-name' }, name),
    h('span', { class: 'hero-balance' }, whole, h('span', { class: 'cents' }, cents)),
    h('span', { class: 'hero-number' }, number),
  );
}

const action = (path: string, name: IconName, label: string): HTMLElement =>
  h('a', { class: 'action', href: `#${path}` }, h('span', { class: 'action-icon' }, icon(name)), label);

const accountRow = ({ accountId, name, number, balanceMinor, currency, kind }: AccountView): HTMLElement =>
  h(
    'li',
    {},
    h(
      'a',
      { class: 'line', href: `#/accounts/${accountId}` },
      h('span', { class: `avatar kind-${kind}`, 'aria-hidden': 'true' }, icon('wallet')),
      h(
        'span',
        { class: 'grow' },
        h('span', { class: 'strong clip' }, name),
        h('span', { class: 'muted small clip' }, number),
      ),
      h('span', { class: 'amount' }, formatMoney(balanceMinor, currency)),
    ),
  );
