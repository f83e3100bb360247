/** The `admin` member of the configuration. */
import { z } from 'zod';
import { defaultFourEyes, fourEyesRules } from '../admin/four-eyes.ts';
import { isRightPattern } from '../admin/right.ts';
import type { AdminConfig } from './config.ts';

const count = (least: number, most: number) => z.int().min(least).max(most);

const tlsSchema = z.strictObject({
  certificateFile: z.string().min(1).describe('PEM file with the certificate chain, leaf first.'),
  keyFile: z.string().min(1).describe('PEM file with the private key.'),
});

const rolesSchema = z
  .record(
    z.string().regex(/^[a-z][a-z0-9-]{0,63}$/, 'must be 1 to 64 of a-z 0-9 - and begin with a letter'),
    z.array(z.string().refine(isRightPattern, 'must be area:verb, such as devices:read or *:read')).min(1),
  )
  .default({})
  .describe('Roles beside the built-in ones, each with its rights as `area:verb`.');

const rule = (preset: (typeof fourEyesRules)[number]) => z.enum(fourEyesRules).default(preset);

const fourEyesSchema = z
  .strictObject({
    suspend: rule(defaultFourEyes.suspend),
    unsuspend: rule(defaultFourEyes.unsuspend),
    revoke: rule(defaultFourEyes.revoke),
    lost: rule(defaultFourEyes.lost),
    're-attest': rule(defaultFourEyes['re-attest']),
    directive: z.enum(['never', 'always']).default('always'),
    kill: z.enum(['never', 'always']).default('never'),
    policy: z.enum(['never', 'always']).default('always'),
    list: z.enum(['never', 'always']).default('always'),
    model: z.enum(['never', 'always']).default('always'),
  })
  .prefault({})
  .describe(
    'Which changes of devices need a second person: `never`, for `many` devices, or `always`; and whether directives, the kill switch, policies, lists and models do.',
  );

/** The operators' listener. */
export const adminSchema: z.ZodType<AdminConfig> = z
  .strictObject({
    host: z.string().min(1).default('127.0.0.1').describe('Beyond this machine only with `tls`.'),
    port: z
      .int()
      .min(0)
      .max(65_535)
      .default(0)
      .describe('Port of /healthz, /readyz, /metrics and the admin API; 0 takes a free one.'),
    tls: tlsSchema.optional().describe('TLS of this listener; needed where it can be reached from other machines.'),
    api: z.boolean().default(true).describe('Whether the admin API, /admin/v1, is served.'),
    roles: rolesSchema,
    tokenDays: count(1, 366).default(90).describe('Longest life of an API token.'),
    approvalHours: count(1, 720).default(24).describe('How long a proposal waits for a second person.'),
    fourEyes: fourEyesSchema,
    manyDevices: count(2, 100_000)
      .default(10)
      .describe('From how many devices on, changed by one person within an hour, they are many.'),
    requestsPerSecond: count(1, 10_000).default(20).describe('Requests of one API token, on average.'),
  })
  .prefault({});
