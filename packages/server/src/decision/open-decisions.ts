/** Opens what people do about decisions, for the apps of a configuration. */
import type { EpochMs, JsonValue } from '@hauberk/primitives';
import type { Config } from '../config/config.ts';
import type { Log } from '../gateway/log.ts';
import type { KeyReader } from '../keys/key-provider.ts';
import type { Scope } from '../storage/scope.ts';
import type { Stores } from '../storage/stores.ts';
import type { AnswerDevices } from './case-answers.ts';
import { ownScenes } from './decision-facts.ts';
import { engineDeclaration } from './engine-maker.ts';
import { DecisionOffice } from './policy-office.ts';
import type { PolicyText } from './policy-snapshot.ts';
import { decisionKey, pseudonyms } from './record-key.ts';

/** What a gateway lends. */
export interface DecisionParts {
  readonly config: Config;
  readonly stores: Pick<Stores, 'decisions' | 'outbox'>;
  readonly keys: KeyReader;
  readonly log: Log;
  /** Boot number of the state folder. */
  readonly boot: number;
  /** Policies of files. */
  readonly configuredPolicies: () => readonly PolicyText[];
  /** The devices of an app. */
  readonly devicesOf: (scope: Scope) => AnswerDevices;
  readonly now: () => EpochMs;
}

/** The office of all apps. */
export const openDecisionOffice = ({
  config,
  stores,
  keys,
  log,
  boot,
  configuredPolicies,
  devicesOf,
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
    ...(config.decision === undefined
      ? {}
      : {
          run: {
            boot,
            memory: engineDeclaration(config, config.decision).declaration as unknown as JsonValue,
          },
        }),
    configuredPolicies,
    devicesOf,
    now,
    failed: (error) => log.error('decision.record-fault', { error }),
  });
};
