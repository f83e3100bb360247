/**
 * Refusals and traps on money routes need to have been watched: a rule that is wrong there stops salaries. A policy that could refuse in such a scene runs in
 * shadow first, or somebody answers for it by name.
 */
import type { Outcome, Policy } from '@hauberk/decision';
import type { Config } from '../config/config.ts';
import type { DecisionConfig, PolicyFileConfig } from '../config/decision-config.ts';

/** Outcomes that keep a request from its service. */
const refusing: readonly Outcome[] = ['deny', 'trap'];

/** Scenes of routes that move money. */
export const moneyScenes = ({ services }: Pick<Config, 'services'>): ReadonlySet<string> =>
  new Set(
    services.flatMap(({ routes }) =>
      routes.flatMap((route) =>
        route.class === 'money' && route.decision !== undefined ? [route.decision.scene] : [],
      ),
    ),
  );

/** Names what of a policy may refuse in any of these scenes; empty when nothing does. */
export const refusalsOn = (policy: Policy, scenes: ReadonlySet<string>): readonly string[] => {
  const counts = policy.rules.filter(
    (rule) => rule.scenes.length === 0 || rule.scenes.some((code) => scenes.has(code)),
  );
  if (scenes.size === 0 || counts.length === 0) return [];
  return [
    ...counts.filter(({ outcome }) => refusing.includes(outcome)).map(({ id }) => id),
    ...policy.thresholds
      .filter(({ outcome, from }) => refusing.includes(outcome) && counts.some(({ points }) => points > 0 || from <= 0))
      .map(({ from }) => `threshold ${from}`),
  ];
};

/** How often a policy was evaluated in shadow, by the hash of its document. */
export type ShadowRuns = Readonly<Record<string, number>>;

/** What in an active policy of a file may refuse on money routes though nobody has watched it; empty when it may act. */
export const unwatched = (
  { mode, approvedBy }: PolicyFileConfig,
  policy: Policy,
  hash: string,
  money: ReadonlySet<string>,
  runs: ShadowRuns,
  { watchedDecisions }: Pick<DecisionConfig, 'watchedDecisions'>,
): readonly string[] =>
  mode === 'shadow' || approvedBy !== undefined || (runs[hash] ?? 0) >= watchedDecisions
    ? []
    : refusalsOn(policy, money);
