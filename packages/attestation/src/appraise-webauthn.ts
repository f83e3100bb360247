/** A WebAuthn registration as a verdict. */
import { accept, equalBytes, type Result, refuse, type SignatureAlgorithm, toHex } from '@hauberk/primitives';
import {
  type AppraisalCode,
  type AppraisalContext,
  type Appraiser,
  type DeviceEvidence,
  keyBoundChallenge,
} from './appraisal-context.ts';
import { modelOfAaguid } from './authenticator-models.ts';
import { mintVerdict, silentVector, type TrustTier } from './verdict.ts';
import { type VerifiedRegistration, verifyRegistration, type WebauthnCode } from './webauthn.ts';
import type { AttestationFormat } from './webauthn-statement.ts';

const algorithms: readonly SignatureAlgorithm[] = ['ES256', 'ES384', 'ES512', 'RS256', 'Ed25519', 'Ed448'];
const formats: readonly AttestationFormat[] = ['packed', 'tpm', 'android-key', 'apple', 'fido-u2f', 'none'];

/**
 * What kind of hardware stands behind a format. `packed` and `fido-u2f` say no more than that a maker vouches: where such a model keeps its keys
 * its metadata tell, and what no metadata tell of is taken for software.
 */
const tiers: { readonly [format in AttestationFormat]: TrustTier } = {
  packed: 'software',
  tpm: 'secure-element',
  'android-key': 'tee',
  apple: 'secure-element',
  'fido-u2f': 'software',
  none: 'software',
};

const saysNothing: ReadonlySet<AttestationFormat> = new Set(['packed', 'fido-u2f']);

type Evidence = Extract<DeviceEvidence, { readonly kind: 'webauthn' }>;
interface Bound {
  readonly registration: VerifiedRegistration;
  readonly keyBinding: 'attested' | 'challenge';
}

const register = (
  evidence: Evidence,
  { anchors, expectations, crypto, now }: AppraisalContext,
  challenge: Uint8Array,
): Result<VerifiedRegistration, WebauthnCode | 'APPLICATION_NOT_CONFIGURED'> => {
  const { apps, policy = {} } = expectations;
  if (apps.web === undefined) return refuse('APPLICATION_NOT_CONFIGURED', 'web');
  const allowUnvouched = policy.leastTier === 'software';
  return verifyRegistration(
    evidence,
    {
      ...apps.web,
      challenge,
      algorithms,
      formats: allowUnvouched ? formats : formats.filter((format) => format !== 'none'),
      allowSelf: allowUnvouched,
      allowSynced: policy.allowSynced === true,
      anchors: anchors.webauthn ?? [],
      now,
    },
    crypto,
  );
};

/** With a device key, the credential either is that key, or was made over a challenge that names it. */
const bind = (evidence: Evidence, context: AppraisalContext): Result<Bound, AppraisalCode> => {
  const { publicKey, challenge } = context.expectations;
  if (publicKey !== undefined) {
    const over = register(evidence, context, keyBoundChallenge(challenge, publicKey, context.crypto));
    if (over.ok) return accept({ registration: over.value, keyBinding: 'challenge' });
    if (over.code !== 'webauthn.challenge') return over;
  }
  const direct = register(evidence, context, challenge);
  if (!direct.ok) return direct;
  if (publicKey !== undefined && !equalBytes(publicKey, direct.value.key.spki)) return refuse('KEY_MISMATCH');
  return accept({ registration: direct.value, keyBinding: 'attested' });
};

/** Appraises `webauthn`. */
export const appraiseWebauthn: Appraiser<'webauthn'> = (evidence, context) => {
  const bound = bind(evidence, context);
  if (!bound.ok) return bound;
  const { registration, keyBinding } = bound.value;
  const { key, format, trust } = registration;
  const isVouched = trust === 'anchored';
  const model = isVouched ? modelOfAaguid(context.anchors.authenticators, registration.aaguid) : undefined;
  if (model?.isBroken === true) return refuse('AUTHENTICATOR_BROKEN', toHex(registration.aaguid));
  const isSilent = isVouched && saysNothing.has(format) && model === undefined;
  const tier = saysNothing.has(format) ? (model?.tier ?? 'software') : tiers[format];
  const rpId = context.expectations.apps.web?.rpId ?? '';
  return accept(
    mintVerdict({
      vector: isVouched
        ? { ...silentVector, 'instance-identity': 2, hardware: isSilent ? 32 : 2, 'storage-opaque': isSilent ? 32 : 2 }
        : { ...silentVector, 'storage-opaque': 32 },
      // A browser's own key is software, whatever authenticator stands beside it.
      tier: isVouched && keyBinding === 'attested' ? tier : 'software',
      publicKey: keyBinding === 'attested' ? key.spki : (context.expectations.publicKey ?? key.spki),
      keyBinding,
      facts: {
        securityLevel: `${trust}:${format}`,
        key: {
          algorithm: key.algorithm,
          userAuthentication: registration.flags.userVerified ? 'required' : 'not-required',
        },
        application: { ids: [rpId] },
      },
      anomalies: [
        ...(isVouched ? [] : [{ code: 'KEY_NOT_ATTESTED', detail: trust } as const]),
        ...(isSilent ? [{ code: 'AUTHENTICATOR_UNKNOWN', detail: toHex(registration.aaguid) } as const] : []),
      ],
      appraisedAt: context.now,
      details: { kind: 'webauthn', registration },
    }),
  );
};
