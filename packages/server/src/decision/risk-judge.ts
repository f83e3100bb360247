/**
 * Judges the requests of one worker thread. Everything is memory: the engine's profiles, the signals in force, the marks of traps. What must be kept is handed
 * over and written behind the request.
 */
import type { Decision, Engine, Obligation, Outcome } from '@hauberk/decision';
import { type EpochMs, type EpochSeconds, toEpochSeconds, utf8 } from '@hauberk/primitives';
import type { AuditRecord } from '../audit/audit-log.ts';
import { networkOf } from '../gateway/address-network.ts';
import type { Exchange } from '../gateway/exchange.ts';
import type { DecisionFault, Judgement, RiskJudge } from '../gateway/judgement.ts';
import type { Authorised } from '../gateway/protect.ts';
import type { OutboxEntry } from '../storage/outbox.ts';
import type { Scope } from '../storage/scope.ts';
import { canonicalId } from './canonical-id.ts';
import { type ContextParts, refusedResult, verifiedContext } from './decision-context.ts';
import type { DecisionFigures } from './decision-figures.ts';
import type { DecisionRule } from './decision-rule.ts';
import { readSubject, type Subject } from './read-subject.ts';
import { labelKind, labelPayload, recordKind, recordPayload } from './record-entry.ts';
import { addressMark, deviceMark, type MarkKind } from './trap-marks.ts';

/** Kinds of entries in the outbox. */
export const outboxKind: Readonly<Record<'record' | 'label' | 'touch', string>> = {
  record: recordKind,
  label: labelKind,
  touch: 'decision.touch',
};

/** What judging stands on. */
export interface RiskJudgeParts extends ContextParts {
  /** The engine of an app; undefined before its first snapshot. */
  readonly engineOf: (app: string) => Engine | undefined;
  /** Whether a value is one that only a thief can have. */
  readonly isCanary: (kind: string, value: string) => boolean;
  /** Hands an entry to the outbox; never waits. */
  readonly keep: (entry: OutboxEntry) => void;
  /** Writes to the audit record behind the request. */
  readonly audit: (scope: Scope, record: AuditRecord) => void;
  readonly figures: DecisionFigures;
  readonly markSeconds: number;
  /** The app of requests that nobody vouches for. */
  readonly app: string;
  readonly now: () => EpochMs;
  /** Milliseconds that only go forward. */
  readonly monotonic: () => number;
  readonly random: () => string;
  /** Boot number of the state folder. */
  readonly run: number;
  readonly onFault: (error: unknown) => void;
}

/** Refused requests that wait to be looked at; more are only counted. */
const mostWaiting = 256;

const slowOf = (obligations: readonly Obligation[]): number =>
  obligations.reduce((most, each) => (each.kind === 'slow' ? Math.max(most, each.ms) : most), 0);

const stepOf = (obligations: readonly Obligation[]): Judgement['step'] =>
  obligations.find((each) => each.kind === 'challenge')?.step ?? 'device-key';

const decoyOf = (obligations: readonly Obligation[]): string =>
  obligations.find((each) => each.kind === 'trap')?.decoy ?? '';

/** Outcomes that let a request pass as it came. */
const isMild = (outcome: Outcome): boolean => outcome === 'allow' || outcome === 'observe';

/** Short-lived, or many people's: a request can be judged without their profiles. */
const passingKinds: ReadonlySet<string> = new Set(['session', 'address']);

/** Whether a lasting entity of the request has no profile: the table is full, or whoever brings it brought too many this hour. */
const isUnprofiled = ({ entities }: Decision, { schema }: Engine): boolean =>
  entities.some(({ kind, order }) => order < 0 && !passingKinds.has(schema.kinds[kind] ?? ''));

/** What the fail mode makes of a request. A verdict that was reached all the same is never made milder by it. */
const withoutJudgement = (
  { failMode }: DecisionRule,
  fault: DecisionFault,
  reached: Decision | undefined,
): Pick<Judgement, 'outcome' | 'fault'> => {
  if (failMode === 'closed') {
    // Judged, but without what was done before: whoever is genuine can show it, and a flood of new ids locks nobody out.
    const isWeak = reached !== undefined && (isMild(reached.outcome) || reached.outcome === 'slow');
    if (fault === 'decision.table-full' && reached !== undefined)
      return { outcome: isWeak ? 'challenge' : reached.outcome, fault };
    return { outcome: 'deny', fault };
  }
  return { outcome: reached === undefined || isMild(reached.outcome) ? 'observe' : reached.outcome, fault };
};

