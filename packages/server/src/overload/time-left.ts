/** How long a client still waits for the reply: nobody works for one who has gone. */
import { header } from '@hauberk/channel';
import type { EpochMs } from '@hauberk/primitives';
import type { RequestHead } from '../gateway/request-head.ts';

/** Milliseconds, up to a day, in one spelling. */
const form = /^(?:0|[1-9][0-9]{0,7})$/;

/**
 * Milliseconds that are left of what the client gave when it sent the request (`hauberk-time-left`), from the arrival of the head on;
 * undefined when it gave none, or nothing that can be read: the route's own deadline holds in any case.
 */
export const timeLeft = ({ headers, arrivedAt }: RequestHead, now: () => EpochMs): number | undefined => {
  const given = headers[header.timeLeft];
  if (typeof given !== 'string' || !form.test(given)) return undefined;
  return Math.max(0, Number(given) - Math.max(0, now() - arrivedAt));
};
