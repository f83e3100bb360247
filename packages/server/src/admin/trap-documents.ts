/** Documents of the admin API on devices that touched a trap. */
import { z } from 'zod';
import { markKinds } from '../decision/trap-marks.ts';
import { named } from './documents.ts';

/** What a device touched. */
export const deviceTrapSchema: z.ZodType = named(
  'DeviceTrap',
  z
    .strictObject({
      kinds: z
        .array(z.enum(markKinds))
        .describe(
          '`decoy`, `honey`, `canary`: touched by the device; `trap`: laid by a policy. Empty when nothing counts.',
        ),
      sinceMs: z.int().min(0).nullable().describe('Since when, milliseconds since 1970.'),
    })
    .describe('Traps that a device touched, while it counts.'),
);

/** Why a mark is taken back. */
export const trapClearSchema: z.ZodType<{ readonly reason: string }> = named(
  'TrapClear',
  z.strictObject({ reason: z.string().min(1).max(500) }).describe('Why what a device touched no longer counts.'),
);
