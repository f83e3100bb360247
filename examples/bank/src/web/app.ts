/** The frame around the screens: login or header, screen and tabs; follows the address; listens for bookings. */
import type { BookingEvent, LoginReply } from '../bank-api.ts';
import { BankApi } from './api.ts';
import { askUser, type Question } from './confirm-dialog.ts';
import type { Connection } from './connection.ts';
import { fill, h } from './dom.ts';
import { formatMoney, initials } from './format.ts';
import { type IconName, icon } from './icons.ts';
import type { Outbox } from './outbox.ts';
import { outboxPanel } from './outbox-panel.ts';
import { statusLine } from './status-line.ts';
import type { AppContext, View } from './view.ts';
import { accountView } from './views/account-view.ts';
import { accountsView } from './views/accounts-view.ts';
import { couponsView } from './views/coupons-view.ts';
import { loginView } from './views/login-view.ts';
import { payeesView } from './views/payees-view.ts';
import { statementView } from './views/statement-view.ts';
import { transferView } from './views/transfer-view.ts';

const TABS: readonly (readonly [string, IconName, string])[] = [
  ['/accounts', 'wallet', 'Accounts'],
  ['/transfer', 'send', 'Send'],
  ['/payees', 'people', 'Payees'],
  ['/coupons', 'ticket', 'Coupons'],
  ['/statement', 'list', 'Statement'],
];
const TOAST_MS = 5000;
const RELISTEN_MS = 3000;

type Screen = (context: AppContext, id?: string) => View;

const SCREENS: Readonly<Record<string, Screen>> = {
  accounts: (context, id) => (id === undefined ? accountsView(context) : accountView(context, id)),
  transfer: transferView,
  payees: payeesView,
  coupons: couponsView,
  statement: statementView,
};

interface Visit {
  readonly login: LoginReply;
  /** Stays over all screens. */
  readonly panel: HTMLElement | null;
  readonly ending: AbortController;
}

/** The whole app. The visit lives in memory: a reload ends it. */
export class App implements AppContext {
  readonly api: BankApi;
  readonly #connection: Connection;
  readonly #root: HTMLElement;
  readonly #toasts: HTMLElement;
  #visit: Visit | null = null;
  #view: View | null = null;

  constructor(connection: Connection, names: Map<string, string>, root: HTMLElement, toasts: HTMLElement) {
    this.api = new BankApi(connection.fetch, names);
    this.#connection = connection;
    this.#root = root;
    this.#toasts = toasts;
  }

  get outbox(): Outbox | null {
    return this.#connection.outbox;
  }

  get customerName(): string {
    return this.#visit?.login.customerName ?? '';
  }

  /** Shows the login and follows the address from now on. */
  start(): void {
    window.addEventListener('hashchange', () => this.#draw());
    this.#draw();
  }

  go(path: string): void {
    if (location.hash === `#${path}`) this.#draw();
    else location.hash = path;
  }

  toast(text: string): void {
    const note = h('p', { class: 'toast' }, text);
    this.#toasts.replaceChildren(note);
    setTimeout(() => note.remove(), TOAST_MS);
  }

  confirm(question: Question): Promise<boolean> {
    return askUser(question);
  }

  expired(): void {
    this.#leave();
    this.toast('Please log in again.');
  }

  #enter(login: LoginReply): void {
    const { outbox } = this;
    const panel = outbox === null ? null : outboxPanel(outbox, () => this.#view?.onBooking?.());
    this.#visit = { login, panel, ending: new AbortController() };
    void outbox?.open(login.customerId, () => this.api.authorization);
    void this.#listen(this.#visit);
    this.go('/accounts');
  }

  #leave(): void {
    this.#visit?.ending.abort();
    this.#visit = null;
    this.#draw();
  }

  async #logOut(): Promise<void> {
    if (!(await this.#mayLeave())) return;
    await this.api.logOut().catch(() => undefined);
    await this.#connection.logOut();
    this.#leave();
  }

  /** Leaving takes waiting payments back, which nobody should learn afterwards. */
  async #mayLeave(): Promise<boolean> {
    const waiting = (await this.outbox?.waiting()) ?? [];
    if (waiting.length === 0) return true;
    const facts = waiting.map(({ describe }): [string, string] => ['Waits', describe]);
    const note = 'Payments that wait are not sent once you have logged out.';
    return this.confirm({ title: 'Log out all the same?', facts, note, agree: 'Log out' });
  }

  #draw(): void {
    document.querySelector('dialog')?.close('no');
    if (this.#visit === null) {
      this.#view = null;
      document.title = 'Mailbrook';
      const login = loginView(this.api, (reply) => this.#enter(reply));
      fill(this.#root, statusLine(this.#connection), h('main', { id: 'main' }, login));
      return;
    }
    const [name = '', id] = location.hash.replace(/^#\//, '').split('/');
    const screen = SCREENS[name] ?? accountsView;
    this.#show(screen(this, id === undefined ? undefined : decodeURIComponent(id)), name);
  }

  #show(view: View, name: string): void {
    this.#view = view;
    document.title = `${view.title} · Mailbrook`;
    const heading = h('h1', { tabindex: '-1' }, view.title);
    fill(
      this.#root,
      statusLine(this.#connection),
      h('header', { class: 'header' }, this.#back(view), heading, this.#leaveButton()),
      this.#visit?.panel ?? null,
      h('main', { id: 'main' }, view.body),
      tabs(name),
    );
    window.scrollTo(0, 0);
    heading.focus({ preventScroll: true });
  }

  #back({ backTo }: View): HTMLElement | null {
    if (backTo === undefined) return null;
    return h('a', { class: 'round', href: `#${backTo}`, 'aria-label': 'Back' }, icon('back'));
  }

  #leaveButton(): HTMLElement {
    const click = (): void => void this.#logOut();
    return h(
      'button',
      { type: 'button', class: 'round', 'aria-label': `Log ${this.customerName} out`, title: 'Log out', on: { click } },
      h('span', { class: 'who', 'aria-hidden': 'true' }, initials(this.customerName)),
      icon('leave'),
    );
  }

  /** Keeps one event stream open for as long as the visit lasts. */
  async #listen({ ending, login }: Visit): Promise<void> {
    while (!ending.signal.aborted) {
      await this.api.listen(ending.signal, (event) => this.#onBooking(event, login)).catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, RELISTEN_MS));
    }
  }

  #onBooking({ accountId, transaction }: BookingEvent, { accountIds }: LoginReply): void {
    const { amountMinor, currency, counterparty } = transaction;
    if (amountMinor > 0 && accountIds.includes(accountId)) {
      this.toast(`${formatMoney(amountMinor, currency)} from ${counterparty}`);
    }
    this.#view?.onBooking?.();
  }
}

const tabs = (current: string): HTMLElement =>
  h(
    'nav',
    { class: 'tabs', 'aria-label': 'Main' },
    TABS.map(([path, name, label]) =>
      h(
        'a',
        { href: `#${path}`, 'aria-current': path === `/${current}` ? 'page' : undefined },
        icon(name),
        h('span', {}, label),
      ),
    ),
  );
