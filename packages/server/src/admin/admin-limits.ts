/** Rate limits of the admin API: of an address, of failed logins of an address, of a token. */
import { randomBytes } from 'node:crypto';
import type { EpochMs } from '@hauberk/primitives';
import { createRateLimiter, rateTableBytes } from '../gateway/rate-limit.ts';

/** Whoever guesses gets ten tries and then one every six seconds: 256 bits are far beyond that, and logs stay readable. */
const failures = { perSecond: 1 / 6, burst: 10 };
/** Of one address with all its tokens. */
const address = { perSecond: 200, burst: 400 };

/** Limits; each answers 0, or the milliseconds after which to come back. */
export interface AdminLimits {
  readonly ofAddress: (address: string, now: EpochMs) => number;
  /** Counts a failed login. */
  readonly failed: (address: string, now: EpochMs) => number;
  readonly ofToken: (token: string, perSecond: number, now: EpochMs) => number;
}

/** Fresh limits, for one process. */
export const createAdminLimits = (now: EpochMs): AdminLimits => {
  const memory = new SharedArrayBuffer(rateTableBytes(8192));
  const limiter = createRateLimiter(memory, new Uint8Array(randomBytes(8)), now);
  return {
    ofAddress: (subject, at) => limiter.admit(address, 'admin-address', subject, at),
    failed: (subject, at) => limiter.admit(failures, 'admin-failed', subject, at),
    ofToken: (token, perSecond, at) =>
      limiter.admit({ perSecond, burst: Math.max(10, perSecond * 2) }, 'admin-token', token, at),
  };
};
