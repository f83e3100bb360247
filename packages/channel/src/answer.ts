/**
 * The gateway's answer: `core.tickets.mac`, each strict base64url. The core enters the transcript; the tickets cannot (they hold keys
 * that come out of it), so the MAC under `finished` covers both. Nothing in an answer counts, server time included, before that MAC verifies.
 */
import {
  accept,
  type Bytes,
  type EpochMs,
  epochMs,
  fromBase64Url,
  type Result,
  refuse,
  toBase64Url,
  utf8,
} from '@hauberk/primitives';
import { context, protocolVersion } from './names.ts';
import type { HandshakeReason } from './reasons.ts';
import { bytesOf, countOf, type JsonObject, readJsonObject, textOf } from './shape.ts';
import { bytesUnderContext } from './signed-document.ts';
import { findSuite, type SuiteId } from './suites.ts';

/** What became of early data. `refused` guarantees that nothing was forwarded. */
export type EarlyOutcome = 'none' | 'accepted' | 'refused';

/** The part of an answer that the transcript covers. */
export interface AnswerCore {
  readonly suite: SuiteId;
  readonly share: Bytes;
  /** 16 random bytes as base64url; `keyid` of every request. */
  readonly sessionId: string;
  readonly deviceId: string;
  readonly tier: number;
  readonly serverTimeMs: EpochMs;
  readonly expiresAtMs: EpochMs;
  readonly maxAgeSeconds: number;
  readonly early: EarlyOutcome;
  /** The stapled status statement of the config that the hello named. */
  readonly status: string;
}

/** The tickets of an answer. */
export interface AnswerTickets {
  readonly ticket: string;
  readonly resumeTicket: string;
  readonly resumeExpiresAtMs: EpochMs;
}

/** An answer as received, taken apart and not yet believed. */
export interface UnverifiedAnswer {
  readonly core: AnswerCore;
  readonly coreText: string;
  readonly tickets: AnswerTickets;
  /** The bytes that the MAC covers. */
  readonly macInput: Bytes;
  readonly mac: Bytes;
}

/** Encodes the core; the result enters the transcript. */
export const encodeAnswerCore = (core: AnswerCore): string =>
  toBase64Url(utf8(JSON.stringify({ v: protocolVersion, ...core, share: toBase64Url(core.share) })));

/** Encodes the tickets. */
export const encodeAnswerTickets = (tickets: AnswerTickets): string => toBase64Url(utf8(JSON.stringify(tickets)));

/** The bytes that the finished MAC covers. */
export const answerMacInput = (coreText: string, ticketsText: string): Bytes =>
  bytesUnderContext(context.answer, utf8(`${coreText}.${ticketsText}`));

const earlyOf = (value: unknown): EarlyOutcome | undefined =>
  value === 'none' || value === 'accepted' || value === 'refused' ? value : undefined;

const readCoreTimes = (payload: JsonObject) => {
  const serverTime = countOf(payload, 'serverTimeMs');
  const expiresAt = countOf(payload, 'expiresAtMs');
  const maxAgeSeconds = countOf(payload, 'maxAgeSeconds');
  if (serverTime === undefined || expiresAt === undefined || maxAgeSeconds === undefined) return undefined;
  return { serverTimeMs: epochMs(serverTime), expiresAtMs: epochMs(expiresAt), maxAgeSeconds };
};

const readCore = (payload: JsonObject): AnswerCore | undefined => {
  const suite = findSuite(textOf(payload, 'suite') ?? '');
  if (payload['v'] !== protocolVersion || suite === undefined) return undefined;
  const share = bytesOf(payload, 'share', suite.shareLength);
  const sessionId = textOf(payload, 'sessionId', 22);
  const deviceId = textOf(payload, 'deviceId', 64);
  const tier = countOf(payload, 'tier');
  const early = earlyOf(payload['early']);
  const status = textOf(payload, 'status', 4096);
  const times = readCoreTimes(payload);
  if (share === undefined || sessionId?.length !== 22 || deviceId === undefined || tier === undefined) return undefined;
  if (early === undefined || status === undefined || times === undefined) return undefined;
  return { suite: suite.id, share, sessionId, deviceId, tier, early, status, ...times };
};

const readTickets = (payload: JsonObject): AnswerTickets | undefined => {
  const ticket = textOf(payload, 'ticket', 2048);
  const resumeTicket = textOf(payload, 'resumeTicket', 2048);
  const resumeExpiresAt = countOf(payload, 'resumeExpiresAtMs');
  if (ticket === undefined || resumeTicket === undefined || resumeExpiresAt === undefined) return undefined;
  return { ticket, resumeTicket, resumeExpiresAtMs: epochMs(resumeExpiresAt) };
};

const readPart = (text: string): JsonObject | undefined => {
  const bytes = fromBase64Url(text);
  return bytes === undefined ? undefined : readJsonObject(bytes);
};

/** Takes an answer apart. */
export const readAnswer = (text: string): Result<UnverifiedAnswer, HandshakeReason> => {
  const [coreText = '', ticketsText = '', macText = '', ...rest] = text.split('.');
  const corePayload = readPart(coreText);
  const ticketsPayload = readPart(ticketsText);
  const mac = fromBase64Url(macText);
  if (rest.length > 0 || corePayload === undefined || ticketsPayload === undefined || mac?.length !== 32)
    return refuse('answer.malformed');
  const core = readCore(corePayload);
  const tickets = readTickets(ticketsPayload);
  if (core === undefined || tickets === undefined) return refuse('answer.malformed');
  return accept({ core, coreText, tickets, macInput: answerMacInput(coreText, ticketsText), mac });
};
