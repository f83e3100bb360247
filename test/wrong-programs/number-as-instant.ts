/** A bare number has no unit. */
import { type DurationMs, toEpochSeconds } from '@hauberk/primitives';

// expect TS2345
toEpochSeconds(1_790_000_000_000);
// expect TS2322
export const span: DurationMs = 1000;
