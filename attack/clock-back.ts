import type { Attack } from './attack.ts';
import { clockAttack } from './clock-shift.ts';

/** The phone's clock is a day behind. */
export const attack: Attack = clockAttack('clock-back', "the phone's clock is a day behind", -1);
