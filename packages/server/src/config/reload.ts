/** Which parts may change while the gateway runs: routes, run-time limits, cross-origin rules, revoked keys. Everything else needs a restart. */
import { isDeepStrictEqual } from 'node:util';
import type { Config, LimitsConfig } from './config.ts';
import type { PathIssue } from './config-issue.ts';

/** Limits that are read at each use; the others shape listeners and tables that exist. */
const liveLimits: ReadonlySet<keyof LimitsConfig> = new Set([
  'bodyCapBytes',
  'replyCapBytes',
  'bodyPaceBytesPerSecond',
  'enrolmentsPerSecond',
  'enrolmentBurst',
  'heldRequests',
  'slowMs',
  'decompressedBytes',
  'decompressionRatio',
  'drainMs',
]);

const changed = (path: readonly (string | number)[]): PathIssue => ({
  path,
  message: 'cannot change while the gateway runs',
  hint: 'restart the gateway, or take the change back',
});

const fixedMembers = (before: Config, after: Config): readonly PathIssue[] => {
  const names = Object.keys(before) as (keyof Config)[];
  return names
    .filter((name) => name !== 'services' && name !== 'limits' && name !== 'signedConfig' && name !== 'decision')
    .filter((name) => !isDeepStrictEqual(before[name], after[name]))
    .map((name) => changed([name]));
};

const fixedLimits = (before: Config, after: Config): readonly PathIssue[] =>
  (Object.keys(before.limits) as (keyof LimitsConfig)[])
    .filter((name) => !liveLimits.has(name) && before.limits[name] !== after.limits[name])
    .map((name) => changed(['limits', name]));

const fixedSignedConfig = (before: Config, after: Config): readonly PathIssue[] => {
  const fixed = ({ lifeDays, statusHours }: Config['signedConfig']) => ({ lifeDays, statusHours });
  return isDeepStrictEqual(fixed(before.signedConfig), fixed(after.signedConfig)) ? [] : [changed(['signedConfig'])];
};

/** Memory and traps are there from the start; policies, lists and scenes are read anew. */
const fixedDecision = ({ decision: before }: Config, { decision: after }: Config): readonly PathIssue[] => {
  const fixed = (section: Config['decision']) =>
    section === undefined ? undefined : { ...section, policies: [], lists: {}, watchedDecisions: 0 };
  return isDeepStrictEqual(fixed(before), fixed(after)) ? [] : [changed(['decision'])];
};

const fixedServices = (before: Config, after: Config): readonly PathIssue[] => {
  if (before.services.length !== after.services.length) return [changed(['services'])];
  return before.services.flatMap((service, index) => {
    const { routes: _routes, cors: _cors, ...fixed } = service;
    const { routes: _newRoutes, cors: _newCors, ...newFixed } = after.services[index] ?? service;
    return isDeepStrictEqual(fixed, newFixed) ? [] : [changed(['services', index])];
  });
};

/** What stands in the way of taking the new configuration over; empty when nothing does. */
export const judgeReload = (before: Config, after: Config): readonly PathIssue[] => [
  ...fixedMembers(before, after),
  ...fixedLimits(before, after),
  ...fixedSignedConfig(before, after),
  ...fixedDecision(before, after),
  ...fixedServices(before, after),
];
