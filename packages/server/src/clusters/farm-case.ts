/** A black cluster → a case, in every app in which its devices were decided about. */
import type { ClusterExplanation } from '@hauberk/decision';
import { type Cases, maxCaseDecisions } from '../decision/case-book.ts';
import type { RecordDesk } from '../decision/record-desk.ts';
import type { Scope } from '../storage/scope.ts';

/** What opening stands on. */
export interface FarmCaseParts {
  readonly records: Pick<RecordDesk, 'query'>;
  readonly cases: Pick<Cases, 'openFor'>;
}

/** Whose word these cases are. */
export const farmCaseActor = 'gateway';

const decisionsOf = async (
  { records }: FarmCaseParts,
  scope: Scope,
  devices: readonly string[],
): Promise<readonly string[]> => {
  const limit = Math.max(1, Math.floor(maxCaseDecisions / Math.max(1, devices.length)));
  const ids: string[] = [];
  for (const entity of devices) ids.push(...(await records.query(scope, { entity, limit })).map(({ id }) => id));
  return ids;
};

/**
 * Opens them: over the newest decisions of the cluster's devices, at most 100; where none of them was decided about, in the first app, over none. A case is not
 * opened twice for one cluster, see `Cases.openFor`. Throws where the record takes no writes.
 */
export const openFarmCases = async (
  parts: FarmCaseParts,
  scopes: readonly Scope[],
  { id, size, kinds, score, groups, devices }: ClusterExplanation,
): Promise<void> => {
  const entities = devices.slice(0, maxCaseDecisions).map((device) => `device:${device}`);
  const found = await Promise.all(
    scopes.map(async (scope) => ({ scope, decisions: await decisionsOf(parts, scope, entities) })),
  );
  const seen = found.filter(({ decisions }) => decisions.length > 0);
  for (const { scope, decisions } of seen.length > 0 ? seen : found.slice(0, 1)) {
    const opened = await parts.cases.openFor(scope, {
      origin: `cluster ${id}`,
      title: `black cluster ${id} of ${size} devices`,
      decisions,
      entities,
      why: `${size} devices share ${kinds} kinds of evidence (${groups.join(', ')}), score ${score.toFixed(3)}: hauberk cluster show ${id}`,
      by: farmCaseActor,
    });
    if (!opened.ok) throw new Error(`no case was opened for cluster ${id}: ${opened.code}`);
  }
};
