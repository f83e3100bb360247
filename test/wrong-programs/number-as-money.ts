/** A bare number is no amount. */
import type { AmountMinor } from '@hauberk/primitives';

// expect TS2322
export const amount: AmountMinor = 100;
