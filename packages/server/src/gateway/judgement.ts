/** What a judgement says to the gateway, and the port behind which requests are judged. */
import type { ChallengeStep, Outcome } from '@hauberk/decision';
import type { DecisionRule } from '../decision/decision-rule.ts';
import type { Exchange } from './exchange.ts';
import type { Authorised } from './protect.ts';
import type { Reason } from './reasons.ts';

/** Why a request has no judgement in time; its route's fail mode decides then. */
export type DecisionFault =
  | 'decision.late'
  | 'decision.fault'
  | 'decision.no-policy'
  | 'decision.table-full'
  | 'decision.unreadable';

/** A judgement. */
export interface Judgement {
  /** Of the decision, to be asked about; empty when nothing was decided. */
  readonly id: string;
  /** What is done: of the policy, or of the fail mode. */
  readonly outcome: Outcome;
  /** Codes of the rules that fired, in their order. */
  readonly reasons: readonly string[];
  /** Why the fail mode decided; undefined when the policy did. */
  readonly fault: DecisionFault | undefined;
  /** Whether this very event was judged before: a retry, which is counted nowhere. */
  readonly isRepeat: boolean;
  /** The step that a challenge asks. */
  readonly step: ChallengeStep;
  /** How long `slow` holds the request back. */
  readonly slowMs: number;
  /** Name of the decoy that a trap answers. */
  readonly decoy: string;
}

/** Judges requests; one per worker thread. Nothing here waits. */
export interface RiskJudge {
  /** Judges a request of a verified device as the event of this id. Never throws: a fault is a judgement by the fail mode. */
  readonly judge: (exchange: Exchange, rule: DecisionRule, authorised: Authorised, eventId: string) => Judgement;
  /** Takes note of a request that was refused before it could be judged. */
  readonly refused: (exchange: Exchange, reason: Reason) => void;
  /** Takes note of somebody at a route that is a trap; the device is empty where nothing was verified. */
  readonly touched: (exchange: Exchange, deviceId: string) => void;
}

const factPrefix = 'hauberk-verified-';

/** What the upstream is told of a judgement: names and values in turn. Codes only, which need no escaping. */
export const judgementFacts = (judgement: Judgement | undefined): readonly string[] => {
  if (judgement === undefined) return [];
  const { id, outcome, reasons, fault } = judgement;
  const facts = [`${factPrefix}outcome`, outcome];
  if (id !== '') facts.push(`${factPrefix}decision`, id);
  if (reasons.length > 0) facts.push(`${factPrefix}reasons`, reasons.slice(0, 16).join(','));
  if (fault !== undefined) facts.push(`${factPrefix}decision-fault`, fault);
  return facts;
};
