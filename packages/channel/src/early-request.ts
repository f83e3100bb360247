/**
 * Early data (0-RTT): one request that travels with a hello, under keys from the config key alone. The hello's strike is its replay
 * protection; its sequence number is 0 and its key id comes from the hello. The reply uses the new session's keys, so it has forward secrecy.
 */
import { accept, type Result, refuse, toBase64Url } from '@hauberk/primitives';
import { type AcceptedHello, earlyKeyId, earlySecrets, type OpenedSession } from './gateway-handshake.ts';
import type { RequestReason } from './reasons.ts';
import {
  type ArrivedHead,
  type ChannelGateway,
  type PendingRequest,
  type RouteDemand,
  readProtection,
} from './verified-request.ts';

/** Whether an early request of that kind may be accepted at all: safe methods, or an idempotency key on a route that honours it. */
export const isEarlySafe = (method: string, honouredIdempotencyKey: boolean): boolean =>
  method === 'GET' || method === 'HEAD' || honouredIdempotencyKey;

/**
 * Reads the head of an early request. `openSession` is called by the claim, once the request is verified: it answers the hello with
 * `early: accepted`, so that a session exists exactly for a request that is going to be forwarded.
 */
export const readEarlyHead = (
  gateway: ChannelGateway,
  accepted: AcceptedHello,
  head: ArrivedHead,
  demand: RouteDemand,
  openSession: () => Result<OpenedSession>,
): Result<PendingRequest, RequestReason> => {
  const protection = readProtection(head, demand);
  if (!protection.ok) return protection;
  const { parameters } = protection.value;
  const { hello } = accepted.received;
  if (hello.service !== demand.service) return refuse('request.service');
  if (parameters.keyid !== earlyKeyId(accepted.helloHash) || parameters.sequence !== 0) return refuse('request.keyid');
  const facts = {
    organisation: hello.organisation,
    app: hello.app,
    service: hello.service,
    sessionId: parameters.keyid,
    deviceId: toBase64Url(accepted.device.deviceId),
    tier: accepted.device.tier,
    deviceRow: 0,
    deviceGeneration: accepted.device.generation,
    expiresAtMs: head.arrivedAt,
  };
  const claim: PendingRequest['claim'] = () => {
    const opened = openSession();
    if (!opened.ok) return refuse('request.session-gone', opened.code);
    const { replyMac, replyAead, chunk, sessionId } = opened.value.state;
    return accept({ sessionId: toBase64Url(sessionId), replyMac, replyAead, chunk });
  };
  const keys = earlySecrets(gateway, accepted);
  return accept({ head, keys, facts, ...protection.value, maxAgeSeconds: demand.maxAgeSeconds, early: true, claim });
};
