/** The bank's business: judges orders, books what is good, and leaves open whatever hole its guards leave open. */
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClaimReply, Currency, PayeeOrder, PayeeView, TransferOrder, TransferReply } from './bank-api.ts';
import type { Booking, Books, KeyedBooking } from './books.ts';
import { COUPONS, type Coupon, couponNamed } from './coupons.ts';
import type { DemoCustomer } from './customers.ts';
import type { BankGuards } from './guards.ts';
import type { LedgerAccount, Movement, Transfer } from './ledger.ts';
import { granted, type Outcome, refused } from './problem.ts';
import { houseAccount } from './seed.ts';
import { transferReply } from './views.ts';

const MAX_PAYEES = 50;

/** What a teller works with. */
export interface TellerSetting {
  readonly books: Books;
  readonly guards: BankGuards;
  readonly now: () => number;
  /** How long the promotions partner takes to confirm a claim. The race on coupons lives in this gap. */
  readonly partnerDelayMs: number;
  /** Told about every booking once it is durable. */
  readonly onBooked: (transfer: Transfer) => void;
}

interface Receiver {
  readonly accountId: string;
  readonly counterparty: string | null;
}

/** Serves customers who are logged in. */
export class Teller {
  readonly #setting: TellerSetting;
  /** Claims between reservation and booking, as `couponId/customerId`. */
  readonly #reserved = new Set<string>();

  constructor(setting: TellerSetting) {
    this.#setting = setting;
  }

  /** A customer's account that the caller may look into; with the ownership guard open, anyone's. */
  account(customer: DemoCustomer, accountId: string): Outcome<LedgerAccount> {
    const account = this.#setting.books.ledger.account(accountId);
    if (account === undefined || account.customerId === null) return refused('unknown-account');
    return this.#setting.guards.ownership && account.customerId !== customer.customerId
      ? refused('not-your-account')
      : granted(account);
  }

  /** Adds a payee. */
  async addPayee(customer: DemoCustomer, { name, accountNumber }: PayeeOrder): Promise<Outcome<PayeeView>> {
    const { books } = this.#setting;
    const payees = books.payees(customer.customerId);
    if (payees.some((payee) => payee.accountNumber === accountNumber)) return refused('payee-exists');
    if (payees.length >= MAX_PAYEES) return refused('too-many-payees');
    const payee = { payeeId: `p-${payees.length + 1}`, name, accountNumber };
    await books.addPayee(customer.customerId, payee);
    return granted(payee);
  }

  /** Moves money. Without the idempotency guard, or without a key, every order that arrives is booked: a repeat pays twice. */
  async transfer(customer: DemoCustomer, order: TransferOrder, key: string | null): Promise<Outcome<TransferReply>> {
    const { books, guards } = this.#setting;
    const movement = this.#movement(customer, order, key);
    if (!movement.ok) return movement;
    const fingerprint = createHash('sha256').update(JSON.stringify(order)).digest('base64url');
    const earlier = guards.idempotency && key !== null ? books.keyed(customer.customerId, key) : undefined;
    if (earlier !== undefined) return this.#repeat(earlier, fingerprint);
    const refusal = books.ledger.judge(movement.value);
    if (refusal !== null) return refused(refusal);
    const booking = books.book(movement.value, { idempotency: key === null ? null : { key, fingerprint } });
    await this.#settle(booking);
    return granted(transferReply(books.ledger, booking.transfer));
  }

  /** Gives a coupon out. Without the reservation guard the check and the booking lie on both sides of a wait: a race to grab. */
  async claim(customer: DemoCustomer, couponId: string): Promise<Outcome<ClaimReply>> {
    const coupon = couponNamed(couponId);
    if (coupon === undefined) return refused('unknown-coupon');
    const account = customer.accounts.find(({ currency }) => currency === coupon.currency);
    if (account === undefined) return refused('currency-mismatch');
    const refusal = this.#claimRefusal(customer, coupon);
    if (refusal !== null) return refused(refusal);
    await this.#askPartner(`${couponId}/${customer.customerId}`);
    const booking = this.#setting.books.book(this.#payout(customer, coupon, account.accountId), { couponId });
    await this.#settle(booking);
    const { transferId } = booking.transfer;
    const { valueMinor, currency } = coupon;
    return granted({ couponId, transferId, accountId: account.accountId, valueMinor, currency });
  }

