/** Section `binding`: SIM and device binding (docs/binding.md). */
import { bindingWays } from '@hauberk/binding';
import { z } from 'zod';
import type { BindingConfig, BindingPolicyConfig } from './binding-config.ts';
import { credentialSchema } from './route-schema.ts';

const count = (least: number, most: number) => z.int().min(least).max(most);
const silence = z.enum(['decline', 'step-up', 'accept']);
const name = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'must be 1 to 64 of a-z 0-9 . _ -');

const systemSchema = z.strictObject({
  family: name.describe('As the app names it, for example android or ios.'),
  platform: z.enum(['android', 'ios']),
  leastVersion: count(1, 1000).describe('Major version.'),
  leastPatchLevel: count(0, 999_912).default(0).describe('YYYYMM; 0 asks for none.'),
});

const policySchema: z.ZodType<BindingPolicyConfig> = z
  .strictObject({
    timerSeconds: count(5, 45).default(45).describe('From the token to the binding (B11).'),
    tokensPerDevice: count(1, 3).default(3).describe('Tokens of a device in 24 h; the next one blocks it (B09).'),
    attemptsPerProfile: count(1, 3).default(3).describe('Attempts of a customer in 24 h (B16).'),
    coolingLimitMinor: count(0, 1_000_000_000)
      .default(500_000)
      .describe('What a binding may move in its first 24 h, in minor units (B19).'),
    swapDays: count(1, 120)
      .default(3)
      .describe('A number whose SIM was swapped within so many days does not bind (B23).'),
    reliefDays: count(1, 365)
      .default(90)
      .describe('For so long after its last use a bound device logs in without a new proof.'),
    onStaleList: silence
      .default('decline')
      .describe('When the list of revoked numbers is missing or over seven days old.'),
    onRiskSilence: silence.default('step-up').describe('When nobody tells the fraud risk of a number.'),
    onSwapSilence: silence.default('step-up').describe('When nobody tells when the SIM was swapped.'),
    systems: z
      .array(systemSchema)
      .min(1)
      .max(64)
      .default([
        { family: 'android', platform: 'android', leastVersion: 10, leastPatchLevel: 0 },
        { family: 'ios', platform: 'ios', leastVersion: 16, leastPatchLevel: 0 },
      ])
      .describe('Least operating systems; a family that is not here is not served (B24).'),
  })
  .prefault({});

const baseUrl = z
  .string()
  .regex(/^https?:\/\/[^?#\s@]+[^/?#\s@]$/, 'must be a URL without query and without a slash at the end');

const oauthPath = z.string().regex(/^\/[A-Za-z0-9/_.-]{1,127}$/, 'must be a path such as /oauth2/token');

const operatorSchema = z
  .strictObject({
    url: baseUrl.describe('Base of the CAMARA paths.'),
    clientId: z.string().min(1).max(256),
    secret: z
      .string()
      .min(1)
      .max(1024)
      .optional()
      .describe('Of the client, at the token endpoint of the operator; or `keyFile`.'),
    keyFile: z
      .string()
      .min(1)
      .optional()
      .describe('Private key (PEM, P-256 or RSA) that signs who we are: `private_key_jwt`.'),
    keyId: z.string().min(1).max(128).optional().describe('Name of that key at the operator.'),
    tokenPath: oauthPath.default('/oauth2/token').describe('Token endpoint below `url`.'),
    cibaPath: oauthPath
      .optional()
      .describe('Backchannel authentication endpoint: SIM Swap is then asked with the consent of the subscriber.'),
    redirectUri: z.url().optional().describe('As in the request by which the device gets its code.'),
    purpose: z
      .string()
      .regex(/^dpv:[A-Za-z]{1,64}$/)
      .optional()
      .describe('Why the data is asked for, such as dpv:FraudPreventionAndDetection.'),
    timeoutMs: count(50, 10_000).default(2000),
  })
  .describe('An operator: Number Verification (`ways`: `number`) and SIM Swap (B23).');

const passkeysSchema = z
  .strictObject({
    rpId: z.string().min(1).max(253).describe('Relying party, for example bank.example.'),
    origins: z.array(z.string().min(1).max(512)).min(1).max(64).describe('As browsers and systems write them.'),
  })
  .describe('Passkeys that bound devices vouch for (`ways`: `passkey`).');

const bankSchema = z
  .strictObject({
    url: baseUrl.describe('`POST /number` and `POST /code` below it; see docs/binding.md.'),
    token: z.string().min(16).describe('Shown to the bank as a bearer token. At least 16 characters.'),
    timeoutMs: count(50, 10_000).default(2000),
  })
  .describe("The bank's own record of registered numbers, and its sender of codes.");

const appFloors = z.strictObject({
  android: count(1, 2_147_483_647).describe('Version code.'),
  ios: count(1, 2_147_483_647).describe('Build number.'),
});

/** Section `binding`. */
export const bindingSchema: z.ZodType<BindingConfig | undefined> = z
  .strictObject({
    apps: z.record(name, appFloors).describe('Apps that bind, each with the builds that may (B10).'),
    brand: z.string().min(1).max(30).describe('Named in every SMS: letters, digits, spaces.'),
    vmns: z.array(z.string().min(8).max(16)).max(10_000).describe('Numbers that receive the SMS, in E.164 (B13).'),
    links: z
      .array(
        z.strictObject({
          id: name.describe('As the SMS plane names it.'),
          vmns: z.array(z.string().min(8).max(16)).max(10_000).default([]).describe('Every VMN when empty.'),
        }),
      )
      .min(1)
      .max(64)
      .describe('Links that are believed; an SMS over any other one counts for nothing.'),
    secret: z.string().min(32).describe('Key of the hashes of numbers, tokens and codes. At least 32 characters.'),
    credential: credentialSchema.describe('How the login of a customer shows itself: only who is logged in asks.'),
    stepUpStep: name.optional().describe('A login that passed this step counts as stepped up (B18, B23).'),
    ways: z
      .array(z.enum(bindingWays))
      .min(1)
      .max(bindingWays.length)
      .default(['sms', 'number', 'bound-device', 'passkey'])
      .describe('How possession may be shown; the last two are for devices without a SIM.'),
    relief: z
      .strictObject({ step: name.describe('A step that some route passes, as in `login.passesStep`.') })
      .optional()
      .describe('A bound device in policy passes this step of a login without its proof.'),
    operator: operatorSchema.optional(),
    passkeys: passkeysSchema.optional(),
    bank: bankSchema,
    feeds: z
      .strictObject({
        revoked: z.string().min(1).optional().describe('File of disconnected and recycled numbers (B17).'),
        risk: z.string().min(1).optional().describe('File of fraud risk bands (B18).'),
        publishersFile: z
          .string()
          .min(1)
          .optional()
          .describe('PEM file of public keys; then only lists that one of them signed are read.'),
      })
      .prefault({})
      .describe('Lists of numbers, read again when they change; see docs/binding.md.'),
    mobileNetworks: z
      .array(z.string().min(1))
      .max(100_000)
      .default([])
      .describe('CIDR blocks of mobile networks: iPhones bind from these only (B03).'),
    policy: policySchema,
    trailDays: count(1, 400).default(7).describe('For how many days operators can look an attempt up.'),
    vmnSilentMinutes: count(1, 100_000)
      .default(60)
      .describe('A VMN that gets nothing for so long, while the others got 12 messages each, is reported as silent.'),
  })
  .optional()
  .describe('SIM and device binding; without it the endpoint answers that there is none.');
