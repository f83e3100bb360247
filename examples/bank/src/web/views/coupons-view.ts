/** Coupons with a limited stock. */
import type { CouponView } from '../../bank-api.ts';
import { type AsyncSection, asyncSection, emptyNote, isExpired, messageOf } from '../async-section.ts';
import { h } from '../dom.ts';
import { whileBusy } from '../form-field.ts';
import { formatMoney } from '../format.ts';
import { icon } from '../icons.ts';
import type { AppContext, View } from '../view.ts';

/** Draws the coupons. */
export function couponsView(context: AppContext): View {
  const section: AsyncSection = asyncSection(
    context,
    6,
    () => context.api.coupons(),
    (coupons) =>
      coupons.length === 0
        ? emptyNote('No coupons today', 'Come back another day.')
        : h(
            'ul',
            { class: 'tickets' },
            coupons.map((coupon) => ticket(context, section, coupon)),
          ),
  );
  return { title: 'Coupons', body: section.element };
}

function ticket(context: AppContext, section: AsyncSection, coupon: CouponView): HTMLElement {
  const { title, terms, valueMinor, currency, stock, remaining, claimedByYou } = coupon;
  return h(
    'li',
    { class: 'ticket card' },
    h('div', { class: 'stub', 'aria-hidden': 'true' }, formatMoney(valueMinor, currency).replace('.00', '')),
    h(
      'div',
      { class: 'grow' },
      h('h2', {}, title),
      h('p', { class: 'muted small' }, terms),
      h('progress', { max: stock, value: remaining, 'aria-label': `${remaining} of ${stock} left` }),
      h('p', { class: 'muted small' }, remaining === 0 ? 'Sold out' : `${remaining} of ${stock} left`),
    ),
    claimedByYou ? h('span', { class: 'badge' }, icon('check'), 'Yours') : claimButton(context, section, coupon),
  );
}

function claimButton(context: AppContext, section: AsyncSection, coupon: CouponView): HTMLButtonElement {
  const claim = (): Promise<void> =>
    whileBusy(button, async () => {
      try {
        const { valueMinor, currency } = await context.api.claim(coupon.couponId);
        context.toast(`${formatMoney(valueMinor, currency)} is on your account.`);
      } catch (error) {
        if (isExpired(error)) return context.expired();
        context.toast(messageOf(error));
      }
      await section.reload();
    });
  const button = h(
    'button',
    {
      type: 'button',
      class: 'button small',
      disabled: coupon.remaining === 0,
      'aria-label': `Claim ${coupon.title}`,
      on: { click: () => void claim() },
    },
    'Claim',
  );
  return button;
}
