/**
 * The gateway's half of the handshake. `acceptHello` judges a hello (nothing is allocated before its device signature verifies and
 * its hash is struck off); `answerHello` opens the session. Between the two lies the early request, when there is one.
 */
import {
  accept,
  after,
  type Bytes,
  CryptoInputError,
  type DurationMs,
  type EpochMs,
  equalBytes,
  type PrivateKey,
  type Result,
  refuse,
  type SecretKey,
  toBase64Url,
  toEpochSeconds,
  utf8,
} from '@hauberk/primitives';
import { answerMacInput, type EarlyOutcome, encodeAnswerCore, encodeAnswerTickets } from './answer.ts';
import { deviceTableKey, enterSession, generationOf, keepDeviceRow, openDeviceRow } from './device-table.ts';
import { type Hello, readHello, type UnverifiedHello } from './hello.ts';
import { isHelloNonce } from './hello-nonce.ts';
import { deriveSecrets, type SessionSecrets, transcriptOf } from './key-schedule.ts';
import { helloSkewSeconds } from './names.ts';
import type { HandshakeReason } from './reasons.ts';
import { openResumeTicket, type ResumeState, sealResumeTicket } from './resume-ticket.ts';
import { allocateSlot, releaseSlot, type SlotReference } from './session-table.ts';
import { isStruck, type StrikeRegister, strike } from './strike-register.ts';
import type { SuiteId } from './suites.ts';
import { sealTicket, type TicketKeyRing, type TicketState } from './ticket.ts';
import type { ChannelGateway } from './verified-request.ts';

/** A config that the gateway still honours, with the private halves of its agreement keys by kid. */
export interface HonouredConfig {
  readonly organisation: string;
  readonly service: string;
  readonly keys: ReadonlyMap<
    string,
    { readonly suite: SuiteId; readonly privateKey: PrivateKey; readonly expiresAtMs: EpochMs }
  >;
  /** The status statement in force for this config, a signed document. */
  readonly status: string;
}

/** What the record knows of a device. */
export interface KnownDevice {
  readonly deviceId: Bytes;
  /** Raw P-256 point. */
  readonly publicKey: Bytes;
  readonly tier: number;
  readonly generation: number;
  readonly active: boolean;
  readonly verdictReference: string;
  /** What hardware attested, in words, for ticket and upstream. */
  readonly attested: string;
  /** Whether the device must bring new evidence before its next session. */
  readonly evidenceDue: boolean;
}

/** What a handshake needs beside the channel itself. */
export interface HandshakePorts {
  readonly findConfig: (configHash: Bytes) => HonouredConfig | undefined;
  readonly findDevice: (hello: Hello) => KnownDevice | undefined;
  readonly resumeKeys: () => TicketKeyRing;
  readonly nonceKey: SecretKey;
  /** Its span must be `helloMemorySeconds` at least. */
  readonly strikes: StrikeRegister;
  /** Under load every hello is asked for a nonce first. */
  readonly underLoad: () => boolean;
  readonly ticketLife: DurationMs;
  readonly resumeLife: DurationMs;
  readonly maxAgeSeconds: number;
  /** Early data is refused until this instant: what was accepted before the start is not remembered. */
  readonly earlyFrom: EpochMs;
}

/** A hello that passed every check and is struck off. */
export interface AcceptedHello {
  readonly received: UnverifiedHello;
  readonly config: HonouredConfig;
  readonly device: KnownDevice;
  readonly resume: ResumeState | undefined;
  /** The secret shared with the config key. */
  readonly configSecret: Bytes;
  readonly helloHash: Bytes;
  /** The device's row in the shared table. */
  readonly deviceRow: number;
  /** Whether early data may be accepted, as far as the handshake can tell. */
  readonly mayBeEarly: boolean;
}

const checkFreshness = (
  gateway: ChannelGateway,
  ports: HandshakePorts,
  hello: Hello,
  now: EpochMs,
): Result<true, HandshakeReason> => {
  if (hello.nonce !== null) {
    const own = isHelloNonce(gateway.crypto, ports.nonceKey, hello.deviceThumbprint, hello.nonce, now);
    return own ? accept(true) : refuse('hello.nonce-invalid');
  }
  if (ports.underLoad()) return refuse('hello.nonce-required');
  return Math.abs((hello.createdMs ?? 0) - now) > helloSkewSeconds * 1000 ? refuse('hello.clock') : accept(true);
};

