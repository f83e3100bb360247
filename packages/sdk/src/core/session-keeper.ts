/** The one session of this JavaScript context: opened when first needed, replaced when it ends, never shared. */
import { earlyClientKeys, header, type PendingHello } from '@hauberk/channel/client';
import { epochMs, toEpochSeconds } from '@hauberk/primitives';
import type { Call } from './call.ts';
import { pause } from './deadline.ts';
import {
  AttemptFailure,
  type OpenedReply,
  openRaw,
  protectCall,
  type RawReply,
  receive,
  sendCall,
} from './exchange.ts';
import { bestTime, finishSession, type HandshakeParts, makeHello, openSession } from './handshake.ts';
import { HauberkError } from './hauberk-error.ts';
import type { Session } from './session.ts';

/** New sessions that a device may open in a minute because a gateway did not know the last one. */
const recoveriesPerMinute = 3;
const minuteMs = 60_000;
/** Most milliseconds that a recovery waits: a restarted gateway must not be asked by all its devices at once. */
const jitterMs = 500;

/** How long other calls wait for an early request's reply before they open a session of their own, in milliseconds. */
const earlyPatienceMs = 1500;

/** What became of an early request: the session that its hello opened, and the reply, when each is there. */
interface EarlyOutcome {
  readonly session?: Session;
  readonly reply?: OpenedReply;
}

/** Keeps the session. */
export class SessionKeeper {
  readonly #parts: HandshakeParts;
  readonly #onChange: () => void;
  #session: Session | undefined;
  #opening: Promise<Session> | undefined;
  constructor(parts: HandshakeParts, onChange: () => void) {
    this.#parts = parts;
    this.#onChange = onChange;
  }

  /** The session that takes requests now, if there is one. */
  get usable(): Session | undefined {
    return this.#session?.isUsable() === true ? this.#session : undefined;
  }

  /** Whether a handshake is under way. */
  get isOpening(): boolean {
    return this.#opening !== undefined;
  }

  /** A usable session; all who ask while one is being opened share it. */
  async acquire(): Promise<Session> {
    return this.usable ?? (await (this.#opening ?? this.#begin(openSession(this.#parts))));
  }

  /** Leaves a session that ended. One that was left already stays left. */
  discard(session: Session | undefined): void {
    if (session === undefined || this.#session !== session) return;
    this.#session = undefined;
    this.#onChange();
  }

  /** Leaves the session whatever its state, and the one that is being opened. */
  async end(): Promise<void> {
    await this.#opening?.catch(() => undefined);
    this.discard(this.#session);
  }

  /** Leaves a session that a gateway did not know, within the device's budget: no load balancer can send it round in circles. */
  async recover(session: Session | undefined, signal: AbortSignal | undefined): Promise<void> {
    this.discard(session);
    const { storage, clock, crypto } = this.#parts.context.ports;
    const now = clock.wall();
    let isOver = false;
    await storage.update('recoveries', (held = []) => {
      const recent = held.filter((at) => at <= now && now - at < minuteMs);
      isOver = recent.length >= recoveriesPerMinute;
      return isOver ? recent : [...recent, now];
    });
    if (isOver) throw new HauberkError('no-affinity', { phase: 'verify', execution: 'unknown' });
    const [draw = 0] = crypto.random(1);
    await pause((draw / 255) * jitterMs, signal);
  }

  /** Sends a repeatable call along with the resuming hello (0-RTT). Undefined: send it in a session. */
  async tryEarly(call: Call): Promise<{ readonly session: Session; readonly reply: OpenedReply } | undefined> {
    if (this.usable !== undefined || this.isOpening || !call.isRepeatable) return undefined;
    const early = this.#early(call);
    this.#begin(this.#sessionOf(early)).catch(() => undefined);
    const { session, reply } = await early;
    return session === undefined || reply === undefined ? undefined : { session, reply };
  }

  /** Whoever asks meanwhile waits for the session of the early hello; opened anew when it brings none, or not soon. */
  #sessionOf(early: Promise<EarlyOutcome>): Promise<Session> {
    return new Promise((resolve) => {
      let isDecided = false;
      const decide = (session: Session | undefined): void => {
        clearTimeout(timer);
        if (!isDecided) resolve(session ?? openSession(this.#parts));
        isDecided = true;
      };
      const timer = setTimeout(() => decide(undefined), earlyPatienceMs);
      early.then(
        ({ session }) => decide(session),
        () => decide(undefined),
      );
    });
  }

  #begin(work: Promise<Session>): Promise<Session> {
    const opening = work
      .then((session) => {
        this.#session = session;
        return session;
      })
      .finally(() => {
        this.#opening = undefined;
        this.#onChange();
      });
    this.#opening = opening;
    return opening;
  }

  async #early(call: Call): Promise<EarlyOutcome> {
    const pending = await makeHello(this.#parts, true);
    if (pending === undefined) return {};
    try {
      return await this.#sendEarly(call, pending);
    } catch (error) {
      // The call is repeatable, so whatever happened it is sent once more, in a session.
      if (error instanceof AttemptFailure) return {};
      throw error;
    }
  }

  async #sendEarly(call: Call, pending: PendingHello): Promise<EarlyOutcome> {
    const { context } = this.#parts;
    const { crypto } = context.ports;
    const keys = await earlyClientKeys(crypto, pending);
    const slot = { sequence: 0, created: toEpochSeconds(epochMs(await bestTime(this.#parts))) };
    const outgoing = await protectCall(context, keys, call, {}, slot);
    const raw = await sendCall(context, call, outgoing, { [header.hello]: pending.text });
    const answer = raw.reply.headers[header.answer];
    const finished = answer === undefined ? undefined : await finishSession(this.#parts, pending, answer);
    if (finished?.ok !== true) return this.#drop(raw, call);
    const session = finished.value;
    // Refused, and authenticated as such: nothing was forwarded.
    if (session.client.core.early !== 'accepted') return this.#drop(raw, call, session);
    try {
      return { session, reply: await openRaw(context, session.client.keys, call, outgoing.sent, raw) };
    } catch (error) {
      if (error instanceof AttemptFailure) return { session };
      throw error;
    }
  }

  async #drop(raw: RawReply, call: Call, session?: Session): Promise<EarlyOutcome> {
    await receive(raw, call.signal);
    return session === undefined ? {} : { session };
  }
}
