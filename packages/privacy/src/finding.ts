/** Findings: exceptions of one kind, function and chain, counted together, and what people decided about them. */
import { accept, type EpochMs, type Result, refuse } from '@hauberk/primitives';
import type { ClauseId } from './clauses.ts';
import { type ExceptionKind, exceptionRules, type Severity } from './exception-rules.ts';
import type { PrivacyAccess } from './exceptions.ts';

/** Where a finding stands. `stopped`: the chain is switched off on devices; `fixed`: a release is said to be without it. */
export const findingStates = ['open', 'accepted', 'stopped', 'fixed'] as const;
/** open, accepted, stopped or fixed. */
export type FindingState = (typeof findingStates)[number];

/** One finding. */
export interface Finding {
  readonly kind: ExceptionKind;
  readonly api: string;
  readonly chain: string;
  readonly owner: string;
  readonly severity: Severity;
  readonly clauses: readonly ClauseId[];
  readonly state: FindingState;
  readonly count: number;
  readonly firstAt: EpochMs;
  readonly lastAt: EpochMs;
  /** The first accesses that broke the rule; at most `maxEvidence`. */
  readonly evidence: readonly PrivacyAccess[];
  /** Only while accepted: why, by whom, until when. */
  readonly acceptance?: Acceptance;
}

/** Why a finding is lived with, and until when. */
export interface Acceptance {
  readonly reason: string;
  readonly by: string;
  readonly until: EpochMs;
}

/** Accesses that a finding keeps. */
export const maxEvidence = 8;
/** Longest reason of an acceptance, in characters. */
export const maxAcceptanceReason = 1000;

/** What happens to a finding. */
export type FindingEvent =
  /** `count` calls, the last of which is the access; 1 when absent. */
  | { readonly type: 'seen'; readonly access: PrivacyAccess; readonly count?: number }
  | { readonly type: 'accept'; readonly acceptance: Acceptance; readonly at: EpochMs }
  | { readonly type: 'stop' }
  | { readonly type: 'resume' }
  | { readonly type: 'fix' }
  | { readonly type: 'tick'; readonly at: EpochMs };

/** Why an event is refused. */
export type FindingCode = 'finding.wrong-state' | 'finding.no-reason' | 'finding.expiry' | 'finding.foreign';

/** Opens a finding from the first access that broke the rule. */
export const openFinding = (kind: ExceptionKind, access: PrivacyAccess, count = 1): Finding => ({
  kind,
  api: access.api,
  chain: access.chain,
  owner: access.owner,
  severity: exceptionRules[kind].severity,
  clauses: exceptionRules[kind].clauses,
  state: 'open',
  count,
  firstAt: access.at,
  lastAt: access.at,
  evidence: [access],
});

const inState = (finding: Finding, state: Exclude<FindingState, 'accepted'>): Finding => {
  const { acceptance: _, ...rest } = finding;
  return { ...rest, state };
};

const expire = (finding: Finding, at: EpochMs): Finding =>
  finding.acceptance !== undefined && at >= finding.acceptance.until ? inState(finding, 'open') : finding;

const seen = (finding: Finding, access: PrivacyAccess, count: number): Result<Finding, FindingCode> => {
  if (access.api !== finding.api || access.chain !== finding.chain) return refuse('finding.foreign');
  // What is seen again was not fixed. A stopped chain stays stopped: devices that were offline still report.
  const after = finding.state === 'fixed' ? inState(finding, 'open') : expire(finding, access.at);
  const evidence = after.evidence.length < maxEvidence ? [...after.evidence, access] : after.evidence;
  const lastAt = access.at > after.lastAt ? access.at : after.lastAt;
  const firstAt = access.at < after.firstAt ? access.at : after.firstAt;
  return accept({ ...after, count: after.count + count, firstAt, lastAt, evidence });
};

const acceptFinding = (finding: Finding, acceptance: Acceptance, at: EpochMs): Result<Finding, FindingCode> => {
  if (finding.state !== 'open') return refuse('finding.wrong-state');
  const { reason, by, until } = acceptance;
  if (reason.trim() === '' || reason.length > maxAcceptanceReason || by === '') return refuse('finding.no-reason');
  // Written so that an instant that is no number is refused too.
  return until > at ? accept({ ...finding, state: 'accepted', acceptance }) : refuse('finding.expiry');
};

/** The finding after an event. */
export const nextFinding = (finding: Finding, event: FindingEvent): Result<Finding, FindingCode> => {
  const to = (from: readonly FindingState[], state: 'open' | 'stopped' | 'fixed'): Result<Finding, FindingCode> =>
    from.includes(finding.state) ? accept(inState(finding, state)) : refuse('finding.wrong-state');
  switch (event.type) {
    case 'seen':
      return seen(finding, event.access, event.count ?? 1);
    case 'accept':
      return acceptFinding(finding, event.acceptance, event.at);
    case 'stop':
      return to(['open', 'accepted'], 'stopped');
    case 'resume':
      return to(['stopped'], 'open');
    case 'fix':
      return to(['open', 'accepted', 'stopped'], 'fixed');
    case 'tick':
      return accept(expire(finding, event.at));
  }
};
