/** The `signals` member of the configuration: what devices tell of themselves. */
import { isSignalCode } from '@hauberk/device';
import { z } from 'zod';

/** What is kept of signals, and what reports must hold. */
export interface SignalsConfig {
  /** Devices whose signals are held in memory; the one that was silent longest gives way. */
  readonly devices: number;
  /** How old the nonce of a report may be when the report was made. */
  readonly nonceHours: number;
  /** Checks that every report must have run or explained. */
  readonly checks: readonly string[];
  /** Hours after its last report from which a device's silence is a signal. */
  readonly silentHours: number;
  /** Whether silence is a signal of a device that never reported, too. */
  readonly expected: boolean;
  /** File of what is known of address ranges; absolute after loading. */
  readonly networksFile?: string | undefined;
  /** Days for which reports are read again at the start. */
  readonly replayDays: number;
}

const count = (least: number, most: number) => z.int().min(least).max(most);

/** The section. */
export const signalsSchema: z.ZodType<SignalsConfig> = z
  .strictObject({
    devices: count(64, 20_000_000)
      .default(65_536)
      .describe('Devices whose signals are held in memory, 256 bytes each; the one that was silent longest gives way.'),
    nonceHours: count(1, 720)
      .default(24)
      .describe('How old the nonce of a report may be when the report was made; an older one is a signal.'),
    checks: z
      .array(z.string().refine(isSignalCode, 'must be a registered signal, see docs/signals.md'))
      .max(256)
      .default([])
      .describe('Checks that every report must have run, or say why not; a missing one is a signal.'),
    silentHours: count(1, 8760)
      .default(72)
      .describe('Hours after its last report from which the silence of a device is a signal.'),
    expected: z
      .boolean()
      .default(false)
      .describe('Whether the silence of a device that never reported is a signal, too: once every app reports.'),
    networksFile: z
      .string()
      .min(1)
      .optional()
      .describe('File of address ranges with what is known of them, relative to this file; see docs/signals.md.'),
    replayDays: count(0, 60)
      .default(30)
      .describe('Days for which reports are read again when the gateway starts; no signal lives longer than 30.'),
  })
  .prefault({})
  .describe('What devices tell of themselves: how much is held, and what reports must hold.');
