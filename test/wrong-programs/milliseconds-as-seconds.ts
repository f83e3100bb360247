/** Milliseconds are not seconds. */
import { type EpochMs, fromEpochSeconds } from '@hauberk/primitives';

declare const now: EpochMs;
// expect TS2345
fromEpochSeconds(now);
