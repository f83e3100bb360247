/** An instant is not a span. */
import { after, type EpochMs } from '@hauberk/primitives';

declare const now: EpochMs;
// expect TS2345
after(now, now);
