/** Opens the decision API of one worker thread over its engines. */

import type { EpochMs } from '@hauberk/primitives';
import { createAdminLimits } from '../admin/admin-limits.ts';
import { builtInRoles } from '../admin/right.ts';
import type { Config } from '../config/config.ts';
import type { Log } from '../gateway/log.ts';
import type { ConnectedState } from '../storage/index.ts';
import { DecisionApiDesk } from './decision-api-desk.ts';
import { type ApiListener, openDecisionApi } from './decision-api-listener.ts';
import { ApiTokens } from './decision-api-tokens.ts';
import type { SignalsOf } from './decision-context.ts';
import { scenesOf } from './decision-facts.ts';
import type { WorkerDecisions } from './worker-decisions.ts';

/** What a worker lends. */
export interface WorkerApiParts {
  readonly config: Config;
  readonly decisions: WorkerDecisions | undefined;
  readonly state: Pick<ConnectedState, 'ports' | 'keys'>;
  readonly signalsOf: SignalsOf;
  readonly worker: number;
  readonly reusePort: boolean;
  /** Boot number of the state folder. */
  readonly run: number;
  readonly now: () => EpochMs;
  readonly log: Log;
}

/** The listener; undefined where none is configured. */
export const openWorkerApi = async (parts: WorkerApiParts): Promise<ApiListener | undefined> => {
  const { config, decisions, state, signalsOf, worker, reusePort, run, now, log } = parts;
  const section = config.decision;
  if (section?.api === undefined || decisions === undefined) return undefined;
  const { ports, keys } = state;
  const onFault = (error: unknown): void => log.error('decision.fault', { error });
  const limits = createAdminLimits(now());
  const desk = new DecisionApiDesk({
    engineOf: (app) => decisions.engineOf(app),
    signalsOf,
    store: ports.decisions,
    outbox: ports.outbox,
    declared: { scenes: scenesOf(section), othersAllowed: section.api.undeclaredScenes === 'allow' },
    keep: async (entries) => {
      if (entries.length === 0) return undefined;
      const kept = await ports.outbox.append(entries);
      return kept.ok ? undefined : kept.code;
    },
    failMode: section.failMode ?? 'closed',
    deadlineMs: section.deadlineMs,
    run,
    now,
    monotonic: () => performance.now(),
    onFault,
  });
  const tokens = new ApiTokens({
    tokens: ports.adminTokens,
    keys,
    roles: { ...config.admin.roles, ...builtInRoles },
    organisation: config.organisation,
    apps: config.apps.map(({ id }) => id),
    now,
  });
  const failed = (address: string): number => limits.failed(address, now());
  return openDecisionApi(section.api, { worker, reusePort }, { desk, tokens, store: ports.decisions, failed, onFault });
};
