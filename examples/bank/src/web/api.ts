/** The app's only door to the network. Every call goes through one `fetch`-like function, so protection is added in one place. */
import type {
  AccountView,
  BookingEvent,
  ClaimReply,
  CouponView,
  LoginReply,
  PayeeOrder,
  PayeeView,
  StatementReply,
  TransactionView,
  TransferOrder,
  TransferReply,
  UploadReply,
} from '../bank-api.ts';
import { LARGE_TRANSFER_MINOR } from '../limits.ts';
import { noAnswer, refusal } from './call-error.ts';
import { readEvents } from './event-reader.ts';

/** What `window.fetch` and a protected fetch have in common. */
export type FetchLike = (input: string, init?: RequestInit) => Promise<Response>;

/** Where an order goes. */
export const transferPath = ({ amountMinor }: TransferOrder): string =>
  amountMinor > LARGE_TRANSFER_MINOR ? '/api/transfers/large' : '/api/transfers';

/** The bank, as the app uses it. The credential lives here, in memory, and nowhere else. */
export class BankApi {
  readonly #fetch: FetchLike;
  readonly #names: Map<string, string>;
  #authorization: string | null = null;

  /** `names` collects what account and payee ids stand for, to be shown where only an id is at hand. */
  constructor(fetchLike: FetchLike, names: Map<string, string>) {
    this.#fetch = fetchLike;
    this.#names = names;
  }

  /** The credential of the login; `null` without one. */
  get authorization(): string | null {
    return this.#authorization;
  }

  /** First step. */
  logIn(username: string, password: string): Promise<LoginReply> {
    this.#authorization = null;
    return this.#enter('/api/login', { username, password });
  }

  /** Second step. */
  confirmCode(code: string): Promise<LoginReply> {
    return this.#enter('/api/login/otp', { code });
  }

  /** Ends the login; the credential is forgotten even when the bank cannot be told. */
  async logOut(): Promise<void> {
    try {
      await this.#respond('/api/logout', { method: 'POST' });
    } finally {
      this.#authorization = null;
      this.#names.clear();
    }
  }

  async accounts(): Promise<readonly AccountView[]> {
    const { accounts } = await this.#read<{ accounts: readonly AccountView[] }>('/api/accounts');
    for (const { accountId, name, number } of accounts) this.#names.set(accountId, `${name} · ${number}`);
    return accounts;
  }

  account(accountId: string): Promise<AccountView> {
    return this.#read(`/api/accounts/${encodeURIComponent(accountId)}`);
  }

  async transactions(accountId: string, limit: number): Promise<readonly TransactionView[]> {
    const path = `/api/accounts/${encodeURIComponent(accountId)}/transactions?limit=${limit}`;
    return (await this.#read<{ transactions: readonly TransactionView[] }>(path)).transactions;
  }

  async payees(): Promise<readonly PayeeView[]> {
    const { payees } = await this.#read<{ payees: readonly PayeeView[] }>('/api/payees');
    for (const { payeeId, name, accountNumber } of payees) this.#names.set(payeeId, `${name} · ${accountNumber}`);
    return payees;
  }

  addPayee(order: PayeeOrder): Promise<PayeeView> {
    return this.#send('/api/payees', order);
  }

  /** Large amounts have an endpoint of their own. The reference names this payment for good: a retry with it never pays twice. */
  transfer(order: TransferOrder & { readonly clientReference: string }): Promise<TransferReply> {
    return this.#send(transferPath(order), order, { 'idempotency-key': order.clientReference });
  }

  async coupons(): Promise<readonly CouponView[]> {
    return (await this.#read<{ coupons: readonly CouponView[] }>('/api/coupons')).coupons;
  }

  claim(couponId: string): Promise<ClaimReply> {
    return this.#send(`/api/coupons/${encodeURIComponent(couponId)}/claim`, {});
  }

  statement(): Promise<StatementReply> {
    return this.#read('/api/statement');
  }

  upload(form: FormData): Promise<UploadReply> {
    return this.#call('/api/upload', { method: 'POST', body: form });
  }

  /** Listens for bookings until the signal fires or the stream ends. */
  async listen(signal: AbortSignal, onBooking: (event: BookingEvent) => void): Promise<void> {
    const response = await this.#respond('/api/events', { method: 'GET', signal });
    if (response.body === null) return;
    await readEvents(response.body, (name, payload) => {
      if (name === 'booking') onBooking(payload as BookingEvent);
    });
  }

  async #enter(path: string, body: unknown): Promise<LoginReply> {
    const reply = await this.#send<LoginReply>(path, body);
    this.#authorization = reply.authorization;
    return reply;
  }

  #read<Reply>(path: string): Promise<Reply> {
    return this.#call(path, { method: 'GET' });
  }

  #send<Reply>(path: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Reply> {
    const init = { method: 'POST', headers: { ...headers, 'content-type': 'application/json' } };
    return this.#call(path, { ...init, body: JSON.stringify(body) });
  }

  async #call<Reply>(path: string, init: RequestInit): Promise<Reply> {
    const response = await this.#respond(path, init);
    return (await response.json()) as Reply;
  }

  async #respond(path: string, init: RequestInit): Promise<Response> {
    const headers = new Headers(init.headers);
    if (this.#authorization !== null) headers.set('authorization', this.#authorization);
    const response = await this.#fetch(new URL(path, location.origin).href, { ...init, headers }).catch(noAnswer);
    if (!response.ok) throw await refusal(response);
    return response;
  }
}
