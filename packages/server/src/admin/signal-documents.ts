/** Documents of the admin API on signals of devices. */
import { deviceBands, provenances } from '@hauberk/device';
import { z } from 'zod';
import { named } from './documents.ts';

const instant = z.int().min(0).describe('Milliseconds since 1970.');
const code = z.string().describe('A code of docs/signals.md.');
const value = z.union([z.boolean(), z.int()]).describe('A flag, or the number of a bucket.');
const band = z.enum(deviceBands);
const score = z.number().nullable().describe('100 the best; null where nothing is known.');

const inForceSchema = z.strictObject({
  code,
  value,
  source: z.enum(provenances).describe('Who vouches for it.'),
  ageMs: z.int(),
  untilMs: instant,
});

/** What is in force for a device. */
export const deviceSignalsSchema: z.ZodType = named(
  'DeviceSignals',
  z
    .strictObject({
      score,
      band,
      reportedAtMs: instant.nullable().describe('When the newest report came.'),
      signals: z.array(inForceSchema),
      parts: z
        .array(z.strictObject({ code, provenance: z.enum(provenances), points: z.number() }))
        .describe('What each takes from the score before the others are taken into account.'),
    })
    .describe('Signals of a device that count now, and what they come to.'),
);

/** The newest reports of a device. */
export const signalReportsSchema: z.ZodType = named(
  'SignalReports',
  z
    .strictObject({
      items: z.array(
        z.strictObject({
          receivedAtMs: instant,
          eventAtMs: instant.describe('When it was made.'),
          scene: z.string(),
          sdk: z.string(),
          counter: z.int(),
          succession: z
            .string()
            .describe('How it follows the one before: `first`, `next`, `same`, `gap`, `stale`, `broken`.'),
          ran: z.int().describe('Checks that ran.'),
          skipped: z.array(z.strictObject({ code, why: z.string() })),
          signals: z.array(z.strictObject({ code, value, source: z.enum(provenances), untilMs: instant })),
          refused: z.array(z.strictObject({ code: z.string(), why: z.string() })),
          score,
          band,
        }),
      ),
    })
    .describe('The newest reports of a device, newest last, with the score after each.'),
);
