/** The documents of identities. */
import { type CollisionClass, collisionClasses, usualLinkModel } from '@hauberk/device';
import { z } from 'zod';
import { named } from './documents.ts';
import { privacyReason as reason } from './privacy-content.ts';

const instant = z.int().min(0).describe('Milliseconds since 1970.');
const deviceId = z.string().regex(/^[A-Za-z0-9_-]{22}$/);
const source = z
  .string()
  .regex(/^[a-z][a-z0-9.-]{0,31}$/)
  .describe('Who gave the id.');
const digest = z
  .string()
  .regex(/^[0-9a-f]{16}$/)
  .describe('Keyed hash of the id.');
const foundBy = z.enum(['key', 'token', 'alias', 'link', 'new', 'operator']);

const twin = z.object({
  identity: z.string(),
  bits: z.number().describe('Evidence beyond what makes the same device as likely as not.'),
  atMs: instant,
});

const event = z.object({
  id: z.string(),
  kind: z.enum(['merge', 'split', 'undo']),
  kept: z.string(),
  other: z.string(),
  aliases: z.array(z.string()),
  actor: z.string(),
  reason: z.string(),
  atMs: instant,
  undoes: z.string().nullable(),
  undoneBy: z.string().nullable(),
});

/** Everything about an identity. */
export const identitySchema: z.ZodType = named(
  'Identity',
  z.object({
    id: z.string(),
    createdAtMs: instant,
    lastSeenMs: instant,
    collision: z.enum(collisionClasses),
    mergedInto: z.string().nullable().describe('The identity that it is taken for now.'),
    aliases: z.array(
      z.object({
        source,
        digest,
        isShared: z.boolean().describe('It went to and fro: it stands for nobody.'),
        holds: z.array(
          z.object({
            identity: z.string(),
            fromMs: instant,
            lastMs: instant,
            untilMs: instant.nullable(),
            seen: z.int(),
            by: foundBy,
          }),
        ),
      }),
    ),
    twins: z.array(twin),
    events: z.array(event),
  }),
);

/** A change of identities. */
export type NewIdentityChange =
  | { readonly action: 'merge'; readonly other: string; readonly reason: string }
  | {
      readonly action: 'split';
      readonly aliases: readonly { readonly source: string; readonly digest: string }[];
      readonly reason: string;
    }
  | { readonly action: 'undo'; readonly event: string; readonly reason: string };

/** A change that is asked for. */
export const identityChangeSchema: z.ZodType<NewIdentityChange> = named(
  'NewIdentityChange',
  z.discriminatedUnion('action', [
    z.strictObject({
      action: z.literal('merge'),
      other: deviceId.describe('The identity that is merged into the one of the path.'),
      reason,
    }),
    z.strictObject({
      action: z.literal('split'),
      aliases: z
        .array(z.strictObject({ source, digest }))
        .min(1)
        .max(64)
        .describe('They get an identity of their own.'),
      reason,
    }),
    z.strictObject({ action: z.literal('undo'), event: deviceId.describe('A merge or a split.'), reason }),
  ]),
);

/** The event of a change. */
export const identityEventSchema: z.ZodType = named('IdentityEvent', event);

/** What an app, ours or somebody else's, saw of a device. */
export interface NewSight {
  readonly device?: string | undefined;
  readonly aliases: readonly { readonly source: string; readonly id: string }[];
  readonly attributes?: Readonly<Record<string, string>> | undefined;
  readonly platform?: string | undefined;
  readonly browser?: string | undefined;
}

const attributeNames = usualLinkModel.attributes.map(({ name }) => name);
const word = z.string().regex(/^[a-z0-9-]{0,32}$/);

/** A device as an app sees it. */
export const sightSchema: z.ZodType<NewSight> = named(
  'NewSight',
  z.strictObject({
    device: deviceId
      .optional()
      .describe('The enrolled device whose request, verified by the gateway, showed this. Absent for other apps.'),
    aliases: z
      .array(z.strictObject({ source, id: z.string().min(1).max(256).describe('Hashed at once and never kept.') }))
      .max(16),
    attributes: z
      .record(z.string(), z.string().min(1).max(128))
      .refine((given) => Object.keys(given).every((name) => attributeNames.includes(name)), 'names no attribute')
      .optional()
      .describe(`Digests or buckets: ${attributeNames.join(', ')}.`),
    platform: word.optional().describe('`android`, `ios`, `harmony`, or of a browser.'),
    browser: word.optional().describe('Empty or absent in an app.'),
  }),
);

/** Who it is. */
export const resolvedSchema: z.ZodType = named(
  'ResolvedIdentity',
  z.object({
    identity: z.string(),
    by: foundBy,
    confidence: z.number(),
    isNew: z.boolean(),
    collision: z.enum(collisionClasses as readonly [CollisionClass, ...CollisionClass[]]),
    possibleTwin: twin.nullable(),
    conflicts: z.array(z.string()).describe('Aliases that meant another identity, or mean nobody.'),
  }),
);
