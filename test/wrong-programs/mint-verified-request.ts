/** Nobody outside the channel can write a VerifiedRequest down. */
import type { HeaderValues, ReplyBinding, RequestTarget, SessionFacts, VerifiedRequest } from '@hauberk/channel';
import type { EpochMs } from '@hauberk/primitives';

declare const facts: SessionFacts;
declare const target: RequestTarget;
declare const headers: HeaderValues;
declare const createdMs: EpochMs;
declare const binding: ReplyBinding;
const body = new Uint8Array(0);
// expect TS2741
export const forged: VerifiedRequest = {
  facts,
  target,
  headers,
  body,
  tag: 'hb1',
  sequence: 1,
  createdMs,
  binding,
  early: false,
};
