/** Schema of the section `privacy`. */
import {
  type DataItemId,
  dataItems,
  detectorNames,
  maskActions,
  type PurposeId,
  purposes,
  sensitiveApiOf,
} from '@hauberk/privacy';
import { z } from 'zod';
import type { PrivacyConfig } from './privacy-config.ts';

const count = (least: number, most: number) => z.int().min(least).max(most);

const purpose = z.enum(Object.keys(purposes) as [PurposeId, ...PurposeId[]]);
const item = z.enum([...dataItems.keys()] as [DataItemId, ...DataItemId[]]);

const sdkSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9@][A-Za-z0-9@._:/-]{0,127}$/, 'must be a name as reports have it, such as @maps/web')
    .describe('Owner of its call chains, as the build manifest or its host names it.'),
  purposes: z.array(purpose).default([]).describe('What it may work for; any purpose when empty.'),
  items: z.array(item).default([]).describe('What it may read; whatever its scene allows when empty.'),
});

const sceneSchema = z.strictObject({
  purpose,
  allows: z.array(item).describe('What may be collected here at most.'),
  isNecessary: z.boolean().default(false).describe('No consent is asked: the service is impossible without.'),
});

const windowSchema = (most: number, words: string) =>
  z
    .strictObject({ windowSeconds: count(1, 86_400).default(60), most: count(0, 1000).default(most) })
    .prefault({})
    .describe(words);

const limitsSchema = z
  .strictObject({
    behind: count(16, 10_000_000).default(262_144).describe('Events that judging may be behind before reports wait.'),
    chains: count(16, 1_000_000).default(20_000).describe('Chains of one app; what is beyond is counted together.'),
    findings: count(16, 1_000_000).default(5000).describe('Findings of one app; what is beyond is only counted.'),
    totals: count(16, 10_000_000).default(100_000).describe('Counters of one app and day; the rest is one counter.'),
    newChainsPerDevice: count(1, 100_000)
      .default(64)
      .describe('New chains that one device may bring in a day; what is beyond is counted together.'),
  })
  .prefault({});

const maskSchema = z
  .strictObject({
    rules: z
      .array(
        z.strictObject({
          report: z.string().min(1).max(64).optional().describe('A kind of report; every kind when absent.'),
          path: z
            .string()
            .max(256)
            .regex(/^(?:\/(?:[^/~]|~[01])*)+$/, 'must be a JSON Pointer; `*` stands for any member or element'),
          action: z.enum(maskActions),
        }),
      )
      .max(256)
      .default([]),
    without: z.array(z.enum(detectorNames)).default([]).describe('Detectors that are left out.'),
  })
  .prefault({})
  .describe('What reports are kept without, beside what the detectors find.');

const kept = (days: number) => count(1, 36_500).default(days);

const retentionSchema = z
  .strictObject({
    reports: kept(90).describe('Events of the outbox, raw reports among them; whole segments of 65,536 go.'),
    totals: kept(400),
    chains: kept(400),
    findings: kept(730),
    effects: kept(400),
    subjects: kept(400),
    consents: kept(3650),
  })
  .prefault({})
  .describe('Days that each class is kept after it was last of use.');

/** The section. */
export const privacySchema: z.ZodType<PrivacyConfig> = z
  .strictObject({
    controller: z
      .string()
      .regex(/^[\x21-\x7e]{1,200}$/)
      .default('controller')
      .describe('Who answers for the data, as consent records name it.'),
    jurisdiction: z
      .string()
      .regex(/^[A-Z]{2}(?:-[A-Z0-9]{1,3})?$/, 'must be a country such as CN or IN-KA')
      .default('CN'),
    noticeHash: z
      .string()
      .regex(/^[A-Za-z0-9_-]{43}$/, 'must be a SHA-256 as base64url')
      .optional()
      .describe('Hash of the notice in force; consent to another one must be given anew. Any notice when absent.'),
    consent: z
      .enum(['recorded', 'unrecorded'])
      .default('recorded')
      .describe('`unrecorded`: consents are kept elsewhere, and the rules on consent are not judged.'),
    sdks: z.array(sdkSchema).max(1000).default([]).describe('SDKs that the notice names; the app is always declared.'),
    hosts: z
      .array(z.string().regex(/^[a-z0-9][a-z0-9.-]{0,252}(?::\d{1,5})?$/, 'must be a host in lower case'))
      .max(10_000)
      .default([])
      .describe('Hosts that data may go to.'),
    scenes: z
      .record(z.string().regex(/^[a-z][a-z0-9-]{0,63}$/), sceneSchema)
      .default({})
      .describe('Scenes beside, or by the same name in the place of, those of the catalogue.'),
    backgroundApis: z
      .array(z.string().refine((id) => sensitiveApiOf(id) !== undefined, 'must be a sensitive function'))
      .default([])
      .describe('Functions that may run while nobody sees the app.'),
    frequency: windowSchema(10, 'Calls of one function by one chain on one device that are not too many.'),
    identifiers: windowSchema(2, 'Different identifiers that one owner may read on one device.'),
    latenessSeconds: count(0, 86_400).default(600).describe('How much later than its successor a row may come.'),
    limits: limitsSchema,
    mask: maskSchema,
    stopFourEyes: z.enum(['never', 'always']).default('never').describe('Whether a stop needs a second person.'),
    retentionDays: retentionSchema,
  })
  .prefault({})
  .describe('What accesses of apps and their SDKs are judged by, and how long it is kept.');
