/** The documents of trusted statements: what is asked about one, and what is answered. */
import { z } from 'zod';
import { named } from './documents.ts';

const base64Url = (length: number) => z.string().regex(new RegExp(`^[A-Za-z0-9_-]{${length}}$`));

/** What is asked. */
export interface StatementQuestion {
  readonly statement: string;
  readonly kind: 'identify' | 'sign' | 'verify-user' | 'capture' | 'seal';
  readonly service: string;
  readonly publicKey: string;
  readonly challenge: string;
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
      publicKey: base64Url(87).describe('Raw P-256 point of the key that was enrolled for this purpose.'),
      challenge: z
        .string()
        .regex(/^[A-Za-z0-9_-]{22,86}$/)
        .describe('16 to 64 bytes: the one that was issued, and that the caller has taken back for good.'),
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
  }),
);
