/**
 * Accesses → exceptions. State is a value that belongs to its caller and is changed in place; memory is bounded by
 * `maxWatched` × (`most` + 1) instants. Nothing here holds an argument or a result of the function that was called.
 */
import type { EpochMs } from '@hauberk/primitives';
import { dataItems } from './data-items.ts';
import { type ExceptionKind, type ExceptionPolicy, exceptionKinds, maxWindowCount } from './exception-rules.ts';
import type { CollectDecision } from './may-collect.ts';
import { sensitiveApiOf } from './sensitive-apis.ts';

/** One call of a sensitive function, as a probe saw it. */
export interface PrivacyAccess {
  /** `platform:name` of a sensitive function. */
  readonly api: string;
  /** Id of the call chain. */
  readonly chain: string;
  /** `app`, or the SDK that the chain belongs to. */
  readonly owner: string;
  readonly scene: string;
  readonly at: EpochMs;
  readonly isForeground: boolean;
  /** Host that the data went to, when that was seen. */
  readonly destination?: string;
}

/** What is remembered of earlier accesses. */
export interface ExceptionWatch {
  /** Newest instants by function and chain, oldest first; never more than `most` + 1. */
  readonly calls: Map<string, number[]>;
  /** Newest read of each identifier, by owner. */
  readonly identifiers: Map<string, Map<string, number>>;
}

/** A watch that saw nothing yet. */
export const newExceptionWatch = (): ExceptionWatch => ({ calls: new Map(), identifiers: new Map() });

/** Takes the entry out and puts it back as the newest, so that the first of the map is the one unused longest. */
const touch = <Value>(map: Map<string, Value>, key: string, most: number, fresh: () => Value): Value => {
  const value = map.get(key) ?? fresh();
  map.delete(key);
  if (map.size >= most) for (const oldest of map.keys()) if (map.delete(oldest)) break;
  map.set(key, value);
  return value;
};

const limit = (most: number): number => Math.min(Math.max(0, most), maxWindowCount);

const isTooFrequent = (watch: ExceptionWatch, access: PrivacyAccess, policy: ExceptionPolicy): boolean => {
  const { window, most } = policy.frequency;
  const times = touch(watch.calls, `${access.api}\n${access.chain}`, policy.maxWatched, (): number[] => []);
  times.push(access.at);
  if (times.length > limit(most) + 1) times.shift();
  // The call `most` before this one decides: if it is still in the window, so are all between.
  return times.length === limit(most) + 1 && (times[0] ?? 0) > access.at - window;
};

const isFingerprint = (watch: ExceptionWatch, access: PrivacyAccess, policy: ExceptionPolicy): boolean => {
  const read = (sensitiveApiOf(access.api)?.yields ?? []).filter((item) => dataItems.get(item)?.isIdentifier === true);
  if (read.length === 0) return false;
  const { window, most } = policy.identifiers;
  const seen = touch(watch.identifiers, access.owner, policy.maxWatched, () => new Map<string, number>());
  for (const item of read) seen.set(item, access.at);
  for (const [item, at] of seen) if (at <= access.at - window) seen.delete(item);
  return seen.size > limit(most);
};

const byDecision = (decisions: readonly CollectDecision[]): Partial<Record<ExceptionKind, boolean>> => {
  const has = (...reasons: readonly CollectDecision['reason'][]): boolean =>
    decisions.some(({ reason }) => reasons.includes(reason));
  return {
    'over-scope': has('unknown-item', 'unknown-scene', 'beyond-scene', 'not-granted', 'not-explicit'),
    'before-consent': has('before-consent', 'notice-changed'),
    'after-refusal': has('refused', 'withdrawn', 'expired'),
  };
};

/** The rules that need no memory. An unknown function is beyond every scope. */
export const judgeAlone = (
  access: Pick<PrivacyAccess, 'api' | 'owner' | 'scene' | 'isForeground' | 'destination'>,
  policy: ExceptionPolicy,
  decide: (item: string, scene: string) => CollectDecision,
): Partial<Record<ExceptionKind, boolean>> => {
  const api = sensitiveApiOf(access.api);
  return {
    ...(api === undefined ? { 'over-scope': true } : byDecision(api.yields.map((item) => decide(item, access.scene)))),
    background: !access.isForeground && !policy.backgroundApis.has(access.api),
    'undeclared-sdk': access.owner !== 'app' && !policy.declaredSdks.has(access.owner),
    'undeclared-destination': access.destination !== undefined && !policy.declaredHosts.has(access.destination),
  };
};

/**
 * The rules that this access breaks, in the order of `exceptionKinds`. Accesses come in the order of their time.
 * `decide` is the consent port, asked for each item that the function yields.
 */
export const judgeAccess = (
  watch: ExceptionWatch,
  access: PrivacyAccess,
  policy: ExceptionPolicy,
  decide: (item: string, scene: string) => CollectDecision,
): readonly ExceptionKind[] => {
  const broken: Partial<Record<ExceptionKind, boolean>> = {
    ...judgeAlone(access, policy, decide),
    'over-frequency': isTooFrequent(watch, access, policy),
    'many-identifiers': isFingerprint(watch, access, policy),
  };
  return exceptionKinds.filter((kind) => broken[kind] === true);
};
