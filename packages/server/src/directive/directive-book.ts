/** What of the published directives counts, and what is published next. Pure: documents in, documents out. */
import type { DirectiveScope } from '@hauberk/channel';
import { days, type EpochMs, epochMs } from '@hauberk/primitives';
import {
  type DirectiveTarget,
  directiveKinds,
  nextShare,
  type Rollout,
  readTarget,
  targetOf,
  wholeShare,
} from '@hauberk/rollout';
import { everyAppScope, type PublishedDirective } from '../storage/directive-store.ts';
import type { Scope } from '../storage/scope.ts';

/** Phones whose clocks are behind by less than this take a new directive as well. */
const clockAllowance = days(1);

/** Where the numbers stand. */
export interface BookHeads {
  readonly revision: number;
  readonly version: number;
}

const scopeOfDirective = ({ organisation, app }: Scope, service: string | null): DirectiveScope => ({
  organisation,
  app: app === everyAppScope ? null : app,
  service,
});

const targetIn = ({ directive }: PublishedDirective): DirectiveTarget | undefined =>
  directive.target === null ? undefined : readTarget(directive.target);

const isWhole = (target: DirectiveTarget | undefined): boolean =>
  target === undefined ||
  (target.perMille >= wholeShare && target.versions.length === 0 && target.cohorts.length === 0);

const audienceText = ({ versions, cohorts }: DirectiveTarget): string => JSON.stringify([versions, cohorts]);

/** Whether everybody whom the older directive is for is meant by the newer one of the same track. */
const replaces = (newer: PublishedDirective, older: PublishedDirective): boolean => {
  const target = targetIn(newer);
  if (target === undefined || isWhole(target)) return true;
  const before = targetIn(older);
  if (before === undefined || audienceText(target) !== audienceText(before)) return false;
  return target.perMille >= wholeShare || (target.salt === before.salt && target.perMille >= before.perMille);
};

/** The directives of one track that count for somebody, oldest first: every client takes the newest that is for it. */
export const countingDirectives = (track: readonly PublishedDirective[]): readonly PublishedDirective[] => {
  const counting: PublishedDirective[] = [];
  for (const each of track.toSorted((one, other) => other.directive.version - one.directive.version)) {
    if (counting.some((newer) => replaces(newer, each))) continue;
    counting.unshift(each);
    if (isWhole(targetIn(each))) break;
  }
  return counting;
};

/** The track of a directive, as one text. */
export const trackName = ({ directive: { scope, kind } }: PublishedDirective): string =>
  [scope.organisation, scope.app ?? everyAppScope, scope.service ?? '', kind].join('\n');

/** Everything that counts now, of all tracks, in the order of revisions. */
export const countingNow = (published: readonly PublishedDirective[], now: EpochMs): readonly PublishedDirective[] =>
  [...Map.groupBy(published, trackName).values()]
    .flatMap(countingDirectives)
    .filter(({ directive }) => directive.expiresAtMs > now)
    .toSorted((one, other) => one.revision - other.revision);

/** The next stage of a rollout as a directive. Undefined when there is none. */
export const nextDirective = (
  scope: Scope,
  rollout: Rollout,
  heads: BookHeads,
  now: EpochMs,
): PublishedDirective | undefined => {
  const perMille = nextShare(rollout);
  if (perMille === undefined) return undefined;
  const { kind, kindVersion, service, body, lifeMs } = rollout.plan;
  const version = heads.version + 1;
  const target = targetOf(rollout, perMille);
  return {
    revision: heads.revision + 1,
    directive: {
      id: `${rollout.id}-${version}`,
      kind,
      kindVersion,
      version,
      scope: scopeOfDirective(scope, service),
      notBeforeMs: epochMs(now - clockAllowance),
      expiresAtMs: epochMs(now + lifeMs),
      target: isWhole(target) ? null : { ...target },
      body: { ...body },
    },
  };
};

const nothing = (scope: Scope, rollout: Rollout, now: EpochMs): PublishedDirective['directive'] => {
  const { kind, service } = rollout.plan;
  const target = targetOf(rollout, wholeShare);
  return {
    id: rollout.id,
    kind,
    kindVersion: directiveKinds[kind].kindVersion,
    version: 0,
    scope: scopeOfDirective(scope, service),
    notBeforeMs: epochMs(now - clockAllowance),
    expiresAtMs: rollout.expiresAtMs,
    target: isWhole(target) ? null : { ...target },
    body: { ...directiveKinds[kind].nothing },
  };
};

/**
 * What takes a rollout back: everything of its track that would count without it, also what was published meanwhile, anew and above it; below
 * that, for whom nothing would count, the kind's nothing.
 */
export const takenBack = (
  scope: Scope,
  rollout: Rollout,
  track: readonly PublishedDirective[],
  heads: BookHeads,
  now: EpochMs,
): readonly PublishedDirective[] => {
  const own = new Set(rollout.stages.map(({ version }) => version));
  if (own.size === 0) return [];
  const before = countingDirectives(track.filter(({ directive }) => !own.has(directive.version)))
    .filter(({ directive }) => directive.expiresAtMs > now)
    .map(({ directive }) => directive);
  const isCovered = before.some(({ target }) => target === null);
  const content = isCovered ? before : [nothing(scope, rollout, now), ...before];
  return content.map((directive, index) => ({
    revision: heads.revision + 1 + index,
    directive: { ...directive, id: `${rollout.id}-${heads.version + 1 + index}`, version: heads.version + 1 + index },
  }));
};
