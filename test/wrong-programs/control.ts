/** The right ways, side by side: this one compiles. */
import {
  type ArrivedHead,
  type ChannelGateway,
  type PendingRequest,
  protectReply,
  type RouteDemand,
  readProtectedHead,
  type VerifiedRequest,
  verifyRequest,
} from '@hauberk/channel';
import {
  after,
  type EpochMs,
  epochMs,
  epochSeconds,
  fromBase64Url,
  fromEpochSeconds,
  seconds,
} from '@hauberk/primitives';

declare const forward: (request: VerifiedRequest) => Uint8Array;
declare const gateway: ChannelGateway;
declare const head: ArrivedHead;
declare const demand: RouteDemand;
declare const now: EpochMs;

const answer = (pending: PendingRequest): void => {
  const verified = verifyRequest(gateway.crypto, pending, new Uint8Array(0), now);
  const body = verified.ok ? forward(verified.value) : new Uint8Array(0);
  const binding = verified.ok ? verified.value.binding : verified.binding;
  if (binding !== undefined) protectReply(gateway.crypto, binding, { status: 200, headers: {}, body }, [], now);
};

const read = readProtectedHead(gateway, head, demand);
if (read.ok) answer(read.value);
export const later: EpochMs = after(fromEpochSeconds(epochSeconds(1)), seconds(epochMs(0) === now ? 1 : 2));
export const length: number = fromBase64Url('AAAA')?.length ?? 0;
