/** A call from its first attempt to the reply or the error that it ends with. Here stand the rules of repetition. */
import { header } from '@hauberk/channel/client';
import type { Call } from './call.ts';
import type { CoreContext } from './core-context.ts';
import { pause, unlessAborted } from './deadline.ts';
import type { DeviceKeeper } from './device-keeper.ts';
import { AttemptFailure, type OpenedReply, openRaw, protectCall, sendCall } from './exchange.ts';
import type { OuterProblem } from './outer-problem.ts';
import type { Session } from './session.ts';
import type { SessionKeeper } from './session-keeper.ts';
import { answerStepUp, isAnswerable } from './step-up.ts';

/** Base of the waiting time between attempts, in milliseconds; it doubles. */
const backoffMs = 100;

/** What a performer works with. */
export interface PerformerParts {
  readonly context: CoreContext;
  readonly device: DeviceKeeper;
  readonly sessions: SessionKeeper;
}

/** How a call goes on after a reply: with it, or with another attempt. */
type Next = 'done' | 'again';

/** Unbound problems that say that the session is not known: the next attempt needs a new one. */
const sessionLost: ReadonlySet<string> = new Set(['handshake-required', 'enrolment-required', 'config-stale']);

/** One call on its way. */
class Performance {
  readonly #parts: PerformerParts;
  readonly #call: Call;
  #failures = 0;
  #mended = new Set<string>();
  #stepUp: string | undefined;
  constructor(parts: PerformerParts, call: Call) {
    this.#parts = parts;
    this.#call = call;
  }

  async run(): Promise<OpenedReply> {
    const early = await this.#tryEarly();
    if (early !== undefined && (await this.#judge(early.session, early.reply)) === 'done') return early.reply;
    for (;;) {
      const session = await unlessAborted(this.#parts.sessions.acquire(), this.#call.signal);
      const reply = await this.#attempt(session);
      if (reply !== undefined && (await this.#judge(session, reply)) === 'done') return reply;
    }
  }

  #tryEarly() {
    const { context, sessions } = this.#parts;
    return context.options.early === false ? undefined : sessions.tryEarly(this.#call);
  }

  /** One attempt in the session; undefined when it failed and may be repeated. */
  async #attempt(session: Session): Promise<OpenedReply | undefined> {
    try {
      return await this.#exchange(session);
    } catch (failure) {
      if (!(failure instanceof AttemptFailure)) throw failure;
      await this.#afterFailure(session, failure);
      return undefined;
    }
  }

  async #exchange(session: Session): Promise<OpenedReply> {
    const { context } = this.#parts;
    const { keys } = session.client;
    const call = this.#call;
    const extra = this.#stepUp === undefined ? {} : { [header.stepUp]: this.#stepUp };
    const slot = await session.takeSlot();
    try {
      call.signal?.throwIfAborted();
      const outgoing = await protectCall(context, keys, call, extra, slot);
      const raw = await sendCall(context, call, outgoing, { [header.ticket]: session.client.tickets.ticket });
      return await openRaw(context.ports.crypto, keys, call, outgoing.sent, raw);
    } finally {
      slot.settle();
    }
  }

  /** Without a believed reply the service may have acted: only what does no harm twice, or never left, is sent again. */
  async #afterFailure(session: Session, { error, problem }: AttemptFailure): Promise<void> {
    const { sessions, context } = this.#parts;
    this.#failures += 1;
    const mayRepeat = this.#call.isRepeatable || (error.execution === 'none' && this.#call.stream === undefined);
    const isLost = problem !== undefined && sessionLost.has(problem.code);
    if (!mayRepeat) {
      // The next call, at least, finds a session that the gateway knows.
      if (isLost) sessions.discard(session);
      throw error;
    }
    if (isLost) return sessions.recover(session, this.#call.signal);
    if (this.#failures >= context.attempts) throw error;
    const [draw = 0] = context.ports.crypto.random(1);
    await pause(backoffMs * 2 ** this.#failures * (0.5 + draw / 510), this.#call.signal);
  }

  /** A bound problem that the client can mend costs one more attempt, each kind once; anything else is the caller's reply. */
  async #judge(session: Session, reply: OpenedReply): Promise<Next> {
    const { problem } = reply;
    if (problem === undefined) return 'done';
    if (this.#stepUp !== undefined && problem.code === 'forbidden') await this.#parts.device.dropStepUpKey();
    const isHarmless = problem.execution === 'none' && this.#call.stream === undefined;
    if (!isHarmless || this.#mended.has(problem.code)) return 'done';
    this.#mended.add(problem.code);
    return (await this.#mend(session, problem)) ? 'again' : 'done';
  }

  async #mend(session: Session, problem: OuterProblem): Promise<boolean> {
    const { context, sessions } = this.#parts;
    switch (problem.code) {
      // The monotonic clock stood still while the device slept.
      case 'clock': {
        const { serverTimeMs } = problem.members;
        if (typeof serverTimeMs === 'number') session.clock.correct(serverTimeMs);
        else sessions.discard(session);
        return true;
      }
      case 'handshake-required':
        sessions.discard(session);
        return true;
      case 'step-up-required':
        if (!isAnswerable(context, this.#call, problem)) return false;
        this.#stepUp = await answerStepUp(this.#stepUpParts(), session, this.#call, problem);
        return true;
      default:
        return false;
    }
  }

  #stepUpParts() {
    return { ...this.#parts, send: (call: Call) => perform(this.#parts, call) };
  }
}

/** Sends a call until it has a reply that can be believed. Throws `HauberkError`, or the caller's abort reason. */
export const perform = (parts: PerformerParts, call: Call): Promise<OpenedReply> => new Performance(parts, call).run();
