/** What each app is served: the directives that count for it, signed with the present key. Made on the main thread, posted to every worker. */
import { context, directivePayload, signDocument } from '@hauberk/channel';
import type { EpochMs, SyncCrypto } from '@hauberk/primitives';
import type { SigningKey } from '../gateway/published-config.ts';
import type { PublishedDirective } from '../storage/directive-store.ts';
import { countingNow } from './directive-book.ts';

/** A signed directive with its place. */
export interface SignedDirective {
  readonly revision: number;
  readonly document: string;
}

/** What one app gets of one service. Plain data: it crosses threads. */
export interface DirectiveSet {
  readonly organisation: string;
  readonly app: string;
  readonly service: string;
  /** That of its newest directive; 0 when there never was one. */
  readonly revision: number;
  /** In the order of revisions. */
  readonly documents: readonly SignedDirective[];
}

/** Apps and services that are served. */
export interface ServedScopes {
  readonly organisation: string;
  readonly apps: readonly string[];
  readonly services: readonly string[];
}

/** Signs each directive once for each key. */
export type SignDirective = (published: PublishedDirective) => SignedDirective;

/** A signer that remembers what it signed. `key` is asked for at every use, for keys change. */
export const directiveSigner = (crypto: SyncCrypto, key: () => SigningKey): SignDirective => {
  let kid = '';
  let signed = new Map<number, SignedDirective>();
  return ({ revision, directive }) => {
    const { kid: present, pair } = key();
    if (present !== kid) signed = new Map();
    kid = present;
    const held = signed.get(revision);
    if (held !== undefined) return held;
    const payload = directivePayload({ ...directive, signedBy: kid });
    const made = { revision, document: signDocument(crypto, pair.privateKey, context.directive, payload) };
    signed.set(revision, made);
    return made;
  };
};

const isFor = ({ directive }: PublishedDirective, organisation: string, app: string, service: string): boolean => {
  const { scope } = directive;
  return scope.organisation === organisation && (scope.app ?? app) === app && (scope.service ?? service) === service;
};

/** The sets of every app and service. */
export const directiveSets = (
  published: readonly PublishedDirective[],
  { organisation, apps, services }: ServedScopes,
  sign: SignDirective,
  now: EpochMs,
): readonly DirectiveSet[] => {
  const counting = countingNow(published, now);
  return apps.flatMap((app) =>
    services.map((service) => {
      const ofSet = counting.filter((each) => isFor(each, organisation, app, service));
      // Of all that was published, also of what has expired: a revision never falls.
      const revision = published.findLast((each) => isFor(each, organisation, app, service))?.revision ?? 0;
      return { organisation, app, service, revision, documents: ofSet.map(sign) };
    }),
  );
};
