/** Opening a session: hello, answer, and the few detours that honest gateways ask for. */
import {
  type ClientSession,
  createHello,
  endpoint,
  finishHandshake,
  type HelloInput,
  type PendingHello,
  type TrustedConfig,
} from '@hauberk/channel/client';
import { epochMs, type Result } from '@hauberk/primitives';
import { ServerClock } from './clock.ts';
import type { ConfigKeeper } from './config-keeper.ts';
import type { CoreContext } from './core-context.ts';
import type { DeviceKeeper } from './device-keeper.ts';
import { HauberkError } from './hauberk-error.ts';
import type { OuterProblem } from './outer-problem.ts';
import { callPlain } from './plain-call.ts';
import { Session } from './session.ts';

/** What a handshake works with. */
export interface HandshakeParts {
  readonly context: CoreContext;
  readonly config: ConfigKeeper;
  readonly device: DeviceKeeper;
}

/** What the last refusal asked for. */
interface Detour {
  readonly nonce?: string;
  readonly withoutResume?: boolean;
}

const refusedHandshake = (detail: string, traceId?: string): HauberkError =>
  new HauberkError('handshake-refused', { phase: 'verify', execution: 'none', detail, traceId });

/** The server's time as well as it can be known: authenticated, else the wall clock, but never before the floor. */
export const bestTime = async ({ context, config }: HandshakeParts): Promise<number> =>
  context.serverClock?.now() ?? Math.max(context.ports.clock.wall(), await config.timeFloor());

/** A wall clock outside the config's life is wrong: the time when the config was signed is nearer to the truth. */
const keyChoiceTime = (best: number, { config }: TrustedConfig): number =>
  config.issuedAtMs <= best && best < config.expiresAtMs ? best : config.issuedAtMs;

const resumeTicketFor = async ({ context }: HandshakeParts, deviceId: string | null, now: number) => {
  const resume = await context.ports.storage.read('resume');
  return resume !== undefined && resume.deviceId === deviceId && resume.expiresAtMs > now ? resume.ticket : null;
};

/** Makes a hello; undefined when early data was wanted and there is no resume ticket. */
export const makeHello = async (
  parts: HandshakeParts,
  early: boolean,
  detour: Detour = {},
): Promise<PendingHello | undefined> => {
  const { crypto, suites } = parts.context.ports;
  const trusted = await parts.config.current();
  const identity = await parts.device.identity();
  const best = await bestTime(parts);
  const resumeTicket = detour.withoutResume === true ? null : await resumeTicketFor(parts, identity.deviceId, best);
  if (early && resumeTicket === null) return undefined;
  const input: HelloInput = {
    trusted,
    app: parts.context.options.app,
    deviceKey: identity.keyPair,
    suites,
    resumeTicket,
    early,
    freshness: detour.nonce === undefined ? { createdMs: epochMs(Math.floor(best)) } : { nonce: detour.nonce },
    now: epochMs(keyChoiceTime(best, trusted)),
  };
  const made = await createHello(crypto, input);
  if (!made.ok) throw refusedHandshake(made.code);
  return made.value;
};

const keepResume = async ({ context }: HandshakeParts, { core, tickets }: ClientSession): Promise<void> => {
  const { resumeTicket: ticket, resumeExpiresAtMs: expiresAtMs } = tickets;
  await context.ports.storage.update('resume', () => ({ ticket, expiresAtMs, deviceId: core.deviceId }));
};

/** Believes an answer and makes a session of it. */
export const finishSession = async (
  parts: HandshakeParts,
  pending: PendingHello,
  answer: string,
): Promise<Result<Session>> => {
  const { context, config } = parts;
  const readAt = context.ports.clock.monotonic();
  const finished = await finishHandshake(context.ports.crypto, pending, answer);
  if (!finished.ok) return finished;
  const { serverTimeMs } = finished.value.core;
  const since = context.ports.clock.monotonic() - readAt;
  const clock = new ServerClock(context.ports.clock, serverTimeMs + since);
  const isCurrent = await config.learnTime(serverTimeMs, pending.trusted);
  if (!isCurrent) return { ok: false, code: 'document.expired' };
  context.serverClock = clock;
  await keepResume(parts, finished.value);
  return { ok: true, value: new Session(finished.value, pending.trusted, clock) };
};

/** What to do about a refused hello; undefined when nothing helps. */
const detourFor = async (parts: HandshakeParts, problem: OuterProblem): Promise<Detour | undefined> => {
  switch (problem.code) {
    case 'nonce-required': {
      const { nonce } = problem.members;
      return typeof nonce === 'string' ? { nonce } : undefined;
    }
    case 'config-stale':
      await parts.config.refresh();
      return {};
    // Whatever ails the ticket ails it again at the next start, where it would ride on early data as well.
    case 'handshake-required':
    case 'malformed':
      await parts.context.ports.storage.remove('resume');
      return { withoutResume: true };
    case 'enrolment-required':
      await parts.device.enrol();
      return { withoutResume: true };
    case 'attestation-required':
      await parts.device.attest();
      return { withoutResume: true };
    // A network that delivers twice struck our own hello off: a new one is not a repetition.
    case 'replay':
      return {};
    default:
      return undefined;
  }
};

/** An answer that is not believed because the config is outdated costs one more fetch, any other refusal is final. */
const outdated: ReadonlySet<string> = new Set(['answer.status', 'document.expired']);

/** Opens a session. Each kind of detour is taken once. */
export const openSession = async (parts: HandshakeParts): Promise<Session> => {
  const taken = new Set<string>();
  let detour: Detour = {};
  for (;;) {
    const pending = await makeHello(parts, false, detour);
    if (pending === undefined) throw refusedHandshake('hello');
    const hello = { contentType: 'text/plain', text: pending.text };
    const answer = await callPlain(parts.context, endpoint.hello, hello);
    const finished = 'text' in answer ? await finishSession(parts, pending, answer.text.trim()) : undefined;
    if (finished?.ok === true) return finished.value;
    const code = 'problem' in answer ? answer.problem.code : (finished?.code ?? '');
    const traceId = 'problem' in answer ? answer.problem.traceId : undefined;
    if (taken.has(code)) throw refusedHandshake(code, traceId);
    taken.add(code);
    if (outdated.has(code)) await parts.config.refresh();
    const next = 'problem' in answer ? await detourFor(parts, answer.problem) : outdated.has(code) ? {} : undefined;
    if (next === undefined) throw refusedHandshake(code, traceId);
    detour = { ...detour, ...next };
  }
};
