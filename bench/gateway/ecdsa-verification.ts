/**
 * The path that HB/1 is measured against: each request carries an ECDSA P-256 signature of the device key over the same base. No ticket is
 * opened and no MAC is verified: the session behind a key id is remembered after its first request, as a server that keeps state would.
 */
import {
  accept,
  type EpochMs,
  epochMs,
  fromBase64,
  fromBase64Url,
  type Result,
  refuse,
  type SyncCrypto,
  toEpochSeconds,
  utf8,
} from '@hauberk/primitives';
import type { OpenedTicket } from '../../packages/channel/src/opened-tickets.ts';
import type { RequestReason } from '../../packages/channel/src/reasons.ts';
import { claimInSlot, peekSlot } from '../../packages/channel/src/session-table.ts';
import {
  coveredRequestHeaders,
  readSignatureInput,
  readSignatureValue,
  requestBase,
  requestComponents,
} from '../../packages/channel/src/signature-base.ts';
import {
  type ArrivedHead,
  type ChannelGateway,
  checkAge,
  contentDigestOf,
  type PendingRequest,
  type ReadProtection,
  type ReplyBinding,
  type RouteDemand,
  type VerifiedRequest,
} from '../../packages/channel/src/verified-request.ts';

export * from '../../packages/channel/src/verified-request.ts';

const publicKey = fromBase64Url(new URL(import.meta.url).searchParams.get('key') ?? '') ?? new Uint8Array(0);
const known = new Map<string, OpenedTicket>();

const text = (head: ArrivedHead, name: string): string => {
  const value = head.headers[name];
  return typeof value === 'string' ? value : '';
};

const readHead = (head: ArrivedHead, demand: RouteDemand): Result<ReadProtection, RequestReason> => {
  const read = readSignatureInput(text(head, 'signature-input'));
  const signature = fromBase64(readSignatureValue(text(head, 'signature')) ?? '');
  if (read === undefined || signature?.length !== 64) return refuse('request.malformed');
  if (text(head, 'hauberk-service') !== demand.service) return refuse('request.service');
  const names = coveredRequestHeaders(read.parameters.tag, head.headers, demand.coveredHeaders);
  if (read.components !== requestComponents(names)) return refuse('request.components');
  const base = requestBase(head.target, names, head.headers, read.signatureParams);
  return accept({ parameters: read.parameters, base, signature });
};

const sessionOf = (gateway: ChannelGateway, head: ArrivedHead, keyId: string): OpenedTicket | undefined => {
  const held = known.get(keyId);
  if (held !== undefined) return held;
  const opened = gateway.openedTickets.open(
    gateway.owner,
    gateway.ticketKeys(),
    text(head, 'hauberk-ticket'),
    head.arrivedAt,
  );
  if (!opened.ok) return undefined;
  known.set(keyId, opened.value);
  return opened.value;
};

/** First half, with the state of the session from memory. */
export const readProtectedHead = (
  gateway: ChannelGateway,
  head: ArrivedHead,
  demand: RouteDemand,
): Result<PendingRequest, RequestReason> => {
  const read = readHead(head, demand);
  if (!read.ok) return read;
  const { parameters } = read.value;
  const ticket = sessionOf(gateway, head, parameters.keyid);
  if (ticket === undefined) return refuse('request.ticket-seal');
  const { state, facts, keys } = ticket;
  if (peekSlot(gateway.sessions, state.session, parameters.sequence) !== 'fresh') return refuse('request.replayed');
  return accept({
    head,
    keys,
    facts,
    ...read.value,
    maxAgeSeconds: demand.maxAgeSeconds,
    early: false,
    claim: (now) =>
      claimInSlot(gateway.sessions, state.session, parameters.sequence, toEpochSeconds(now)) === 'fresh'
        ? accept({ sessionId: facts.sessionId, keys })
        : refuse('request.replayed'),
  });
};

/** Second half: digest and ECDSA instead of digest and MAC; then claim, age and a request as the gateway knows it. */
export const verifyRequest = (
  crypto: SyncCrypto,
  pending: PendingRequest,
  body: Uint8Array,
  now: EpochMs,
): Result<VerifiedRequest, RequestReason> => {
  const { head, parameters, facts } = pending;
  if (text(head, 'content-digest') !== contentDigestOf(crypto.sha256(body))) return refuse('request.digest');
  if (!crypto.verify(publicKey, utf8(pending.base), pending.signature)) return refuse('request.signature');
  const claimed = pending.claim(now);
  if (!claimed.ok) return claimed;
  const age = checkAge(head.arrivedAt, parameters.created, pending.maxAgeSeconds);
  if (!age.ok) return age;
  const binding = {
    ...claimed.value,
    requestSignature: text(head, 'signature'),
    requestSignatureInput: text(head, 'signature-input'),
    requestTag: parameters.tag,
  } as unknown as ReplyBinding;
  const { target, headers } = head;
  const createdMs = epochMs(parameters.created * 1000);
  const { tag, sequence } = parameters;
  return accept({
    facts,
    target,
    headers,
    body,
    tag,
    sequence,
    createdMs,
    binding,
    early: false,
  } as unknown as VerifiedRequest);
};
