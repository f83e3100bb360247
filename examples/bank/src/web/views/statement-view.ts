/** A year per account: what came in, what went out, every line; and a way to send the bank a document. */
import type { StatementAccount, StatementMonth, StatementReply } from '../../bank-api.ts';
import { asyncSection, isExpired, messageOf } from '../async-section.ts';
import { fill, h, onSubmit } from '../dom.ts';
import { inputField, selectField, whileBusy } from '../form-field.ts';
import { formatMoney, formatMonth } from '../format.ts';
import { transactionList } from '../transaction-list.ts';
import type { AppContext, View } from '../view.ts';

const MONTHS = 12;
const LINES = 30;

/** Draws the statement. */
export function statementView(context: AppContext): View {
  const section = asyncSection(context, 8, () => context.api.statement(), statementBody);
  return {
    title: 'Statement',
    body: h('div', {}, section.element, h('h2', {}, 'Send us a document'), uploadForm(context)),
    onBooking: () => void section.reload(),
  };
}

function statementBody({ accounts }: StatementReply): HTMLElement {
  const choice = selectField(
    'statement-account',
    'Account',
    accounts.map(({ account }) => [account.accountId, `${account.name} · ${account.number}`]),
  );
  const shown = h('div', {});
  const draw = (): void => {
    const account = accounts.find((one) => one.account.accountId === choice.value()) ?? accounts[0];
    if (account !== undefined) fill(shown, accountStatement(account));
  };
  choice.control.addEventListener('change', draw);
  draw();
  return h('div', {}, choice.element, shown);
}

function accountStatement({ account, months, transactions }: StatementAccount): HTMLElement {
  const recent = months.slice(0, MONTHS);
  const most = Math.max(1, ...recent.flatMap(({ incomingMinor, outgoingMinor }) => [incomingMinor, outgoingMinor]));
  return h(
    'div',
    {},
    h('h2', {}, 'By month'),
    h(
      'ul',
      { class: 'list card months' },
      recent.map((month) => monthRow(month, most, account.currency)),
    ),
    h('h2', {}, transactions.length > LINES ? `Latest ${LINES} of ${transactions.length} lines` : 'All lines'),
    transactionList(transactions.slice(0, LINES)),
  );
}

function monthRow(month: StatementMonth, most: number, currency: 'EUR' | 'USD'): HTMLElement {
  const { incomingMinor, outgoingMinor } = month;
  return h(
    'li',
    { class: 'month' },
    h('span', { class: 'strong month-name' }, formatMonth(month.month)),
    h('meter', { class: 'bar in', max: most, value: incomingMinor, 'aria-label': 'Money in' }),
    h('span', { class: 'amount in' }, formatMoney(incomingMinor, currency, true)),
    h('meter', { class: 'bar out', max: most, value: outgoingMinor, 'aria-label': 'Money out' }),
    h('span', { class: 'amount' }, formatMoney(-outgoingMinor, currency)),
  );
}

function uploadForm(context: AppContext): HTMLFormElement {
  const file = inputField('document', 'File, up to 5 MB', { type: 'file', required: true });
  const note = inputField('note', 'What is it?', { required: true, maxlength: 80, placeholder: 'Proof of address' });
  const button = h('button', { type: 'submit', class: 'button wide' }, 'Send document');
  const send = (): Promise<void> =>
    whileBusy(button, async () => {
      try {
        const { documentId, files } = await context.api.upload(new FormData(form));
        form.reset();
        context.toast(`We have ${files[0]?.name ?? 'your file'}. Reference ${documentId}.`);
      } catch (error) {
        if (isExpired(error)) context.expired();
        else file.setError(messageOf(error));
      }
    });
  const form = h(
    'form',
    { class: 'card pad stack', on: onSubmit(() => void send()) },
    note.element,
    file.element,
    button,
  );
  return form;
}
