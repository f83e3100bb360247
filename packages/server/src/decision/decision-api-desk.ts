/**
 * Decisions for those who ask over HTTP: events and labels in, decisions out. Each event is decided once: whoever asks again by the same id is told what was
 * decided then. What is answered is on the disk first.
 */
import {
  type Decision,
  type DecisionContext,
  type Engine,
  type RiskEvent,
  type RiskLabel,
  readRiskEvent,
  readRiskLabel,
  sceneOf,
} from '@hauberk/decision';
import type { EpochMs } from '@hauberk/primitives';
import type { Outbox, OutboxEntry } from '../storage/outbox.ts';
import { type Scope, scopeKey } from '../storage/scope.ts';
import { canonicalId } from './canonical-id.ts';
import {
  type ApiEventFault,
  conflict,
  contentOf,
  type DeclaredScenes,
  isLikeIndexed,
  undeclared,
} from './decision-api-checks.ts';
import type { SignalsOf } from './decision-context.ts';
import { labelKind, labelPayload, readRecordPayload, recordKind, recordPayload } from './record-entry.ts';
import type { DecisionStore, IndexedDecision } from './record-rows.ts';
import { entitiesOf } from './record-stream.ts';

/** What the desk stands on; one for each thread. */
export interface ApiDeskParts {
  /** The engine of an app; undefined while nothing decides there. */
  readonly engineOf: (app: string) => Engine | undefined;
  readonly signalsOf: SignalsOf;
  readonly store: Pick<DecisionStore, 'find'>;
  /** Where the records are: what the amount of an earlier event was. */
  readonly outbox: Pick<Outbox, 'readAfter'>;
  /** What events may be of. */
  readonly declared: DeclaredScenes;
  /** Keeps entries; answers why it cannot. */
  readonly keep: (entries: readonly OutboxEntry[]) => Promise<string | undefined>;
  /** Of scenes that the catalogue does not have. */
  readonly failMode: 'open' | 'closed';
  /** Longest judgement of one event, in milliseconds. */
  readonly deadlineMs: number;
  /** Boot number of the state folder. */
  readonly run: number;
  readonly now: () => EpochMs;
  /** Milliseconds that only go forward. */
  readonly monotonic: () => number;
  readonly onFault: (error: unknown) => void;
}

/** Why a decision was not reached in the usual way; the outcome is that of the fail mode then. */
export type ApiFault = 'decision.no-policy' | 'decision.late' | 'decision.fault' | 'decision.table-full';

/** What is answered of one event. */
export interface ApiDecision {
  readonly id: string;
  readonly eventId: string;
  readonly outcome: string;
  readonly points: number;
  readonly reasons: readonly string[];
  readonly obligations: readonly object[];
  readonly policy: { readonly id: string; readonly hash: string } | null;
  readonly score: number | null;
  /** Decided before: this is what was said then. */
  readonly isRepeat: boolean;
  readonly fault: ApiFault | null;
}

/** What is answered of a line that is no event or label, or an event that is not decided. */
export interface ApiRefusal {
  readonly line: number;
  readonly code: string;
  readonly detail: string | null;
  /** To what of the line is meant, where one thing is. */
  readonly pointer?: string;
}

/** What came of lines: an answer for each, and nothing when they could not be kept. */
export type ApiAnswers<Answer> =
  | { readonly ok: true; readonly answers: readonly (Answer | ApiRefusal)[] }
  | { readonly ok: false; readonly code: string };

/** Answers that are remembered for repeats that come before the index has them. */
const remembered = 4096;

/** What the fail mode of a scene makes of an event without a decision. */
const withoutDecision = (scene: string, failMode: 'open' | 'closed'): string =>
  sceneOf(scene)?.failMode ?? (failMode === 'open' ? 'observe' : 'deny');

interface Remembered {
  readonly answer: ApiDecision;
  /** Keyed hash of what the event told. */
  readonly content: string;
}

/** See the top of the file. */
export class DecisionApiDesk {
  readonly #parts: ApiDeskParts;
  readonly #answers = new Map<string, Remembered>();

  constructor(parts: ApiDeskParts) {
    this.#parts = parts;
  }

  /** Decides on events, one a line. */
  async decide(scope: Scope, lines: readonly string[]): Promise<ApiAnswers<ApiDecision>> {
    const entries: OutboxEntry[] = [];
    const answers: (ApiDecision | ApiRefusal)[] = [];
    for (const [index, line] of lines.entries()) {
      const read = readRiskEvent(line);
      if (!read.ok) answers.push({ line: index + 1, code: read.code, detail: read.detail ?? null });
      else {
        const answer = await this.#one(scope, read.value, entries);
        answers.push('code' in answer ? { line: index + 1, ...answer } : answer);
      }
    }
    const kept = await this.#parts.keep(entries);
    return kept === undefined ? { ok: true, answers } : { ok: false, code: kept };
  }

