import type { Attack } from './attack.ts';
import { tamperAttack } from './tamper.ts';

/** The path is changed to that of another operation. */
export const attack: Attack = tamperAttack('tamper-path', 'the path is changed to another operation', [
  { name: 'large transfer', apply: (crafted) => ({ ...crafted, path: '/api/transfers/large' }) },
  { name: 'coupon', apply: (crafted) => ({ ...crafted, path: '/api/coupons/gold-100/claim' }) },
  { name: 'trailing slash', apply: (crafted) => ({ ...crafted, path: '/api/transfers/' }) },
]);
