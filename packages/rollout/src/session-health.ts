/** The report `session.health`: how one session of an app ended. It feeds the guard that halts a rollout. */
import { countOf, isShape, listOf, wordOf } from './shape.ts';
import { maxTargetList } from './target.ts';

/** Name of the report's kind. */
export const sessionHealthKind = 'session.health';

/** How a session ended. One report a session; which devices are counted where is the gateway's to judge. */
export interface SessionHealth {
  /** As the app tells it; null when it does not. */
  readonly appVersion: string | null;
  readonly cohorts: readonly string[];
  /** Revision of the directives that the client held when the session began. */
  readonly revision: number;
  /** Whether the app went down in front of its user. */
  readonly crashed: boolean;
  /** Errors that nobody caught. */
  readonly errors: number;
  /** How long it lasted, in seconds. */
  readonly seconds: number;
}

const mostErrors = 1_000_000;
const mostSeconds = 31_536_000;

/** Reads the body of a report; undefined when it is none. */
export const readSessionHealth = (value: unknown): SessionHealth | undefined => {
  if (!isShape(value, ['appVersion', 'cohorts', 'revision', 'crashed', 'errors', 'seconds'])) return undefined;
  const appVersion = value['appVersion'];
  const crashed = value['crashed'];
  const version = appVersion === null ? null : wordOf(appVersion);
  const cohorts = listOf(value['cohorts'], maxTargetList, (cohort) => wordOf(cohort));
  const revision = countOf(value['revision'], Number.MAX_SAFE_INTEGER);
  const errors = countOf(value['errors'], mostErrors);
  const seconds = countOf(value['seconds'], mostSeconds);
  if (version === undefined || cohorts === undefined || revision === undefined || typeof crashed !== 'boolean')
    return undefined;
  return errors === undefined || seconds === undefined
    ? undefined
    : { appVersion: version, cohorts, revision, crashed, errors, seconds };
};
