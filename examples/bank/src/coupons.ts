/** The coupons of the demo bank: a limited stock, one per customer, paid out of the promotions account. */
import type { Currency } from './bank-api.ts';

/** A coupon as printed; how many are left is counted elsewhere. */
export interface Coupon {
  readonly couponId: string;
  readonly title: string;
  readonly terms: string;
  readonly valueMinor: number;
  readonly currency: Currency;
  readonly stock: number;
}

/** All coupons, the scarce ones last. */
export const COUPONS: readonly Coupon[] = [
  {
    couponId: 'welcome-5',
    title: 'Welcome bonus',
    terms: 'One each, while stock lasts',
    valueMinor: 500,
    currency: 'EUR',
    stock: 200,
  },
  {
    couponId: 'transit-12',
    title: 'A day of free transit',
    terms: 'One each, for the first 60',
    valueMinor: 1_200,
    currency: 'EUR',
    stock: 60,
  },
  {
    couponId: 'cinema-25',
    title: 'Cinema for two',
    terms: 'One each, for the first 10',
    valueMinor: 2_500,
    currency: 'EUR',
    stock: 10,
  },
  {
    couponId: 'gold-100',
    title: 'Golden hundred',
    terms: 'One each, only 3 exist',
    valueMinor: 10_000,
    currency: 'EUR',
    stock: 3,
  },
];

/** The coupon with this id. */
export const couponNamed = (couponId: string): Coupon | undefined =>
  COUPONS.find((coupon) => coupon.couponId === couponId);
