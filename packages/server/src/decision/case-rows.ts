/** What the rows of alerts and cases hold. */

/** How weighty an alert is. */
export const alertSeverities = ['low', 'medium', 'high'] as const;
/** One of them. */
export type AlertSeverity = (typeof alertSeverities)[number];

/** What a rule does about what it raises, without asking again; at most `perDay` times in a day. */
export type AlertResponse =
  /** Puts the alert's entity on a list, for some days. */
  | { readonly action: 'list'; readonly list: string; readonly days: number; readonly perDay: number }
  /** Opens a case over the alert's decisions. */
  | { readonly action: 'case'; readonly perDay: number }
  /** Suspends the alert's device, for some days. */
  | { readonly action: 'suspend'; readonly days: number; readonly perDay: number };

/** One answer of a rule. */
export interface RuleAnswer {
  readonly member: string;
  readonly atMs: number;
  /** A device that is to come back, as of the generation that its suspension leads to. */
  readonly device?: { readonly id: string; readonly generation: number };
}

/** Exactly what a rule says, and what two people agree on where it answers by itself. */
export interface AlertRuleContent {
  readonly name: string;
  readonly severity: AlertSeverity;
  readonly scene: string | null;
  readonly decisionReason: string | null;
  readonly outcome: string | null;
  /** Kind of entity whose decisions are counted together; null for all together. */
  readonly group: string | null;
  readonly threshold: number;
  readonly windowMinutes: number;
  readonly expiresAtMs: number;
  readonly response: AlertResponse | null;
  readonly reason: string;
}

/** A rule in force or ended. */
export interface KeptAlertRule extends AlertRuleContent {
  readonly id: string;
  /** Hash of everything that decides what it does. */
  readonly hash: string;
  readonly approvedBy: string;
  readonly state: 'active' | 'ended';
  /** What it answered lately, newest last. */
  readonly answers: readonly RuleAnswer[];
}

/** Where an alert stands. */
export const alertStates = ['open', 'acknowledged', 'closed'] as const;
/** One of them. */
export type AlertState = (typeof alertStates)[number];

/** An alert. */
export interface KeptAlert {
  readonly id: string;
  readonly rule: string;
  readonly name: string;
  readonly severity: AlertSeverity;
  /** The entity; empty where all are counted together. */
  readonly entity: string;
  readonly state: AlertState;
  /** Matching decisions since it was raised. */
  readonly count: number;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
  /** Newest ones, at most 10. */
  readonly decisions: readonly string[];
  /** What its rule did. */
  readonly answered: string | null;
  readonly changedBy: string;
  readonly note: string | null;
}

/** What a case came to. */
export const caseOutcomes = ['fraud', 'honest', 'unclear'] as const;
/** One of them. */
export type CaseOutcome = (typeof caseOutcomes)[number];

/** A case. */
export interface KeptCase {
  readonly id: string;
  readonly title: string;
  readonly state: 'open' | 'closed';
  readonly owner: string | null;
  readonly alert: string | null;
  readonly decisions: readonly string[];
  readonly entities: readonly string[];
  readonly notes: readonly { readonly by: string; readonly atMs: number; readonly text: string }[];
  readonly outcome: CaseOutcome | null;
  readonly openedBy: string;
  readonly openedAtMs: number;
  readonly changedAtMs: number;
}