const judgeResume = (
  gateway: ChannelGateway,
  ports: HandshakePorts,
  received: UnverifiedHello,
  device: KnownDevice,
  now: EpochMs,
): Result<ResumeState | undefined, HandshakeReason> => {
  const { hello, resumeTicket } = received;
  if (resumeTicket === null || hello.resumeHash === null) return accept(undefined);
  if (!equalBytes(gateway.crypto.sha256(utf8(resumeTicket)), hello.resumeHash)) return refuse('resume.malformed');
  const opened = openResumeTicket(gateway.crypto, ports.resumeKeys(), resumeTicket, now);
  // An expired ticket costs the shortcut, not the session: the device key has signed all the same.
  if (!opened.ok) return opened.code === 'resume.expired' ? accept(undefined) : opened;
  const state = opened.value;
  const sameScope =
    state.organisation === hello.organisation && state.app === hello.app && state.service === hello.service;
  if (!sameScope || !equalBytes(state.deviceId, device.deviceId)) return refuse('resume.device-mismatch');
  return accept(state.deviceGeneration === device.generation ? state : undefined);
};

const agreeWithConfigKey = (
  gateway: ChannelGateway,
  received: UnverifiedHello,
  config: HonouredConfig,
  now: EpochMs,
): Result<Bytes, HandshakeReason> => {
  const key = config.keys.get(received.hello.configKeyId);
  if (key === undefined || key.expiresAtMs <= now) return refuse('hello.config-key-revoked');
  if (key.suite !== received.suite.id) return refuse('hello.suite');
  try {
    return accept(gateway.crypto.agree(key.privateKey, received.hello.share));
  } catch (error) {
    if (error instanceof CryptoInputError) return refuse('hello.share');
    throw error;
  }
};

const verifyDevice = (
  gateway: ChannelGateway,
  ports: HandshakePorts,
  received: UnverifiedHello,
): Result<KnownDevice, HandshakeReason> => {
  const device = ports.findDevice(received.hello);
  if (device === undefined) return refuse('hello.device-unknown');
  if (!gateway.crypto.verify(device.publicKey, received.signedBytes, received.signature))
    return refuse('hello.signature');
  if (!device.active) return refuse('hello.device-revoked');
  return device.evidenceDue ? refuse('hello.evidence-due') : accept(device);
};

/** Judges a hello. The order is cheap first, and nothing is remembered before the device's signature verifies. */
export const acceptHello = (
  gateway: ChannelGateway,
  ports: HandshakePorts,
  text: string,
  now: EpochMs,
): Result<AcceptedHello, HandshakeReason> => {
  const read = readHello(text);
  if (!read.ok) return read;
  const received = read.value;
  const { hello } = received;
  const config = ports.findConfig(hello.configHash);
  if (config === undefined) return refuse('hello.config-unknown');
  if (config.organisation !== hello.organisation || config.service !== hello.service) return refuse('hello.scope');
  const fresh = checkFreshness(gateway, ports, hello, now);
  if (!fresh.ok) return fresh;
  // Not the whole text: an ECDSA signature can be respelt (s and n - s), and the respelt hello must count as the same.
  const signedHash = gateway.crypto.sha256(received.signedBytes);
  // A flood of copies costs a look each, not a signature check each.
  if (isStruck(ports.strikes, signedHash)) return refuse('hello.replayed');
  const device = verifyDevice(gateway, ports, received);
  if (!device.ok) return device;
  const resume = judgeResume(gateway, ports, received, device.value, now);
  if (!resume.ok) return resume;
  const configSecret = agreeWithConfigKey(gateway, received, config, now);
  if (!configSecret.ok) return configSecret;
  const struck = strike(ports.strikes, signedHash, toEpochSeconds(now));
  if (struck === 'repeated') return refuse('hello.replayed');
  // Nothing can be remembered any more: only a nonce, which costs the sender a round trip, still opens a session.
  if (struck === 'full' && hello.nonce === null) return refuse('hello.register-full');
  const { deviceId, generation, tier } = device.value;
  const keepUntil = toEpochSeconds(after(now, ports.ticketLife));
  const key = deviceTableKey(deviceId);
  const deviceRow = openDeviceRow(gateway.devices, key, generation, toEpochSeconds(now), keepUntil, tier === 0);
  if (deviceRow === undefined) return refuse('hello.table-full');
  return accept({
    received,
    config,
    device: device.value,
    resume: resume.value,
    configSecret: configSecret.value,
    helloHash: gateway.crypto.sha256(utf8(text)),
    deviceRow,
    mayBeEarly:
      hello.early &&
      struck === 'first' &&
      now >= ports.earlyFrom &&
      resume.value?.node === gateway.owner.node &&
      // A revocation that the record read before it: the session would be void at once, and so must early data be.
      generationOf(gateway.devices, deviceRow) === device.value.generation,
  });
};

/** The secrets of the early request: no forward secrecy, for the gateway's ephemeral share is not in them. */
export const earlySecrets = (gateway: ChannelGateway, accepted: AcceptedHello): SessionSecrets =>
  deriveSecrets(gateway.crypto, accepted.helloHash, accepted.configSecret);

