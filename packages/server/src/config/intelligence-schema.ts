/** The `intelligence` member of the configuration: what is told to partners and taken from them. */
import { z } from 'zod';
import type { TlsConfig } from './config.ts';

/** A partner with whom a key for digests is shared. */
export interface PartnerConfig {
  /** Names the key in what is told: the same at both. */
  readonly name: string;
  readonly secret: string;
}

/** A collection of TAXII. */
export interface CollectionConfig {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly alias?: string | undefined;
  /** Whether its indicators count in decisions. */
  readonly applies: boolean;
}

/** A collection of a partner that is polled. */
export interface SourceConfig {
  readonly name: string;
  readonly url: string;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  readonly token?: string | undefined;
  /** Id or alias of our collection that takes what comes. */
  readonly collection: string;
  readonly pollSeconds: number;
}

/** The section. */
export interface IntelligenceConfig {
  readonly least: number;
  readonly most: number;
  readonly objects: number;
  readonly partners: readonly PartnerConfig[];
  readonly collections: readonly CollectionConfig[];
  readonly sources: readonly SourceConfig[];
  readonly taxii?: { readonly host: string; readonly port: number; readonly tls?: TlsConfig | undefined } | undefined;
}

const count = (least: number, most: number) => z.int().min(least).max(most);
const name = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'must be 1 to 64 of a-z 0-9 . _ -');

const isSafeUrl = (text: string): boolean => {
  const url = URL.parse(text);
  if (url === null || url.username !== '' || url.password !== '') return false;
  const isNear = ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
  return url.protocol === 'https:' || (url.protocol === 'http:' && isNear);
};

const collectionSchema = z.strictObject({
  id: z.uuid().describe('A UUID; addresses of the collection have it.'),
  title: z.string().min(1).max(128),
  description: z.string().max(1024).default(''),
  alias: name.optional().describe('A name that stands for the id.'),
  applies: z
    .boolean()
    .default(true)
    .describe('Whether indicators in it count in decisions; otherwise they are only kept.'),
});

const sourceSchema = z.strictObject({
  name: name.describe('Who tells it: one source cannot change what another told.'),
  url: z.string().max(2048).refine(isSafeUrl, 'must be an https address of a collection, without credentials in it'),
  user: z.string().min(1).max(128).optional().describe('With `password`: HTTP Basic.'),
  password: z.string().min(1).max(1024).optional(),
  token: z.string().min(1).max(4096).optional().describe('A bearer token, instead of user and password.'),
  collection: z.string().min(1).max(64).describe('Id or alias of the collection here that takes what comes.'),
  pollSeconds: count(1, 86_400).default(3).describe('How often it is asked for what is new.'),
});

const taxiiSchema = z.strictObject({
  host: z.string().min(1).default('127.0.0.1').describe('Beyond this machine only with `tls`.'),
  port: z.int().min(0).max(65_535).default(0).describe('Port of the TAXII server; 0 takes a free one.'),
  tls: z.strictObject({ certificateFile: z.string().min(1), keyFile: z.string().min(1) }).optional(),
});

/** The section `intelligence`. */
export const intelligenceSchema: z.ZodType<IntelligenceConfig | undefined> = z
  .strictObject({
    least: count(0, 100).default(20).describe('Confidence below which an indicator says nothing, after decay.'),
    most: count(1, 1_000_000).default(50_000).describe('Indicators that are looked for at a time.'),
    objects: count(16, 10_000_000).default(200_000).describe('Versions of objects that one collection keeps.'),
    partners: z
      .array(z.strictObject({ name, secret: z.string().min(32).describe('At least 32 characters, the same at both.') }))
      .max(64)
      .default([])
      .describe('Keys that are shared with partners, for digests of entities.'),
    collections: z.array(collectionSchema).min(1).max(64),
    sources: z.array(sourceSchema).max(64).default([]).describe('Collections of partners that are polled.'),
    taxii: taxiiSchema.optional().describe('Serves the collections by TAXII 2.1.'),
  })
  .superRefine(({ collections, sources, taxii }, context) => {
    const names = collections.flatMap(({ id, alias }) => [id, alias ?? id]);
    for (const [index, { collection, password, user, token }] of sources.entries()) {
      if (!names.includes(collection))
        context.addIssue({ code: 'custom', path: ['sources', index, 'collection'], message: 'names no collection' });
      if ((user === undefined) !== (password === undefined) || (token !== undefined && user !== undefined))
        context.addIssue({ code: 'custom', path: ['sources', index], message: 'has user and password, or a token' });
    }
    if (taxii !== undefined && taxii.tls === undefined && !['127.0.0.1', '::1', 'localhost'].includes(taxii.host))
      context.addIssue({ code: 'custom', path: ['taxii', 'tls'], message: 'is needed beyond this machine' });
  })
  .optional()
  .describe('Threat intelligence of partners; see docs/intelligence.md.');
