/** The server's time as binding needs it: two clocks and a fence, so that neither a step of one nor a failover lengthens an attempt. */
import type { DurationMs, EpochMs } from '@hauberk/primitives';

/** Now, on the server that decides. */
export interface ServerInstant {
  /** Of the wall; may step. */
  readonly wallMs: EpochMs;
  /** Since an unknown start; never steps back, may stand still while a machine sleeps. Compared only under one fence. */
  readonly monotonicMs: DurationMs;
  /** Rises with every start and failover of the store. */
  readonly fence: number;
}

/** What has passed: the larger of what both clocks say, so that no single clock makes time short. */
export const passed = (since: ServerInstant, now: ServerInstant): number =>
  Math.max(now.wallMs - since.wallMs, now.monotonicMs - since.monotonicMs);
