/** Seconds are not milliseconds. */
import { type EpochMs, epochSeconds } from '@hauberk/primitives';

// expect TS2322
export const now: EpochMs = epochSeconds(1_790_000_000);
