import type { Attack } from './attack.ts';
import { clockAttack } from './clock-shift.ts';

/** The phone's clock is a day ahead. */
export const attack: Attack = clockAttack('clock-ahead', "the phone's clock is a day ahead", 1);
