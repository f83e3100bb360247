/** The client's half of the handshake: make a hello, believe an answer only once its MAC under `finished` verifies. */
import {
  type AsyncCrypto,
  accept,
  type Bytes,
  CryptoInputError,
  type EpochMs,
  type KeyPair,
  type Result,
  refuse,
  type SecretKey,
  toBase64Url,
  utf8,
} from '@hauberk/primitives';
import { type AnswerCore, type AnswerTickets, readAnswer, type UnverifiedAnswer } from './answer.ts';
import { type TrustedConfig, trustStatus } from './client-trust.ts';
import { thumbprintInput } from './device-key.ts';
import { chooseAgreementKey } from './gateway-config.ts';
import { helloPayload } from './hello.ts';
import { deriveSecretsAsync, type SessionSecrets, transcriptOf } from './key-schedule.ts';
import { context } from './names.ts';
import type { HandshakeReason } from './reasons.ts';
import { signDocumentAsync } from './signed-document.ts';
import { findSuite, type SuiteId } from './suites.ts';

/** What a client brings to a handshake. */
export interface HelloInput {
  readonly trusted: TrustedConfig;
  readonly app: string;
  readonly deviceKey: KeyPair;
  /** Suites that this client can do, best first. */
  readonly suites: readonly SuiteId[];
  readonly resumeTicket: string | null;
  readonly early: boolean;
  /** Either the client's estimate of the server's time or the gateway's nonce. */
  readonly freshness: { readonly createdMs: EpochMs } | { readonly nonce: string };
  /** For the choice of the config key: the client's best knowledge of the time. */
  readonly now: EpochMs;
}

/** A hello that was sent; holds the ephemeral key until the answer comes. */
export interface PendingHello {
  readonly text: string;
  readonly suite: SuiteId;
  readonly trusted: TrustedConfig;
  readonly ephemeral: KeyPair;
  readonly configSecret: Bytes;
  readonly askedEarly: boolean;
}

/** The keys of a session, imported. They live in memory only: a cloned storage can never repeat a nonce. */
export interface ClientKeys {
  readonly keyId: string;
  readonly requestMac: SecretKey;
  readonly requestAead: SecretKey;
  readonly requestIv: Bytes;
  readonly replyMac: SecretKey;
  readonly replyAead: SecretKey;
  readonly chunk: Bytes;
}

/** An open session as the client sees it. */
export interface ClientSession {
  readonly keys: ClientKeys;
  readonly core: AnswerCore;
  readonly tickets: AnswerTickets;
  /** A secret of this session for other uses (field keys, channel binding of other protocols). */
  readonly exporter: Bytes;
}

/** The shared secret, or undefined when the peer's share is no point of the group. */
const agreeOrNone = async (crypto: AsyncCrypto, ephemeral: KeyPair, share: Bytes): Promise<Bytes | undefined> => {
  try {
    return await crypto.agree(ephemeral.privateKey, share);
  } catch (error) {
    if (error instanceof CryptoInputError) return undefined;
    throw error;
  }
};

/** Makes and signs a hello. */
export const createHello = async (
  crypto: AsyncCrypto,
  input: HelloInput,
): Promise<Result<PendingHello, HandshakeReason>> => {
  const { trusted, deviceKey, resumeTicket } = input;
  const configKey = chooseAgreementKey(trusted.config, input.suites, input.now, trusted.timeFloor);
  const suite = configKey === undefined ? undefined : findSuite(configKey.suite);
  if (configKey === undefined || suite === undefined) return refuse('hello.suite');
  const ephemeral = await crypto.generateKeyPair(suite.group, 'agree');
  const payload = helloPayload({
    suites: [suite.id, ...input.suites.filter((id) => id !== suite.id)],
    configHash: trusted.hash,
    configKeyId: configKey.kid,
    organisation: trusted.config.organisation,
    app: input.app,
    service: trusted.config.service,
    share: ephemeral.publicKey,
    deviceThumbprint: await crypto.sha256(thumbprintInput(deviceKey.publicKey)),
    resumeHash: resumeTicket === null ? null : await crypto.sha256(utf8(resumeTicket)),
    early: input.early,
    createdMs: 'createdMs' in input.freshness ? input.freshness.createdMs : null,
    nonce: 'nonce' in input.freshness ? input.freshness.nonce : null,
  });
  const signed = await signDocumentAsync(crypto, deviceKey.privateKey, context.hello, payload);
  const configSecret = await agreeOrNone(crypto, ephemeral, configKey.publicKey);
  if (configSecret === undefined) return refuse('hello.share');
  const text = resumeTicket === null ? signed : `${signed}.${resumeTicket}`;
  return accept({ text, suite: suite.id, trusted, ephemeral, configSecret, askedEarly: input.early });
};

const importKeys = async (crypto: AsyncCrypto, keyId: string, secrets: SessionSecrets): Promise<ClientKeys> => ({
  keyId,
  requestMac: await crypto.importMac(secrets.requestMac),
  requestAead: await crypto.importAead(secrets.requestAead),
  requestIv: secrets.requestIv,
  replyMac: await crypto.importMac(secrets.replyMac),
  replyAead: await crypto.importAead(secrets.replyAead),
  chunk: secrets.chunk,
});

/** The keys of the early request that goes with a hello. */
export const earlyClientKeys = async (crypto: AsyncCrypto, pending: PendingHello): Promise<ClientKeys> => {
  const helloHash = await crypto.sha256(utf8(pending.text));
  return importKeys(
    crypto,
    toBase64Url(helloHash.subarray(0, 16)),
    await deriveSecretsAsync(crypto, helloHash, pending.configSecret),
  );
};

const deriveFrom = async (
  crypto: AsyncCrypto,
  pending: PendingHello,
  answer: UnverifiedAnswer,
): Promise<SessionSecrets | undefined> => {
  const shared = await agreeOrNone(crypto, pending.ephemeral, answer.core.share);
  if (shared === undefined) return undefined;
  const transcript = await crypto.sha256(transcriptOf(pending.text, answer.coreText));
  return deriveSecretsAsync(crypto, transcript, pending.configSecret, shared);
};

/** Believes an answer, or says why not. */
export const finishHandshake = async (
  crypto: AsyncCrypto,
  pending: PendingHello,
  text: string,
): Promise<Result<ClientSession, HandshakeReason>> => {
  const read = readAnswer(text);
  if (!read.ok) return read;
  const answer = read.value;
  if (answer.core.suite !== pending.suite) return refuse('answer.suite');
  const secrets = await deriveFrom(crypto, pending, answer);
  if (secrets === undefined) return refuse('answer.share');
  const finished = await crypto.importMac(secrets.finished);
  if (!(await crypto.verifyMac(finished, answer.macInput, answer.mac))) return refuse('answer.finished');
  const status = await trustStatus(crypto, pending.trusted, answer.core.status, answer.core.serverTimeMs);
  if (!status.ok) return refuse('answer.status', status.code);
  // Early data that was not asked for cannot have been decided on.
  if ((answer.core.early === 'none') === pending.askedEarly) return refuse('answer.malformed', 'early');
  const keys = await importKeys(crypto, answer.core.sessionId, secrets);
  return accept({ keys, core: answer.core, tickets: answer.tickets, exporter: secrets.exporter });
};
