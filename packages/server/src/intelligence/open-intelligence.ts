/** Puts the intelligence of a running gateway together: shelf, desk, and the TAXII server where one is configured. */
import { createSecretKey } from 'node:crypto';
import { instantOf, type StixObject } from '@hauberk/decision';
import type { EpochMs } from '@hauberk/primitives';
import type { NewShare } from '../admin/intelligence-documents.ts';
import type { IntelligenceConfig, SourceConfig } from '../config/intelligence-schema.ts';
import type { DecisionStore } from '../decision/record-rows.ts';
import { IntelligenceDesk, type IntelligenceFigures, type KeptCollection } from './intelligence-desk.ts';
import { shareObjects } from './share-entities.ts';
import { listenTaxii, type TaxiiListener } from './taxii-listener.ts';
import { type TaxiiCaller, type TaxiiParts, TaxiiServer } from './taxii-server.ts';
import { shelvedObject, TaxiiShelf } from './taxii-shelf.ts';
import type { IntelligenceText, PartnerKey } from './worker-intelligence.ts';

/** What it stands on. */
export interface IntelligenceParts {
  readonly config: IntelligenceConfig;
  readonly organisation: string;
  readonly store: DecisionStore;
  readonly authenticate: (authorization: string | undefined) => Promise<TaxiiCaller | undefined>;
  readonly post: (text: IntelligenceText) => void;
  readonly now: () => EpochMs;
  readonly onFault: (error: unknown) => void;
}

/** The intelligence of a gateway. */
export interface Intelligence {
  readonly desk: IntelligenceDesk;
  readonly collections: readonly KeptCollection[];
  /** The objects that tell a partner of entities; undefined when no key is shared with that one. */
  readonly share: (collection: string, share: NewShare, now: EpochMs) => Promise<readonly StixObject[] | undefined>;
  readonly figures: () => IntelligenceFigures;
  /** Where TAXII is served; undefined where it is not. */
  readonly taxiiUrl: () => string | undefined;
  readonly start: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** The keys that are shared with partners. */
export const partnerKeys = ({ partners }: Pick<IntelligenceConfig, 'partners'>): readonly PartnerKey[] =>
  partners.map(({ name, secret }) => ({ name, key: createSecretKey(Buffer.from(secret, 'utf8')) }));

const authorizationOf = ({ user, password, token }: SourceConfig): string | undefined => {
  if (token !== undefined) return `Bearer ${token}`;
  return user === undefined ? undefined : `Basic ${Buffer.from(`${user}:${password ?? ''}`).toString('base64')}`;
};

/** A bearer token, in either form: TAXII asks for HTTP Basic, where it is the password. */
export const bearerOf = (authorization: string | undefined): string | undefined => {
  const basic = /^Basic ([A-Za-z0-9+/]{1,1024}={0,2})$/i.exec(authorization ?? '')?.[1];
  if (basic === undefined) return authorization;
  const text = Buffer.from(basic, 'base64').toString('utf8');
  const at = text.indexOf(':');
  return at < 0 ? undefined : `Bearer ${text.slice(at + 1)}`;
};

const dayMs = 86_400_000;
/** The day and not the instant: partners need not know more. */
const dayOf = (nowMs: number): number => nowMs - (nowMs % dayMs);

/** When an object was created: all its versions have to say the same. */
const createdAt = async (shelf: TaxiiShelf, collection: string, id: string): Promise<number | undefined> => {
  const filter = { addedAfter: undefined, limit: 1, next: undefined, ids: [id], types: [], specVersions: [] };
  const { objects } = await shelf.page(collection, { ...filter, versions: ['last'] });
  const [held] = objects.map(shelvedObject);
  return held === undefined ? undefined : instantOf(held['created']);
};

const shareWith = (
  organisation: string,
  partners: readonly PartnerKey[],
  { partner: name, cluster, entities, confidence, days, tlp, revoked }: NewShare,
  firstMs: number,
  nowMs: EpochMs,
): readonly StixObject[] | undefined => {
  const partner = partners.find((each) => each.name === name);
  if (partner === undefined) return undefined;
  const told = { name: cluster, entities, confidence, lifeMs: days * dayMs, tlp, isRevoked: revoked };
  return shareObjects(organisation, partner, { ...told, firstMs, nowMs });
};

/** Puts it together; nothing runs before `start`. */
export const openIntelligence = (parts: IntelligenceParts): Intelligence => {
  const { config, organisation, store, authenticate, post, now, onFault } = parts;
  // What partners tell is the organisation's, whichever app it helps.
  const scope = { organisation, app: '*' };
  const shelf = new TaxiiShelf({ store, scope, now, most: config.objects });
  const collections = config.collections.map(({ alias, ...rest }) => ({ ...rest, alias }));
  const sources = config.sources.map((source) => ({
    name: source.name,
    url: source.url,
    authorization: authorizationOf(source),
    collection: source.collection,
    pollMs: source.pollSeconds * 1000,
  }));
  const { most, least } = config;
  const partners = partnerKeys(config);
  const desk = new IntelligenceDesk({ store, scope, shelf, collections, sources, most, least, post, now, onFault });
  let listener: TaxiiListener | undefined;
  return {
    desk,
    collections,
    share: async (name, share, nowMs) => {
      const collection = collections.find(({ id, alias }) => id === name || alias === name);
      const first = shareWith(organisation, partners, share, dayOf(nowMs), nowMs);
      const told = first?.find(({ type }) => type === 'indicator')?.id;
      if (collection === undefined || told === undefined) return undefined;
      const createdMs = await createdAt(shelf, collection.id, told);
      return createdMs === undefined ? first : shareWith(organisation, partners, share, createdMs, nowMs);
    },
    figures: () => desk.figures(),
    taxiiUrl: () => listener?.url,
    start: async () => {
      await desk.open();
      if (config.taxii === undefined) return;
      const { host, port, tls } = config.taxii;
      const onAdded: TaxiiParts['onAdded'] = ({ id }, objects, by) => {
        const kept = collections.find((each) => each.id === id);
        if (kept !== undefined) desk.take(kept, objects, by);
      };
      const taxii = new TaxiiServer({ title: organisation, collections, shelf, authenticate, onAdded, now });
      listener = await listenTaxii(taxii, { host, port, tls, onFault });
    },
    close: async () => {
      desk.close();
      await listener?.close();
    },
  };
};
