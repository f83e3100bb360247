import type { Attack } from './attack.ts';
import { tamperAttack } from './tamper.ts';

/** The method is changed on the way. */
export const attack: Attack = tamperAttack('tamper-method', 'the method is changed on the way', [
  { name: 'PUT', apply: (crafted) => ({ ...crafted, method: 'PUT' }) },
  { name: 'GET', apply: (crafted) => ({ ...crafted, method: 'GET' }) },
]);
