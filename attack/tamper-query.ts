import type { Attack } from './attack.ts';
import { tamperAttack } from './tamper.ts';

/** A query is added or changed. */
export const attack: Attack = tamperAttack('tamper-query', 'a query is added on the way', [
  { name: 'parameter', apply: (crafted) => ({ ...crafted, path: `${crafted.path}?amountMinor=9999` }) },
  { name: 'empty', apply: (crafted) => ({ ...crafted, path: `${crafted.path}?&` }) },
]);
