/** Sending money: a form, a question, a receipt. A payment keeps its reference over retries, so trying again never pays twice. */
import type { AccountView, PayeeView, TransferOrder, TransferReply } from '../../bank-api.ts';
import { transferPath } from '../api.ts';
import { asyncSection, emptyNote, isExpired, problemCard } from '../async-section.ts';
import { CallError } from '../call-error.ts';
import { factList } from '../confirm-dialog.ts';
import { fill, h, onSubmit } from '../dom.ts';
import { type FormField, inputField, selectField, whileBusy } from '../form-field.ts';
import { formatMoney, formatTime, readAmountMinor } from '../format.ts';
import { icon } from '../icons.ts';
import type { AppContext, View } from '../view.ts';

interface Choices {
  readonly accounts: readonly AccountView[];
  readonly payees: readonly PayeeView[];
}

interface Payment {
  readonly order: TransferOrder & { readonly clientReference: string };
  readonly facts: readonly (readonly [string, string])[];
}

/** Draws the form; `payeeId` preselects the receiver. */
export function transferView(context: AppContext, payeeId?: string): View {
  const load = async (): Promise<Choices> => {
    const [accounts, payees] = await Promise.all([context.api.accounts(), context.api.payees()]);
    return { accounts, payees };
  };
  const stage = asyncSection(context, 5, load, (choices) => startForm(context, choices, payeeId));
  return { title: 'Send money', body: stage.element };
}

function startForm(context: AppContext, choices: Choices, payeeId: string | undefined): HTMLElement {
  const stage = h('div', {});
  if (choices.payees.length === 0) {
    fill(stage, emptyNote('Nobody to pay yet', 'Add a payee first.'), payeesLink());
  } else fill(stage, new TransferForm(context, choices, payeeId, stage).element);
  return stage;
}

const payeesLink = (): HTMLElement => h('a', { class: 'button wide', href: '#/payees' }, 'Go to payees');

class TransferForm {
  readonly element: HTMLFormElement;
  readonly #context: AppContext;
  readonly #choices: Choices;
  readonly #stage: HTMLElement;
  readonly #from: FormField;
  readonly #to: FormField;
  readonly #amount: FormField;
  readonly #memo: FormField;
  readonly #button: HTMLButtonElement;
  readonly #problem: HTMLElement;

