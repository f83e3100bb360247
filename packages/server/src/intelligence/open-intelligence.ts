/** Puts the intelligence of a running gateway together: shelf, desk, and the TAXII server where one is configured. */
import { createSecretKey } from 'node:crypto';
import type { EpochMs } from '@hauberk/primitives';
import type { IntelligenceConfig, SourceConfig } from '../config/intelligence-schema.ts';
import type { DecisionStore } from '../decision/record-rows.ts';
import { IntelligenceDesk, type IntelligenceFigures } from './intelligence-desk.ts';
import { listenTaxii, type TaxiiListener } from './taxii-listener.ts';
import { type TaxiiCaller, type TaxiiParts, TaxiiServer } from './taxii-server.ts';
import { TaxiiShelf } from './taxii-shelf.ts';
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
  const desk = new IntelligenceDesk({ store, scope, shelf, collections, sources, most, least, post, now, onFault });
  let listener: TaxiiListener | undefined;
  return {
    desk,
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