  async #one(scope: Scope, told: RiskEvent, entries: OutboxEntry[]): Promise<ApiDecision | ApiEventFault> {
    const fault = undeclared(told, this.#parts.declared);
    if (fault !== undefined) return fault;
    const event = { ...told, entities: spelled(told.entities) };
    const engine = this.#parts.engineOf(scope.app);
    if (engine === undefined) return this.#answerOf(event, undefined, 0);
    const name = `${scope.app}\n${engine.pseudonym('/event', event.id)}`;
    const content = engine.pseudonym('/content', contentOf(event));
    const held = this.#answers.get(name);
    if (held !== undefined && held.content !== content) return conflict;
    const began = this.#parts.monotonic();
    const decision = this.#decide(engine, event, told.entities['device']);
    const milliseconds = this.#parts.monotonic() - began;
    if (decision !== undefined) {
      // Repeats too: they are steps of the memory, and a rebuild takes every step.
      const payload = recordPayload(decision.record, this.#parts.run, event.amountMinor);
      entries.push({ scope, kind: recordKind, atMs: this.#parts.now(), payload });
    }
    if (decision?.isDuplicate === true) {
      if (held !== undefined) return { ...held.answer, isRepeat: true };
      const before = await this.#before(scope, decision, event, engine);
      if (before !== undefined) return before;
    }
    const answer = this.#answerOf(event, decision, milliseconds);
    // A repeat that nobody knows yet may not be what was decided first.
    if (decision?.isDuplicate === false) this.#remember(name, { answer, content });
    return answer;
  }

  #decide(engine: Engine, event: RiskEvent, device: string | undefined): Decision | undefined {
    const { signalsOf, now, onFault } = this.#parts;
    try {
      const context = device === undefined ? {} : contextOf(signalsOf(device, now()));
      return engine.decide(event, context);
    } catch (error) {
      onFault(error);
      return undefined;
    }
  }

  #answerOf(event: RiskEvent, decision: Decision | undefined, milliseconds: number): ApiDecision {
    const { deadlineMs, failMode } = this.#parts;
    const fault = faultOf(decision, milliseconds > deadlineMs);
    const fallback = withoutDecision(event.type, failMode);
    // What was reached too late counts when it is no milder than the fail mode.
    const isReached = decision?.policy !== undefined && (fault === null || fault === 'decision.table-full');
    return {
      id: decision?.id ?? '',
      eventId: event.id,
      outcome: isReached ? decision.outcome : fallback,
      points: decision?.points ?? 0,
      reasons: decision?.reasons ?? [],
      obligations: isReached ? decision.obligations : [],
      policy: decision?.policy === undefined ? null : { id: decision.policy.id, hash: decision.policy.hash },
      score: decision === undefined || Number.isNaN(decision.score) ? null : decision.score,
      isRepeat: decision?.isDuplicate ?? false,
      fault,
    };
  }

  /** What the index says of an event that was decided. */
  async #before(
    scope: Scope,
    { id, entities }: Decision,
    event: RiskEvent,
    engine: Engine,
  ): Promise<ApiDecision | ApiEventFault | undefined> {
    const indexed = await this.#parts.store.find(scope, id);
    if (indexed === undefined) return undefined;
    const named = entitiesOf({ entities }, engine.schema.kinds);
    if (!isLikeIndexed(event, named, indexed, await this.#amountOf(scope, indexed))) return conflict;
    return {
      id,
      eventId: event.id,
      outcome: indexed.outcome,
      points: indexed.points,
      reasons: indexed.reasons,
      obligations: [],
      policy: indexed.policy === '' ? null : { id: '', hash: indexed.policy },
      score: null,
      isRepeat: true,
      fault: null,
    };
  }

  /** The amount that was recorded: NaN for none, undefined when retention has dropped the record. */
  async #amountOf(scope: Scope, { position }: IndexedDecision): Promise<number | undefined> {
    const [entry] = await this.#parts.outbox.readAfter(position - 1, 1);
    const isThere = entry?.position === position && scopeKey(entry.scope) === scopeKey(scope);
    return isThere ? readRecordPayload(entry.payload).amountMinor : undefined;
  }

  #remember(name: string, said: Remembered): void {
    this.#answers.set(name, said);
    if (this.#answers.size <= remembered) return;
    const [oldest] = this.#answers.keys();
    if (oldest !== undefined) this.#answers.delete(oldest);
  }

  /** Takes labels, one a line. */
  async label(
    scope: Scope,
    lines: readonly string[],
    source: string,
  ): Promise<ApiAnswers<{ readonly eventId: string; readonly isKnown: boolean }>> {
    const engine = this.#parts.engineOf(scope.app);
    if (engine === undefined) return { ok: false, code: 'decision.no-engine' };
    const entries: OutboxEntry[] = [];
    const answers = lines.map((line, index) => {
      const read = readRiskLabel(line);
      if (!read.ok) return { line: index + 1, code: read.code, detail: read.detail ?? null };
      const { entry, isKnown } = this.#take(engine, scope, read.value, source);
      entries.push(entry);
      return { eventId: read.value.eventId, isKnown };
    });
    const kept = await this.#parts.keep(entries);
    return kept === undefined ? { ok: true, answers } : { ok: false, code: kept };
  }

  #take(
    engine: Engine,
    scope: Scope,
    label: RiskLabel,
    source: string,
  ): { readonly entry: OutboxEntry; readonly isKnown: boolean } {
    const { order, isKnown } = engine.label(label);
    const { fraud, knownAtMs } = label;
    const decision = engine.pseudonym('/event', label.eventId);
    const payload = labelPayload({ decision, fraud, knownAtMs, source, run: this.#parts.run, order });
    return { entry: { scope, kind: labelKind, atMs: this.#parts.now(), payload }, isKnown };
  }
}

/** What a device told of itself; nothing of a device that never told anything. */
const contextOf = ({ signals, score, band, reportedAtMs }: ReturnType<SignalsOf>): DecisionContext =>
  reportedAtMs === undefined && signals.length === 0
    ? {}
    : { signals, device: { band, ...(score === undefined ? {} : { score }) } };

const faultOf = (decision: Decision | undefined, isLate: boolean): ApiFault | null => {
  if (decision === undefined) return 'decision.fault';
  if (decision.policy === undefined) return 'decision.no-policy';
  if (isLate) return 'decision.late';
  return decision.entities.some(({ order }) => order < 0) ? 'decision.table-full' : null;
};

const spelled = (entities: RiskEvent['entities']): RiskEvent['entities'] => {
  const told: Record<string, string> = {};
  for (const kind in entities) told[kind] = canonicalId(entities[kind] ?? '');
  return told;
};