const judgementOf = (decision: Decision | undefined, verdict: Pick<Judgement, 'outcome' | 'fault'>): Judgement => {
  const obligations = decision?.obligations ?? [];
  return {
    ...verdict,
    id: decision?.id ?? '',
    reasons: decision?.reasons ?? [],
    isRepeat: decision?.isDuplicate ?? false,
    step: stepOf(obligations),
    slowMs: slowOf(obligations),
    decoy: decoyOf(obligations),
  };
};

/** See the top of the file. */
export class RequestJudge implements RiskJudge {
  readonly #parts: RiskJudgeParts;
  #waiting: (() => void)[] = [];

  constructor(parts: RiskJudgeParts) {
    this.#parts = parts;
  }

  readonly judge = (exchange: Exchange, rule: DecisionRule, authorised: Authorised, eventId: string): Judgement => {
    const { monotonic, figures } = this.#parts;
    const startedAt = monotonic();
    const judged = this.#judge(exchange, rule, authorised, eventId);
    const milliseconds = monotonic() - startedAt;
    const { decision } = judged;
    const isLate = judged.fault === undefined && milliseconds > rule.deadline;
    const fault = isLate ? 'decision.late' : judged.fault;
    const verdict =
      fault === undefined && decision !== undefined
        ? { outcome: decision.outcome, fault }
        : withoutJudgement(rule, fault ?? 'decision.fault', decision);
    figures.judged(exchange.route, verdict.outcome, fault, milliseconds);
    return judgementOf(decision, verdict);
  };

