/** A WebAuthn registration as a verdict. */
import { accept, equalBytes, type Result, refuse, type SignatureAlgorithm } from '@hauberk/primitives';
import {
  type AppraisalCode,
  type AppraisalContext,
  type Appraiser,
  type DeviceEvidence,
  keyBoundChallenge,
} from './appraisal-context.ts';
import { mintVerdict, silentVector, type TrustTier } from './verdict.ts';
import { type VerifiedRegistration, verifyRegistration, type WebauthnCode } from './webauthn.ts';
import type { AttestationFormat } from './webauthn-statement.ts';

const algorithms: readonly SignatureAlgorithm[] = ['ES256', 'ES384', 'ES512', 'RS256', 'Ed25519', 'Ed448'];
const formats: readonly AttestationFormat[] = ['packed', 'tpm', 'android-key', 'apple', 'fido-u2f', 'none'];

/** What kind of hardware stands behind a format; `packed` says no more than that its manufacturer vouches. */
const tiers: { readonly [format in AttestationFormat]: TrustTier } = {
  packed: 'tee',
  tpm: 'secure-element',
  'android-key': 'tee',
  apple: 'secure-element',
  'fido-u2f': 'secure-element',
  none: 'software',
};

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
  const rpId = context.expectations.apps.web?.rpId ?? '';
  return accept(
    mintVerdict({
      vector: isVouched
        ? { ...silentVector, 'instance-identity': 2, hardware: 2, 'storage-opaque': 2 }
        : { ...silentVector, 'storage-opaque': 32 },
      // A browser's own key is software, whatever authenticator stands beside it.
      tier: isVouched && keyBinding === 'attested' ? tiers[format] : 'software',
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
      anomalies: isVouched ? [] : [{ code: 'KEY_NOT_ATTESTED', detail: trust }],
      appraisedAt: context.now,
      details: { kind: 'webauthn', registration },
    }),
  );
};