  /** Coupons that were given out more often than their terms allow. */
  overclaimed(): { couponId: string; stock: number; claims: number; customersWithSeveral: string[] }[] {
    return COUPONS.map(({ couponId, stock }) => {
      const perCustomer = Map.groupBy(this.#setting.books.claims(couponId), ({ customerId }) => customerId);
      const customersWithSeveral = [...perCustomer].filter(([, claims]) => claims.length > 1).map(([id]) => id);
      const claims = this.#setting.books.claims(couponId).length;
      return { couponId, stock, claims, customersWithSeveral };
    }).filter(({ stock, claims, customersWithSeveral }) => claims > stock || customersWithSeveral.length > 0);
  }

  /** Waits for the partner. With the guard the piece stays reserved until the caller books it, in the same turn as the release. */
  async #askPartner(slot: string): Promise<void> {
    if (this.#setting.guards.couponReservation) this.#reserved.add(slot);
    try {
      await sleep(this.#setting.partnerDelayMs);
    } finally {
      this.#reserved.delete(slot);
    }
  }

  async #settle({ transfer, durable }: Booking): Promise<void> {
    await durable;
    this.#setting.onBooked(transfer);
  }

  async #repeat(earlier: KeyedBooking, fingerprint: string): Promise<Outcome<TransferReply>> {
    if (earlier.fingerprint !== fingerprint) return refused('idempotency-mismatch');
    await earlier.durable;
    return granted(transferReply(this.#setting.books.ledger, earlier.transfer));
  }

  #movement(customer: DemoCustomer, order: TransferOrder, key: string | null): Outcome<Movement> {
    const account = this.account(customer, order.fromAccountId);
    if (!account.ok) return account;
    const receiver = this.#receiver(customer, order);
    if (!receiver.ok) return receiver;
    return granted({
      kind: 'transfer',
      debitAccountId: order.fromAccountId,
      creditAccountId: receiver.value.accountId,
      amountMinor: order.amountMinor,
      currency: order.currency,
      memo: order.memo,
      counterparty: receiver.value.counterparty,
      customerId: customer.customerId,
      clientReference: order.clientReference ?? key,
      atMs: this.#setting.now(),
    });
  }

  /** A payee at another bank is paid through clearing; one of ours directly. */
  #receiver(customer: DemoCustomer, order: TransferOrder): Outcome<Receiver> {
    const { books } = this.#setting;
    if (order.toAccountId !== undefined) {
      const account = books.ledger.account(order.toAccountId);
      return account === undefined || account.customerId === null
        ? refused('unknown-account')
        : granted({ accountId: account.accountId, counterparty: null });
    }
    const payee = books.payees(customer.customerId).find(({ payeeId }) => payeeId === order.payeeId);
    if (payee === undefined) return refused('unknown-payee');
    const ours = books.ledger.accountByNumber(payee.accountNumber);
    return granted(
      ours === undefined || ours.customerId === null
        ? { accountId: clearing(order.currency), counterparty: payee.name }
        : { accountId: ours.accountId, counterparty: payee.name },
    );
  }

  #claimRefusal(customer: DemoCustomer, { couponId, stock }: Coupon): 'coupon-claimed' | 'coupon-sold-out' | null {
    const claims = this.#setting.books.claims(couponId);
    const reserved = [...this.#reserved].filter((slot) => slot.startsWith(`${couponId}/`));
    const mine = reserved.includes(`${couponId}/${customer.customerId}`);
    if (mine || claims.some(({ customerId }) => customerId === customer.customerId)) return 'coupon-claimed';
    return claims.length + reserved.length >= stock ? 'coupon-sold-out' : null;
  }

  #payout(customer: DemoCustomer, coupon: Coupon, creditAccountId: string): Movement {
    return {
      kind: 'coupon',
      debitAccountId: houseAccount('promotions', coupon.currency),
      creditAccountId,
      amountMinor: coupon.valueMinor,
      currency: coupon.currency,
      memo: coupon.title,
      counterparty: null,
      customerId: customer.customerId,
      clientReference: null,
      atMs: this.#setting.now(),
    };
  }
}

const clearing = (currency: Currency): string => houseAccount('clearing', currency);
