/** Whom the customer pays, and how to add someone. */
import type { PayeeView } from '../../bank-api.ts';
import { type AsyncSection, asyncSection, emptyNote, isExpired, messageOf } from '../async-section.ts';
import { h, onSubmit } from '../dom.ts';
import { inputField, whileBusy } from '../form-field.ts';
import { initials } from '../format.ts';
import { icon } from '../icons.ts';
import { tint } from '../transaction-list.ts';
import type { AppContext, View } from '../view.ts';

/** Draws the list and the form. */
export function payeesView(context: AppContext): View {
  const list = asyncSection(
    context,
    4,
    () => context.api.payees(),
    (payees) =>
      payees.length === 0
        ? emptyNote('No payees yet', 'Add the first one below.')
        : h('ul', { class: 'list card' }, payees.map(payeeRow)),
  );
  return {
    title: 'Payees',
    body: h('div', {}, list.element, h('h2', {}, 'Add a payee'), payeeForm(context, list)),
  };
}

const payeeRow = ({ payeeId, name, accountNumber }: PayeeView): HTMLElement =>
  h(
    'li',
    {},
    h(
      'a',
      { class: 'line', href: `#/transfer/${payeeId}`, 'aria-label': `Pay ${name}` },
      h('span', { class: `avatar ${tint(name)}`, 'aria-hidden': 'true' }, initials(name)),
      h(
        'span',
        { class: 'grow' },
        h('span', { class: 'strong clip' }, name),
        h('span', { class: 'muted small clip' }, accountNumber),
      ),
      h('span', { class: 'pay' }, icon('send')),
    ),
  );

function payeeForm(context: AppContext, list: AsyncSection): HTMLFormElement {
  const name = inputField('payee-name', 'Name', { required: true, maxlength: 70, autocomplete: 'off' });
  const number = inputField('payee-number', 'Account number', {
    required: true,
    maxlength: 34,
    autocomplete: 'off',
    spellcheck: 'false',
    placeholder: 'HB71 2026 0005 0001',
  });
  const button = h('button', { type: 'submit', class: 'button wide' }, icon('plus'), 'Add payee');
  const send = (): Promise<void> =>
    whileBusy(button, async () => {
      try {
        const payee = await context.api.addPayee({ name: name.value(), accountNumber: number.value() });
        form.reset();
        context.toast(`${payee.name} is on your list.`);
        await list.reload();
      } catch (error) {
        if (isExpired(error)) context.expired();
        else number.setError(messageOf(error));
      }
    });
  const form = h(
    'form',
    { class: 'card pad stack', on: onSubmit(() => void send()) },
    name.element,
    number.element,
    button,
  );
  return form;
}
