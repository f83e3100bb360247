/** Opens what people do about decisions, for the apps of a configuration. */
import type { EpochMs } from '@hauberk/primitives';
import type { Config } from '../config/config.ts';
import type { Log } from '../gateway/log.ts';
import type { KeyReader } from '../keys/key-provider.ts';
import type { Stores } from '../storage/stores.ts';
import { ownScenes } from './decision-facts.ts';
import { DecisionOffice } from './policy-office.ts';
import type { PolicyText } from './policy-snapshot.ts';
import { decisionKey, pseudonyms } from './record-key.ts';

/** What a gateway lends. */
export interface DecisionParts {
  readonly config: Config;
  readonly stores: Pick<Stores, 'decisions' | 'outbox'>;
  readonly keys: KeyReader;
  readonly log: Log;
  /** Policies of files. */
  readonly configuredPolicies: () => readonly PolicyText[];
  readonly now: () => EpochMs;
}

/** The office of all apps. */
export const openDecisionOffice = ({
  config,
  stores,
  keys,
  log,
  configuredPolicies,
  now,
}: DecisionParts): DecisionOffice => {
  const { organisation, apps } = config;
  return new DecisionOffice({
    store: stores.decisions,
    outbox: stores.outbox,
    scopes: apps.map(({ id }) => ({ organisation, app: id })),
    pseudonym: pseudonyms(decisionKey(keys, config.decision?.secret, now())),
    configuredLists: Object.keys(config.decision?.lists ?? {}),
    configuredScenes: ownScenes(config.decision ?? { scenes: {} }),
    configuredPolicies,
    now,
    failed: (error) => log.error('decision.record-fault', { error }),
  });
};
