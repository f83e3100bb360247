/** The privacy checks of an app, static and at run time, by the ids that reports use. */
import type { ClauseId } from './clauses.ts';

/** One check. */
export interface PrivacyCheck {
  readonly title: string;
  /** Seen in a package, in a running app, or in both. */
  readonly seen: 'static' | 'dynamic' | 'both';
  readonly clauses: readonly ClauseId[];
}

/** Ids of the checks. */
export const checkIds = [
  'P01',
  'P02',
  'P03',
  'P04',
  'P05',
  'P06',
  'P07',
  'P08',
  'P09',
  'P10',
  'P11',
  'P12',
  'P13',
] as const;
/** The id of a check. */
export type CheckId = (typeof checkIds)[number];

/** Every check by its id. */
export const privacyChecks: Readonly<Record<CheckId, PrivacyCheck>> = {
  P01: {
    title: 'more than the service needs',
    seen: 'both',
    clauses: ['gbt-41391:6.5', 'order-191:4.1', 'taf-078:1', 'masvs:PRIVACY-1'],
  },
  P02: {
    title: 'permissions asked without reason, all at once or again',
    seen: 'dynamic',
    clauses: ['miit-164:2.1', 'taf-078:4', 'masvs:PRIVACY-3'],
  },
  P03: {
    title: 'sensitive function before consent or after refusal',
    seen: 'both',
    clauses: ['order-191:3.1', 'order-191:3.2', 'miit-164:1.1', 'masvs:PRIVACY-4'],
  },
  P04: { title: 'too frequent', seen: 'dynamic', clauses: ['miit-164:1.2', 'gbt-35273:5.2', 'masvs:PRIVACY-1'] },
  P05: { title: 'in the background or in silence', seen: 'dynamic', clauses: ['miit-164:1.2', 'masvs:PRIVACY-1'] },
  P06: {
    title: 'ids that cannot be changed, or several at once',
    seen: 'both',
    clauses: ['gbt-41391:F', 'taf-077:5', 'masvs:PRIVACY-2'],
  },
  P07: {
    title: 'third-party code that the notice does not name',
    seen: 'both',
    clauses: ['order-191:2.1', 'gbt-41391:6.6', 'gdpr:13', 'masvs:PRIVACY-3'],
  },
  P08: {
    title: 'data to a destination that is not declared, or abroad',
    seen: 'dynamic',
    clauses: ['miit-164:1.3', 'order-191:5.1', 'pipl:38', 'masvs:PRIVACY-1'],
  },
  P09: { title: 'privacy manifest of Apple platforms incomplete', seen: 'static', clauses: ['masvs:PRIVACY-3'] },
  P10: { title: 'store label differs from what is collected', seen: 'static', clauses: ['masvs:PRIVACY-3'] },
  P11: {
    title: 'mini-program uses what it does not declare',
    seen: 'static',
    clauses: ['gbt-41391:6.4', 'masvs:PRIVACY-3'],
  },
  P12: {
    title: 'starts itself or is started in a chain',
    seen: 'both',
    clauses: ['miit-164:2.2', 'taf-078:10', 'masvs:PRIVACY-1'],
  },
  P13: {
    title: 'notice, withdrawal and erasure can be reached',
    seen: 'dynamic',
    clauses: ['gbt-35273:5.5', 'pipl:15', 'gdpr:7(3)', 'masvs:PRIVACY-4'],
  },
};