  constructor(context: AppContext, choices: Choices, payeeId: string | undefined, stage: HTMLElement) {
    this.#context = context;
    this.#choices = choices;
    this.#stage = stage;
    this.#from = selectField('from', 'From', choices.accounts.map(accountChoice));
    this.#to = selectField(
      'to',
      'To',
      choices.payees.map((payee) => [payee.payeeId, payee.name] as const),
    );
    if (payeeId !== undefined && choices.payees.some((payee) => payee.payeeId === payeeId)) {
      this.#to.control.value = payeeId;
    }
    this.#amount = inputField('amount', 'Amount', {
      inputmode: 'decimal',
      autocomplete: 'off',
      placeholder: '0.00',
      required: true,
      class: 'control large',
    });
    this.#memo = inputField('memo', 'Message (optional)', { maxlength: 140, autocomplete: 'off' });
    this.#button = h('button', { type: 'submit', class: 'button wide' }, 'Review');
    this.#problem = h('div', {});
    this.element = this.#form();
  }

  #form(): HTMLFormElement {
    const fields = [this.#amount, this.#from, this.#to, this.#memo].map(({ element }) => element);
    const submit = onSubmit(() => void whileBusy(this.#button, () => this.#review()));
    return h('form', { class: 'card pad stack', on: submit }, fields, this.#problem, this.#button);
  }

  async #review(): Promise<void> {
    const payment = this.#read();
    if (payment === null) return;
    const { facts } = payment;
    if (navigator.onLine || this.#context.outbox === null) {
      if (await this.#context.confirm({ title: 'Send this payment?', facts, agree: 'Send now' }))
        await this.#send(payment);
      return;
    }
    const note = 'You are offline. It is kept on this device, and sent once as soon as the bank can be reached.';
    const isAgreed = await this.#context.confirm({ title: 'Send it later?', facts, note, agree: 'Send when online' });
    if (isAgreed) await this.#keep(payment);
  }

  #read(): Payment | null {
    const account = this.#choices.accounts.find(({ accountId }) => accountId === this.#from.value());
    const payee = this.#choices.payees.find((candidate) => candidate.payeeId === this.#to.value());
    const amountMinor = readAmountMinor(this.#amount.value());
    if (account === undefined || payee === undefined) return null;
    const refusal = amountRefusal(amountMinor, account);
    if (amountMinor === null || refusal !== null) {
      this.#amount.setError(refusal);
      return null;
    }
    const memo = this.#memo.value();
    const { accountId: fromAccountId, currency } = account;
    const clientReference = crypto.randomUUID();
    const order = { fromAccountId, payeeId: payee.payeeId, amountMinor, currency, memo, clientReference };
    return { order, facts: factsOf(order, account, payee) };
  }

  async #send(payment: Payment): Promise<void> {
    fill(this.#problem);
    try {
      const reply = await this.#context.api.transfer(payment.order);
      fill(this.#stage, receipt(reply, payment));
      this.#stage.querySelector<HTMLElement>('[tabindex]')?.focus();
    } catch (error) {
      if (isExpired(error)) this.#context.expired();
      else this.#refuse(error, payment);
    }
  }

  /** Keeps the payment under its reference: should an attempt have arrived after all, it is not paid again. */
  async #keep({ order, facts }: Payment): Promise<void> {
    const receiver = facts.find(([label]) => label === 'To')?.[1] ?? '';
    const describe = `${formatMoney(order.amountMinor, order.currency)} to ${receiver}`;
    try {
      const { clientReference: reference } = order;
      await this.#context.outbox?.keep({ path: transferPath(order), body: JSON.stringify(order), reference, describe });
      this.#context.toast(`${describe} is kept until the bank can be reached`);
      this.#context.go('/accounts');
    } catch (error) {
      fill(this.#problem, problemCard(error));
    }
  }

  /** Without an answer nobody knows whether the bank has paid: the very same payment is offered again, never a new one. */
  #refuse(error: unknown, payment: Payment): void {
    const isUnknown = error instanceof CallError && error.isUnknown;
    const again = (): void => void whileBusy(this.#button, () => this.#send(payment));
    const later = (): void => void whileBusy(this.#button, () => this.#keep(payment));
    const canWait = error instanceof CallError && error.status === 0 && this.#context.outbox !== null;
    fill(
      this.#problem,
      problemCard(error, isUnknown ? again : undefined),
      isUnknown && h('p', { class: 'muted small' }, 'Trying again is safe: this payment is booked at most once.'),
      canWait && h('button', { type: 'button', class: 'button quiet wide', on: { click: later } }, 'Send it later'),
    );
  }
}

const accountChoice = ({ accountId, name, balanceMinor, currency }: AccountView): readonly [string, string] => [
  accountId,
  `${name} · ${formatMoney(balanceMinor, currency)}`,
];

function amountRefusal(amountMinor: number | null, { balanceMinor, currency }: AccountView): string | null {
  if (amountMinor === null || amountMinor === 0) return 'Enter an amount such as 12.50';
  return amountMinor > balanceMinor ? `There is only ${formatMoney(balanceMinor, currency)} on this account` : null;
}

const factsOf = (order: TransferOrder, account: AccountView, payee: PayeeView): Payment['facts'] => [
  ['Amount', formatMoney(order.amountMinor, order.currency)],
  ['To', payee.name],
  ['Account', payee.accountNumber],
  ['From', account.name],
  ...(order.memo === '' ? [] : [['Message', order.memo] as const]),
];

function receipt(reply: TransferReply, { facts, order }: Payment): HTMLElement {
  const rest = [
    ['Booked', formatTime(reply.bookedAtMs)],
    ['Left on account', formatMoney(reply.balanceMinor, reply.currency)],
    ['Reference', reply.transferId],
  ] as const;
  return h(
    'div',
    { class: 'card pad stack receipt' },
    h('span', { class: 'done' }, icon('check')),
    h('h2', { tabindex: '-1' }, `${formatMoney(order.amountMinor, order.currency)} sent`),
    factList([...facts.slice(1), ...rest]),
    h('a', { class: 'button wide', href: '#/accounts' }, 'Done'),
  );
}
