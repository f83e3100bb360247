/** Puts privacy together on the main thread: the stream, retention, and what the administration asks. */
import { type EpochMs, minutes, seconds } from '@hauberk/primitives';
import type { Config } from '../config/config.ts';
import type { Log } from '../gateway/log.ts';
import type { KeyReader } from '../keys/key-provider.ts';
import type { Scope } from '../storage/scope.ts';
import type { Stores } from '../storage/stores.ts';
import type { StreamCounts } from './judge-batch.ts';
import { PrivacyAdministration } from './privacy-administration.ts';
import { declaredPrivacy } from './privacy-policy.ts';
import { PrivacyStream } from './privacy-stream.ts';
import { type NoAnswer, ResponseRules } from './response-rules.ts';
import { Retention } from './retention.ts';
import { ChainStops, type StopParts } from './stop-chains.ts';

/** What privacy stands on. */
export interface PrivacyParts {
  readonly config: Config;
  readonly stores: Pick<Stores, 'outbox' | 'privacy' | 'audit' | 'directives'>;
  readonly keys: KeyReader;
  readonly log: Log;
  /** Where directives are made. */
  readonly desk: StopParts['desk'];
  readonly now: () => EpochMs;
}

/** What is told on the metrics. */
export interface PrivacyStatus {
  readonly counts: StreamCounts;
  readonly behind: number;
  /** Answers of response rules, by what came of them. */
  readonly answers: Readonly<Record<string, number>>;
}

/** Privacy of a running gateway. */
export interface Privacy {
  readonly administrationOf: (scope: Scope) => PrivacyAdministration;
  readonly status: () => PrivacyStatus;
  readonly start: () => void;
  /** Judges everything that was reported so far. */
  readonly drain: () => Promise<void>;
  readonly close: () => Promise<void>;
}

const retainEveryMs = minutes(10);
/** How late a stop may lapse, and how soon a publication that failed is tried again. */
const upkeepEveryMs = seconds(15);

/** Knows which versions of `privacy.stop` were made; the record is read again when there is something newer. */
const publishedBook = (
  directives: Pick<Stores['directives'], 'published' | 'revision'>,
): ((directive: string, version: number) => Promise<boolean>) => {
  let revision = -1;
  let known: ReadonlySet<string> = new Set();
  return async (directive, version) => {
    const name = `${directive} ${version}`;
    if (known.has(name)) return true;
    const newest = await directives.revision();
    if (newest === revision) return false;
    const made = (await directives.published()).filter((each) => each.directive.kind === 'privacy.stop');
    known = new Set(made.map((each) => `${each.directive.id} ${each.directive.version}`));
    revision = newest;
    return known.has(name);
  };
};

/** Opens privacy; `start` begins to judge. */
export const openPrivacy = ({ config, stores, keys, log, desk, now }: PrivacyParts): Privacy => {
  const { privacy, organisation, apps } = config;
  const scopes: readonly Scope[] = apps.map(({ id }) => ({ organisation, app: id }));
  const declared = declaredPrivacy(privacy);
  const failed = (error: unknown): void => log.error('privacy.fault', { error });
  const stops = new ChainStops({ store: stores.privacy, desk, now });
  const rules = new ResponseRules({ store: stores.privacy, stops, now });
  const answers: Partial<Record<NoAnswer | 'answered', number>> = {};
  const answer = async (scope: Scope, id: string): Promise<void> => {
    const [row] = await stores.privacy.load(scope, [{ kind: 'finding', id }]);
    if (row?.value === undefined) return;
    const what = await rules.answer(scope, row.value);
    if (what === 'none') return;
    answers[what] = (answers[what] ?? 0) + 1;
    if (what === 'answered') log.warn('privacy.answered', { kind: row.value.finding.kind });
  };
  const stream = new PrivacyStream({
    isPublished: publishedBook(stores.directives),
    outbox: stores.outbox,
    store: stores.privacy,
    config: privacy,
    declared,
    now,
    onFindings: async (touched) => {
      for (const { scope, id } of touched) await answer(scope, id);
    },
    failed,
  });
  const retention = new Retention({
    outbox: stores.outbox,
    store: stores.privacy,
    audit: stores.audit,
    config: privacy,
    scopes,
    now,
  });
  const upkeep = async (): Promise<void> => {
    for (const scope of scopes) await stops.upkeep(scope);
  };
  const office = {
    store: stores.privacy,
    outbox: stores.outbox,
    keys,
    stops,
    rules,
    stopFourEyes: privacy.stopFourEyes,
    now,
  };
  let timers: readonly NodeJS.Timeout[] = [];
  return {
    administrationOf: (scope) => new PrivacyAdministration(office, scope),
    status: () => ({ counts: stream.counts, behind: stream.behind, answers }),
    start: () => {
      stream.open();
      timers = [
        setInterval(() => void retention.run().catch(failed), retainEveryMs).unref(),
        setInterval(() => void upkeep().catch(failed), upkeepEveryMs).unref(),
      ];
    },
    drain: () => stream.drain(),
    close: async () => {
      for (const timer of timers) clearInterval(timer);
      await stream.close();
    },
  };
};
