/** The documents of trusted statements: what is asked about one, and what is answered. */
import { trustedKeyPurposes, trustLevels } from '@hauberk/device';
import { z } from 'zod';
import { named } from './documents.ts';

const base64Url = (length: number) => z.string().regex(new RegExp(`^[A-Za-z0-9_-]{${length}}$`));

/** What is asked. */
export interface StatementQuestion {
  readonly statement: string;
  readonly kind: 'identify' | 'sign' | 'verify-user' | 'capture' | 'seal';
  readonly service: string;
  readonly device?: string | undefined;
  readonly publicKey?: string | undefined;
  readonly challenge: string;
  readonly challengeOf?: 'caller' | 'gateway' | undefined;
  readonly dataSha256: string;
  readonly maxAgeMs?: number | undefined;
  readonly prompt?: { readonly title: string; readonly text: string } | undefined;
  readonly capture?: { readonly mediaType: string; readonly capturedAtMs: number } | undefined;
}

/** The body of a question. */
export const statementQuestionSchema: z.ZodType<StatementQuestion> = named(
  'StatementQuestion',
  z
    .strictObject({
      statement: z.string().min(1).max(16_384),
      kind: z.enum(['identify', 'sign', 'verify-user', 'capture', 'seal']),
      service: z.string().min(1).max(64),
      device: base64Url(22)
        .optional()
        .describe('Device that must have stated it: the key that it registered for this kind of statement counts.'),
      publicKey: base64Url(87)
        .optional()
        .describe('Raw P-256 point of a key that you keep yourself, in the place of `device`.'),
      challenge: z
        .string()
        .regex(/^[A-Za-z0-9_-]{22,86}$/)
        .describe('16 to 64 bytes: the one that was issued for this statement.'),
      challengeOf: z
        .enum(['caller', 'gateway'])
        .optional()
        .describe(
          'Who issued it; `caller` when absent. One of `gateway` (`issueStatementChallenge`) is used up by the statement that holds; your own you have taken back for good before.',
        ),
      dataSha256: base64Url(43).describe(
        'SHA-256 of the data; of the ciphertext for `seal`, of the media for `capture`.',
      ),
      maxAgeMs: z.int().min(0).max(86_400_000).optional().describe('300000 when absent.'),
      prompt: z
        .strictObject({ title: z.string().min(1).max(80), text: z.string().min(1).max(1024) })
        .optional()
        .describe('The very words that the user had to be shown.'),
      capture: z
        .strictObject({ mediaType: z.string().min(1).max(128), capturedAtMs: z.int().min(0) })
        .optional()
        .describe('Of captures, as they came with the media.'),
    })
    .describe('docs/trusted-services.md'),
);

/** What is answered. */
export const statementAnswerSchema: z.ZodType = named(
  'StatementAnswer',
  z.object({
    holds: z.boolean(),
    reason: z.string().nullable().describe('Why it does not hold; null when it does.'),
    createdAtMs: z.int().nullable().describe('By the clock of the device.'),
    mediaType: z.string().nullable(),
    device: z
      .object({ id: z.string(), tier: z.int(), tierName: z.string() })
      .nullable()
      .describe('The device that stated it; null where the key was yours, or when it does not hold.'),
    key: z
      .object({
        purpose: z.enum(trustedKeyPurposes),
        thumbprint: z.string(),
        level: z.enum(trustLevels).describe('Where the key lives, as its evidence said when it was registered.'),
        userBinding: z
          .enum(['hardware', 'app', 'nobody'])
          .describe('Who sees to it that the user is verified before this key signs.'),
      })
      .nullable(),
  }),
);

/** A challenge. */
export const statementChallengeSchema: z.ZodType = named(
  'StatementChallenge',
  z.object({ challenge: z.string().describe('32 bytes, base64url.'), expiresAtMs: z.int().min(0) }),
);
