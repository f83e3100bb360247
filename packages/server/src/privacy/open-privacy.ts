/** Puts privacy together on the main thread: the stream, retention, and what the administration asks. */
import { type EpochMs, minutes } from '@hauberk/primitives';
import type { Config } from '../config/config.ts';
import type { PrivacyConfig } from '../config/privacy-config.ts';
import type { Log } from '../gateway/log.ts';
import type { KeyReader } from '../keys/key-provider.ts';
import type { Scope } from '../storage/scope.ts';
import type { Stores } from '../storage/stores.ts';
import type { StreamCounts } from './judge-batch.ts';
import { type DeclaredPrivacy, declaredPrivacy } from './privacy-policy.ts';
import { PrivacyStream } from './privacy-stream.ts';
import { Retention } from './retention.ts';

/** What privacy stands on. */
export interface PrivacyParts {
  readonly config: Config;
  readonly stores: Pick<Stores, 'outbox' | 'privacy' | 'audit'>;
  readonly keys: KeyReader;
  readonly log: Log;
  readonly now: () => EpochMs;
}

/** What is told on the metrics. */
export interface PrivacyStatus {
  readonly counts: StreamCounts;
  readonly behind: number;
}

/** Privacy of a running gateway. */
export interface Privacy {
  readonly config: PrivacyConfig;
  readonly declared: DeclaredPrivacy;
  readonly stores: Pick<Stores, 'outbox' | 'privacy' | 'audit'>;
  readonly keys: KeyReader;
  readonly status: () => PrivacyStatus;
  readonly start: () => void;
  /** Judges everything that was reported so far. */
  readonly drain: () => Promise<void>;
  readonly close: () => Promise<void>;
}

const retainEveryMs = minutes(10);

/** Opens privacy; `start` begins to judge. */
export const openPrivacy = ({ config, stores, keys, log, now }: PrivacyParts): Privacy => {
  const { privacy, organisation, apps } = config;
  const scopes: readonly Scope[] = apps.map(({ id }) => ({ organisation, app: id }));
  const declared = declaredPrivacy(privacy);
  const failed = (error: unknown): void => log.error('privacy.fault', { error });
  const stream = new PrivacyStream({
    outbox: stores.outbox,
    store: stores.privacy,
    config: privacy,
    declared,
    now,
    onFindings: async () => {},
    failed,
  });
  const retention = new Retention({ store: stores.privacy, audit: stores.audit, config: privacy, scopes, now });
  let timer: NodeJS.Timeout | undefined;
  return {
    config: privacy,
    declared,
    stores,
    keys,
    status: () => ({ counts: stream.counts, behind: stream.behind }),
    start: () => {
      stream.open();
      timer = setInterval(() => void retention.run().catch(failed), retainEveryMs).unref();
    },
    drain: () => stream.drain(),
    close: async () => {
      clearInterval(timer);
      await stream.close();
    },
  };
};
