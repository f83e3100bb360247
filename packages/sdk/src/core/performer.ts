/** A call from its first attempt to the reply or the error that it ends with. Here stand the rules of repetition. */
import { header } from '@hauberk/channel/client';
import { type Call, isSafeMethod } from './call.ts';
import type { CoreContext } from './core-context.ts';
import { pause, unlessAborted } from './deadline.ts';
import type { DeviceKeeper } from './device-keeper.ts';
import { AttemptFailure, type OpenedReply, openRaw, protectCall, sendCall } from './exchange.ts';
import { HauberkError } from './hauberk-error.ts';
import { hedged } from './hedge.ts';
import type { OuterProblem } from './outer-problem.ts';
import type { Session } from './session.ts';
import type { SessionKeeper } from './session-keeper.ts';
import { answerStepUp, isAnswerable } from './step-up.ts';

/** Base of the waiting time between attempts, in milliseconds; it doubles. */
const backoffMs = 100;
/** Largest body, in bytes, whose reply is waited for no longer than replies usually take. */
const quickBodyBytes = 65_536;
/** No reply is late enough for a second try before this, in milliseconds: on a fast network a repetition costs more than the wait. */
const leastHedgeMs = 50;

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

/** Unbound problems that the gateway answers before it looks at a request any closer. */
const shed: ReadonlySet<string> = new Set(['overloaded', 'limited']);
/** Longest `Retry-After` that a caller is kept waiting for, in seconds. Anybody may have written it. */
const mostRetryAfter = 5;

/** One call on its way. */
class Performance {
  readonly #parts: PerformerParts;
  readonly #call: Call;
  #failures = 0;
  /** Whether an attempt may have reached the service: a later one that did not says nothing of it. */
  #mayHaveRun = false;
  #mended = new Set<string>();
  #stepUp: string | undefined;
  constructor(parts: PerformerParts, call: Call) {
    this.#parts = parts;
    this.#call = call;
  }

  async run(): Promise<OpenedReply> {
    try {
      return await this.#run();
    } catch (error) {
      if (!(error instanceof HauberkError) || error.execution === 'unknown' || !this.#mayHaveRun) throw error;
      const { code, phase, detail, traceId } = error;
      throw new HauberkError(code, {
        phase,
        execution: 'unknown',
        ...(detail === undefined ? {} : { detail }),
        traceId,
        cause: error,
      });
    }
  }

  async #run(): Promise<OpenedReply> {
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
    // A proxy that only asks has no answer to a hello: the handshake goes to the gateway first.
    const isBound = this.#call.route.replies === 'bound';
    const isEarly = context.options.early !== false && this.#call.journey === undefined && isBound;
    return isEarly ? sessions.tryEarly(this.#call) : undefined;
  }

  /** One attempt in the session; undefined when it failed and may be repeated. */
  async #attempt(session: Session): Promise<OpenedReply | undefined> {
    try {
      return await this.#watch(() => this.#exchange(session));
    } catch (failure) {
      if (!(failure instanceof AttemptFailure)) throw failure;
      await this.#afterFailure(session, failure);
      return undefined;
    }
  }

  /** An exchange may have reached the service until its outcome says that it did not. */
  async #watch(exchange: () => Promise<OpenedReply>): Promise<OpenedReply> {
    const before = this.#mayHaveRun;
    this.#note(true);
    try {
      const reply = await exchange();
      if (reply.problem?.execution === 'none') this.#note(before);
      return reply;
    } catch (failure) {
      if (failure instanceof AttemptFailure && failure.error.execution === 'none') this.#note(before);
      throw failure;
    }
  }

  #note(mayHaveRun: boolean): void {
    this.#mayHaveRun = mayHaveRun;
    if (this.#call.journey !== undefined) this.#call.journey.mayHaveRun = mayHaveRun;
  }

  #exchange(session: Session): Promise<OpenedReply> {
    const { context } = this.#parts;
    const { endpoints, budget, options } = context;
    const call = this.#call;
    const origin = endpoints.current();
    const slowMs = endpoints.slowMs(origin);
    const mayHedge = options.hedge !== false && call.stream === undefined && isSafeMethod(call.target.method);
    if (!mayHedge || slowMs === undefined) return this.#send(session, call, origin);
    return hedged(
      Math.max(leastHedgeMs, slowMs),
      call.signal,
      () => budget.take(),
      (signal, isSecond) => this.#send(session, { ...call, signal }, isSecond ? endpoints.beside(origin) : origin),
    );
  }

  /** How long this attempt may take: as long as such a call ever may, unless losing it costs nothing but another attempt. */
  #limitMs(origin: string): number {
    const { timeoutMs, minTimeoutMs, attempts, endpoints } = this.#parts.context;
    const { journey, body, stream, isRepeatable, target } = this.#call;
    const isLast = journey === undefined && this.#failures >= attempts - 1;
    // A key makes a repetition harmless, but while the first one still runs its reply is only `conflict`: the journal waits, callers cannot.
    const mayBeCutShort = isSafeMethod(target.method) || (journey !== undefined && isRepeatable);
    if (isLast || !mayBeCutShort || stream !== undefined || body.length > quickBodyBytes) return timeoutMs;
    return endpoints.patienceMs(origin, minTimeoutMs, timeoutMs, (journey?.tries ?? 0) + this.#failures);
  }

  async #send(session: Session, call: Call, origin: string): Promise<OpenedReply> {
    const { context } = this.#parts;
    const { keys } = session.client;
    const extra = this.#stepUp === undefined ? {} : { [header.stepUp]: this.#stepUp };
    const slot = await session.takeSlot();
    try {
      call.signal?.throwIfAborted();
      const outgoing = await protectCall(context, keys, call, extra, slot);
      const ticket = { [header.ticket]: session.client.tickets.ticket };
      for (;;) {
        const raw = await sendCall(context, call, outgoing, ticket, { origin, limitMs: this.#limitMs(origin) });
        context.budget.succeed();
        try {
          return await openRaw(context, keys, call, outgoing.sent, raw);
        } catch (failure) {
          await this.#afterShedding(failure, call, raw.reply.headers['retry-after']);
        }
      }
    } finally {
      slot.settle();
    }
  }

  /**
   * Waits before the very same bytes go out again, or throws. A refusal that claims to have come before the sequence number was claimed needs
   * no belief: if it did, they are executed once; if somebody forged it behind an execution, they are refused as a replay.
   */
  async #afterShedding(failure: unknown, call: Call, retryAfter: string | undefined): Promise<void> {
    const { context } = this.#parts;
    const isShed = failure instanceof AttemptFailure && shed.has(failure.problem?.code ?? '');
    if (!isShed || call.stream !== undefined || this.#failures >= context.attempts - 1 || !context.budget.take())
      throw failure;
    this.#failures += 1;
    const [draw = 0] = context.ports.crypto.random(1);
    const seconds = Math.min(mostRetryAfter, Math.max(0, Number(retryAfter ?? 1) || 0));
    await pause((seconds * 1000 + backoffMs * 2 ** this.#failures) * (1 + draw / 510), call.signal);
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
    // The journal repeats on its own, over minutes; nobody else may repeat more than the budget allows.
    if (this.#call.journey !== undefined || this.#failures >= context.attempts || !context.budget.take()) throw error;
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
      // A route asks for hardware: what this phone has may have been lost, or never shown.
      case 'attestation-required':
        if (context.options.device === undefined) return false;
        await this.#parts.device.attest();
        sessions.discard(session);
        return true;
      case 'step-up-required':
        if (this.#call.journey?.isAttended === false || !isAnswerable(context, this.#call, problem)) return false;
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
