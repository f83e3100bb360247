/** What evidence of devices is measured against. */
import { algorithmOfSpki, playDeviceLabels } from '@hauberk/attestation';
import { z } from 'zod';
import type { AttestationConfig, PlayIntegrityConfig } from './config.ts';

const file = z.string().min(1).optional();

const staleRule = z.enum(['refuse', 'note']);

const rootsSchema = z
  .strictObject({
    android: file.describe("Android's attestation roots; certificates are matched by their key."),
    apple: file.describe("Apple's App Attestation root."),
    appleReceipts: file.describe("The root of Apple's receipts, which is another."),
    huks: file.describe("Huawei's device attestation root."),
    webauthn: file.describe('Roots of the makers of security keys and TPMs.'),
  })
  .prefault({})
  .describe('PEM files with the roots of trust. A kind of evidence without its roots is refused.');

const base64Key = (isKey: (bytes: Uint8Array) => boolean, message: string) =>
  z
    .string()
    .min(1)
    .max(1024)
    .refine((text) => /^[A-Za-z0-9+/]+={0,2}$/.test(text) && isKey(Buffer.from(text, 'base64')), message);

/** Member `playIntegrity` of an app. */
export const playIntegritySchema: z.ZodType<PlayIntegrityConfig> = z
  .strictObject({
    decryptionKey: base64Key(({ length }) => length === 32, 'must be 32 bytes in base64').describe(
      'Response decryption key of the app, from the Play Console; better `decryptionKey_FILE`.',
    ),
    verificationKey: base64Key(
      (bytes) => algorithmOfSpki(Uint8Array.from(bytes)) === 'ES256',
      'must be a public key on P-256 (DER) in base64',
    ).describe('Response verification key of the app, from the Play Console; better `verificationKey_FILE`.'),
    use: z
      .enum(['required', 'if-present'])
      .default('if-present')
      .describe(
        'Whether evidence of Androids must come with a token; Androids without Google services, as in China, have none.',
      ),
    leastLabel: z
      .enum(playDeviceLabels)
      .default('MEETS_DEVICE_INTEGRITY')
      .describe('Weakest label that passes; MEETS_BASIC_INTEGRITY is given to rooted devices, too.'),
  })
  .describe('Tokens of the classic Play Integrity API beside the evidence of the key.');

/** Section `attestation`. */
export const attestationSchema: z.ZodType<AttestationConfig> = z
  .strictObject({
    roots: rootsSchema,
    approvedBuilds: file.describe('JSON file that names the builds that may run, by app; read again when it changes.'),
    androidRevocations: file.describe(
      "Google's list of attestation certificates that are no longer believed, as a JSON file; read again when it changes.",
    ),
    maxRevocationHours: z
      .int()
      .min(1)
      .max(8760)
      .default(168)
      .describe('Older lists count as stale. The age is that of the file, or of its member `takenAt`.'),
    maxSnapshotDays: z
      .int()
      .min(1)
      .max(3650)
      .default(90)
      .describe('Roots from an older snapshot (`hauberk trust update`) are stale; those of `roots` have no age.'),
    staleRevocations: z
      .union([staleRule, z.strictObject({ enrol: staleRule.default('refuse'), reattest: staleRule.default('refuse') })])
      .default('refuse')
      .describe(
        'Whether a stale list, or stale roots, refuse evidence or are only noted in the verdict; for both actions, or for each.',
      ),
    unlocked: z
      .enum(['allowed', 'refused'])
      .default('refused')
      .describe('Whether Androids with an open boot loader or an unverified system count as hardware.'),
    leastPatchLevel: z
      .int()
      .min(200_001)
      .max(999_912)
      .optional()
      .describe("Oldest month of Android's system patch, YYYYMM; any when absent."),
  })
  .prefault({})
  .describe('What evidence of devices is measured against.');
