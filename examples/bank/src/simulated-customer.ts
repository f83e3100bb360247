/** An honest customer: logs in, looks around, sometimes pays, logs out. Drives any `fetch`-like function, protected or not. */
import type {
  AccountView,
  CouponView,
  LoginReply,
  PayeeView,
  TransactionView,
  TransferOrder,
  TransferReply,
} from './bank-api.ts';
import type { DemoCustomer } from './customers.ts';
import { between, pick, type Random } from './seeded-random.ts';

/** The part of `fetch` that a customer needs. */
export type FetchLike = (url: string, init?: RequestInit) => Promise<Response>;

/** One thing that the customer did. */
export interface CustomerStep {
  readonly action: string;
  readonly status: number;
  /** The refusal's code, when there was one. */
  readonly code: string | null;
}

/** A whole visit. */
export interface CustomerVisit {
  readonly customerId: string;
  readonly steps: readonly CustomerStep[];
  readonly transfers: readonly TransferReply[];
  /** Whether every step was answered as an honest customer may expect. */
  readonly satisfied: boolean;
}

/** How to play a visit. */
export interface VisitOptions {
  readonly fetch: FetchLike;
  readonly random: Random;
  readonly customer: DemoCustomer;
  /** Origin in front of `/api/`; empty for same-origin fetch functions. */
  readonly baseUrl: string;
  /** Largest payment in minor units; keep it below the gateway's step-up limit. */
  readonly maxAmountMinor?: number;
  /** Waits between actions, for a live view. */
  readonly pause?: () => Promise<void>;
}

/** Refusals that an honest customer may meet. */
const EXPECTED_CODES: ReadonlySet<string> = new Set([
  'insufficient-funds',
  'coupon-claimed',
  'coupon-sold-out',
  // The gateway's rate limit: two coupons in one breath.
  'limited',
]);
const MEMOS = ['Lunch', 'Rent share', 'Concert tickets', 'Thank you!', 'Groceries', 'Birthday present'];

/** Plays one visit. Never throws on a refusal; a transport fault ends the visit with status 0. */
export async function simulateCustomer(options: VisitOptions): Promise<CustomerVisit> {
  const visit = new Visit(options);
  await visit.play().catch((error: unknown) => visit.note('fault', 0, faultCode(error)));
  return visit.summary();
}

class Visit {
  readonly #options: VisitOptions;
  readonly #steps: CustomerStep[] = [];
  readonly #transfers: TransferReply[] = [];
  #authorization: string | null = null;
  #hasClaimed = false;

  constructor(options: VisitOptions) {
    this.#options = options;
  }

  async play(): Promise<void> {
    if (!(await this.#logIn())) return;
    const accounts = (await this.#read<{ accounts: AccountView[] }>('accounts', '/api/accounts'))?.accounts ?? [];
    const actions = between(this.#options.random, 1, 4);
    for (let turn = 0; turn < actions && accounts.length > 0; turn += 1) {
      await this.#options.pause?.();
      await this.#doSomething(accounts);
    }
    await this.#send('logout', '/api/logout', {});
  }

  note(action: string, status: number, code: string | null): void {
    this.#steps.push({ action, status, code });
  }

  summary(): CustomerVisit {
    const isFine = ({ status, code }: CustomerStep): boolean =>
      (status >= 200 && status < 300) || (code !== null && EXPECTED_CODES.has(code));
    return {
      customerId: this.#options.customer.customerId,
      steps: this.#steps,
      transfers: this.#transfers,
      satisfied: this.#steps.every(isFine),
    };
  }

  async #logIn(): Promise<boolean> {
    const { username, password } = this.#options.customer;
    const first = await this.#send<LoginReply>('login', '/api/login', { username, password });
    if (first === null) return false;
    this.#authorization = first.authorization;
    if (first.nextStep === null) return true;
    const second = await this.#send<LoginReply>('login-otp', '/api/login/otp', { code: first.demoCode });
    this.#authorization = second?.authorization ?? null;
    return second !== null;
  }

  #doSomething(accounts: readonly AccountView[]): Promise<unknown> {
    const { random } = this.#options;
    const turn = random();
    if (turn < 0.45) return this.#pay(accounts);
    const { accountId } = pick(random, accounts);
    if (turn < 0.75) {
      return this.#read<{ transactions: TransactionView[] }>(
        'transactions',
        `/api/accounts/${accountId}/transactions?limit=20`,
      );
    }
    return turn < 0.9 ? this.#read('statement', '/api/statement') : this.#lookForCoupons();
  }

  async #pay(accounts: readonly AccountView[]): Promise<void> {
    const { random, maxAmountMinor = 12_000 } = this.#options;
    const payees = (await this.#read<{ payees: PayeeView[] }>('payees', '/api/payees'))?.payees ?? [];
    const from = accounts.find(({ kind }) => kind === 'current') ?? accounts[0];
    if (payees.length === 0 || from === undefined) return;
    const clientReference = `r-${between(random, 0, 0xffff_ffff).toString(36)}-${between(random, 0, 0xffff_ffff).toString(36)}`;
    const order: TransferOrder = {
      fromAccountId: from.accountId,
      payeeId: pick(random, payees).payeeId,
      amountMinor: between(random, 100, maxAmountMinor),
      currency: from.currency,
      memo: pick(random, MEMOS),
      clientReference,
    };
    const reply = await this.#send<TransferReply>('transfer', '/api/transfers', order, clientReference);
    if (reply !== null) this.#transfers.push(reply);
  }

  /** One claim a visit: nobody honest is faster than the gateway's limit for coupons. */
  async #lookForCoupons(): Promise<void> {
    const coupons = (await this.#read<{ coupons: CouponView[] }>('coupons', '/api/coupons'))?.coupons ?? [];
    const open = coupons.find(({ claimedByYou, remaining }) => !claimedByYou && remaining > 0);
    if (open === undefined || this.#hasClaimed) return;
    this.#hasClaimed = true;
    await this.#send('claim', `/api/coupons/${open.couponId}/claim`, {});
  }

  #read<Reply>(action: string, path: string): Promise<Reply | null> {
    return this.#call<Reply>(action, path, { method: 'GET', headers: this.#headers() });
  }

  #send<Reply>(action: string, path: string, body: unknown, idempotencyKey?: string): Promise<Reply | null> {
    const headers = { ...this.#headers(), 'content-type': 'application/json' };
    return this.#call<Reply>(action, path, {
      method: 'POST',
      headers: idempotencyKey === undefined ? headers : { ...headers, 'idempotency-key': idempotencyKey },
      body: JSON.stringify(body),
    });
  }

  #headers(): Record<string, string> {
    return this.#authorization === null ? {} : { authorization: this.#authorization };
  }

  async #call<Reply>(action: string, path: string, init: RequestInit): Promise<Reply | null> {
    const response = await this.#options.fetch(`${this.#options.baseUrl}${path}`, init);
    const text = await response.text();
    const body: unknown = text === '' ? null : JSON.parse(text);
    this.note(action, response.status, response.ok ? null : codeOf(body));
    return response.ok ? (body as Reply) : null;
  }
}

const codeOf = (body: unknown): string =>
  typeof body === 'object' && body !== null && 'code' in body ? String(body.code) : 'unknown';

const faultCode = (error: unknown): string =>
  codeOf(error) === 'unknown' && error instanceof Error ? error.name : codeOf(error);
