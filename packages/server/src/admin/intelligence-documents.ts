/** What the admin API takes and tells of threat intelligence. */
import { sharedKinds } from '@hauberk/decision';
import { z } from 'zod';
import { named } from './documents.ts';

const count = z.int().min(0);

/** How much is known, and how the sources stand. */
export const intelligenceStatusSchema: z.ZodType = named(
  'IntelligenceStatus',
  z.object({
    indicators: count.describe('That are looked for, with revoked ones that are remembered.'),
    full: count.describe('Indicators that found no room.'),
    taken: z
      .record(z.string(), count)
      .describe('What became of the indicators that came: new, newer, revoked, older, or why not.'),
    collections: z.array(
      z.object({ id: z.string(), title: z.string(), alias: z.string().nullable(), applies: z.boolean() }),
    ),
    sources: z.array(
      z.object({
        name: z.string(),
        polls: count,
        objects: count,
        refused: count,
        state: z.string().describe('Of the last poll: ok, waiting, or why nothing came.'),
        lastAtMs: z.int().nullable(),
      }),
    ),
    taxii: z.string().nullable().describe('Where TAXII is served.'),
  }),
);

/** Objects of STIX 2.1 for a collection. */
export const newObjectsSchema: z.ZodType<{ readonly objects: readonly unknown[] }> = named(
  'NewIntelligence',
  z.strictObject({
    objects: z.array(z.unknown()).min(1).max(5000).describe('Objects of STIX 2.1, each held against its rules.'),
  }),
);

/** What was taken. */
export const takenObjectsSchema: z.ZodType = named(
  'TakenIntelligence',
  z.object({
    taken: count,
    refused: z.array(z.object({ id: z.string(), code: z.string(), detail: z.string() })),
  }),
);

/** Entities to tell a partner of. */
export interface NewShare {
  readonly partner: string;
  readonly cluster: string;
  readonly entities: readonly { readonly kind: (typeof sharedKinds)[number]; readonly id: string }[];
  readonly confidence: number;
  readonly days: number;
  readonly tlp: 'white' | 'green' | 'amber' | 'red';
  readonly revoked: boolean;
}

/** See `NewShare`. */
export const newShareSchema: z.ZodType<NewShare> = named(
  'NewShare',
  z.strictObject({
    partner: z.string().min(1).max(64).describe('Whose key the digests are made under.'),
    cluster: z
      .string()
      .regex(/^[A-Za-z0-9._-]{1,64}$/)
      .describe('Names what is told: told again it is a newer version.'),
    entities: z
      .array(z.strictObject({ kind: z.enum(sharedKinds), id: z.string().min(1).max(256) }))
      .min(1)
      .max(1000)
      .describe('Identifiers as routes name them; only their digests are kept and told.'),
    confidence: z.int().min(0).max(100).default(80),
    days: z.int().min(1).max(365).default(30).describe('How long the indicator counts.'),
    tlp: z.enum(['white', 'green', 'amber', 'red']).default('amber'),
    revoked: z.boolean().default(false).describe('Takes back what was told under this name.'),
  }),
);

/** What was told. */
export const sharedSchema: z.ZodType = named(
  'Shared',
  z.object({ indicator: z.string().describe('Id of the indicator.'), objects: count }),
);