/** `keyid` of the early request: the first 16 bytes of the hello hash. */
export const earlyKeyId = (helloHash: Uint8Array): string => toBase64Url(helloHash.subarray(0, 16));

/** An opened session: the answer's text and, for the reply to an accepted early request, its secrets. */
export interface OpenedSession {
  readonly answer: string;
  readonly secrets: SessionSecrets;
  readonly state: TicketState;
}

const openPlace = (
  gateway: ChannelGateway,
  { device, deviceRow }: AcceptedHello,
  expiresAt: EpochMs,
  now: EpochMs,
): SlotReference | undefined => {
  // A judged hello may wait for the body of its early request: the row is kept for as long as the ticket really lives.
  const key = deviceTableKey(device.deviceId);
  if (!keepDeviceRow(gateway.devices, deviceRow, key, toEpochSeconds(expiresAt))) return undefined;
  const session = allocateSlot(gateway.sessions, device.tier, toEpochSeconds(expiresAt), toEpochSeconds(now));
  if (session === undefined) return undefined;
  const displaced = enterSession(gateway.devices, deviceRow, session);
  if (displaced !== undefined) releaseSlot(gateway.sessions, displaced, toEpochSeconds(now));
  return session;
};

/** What the answer may say: `none` exactly when nothing was asked, `accepted` only where the handshake allowed it. */
const judgeEarly = (accepted: AcceptedHello, early: EarlyOutcome): EarlyOutcome => {
  if (!accepted.received.hello.early) return 'none';
  if (early === 'accepted' && !accepted.mayBeEarly) throw new Error('early data was accepted against the handshake');
  return early === 'accepted' ? 'accepted' : 'refused';
};

const resumeTicketFor = (
  gateway: ChannelGateway,
  ports: HandshakePorts,
  accepted: AcceptedHello,
  expiresAtMs: EpochMs,
): string => {
  const { device } = accepted;
  const { organisation, app, service } = accepted.received.hello;
  return sealResumeTicket(gateway.crypto, ports.resumeKeys(), {
    organisation,
    app,
    service,
    deviceId: device.deviceId,
    tier: device.tier,
    verdictReference: device.verdictReference,
    deviceGeneration: device.generation,
    node: gateway.owner.node,
    expiresAtMs,
  });
};

/** Opens the session and writes the answer. `early` says what became of the early request, which by now is decided. */
export const answerHello = (
  gateway: ChannelGateway,
  ports: HandshakePorts,
  accepted: AcceptedHello,
  early: EarlyOutcome,
  now: EpochMs,
): Result<OpenedSession, HandshakeReason> => {
  const { crypto } = gateway;
  const { received, device, config } = accepted;
  const expiresAtMs = after(now, ports.ticketLife);
  const outcome = judgeEarly(accepted, early);
  const session = openPlace(gateway, accepted, expiresAtMs, now);
  if (session === undefined) return refuse('hello.table-full');
  const ephemeral = crypto.generateKeyPair(received.suite.group, 'agree');
  const sessionId = crypto.random(16);
  const coreText = encodeAnswerCore({
    suite: received.suite.id,
    share: ephemeral.publicKey,
    sessionId: toBase64Url(sessionId),
    deviceId: toBase64Url(device.deviceId),
    tier: device.tier,
    serverTimeMs: now,
    expiresAtMs,
    maxAgeSeconds: ports.maxAgeSeconds,
    early: outcome,
    status: config.status,
  });
  const transcript = crypto.sha256(transcriptOf(received.text, coreText));
  const secrets = deriveSecrets(
    crypto,
    transcript,
    accepted.configSecret,
    crypto.agree(ephemeral.privateKey, received.hello.share),
  );
  const { organisation, app, service } = received.hello;
  const state: TicketState = {
    organisation,
    app,
    service,
    sessionId,
    deviceId: device.deviceId,
    tier: device.tier,
    attested: device.attested,
    session,
    deviceRow: accepted.deviceRow,
    deviceGeneration: device.generation,
    expiresAtMs,
    ...secrets,
  };
  const resumeExpiresAtMs = after(now, ports.resumeLife);
  const ticketsText = encodeAnswerTickets({
    ticket: sealTicket(crypto, gateway.ticketKeys(), gateway.owner, state),
    resumeTicket: resumeTicketFor(gateway, ports, accepted, resumeExpiresAtMs),
    resumeExpiresAtMs,
  });
  const mac = crypto.mac(crypto.importMac(secrets.finished), answerMacInput(coreText, ticketsText));
  return accept({ answer: `${coreText}.${ticketsText}.${toBase64Url(mac)}`, secrets, state });
};
