/** The rules that an access can break, as data: what each is called, how grave it is, and which clauses it is evidence for. */
import type { CheckId } from './checks.ts';
import type { ClauseId } from './clauses.ts';

/** Every rule of accesses. */
export const exceptionKinds = [
  'over-scope',
  'over-frequency',
  'background',
  'before-consent',
  'after-refusal',
  'undeclared-sdk',
  'undeclared-destination',
  'many-identifiers',
] as const;
/** The name of a rule. */
export type ExceptionKind = (typeof exceptionKinds)[number];

/** How grave, least first. */
export const severities = ['low', 'medium', 'high', 'critical'] as const;
/** low, medium, high or critical. */
export type Severity = (typeof severities)[number];

/** One rule. `check` is the check of the inspection that it answers (docs/privacy.md). */
export interface ExceptionRule {
  readonly severity: Severity;
  readonly check: CheckId;
  readonly clauses: readonly ClauseId[];
}

/** Every rule by its name. */
export const exceptionRules: Readonly<Record<ExceptionKind, ExceptionRule>> = {
  'over-scope': {
    severity: 'high',
    check: 'P01',
    clauses: ['gbt-41391:6.1', 'order-191:4.1', 'taf-078:1', 'masvs:PRIVACY-1'],
  },
  'over-frequency': { severity: 'medium', check: 'P04', clauses: ['miit-164:1.2', 'gbt-35273:5.2', 'masvs:PRIVACY-1'] },
  background: { severity: 'high', check: 'P05', clauses: ['miit-164:1.2', 'masvs:PRIVACY-1'] },
  'before-consent': {
    severity: 'critical',
    check: 'P03',
    clauses: ['order-191:3.1', 'miit-164:1.1', 'gdpr:6', 'pipl:13'],
  },
  'after-refusal': { severity: 'critical', check: 'P03', clauses: ['order-191:3.2', 'gdpr:7(3)', 'pipl:15'] },
  'undeclared-sdk': { severity: 'high', check: 'P07', clauses: ['order-191:2.1', 'gbt-41391:6.6', 'gdpr:13'] },
  'undeclared-destination': { severity: 'high', check: 'P08', clauses: ['miit-164:1.3', 'order-191:5.1', 'pipl:23'] },
  'many-identifiers': { severity: 'high', check: 'P06', clauses: ['gbt-41391:F', 'taf-077:5', 'masvs:PRIVACY-2'] },
};

/** What a deployment sets. All windows are in milliseconds and hold `at - window < earlier ≤ at`. */
export interface ExceptionPolicy {
  /** More than `most` calls of one function by one chain within `window` are too frequent. */
  readonly frequency: { readonly window: number; readonly most: number };
  /** More than `most` different identifiers read by one owner within `window` are a fingerprint. */
  readonly identifiers: { readonly window: number; readonly most: number };
  /** SDKs that the notice names; the app itself is always declared. */
  readonly declaredSdks: ReadonlySet<string>;
  /** Hosts that data may go to. */
  readonly declaredHosts: ReadonlySet<string>;
  /** Functions that may run in the background, as `web:...` ids. */
  readonly backgroundApis: ReadonlySet<string>;
  /** Pairs of function and chain, and owners, that are watched at once; the one unused longest is forgotten. */
  readonly maxWatched: number;
}

/** Most calls, or identifiers, that a window may allow; a larger `most` counts as this. It bounds the memory of one watch. */
export const maxWindowCount = 1000;
