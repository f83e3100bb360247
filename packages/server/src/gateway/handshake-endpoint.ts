/** Handshakes as HTTP: `POST /.well-known/hauberk/hello`, and the hello that travels on an early request. */

import {
  type AcceptedHello,
  acceptHello,
  answerHello,
  type HandshakePorts,
  issueHelloNonce,
  type KnownDevice,
  type OpenedSession,
  readHello,
} from '@hauberk/channel';
import { factsText, isActiveState, type ReattestationPolicy, reattestationDue } from '@hauberk/device';
import { type EpochMs, fromBase64Url, fromUtf8, type Result, refuse, toBase64Url, utf8 } from '@hauberk/primitives';
import type { NoteForgery } from '../device/forgery-notes.ts';
import type { AttestationStore } from '../storage/attestation-store.ts';
import type { DeviceStore } from '../storage/device-store.ts';
import type { Scope } from '../storage/scope.ts';
import type { ChannelState } from './channel-state.ts';
import type { GatewayReply } from './gateway-reply.ts';
import { problemBody } from './problems.ts';
import type { Reason } from './reasons.ts';

/** What handshakes need. */
export interface HandshakeShell {
  readonly channel: ChannelState;
  readonly devices: DeviceStore;
  readonly attestations: AttestationStore;
  /** When devices of an app must be vouched for anew. */
  readonly reattestation: (app: string, now: EpochMs) => ReattestationPolicy;
  /** Puts a hello by another key into the history of the device that it named. */
  readonly noteForgery: NoteForgery;
  /** Whether so many hellos arrive that each must prove a round trip first. */
  readonly underLoad: (now: EpochMs) => boolean;
  readonly now: () => EpochMs;
}

/** Largest hello: payload, signature and resume ticket. */
export const maxHelloBytes = 8192;

/** A judged hello together with the ports that judged it. */
export interface JudgedHello {
  readonly accepted: AcceptedHello;
  readonly ports: HandshakePorts;
}

/** The device, and whether it must bring new evidence before it gets a session. */
const knownDevice = async (
  shell: HandshakeShell,
  scope: Scope,
  thumbprint: Uint8Array,
  now: EpochMs,
): Promise<KnownDevice | undefined> => {
  const keyed = await shell.devices.findByThumbprint(scope, toBase64Url(thumbprint), 'identity');
  const deviceId = keyed === undefined ? undefined : fromBase64Url(keyed.device.id);
  if (keyed === undefined || deviceId === undefined) return undefined;
  const { device, key } = keyed;
  const { tier, generation, state, verdictReference } = device;
  const held = await shell.attestations.current(scope, device);
  return {
    deviceId,
    publicKey: key.publicKey,
    tier,
    generation,
    active: isActiveState(state),
    verdictReference,
    attested: held.appraised.facts.level === 'software' ? '' : factsText(held.appraised.facts),
    evidenceDue: reattestationDue({ state, ...held }, shell.reattestation(scope.app, now), now) !== undefined,
  };
};

/** Looks the device up, then judges the hello. */
export const judgeHello = async (shell: HandshakeShell, text: string): Promise<Result<JudgedHello, Reason>> => {
  const read = readHello(text);
  if (!read.ok) return read;
  const { organisation, app, deviceThumbprint } = read.value.hello;
  const now = shell.now();
  const scope = { organisation, app };
  const device = await knownDevice(shell, scope, deviceThumbprint, now);
  const ports = shell.channel.handshakePorts(device, shell.underLoad(now));
  const accepted = acceptHello(shell.channel.gateway, ports, text, now);
  if (!accepted.ok && accepted.code === 'hello.signature' && device !== undefined)
    shell.noteForgery(scope, toBase64Url(device.deviceId), now);
  return accepted.ok ? { ok: true, value: { accepted: accepted.value, ports } } : accepted;
};

/** Opens the session of a judged hello. */
export const openSession = (
  shell: HandshakeShell,
  { accepted, ports }: JudgedHello,
  early: 'none' | 'accepted' | 'refused',
): Result<OpenedSession, Reason> => answerHello(shell.channel.gateway, ports, accepted, early, shell.now());

const nonceReasons: ReadonlySet<Reason> = new Set([
  'hello.clock',
  'hello.nonce-required',
  'hello.nonce-invalid',
  'hello.register-full',
]);

/** The problem of a refused hello; where a fresh nonce would help it is enclosed. */
export const helloProblem = (shell: HandshakeShell, text: string, reason: Reason, instance: string): GatewayReply => {
  const read = nonceReasons.has(reason) ? readHello(text) : undefined;
  if (read?.ok !== true) return problemBody(reason, { execution: 'none', instance });
  const { gateway } = shell.channel;
  const ports = shell.channel.handshakePorts(undefined, false);
  const nonce = issueHelloNonce(gateway.crypto, ports.nonceKey, read.value.hello.deviceThumbprint, shell.now());
  return problemBody(reason, { execution: 'none', instance, extra: { nonce } });
};

/** Answers a hello. */
export const serveHello = async (
  shell: HandshakeShell,
  body: Uint8Array,
  instance: string,
): Promise<{ readonly reply: GatewayReply; readonly reason: Reason | 'ok'; readonly deviceId: string }> => {
  const text = fromUtf8(body) ?? '';
  const judged = await judgeHello(shell, text);
  const opened = judged.ok
    ? openSession(shell, judged.value, judged.value.accepted.received.hello.early ? 'refused' : 'none')
    : refuse(judged.code);
  if (!opened.ok) return { reply: helloProblem(shell, text, opened.code, instance), reason: opened.code, deviceId: '' };
  const headers = ['content-type', 'text/plain', 'cache-control', 'no-store, no-transform'];
  return {
    reply: { status: 200, headers, body: utf8(opened.value.answer) },
    reason: 'ok',
    deviceId: toBase64Url(opened.value.state.deviceId),
  };
};