  #judge(
    exchange: Exchange,
    rule: DecisionRule,
    authorised: Authorised,
    eventId: string,
  ): { readonly decision?: Decision; readonly fault: DecisionFault | undefined } {
    const { engineOf, now, onFault } = this.#parts;
    const { request } = authorised;
    try {
      const engine = engineOf(request.facts.app);
      if (engine === undefined) return { fault: 'decision.no-policy' };
      const subject = readSubject(rule, exchange.route, request);
      if (!subject.ok) return { fault: subject.code };
      const at = now();
      const touched = this.#touchedBy(subject.value);
      if (touched !== undefined) this.#mark(exchange, request.facts.deviceId, touched, at);
      const decision = this.#decide(engine, rule, authorised, subject.value, eventId, exchange.head.address, at);
      if (touched !== undefined) this.#label(engine, eventId, request.facts, at);
      if (decision.outcome === 'trap') this.#mark(exchange, request.facts.deviceId, 'trap', at);
      if (decision.policy === undefined) return { decision, fault: 'decision.no-policy' };
      return { decision, fault: isUnprofiled(decision, engine) ? 'decision.table-full' : undefined };
    } catch (error) {
      onFault(error);
      return { fault: 'decision.fault' };
    }
  }

  #decide(
    engine: Engine,
    rule: DecisionRule,
    authorised: Authorised,
    subject: Subject,
    eventId: string,
    address: string,
    at: EpochMs,
  ): Decision {
    const { request, login } = authorised;
    const { facts } = request;
    // Lists, reports and administrators spell ids canonically: a device is one device everywhere only when its decisions do, too.
    const account = login === undefined ? {} : { account: canonicalId(login.customer) };
    const event = {
      id: eventId,
      type: rule.scene,
      atMs: at,
      // What the channel knows stands last: no route can name a device by what a request says.
      entities: {
        ...subject.entities,
        ...account,
        device: canonicalId(facts.deviceId),
        session: canonicalId(facts.sessionId),
        address: networkOf(address),
      },
      amountMinor: subject.amountMinor,
      attributes: subject.facts,
    };
    const told = this.#parts.intelligence.signals(address, event.entities, at);
    const context = verifiedContext(this.#parts, request, authorised.bound?.state, told, at);
    const decision = engine.decide(event, context);
    this.#keepRecord(decision, facts, at, event.amountMinor);
    for (const shadow of decision.shadows) this.#parts.figures.shadowed(shadow.hash, shadow.outcome);
    return decision;
  }

  #keepRecord({ record }: Decision, { organisation, app }: Scope, atMs: EpochMs, amountMinor: number): void {
    if (record.length > 0)
      this.#parts.keep({
        scope: { organisation, app },
        kind: outboxKind.record,
        atMs,
        payload: recordPayload(record, this.#parts.run, amountMinor),
      });
  }

  #touchedBy({ hasHoney, entities, facts }: Subject): MarkKind | undefined {
    if (hasHoney) return 'honey';
    const { isCanary } = this.#parts;
    const isTouched =
      Object.entries(entities).some(([kind, id]) => isCanary(kind, id)) ||
      Object.entries(facts).some(([name, value]) => typeof value === 'string' && isCanary(name, value));
    return isTouched ? 'canary' : undefined;
  }

  /** Marks a device, or an address where no device is known, and tells of the first touch. */
  #mark(exchange: Exchange, deviceId: string, kind: MarkKind, at: EpochMs): void {
    const { marks, markSeconds, figures, audit, keep, app } = this.#parts;
    const seconds = toEpochSeconds(at);
    const network = networkOf(exchange.head.address);
    const name = deviceId === '' ? addressMark(network) : deviceMark(deviceId);
    const isFirst = marks.read(name, seconds) === undefined;
    marks.mark(name, kind, seconds, (seconds + markSeconds) as EpochSeconds);
    figures.touched(exchange.route, kind);
    if (!isFirst) return;
    const scope = { organisation: exchange.route.organisation, app };
    const facts = { trap: kind, route: exchange.route.id, request: exchange.id };
    const subject = deviceId === '' ? 'unknown device' : deviceId;
    audit(scope, { actor: 'gateway', action: 'trap.touched', subject, facts });
    keep({ scope, kind: outboxKind.touch, atMs: at, payload: utf8(JSON.stringify({ ...facts, device: deviceId })) });
  }

  /** Whoever sends what nobody honest has is fraud, and it is known now. */
  #label(engine: Engine, eventId: string, { organisation, app }: Scope, at: EpochMs): void {
    const { order } = engine.label({ eventId, fraud: true, knownAtMs: at });
    const decision = engine.pseudonym('/event', eventId);
    const { run } = this.#parts;
    const payload = labelPayload({ decision, fraud: true, knownAtMs: at, source: 'trap', run, order });
    this.#parts.keep({ scope: { organisation, app }, kind: outboxKind.label, atMs: at, payload });
  }

  readonly touched = (exchange: Exchange, deviceId: string): void => {
    try {
      this.#mark(exchange, deviceId, 'decoy', this.#parts.now());
    } catch (error) {
      this.#parts.onFault(error);
    }
  };

  readonly refused = (exchange: Exchange, reason: Parameters<RiskJudge['refused']>[1]): void => {
    const result = refusedResult(reason);
    const { decision } = exchange.route;
    if (result === undefined || decision === undefined) return;
    const { figures, now } = this.#parts;
    if (this.#waiting.length >= mostWaiting) {
      figures.refusedDropped();
      return;
    }
    const [at, network] = [now(), networkOf(exchange.head.address)];
    const scope = { organisation: exchange.route.organisation, app: this.#parts.app };
    if (this.#waiting.length === 0) setImmediate(() => this.#lookAt());
    this.#waiting.push(() => {
      const { engineOf, random } = this.#parts;
      // By its address alone: what names a device in it was not verified, or is a copy that a third party sent.
      const event = {
        id: random(),
        type: decision.scene,
        atMs: at,
        entities: { address: network },
        amountMinor: Number.NaN,
        attributes: {},
      };
      const decided = engineOf(scope.app)?.decide(event, { channel: { result } });
      if (decided !== undefined) this.#keepRecord(decided, scope, at, Number.NaN);
      figures.refused(exchange.route, result);
    });
  };

  #lookAt(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const look of waiting)
      try {
        look();
      } catch (error) {
        this.#parts.onFault(error);
      }
  }
}
