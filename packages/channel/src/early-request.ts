/**
 * Early data (0-RTT): one request that travels with a hello, under keys from the config key alone. The hello's strike is its replay
 * protection; its sequence number is 0 and its key id comes from the hello. The reply uses the new session's keys, so it has forward secrecy.
 */
import { accept, type Result, refuse, toBase64Url } from '@hauberk/primitives';
import { generationOf } from './device-table.ts';
import { type AcceptedHello, earlyKeyId, earlySecrets, type OpenedSession } from './gateway-handshake.ts';
import { tag } from './names.ts';
import type { RequestReason } from './reasons.ts';
import { SessionKeys } from './session-keys.ts';
import {
  type ArrivedHead,
  type ChannelGateway,
  checkAge,
  type PendingRequest,
  type RouteDemand,
  readProtection,
  type SessionFacts,
} from './verified-request.ts';

/** Whether an early request of that kind may be accepted at all: safe methods, or an idempotency key on a route that honours it. */
export const isEarlySafe = (method: string, honouredIdempotencyKey: boolean): boolean =>
  method === 'GET' || method === 'HEAD' || honouredIdempotencyKey;

/**
 * Reads the head of an early request. The hello is struck off by now, so the age may be judged here, before anything is opened. `openSession` is called by the claim, once the request is verified: it answers the hello with
 * `early: accepted`, so that a session exists exactly for a request that is going to be forwarded.
 */
export const readEarlyHead = (
  gateway: ChannelGateway,
  accepted: AcceptedHello,
  head: ArrivedHead,
  demand: RouteDemand,
  openSession: () => Result<OpenedSession>,
): Result<PendingRequest, RequestReason> => {
  if (!accepted.mayBeEarly) return refuse('request.mode', 'early data');
  const protection = readProtection(head, demand);
  if (!protection.ok) return protection;
  const { parameters } = protection.value;
  const { hello } = accepted.received;
  if (parameters.tag === tag.chunked) return refuse('request.mode', 'chunked early data');
  if (hello.service !== demand.service) return refuse('request.service');
  if (parameters.keyid !== earlyKeyId(accepted.helloHash) || parameters.sequence !== 0) return refuse('request.keyid');
  const age = checkAge(head.arrivedAt, parameters.created, demand.maxAgeSeconds);
  if (!age.ok) return age;
  const facts: SessionFacts = {
    organisation: hello.organisation,
    app: hello.app,
    service: hello.service,
    sessionId: parameters.keyid,
    deviceId: toBase64Url(accepted.device.deviceId),
    tier: accepted.device.tier,
    attested: accepted.device.attested,
    deviceRow: accepted.deviceRow,
    deviceGeneration: accepted.device.generation,
    expiresAtMs: head.arrivedAt,
  };
  const claim: PendingRequest['claim'] = () => {
    if (generationOf(gateway.devices, accepted.deviceRow) !== accepted.device.generation)
      return refuse('request.revoked');
    const opened = openSession();
    if (!opened.ok) return refuse('request.session-gone', opened.code);
    const { state } = opened.value;
    const sessionId = toBase64Url(state.sessionId);
    const keys = new SessionKeys(gateway.crypto, state);
    return accept({ sessionId, keys, facts: { ...facts, sessionId, expiresAtMs: state.expiresAtMs } });
  };
  const keys = new SessionKeys(gateway.crypto, earlySecrets(gateway, accepted));
  return accept({ head, keys, facts, ...protection.value, maxAgeSeconds: demand.maxAgeSeconds, early: true, claim });
};
