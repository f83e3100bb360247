/** One account with its history. */
import { asyncSection } from '../async-section.ts';
import { h } from '../dom.ts';
import { transactionList } from '../transaction-list.ts';
import type { AppContext, View } from '../view.ts';
import { heroCard } from './accounts-view.ts';

const PAGE = 40;
const MOST = 500;

/** Draws the account; more of its history on demand. */
export function accountView(context: AppContext, accountId: string): View {
  let shown = PAGE;
  const head = asyncSection(context, 2, () => context.api.account(accountId), heroCard);
  const history = asyncSection(
    context,
    6,
    () => context.api.transactions(accountId, shown),
    (transactions) => [transactionList(transactions), transactions.length === shown && shown < MOST && moreButton()],
  );
  const more = (): void => {
    shown = Math.min(MOST, shown + PAGE);
    void history.reload();
  };
  const moreButton = (): HTMLElement =>
    h('button', { type: 'button', class: 'button quiet wide', on: { click: more } }, 'Show more');
  const reload = (): void => {
    void head.reload();
    void history.reload();
  };
  return {
    title: 'Account',
    backTo: '/accounts',
    body: h('div', {}, head.element, h('h2', {}, 'History'), history.element),
    onBooking: reload,
  };
}
