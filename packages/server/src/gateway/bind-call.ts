/** Calls of binding as they come in the body: exact members, bounded, nothing doubled. */
import { type BindingWay, bindingWays } from '@hauberk/binding';
import { type Bytes, fromBase64Url, fromUtf8, parseJson } from '@hauberk/primitives';
import { z } from 'zod';

/** Largest call. */
export const maxBindBytes = 4096;
/** Largest call that the user of a bound device confirms: a passkey's registration is long. */
export const maxApprovalBytes = 16_384;

/** Asks for an attempt. */
export interface StartCall {
  readonly do: 'start';
  readonly number: string;
  readonly fingerprint: string;
  readonly replaces: boolean;
  readonly way?: BindingWay | undefined;
  /** What names the SIM's subscription. */
  readonly subscription?: string | undefined;
  readonly carrier?: string | undefined;
  readonly slot?: number | undefined;
  readonly app: number;
  readonly system: { readonly family: string; readonly version: number; readonly patchLevel: number };
  readonly evidence: {
    readonly sim: 'present' | 'absent' | 'unknown';
    readonly airplane: 'off' | 'on' | 'unknown';
    readonly path: 'cellular' | 'wifi' | 'unknown';
    readonly cellularWorks: boolean;
    readonly slot?: number | undefined;
    readonly slotCarrier?: string | undefined;
  };
}

/** Goes on with one. */
export type LaterCall = { readonly attempt: string } & (
  | { readonly do: 'status' | 'ask-code' | 'no-code' | 'confirm' }
  | { readonly do: 'left'; readonly how: 'left' | 'charge-notice' | 'composer-slow' | 'airplane-mode' | 'sim-missing' }
  | { readonly do: 'composer'; readonly awayMs: number }
  | { readonly do: 'sent-item'; readonly state: 'delivered' | 'sent' | 'absent'; readonly slot?: number | undefined }
  | { readonly do: 'code'; readonly code: string; readonly isRead: boolean }
  | { readonly do: 'number'; readonly code: string }
  | {
      readonly do: 'passkey';
      readonly credential: string;
      readonly clientData: Bytes;
      readonly authenticatorData: Bytes;
      readonly signature: Bytes;
    }
);

/** A call of the app. */
export type BindCall =
  | StartCall
  | LaterCall
  | { readonly do: 'sim-changed' }
  | { readonly do: 'passkey-challenge' }
  | {
      readonly do: 'log-in';
      readonly sim: 'present' | 'absent' | 'unknown';
      readonly subscriptions?: readonly string[] | undefined;
    };

/** What the user of a bound device confirms. */
export type ApprovalCall =
  | { readonly do: 'approve'; readonly words: string }
  | { readonly do: 'add-passkey'; readonly clientData: Bytes; readonly attestationObject: Bytes };

const short = z.string().min(1).max(128);
const whole = z.int().min(0).max(2_147_483_647);
const slot = z.int().min(0).max(7);

const startSchema = z.strictObject({
  do: z.literal('start'),
  number: z.string().min(8).max(20),
  fingerprint: short,
  replaces: z.boolean(),
  way: z.enum(bindingWays).optional(),
  subscription: short.optional(),
  carrier: z.string().max(64).optional(),
  slot: slot.optional(),
  app: whole,
  system: z.strictObject({ family: z.string().min(1).max(64), version: whole, patchLevel: whole }),
  evidence: z.strictObject({
    sim: z.enum(['present', 'absent', 'unknown']),
    airplane: z.enum(['off', 'on', 'unknown']),
    path: z.enum(['cellular', 'wifi', 'unknown']),
    cellularWorks: z.boolean(),
    slot: slot.optional(),
    slotCarrier: z.string().max(64).optional(),
  }),
});

const attempt = z.string().regex(/^[A-Za-z0-9_-]{22}$/);

/** Octets in base64url; what decodes to nothing is no call. */
const octets = (most: number): z.ZodType<Bytes> =>
  z
    .string()
    .min(1)
    .max(most)
    .transform((text, context): Bytes => {
      const decoded = fromBase64Url(text);
      if (decoded !== undefined) return decoded;
      context.addIssue('no base64url');
      return z.NEVER;
    });

const callSchema: z.ZodType<BindCall> = z.discriminatedUnion('do', [
  startSchema,
  z.strictObject({ do: z.literal('status'), attempt }),
  z.strictObject({
    do: z.literal('left'),
    attempt,
    how: z.enum(['left', 'charge-notice', 'composer-slow', 'airplane-mode', 'sim-missing']),
  }),
  z.strictObject({ do: z.literal('composer'), attempt, awayMs: z.number().min(0).max(86_400_000) }),
  z.strictObject({
    do: z.literal('sent-item'),
    attempt,
    state: z.enum(['delivered', 'sent', 'absent']),
    slot: slot.optional(),
  }),
  z.strictObject({ do: z.literal('ask-code'), attempt }),
  z.strictObject({ do: z.literal('code'), attempt, code: z.string().max(16), isRead: z.boolean() }),
  z.strictObject({ do: z.literal('no-code'), attempt }),
  z.strictObject({ do: z.literal('confirm'), attempt }),
  z.strictObject({ do: z.literal('number'), attempt, code: z.string().min(1).max(2048) }),
  z.strictObject({
    do: z.literal('passkey'),
    attempt,
    credential: z.string().min(1).max(1364),
    clientData: octets(1400),
    authenticatorData: octets(512),
    signature: octets(800),
  }),
  z.strictObject({ do: z.literal('sim-changed') }),
  z.strictObject({
    do: z.literal('log-in'),
    sim: z.enum(['present', 'absent', 'unknown']),
    subscriptions: z.array(short).max(8).optional(),
  }),
  z.strictObject({ do: z.literal('passkey-challenge') }),
]);

const approvalSchema: z.ZodType<ApprovalCall> = z.discriminatedUnion('do', [
  z.strictObject({ do: z.literal('approve'), words: z.string().min(1).max(32) }),
  z.strictObject({ do: z.literal('add-passkey'), clientData: octets(2800), attestationObject: octets(12_000) }),
]);

const readWith =
  <Read>(schema: z.ZodType<Read>, longest: number) =>
  (body: Uint8Array): Read | undefined => {
    const text = fromUtf8(body);
    // Strictly, so that a member that stands twice is none.
    const parsed = text === undefined ? undefined : parseJson(text, { maxDepth: 4, maxKeys: 64, maxLength: longest });
    return parsed?.ok === true ? schema.safeParse(parsed.value).data : undefined;
  };

/** Reads a call; undefined when it is none. */
export const readBindCall: (body: Uint8Array) => BindCall | undefined = readWith(callSchema, maxBindBytes);

/** Reads a call that the user confirmed; undefined when it is none. */
export const readApprovalCall: (body: Uint8Array) => ApprovalCall | undefined = readWith(
  approvalSchema,
  maxApprovalBytes,
);
