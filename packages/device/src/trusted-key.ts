/** Keys of trusted services on the server's side: which purpose the evidence for a key can carry, and which statements its purpose allows. */
import type { Verdict } from '@hauberk/attestation';
import { accept, type Bytes, concat, equalBytes, fromHex, type Result, refuse } from '@hauberk/primitives';

/** All purposes. */
export const trustedKeyPurposes = ['device', 'approve', 'capture'] as const;
/** `device` identifies and signs, `approve` signs what a verified user approved, `capture` signs media. */
export type TrustedKeyPurpose = (typeof trustedKeyPurposes)[number];

/** Kinds of statement (`@hauberk/channel`), by the purpose that their key must have. */
export const trustedKinds = {
  device: ['identify', 'sign', 'seal'],
  approve: ['verify-user'],
  capture: ['capture'],
} as const;

/** A key whose statements are believed. */
export interface TrustedKey {
  readonly purpose: TrustedKeyPurpose;
  /** Raw uncompressed P-256 point. */
  readonly publicKey: Bytes;
  readonly tier: Verdict['tier'];
  /**
   * Who sees to it that a user is verified: the hardware, as the evidence says; or the attested app, where the platform's evidence has no
   * word for it (App Attest, HUKS); `nobody` for other purposes than `approve`, and for keys of software.
   */
  readonly userBinding: 'hardware' | 'app' | 'nobody';
}

/** Why a key is not believed for a purpose. */
export type TrustedKeyCode =
  | 'trusted-key.other-key'
  | 'trusted-key.user-not-required'
  | 'trusted-key.user-window'
  | 'trusted-key.user-unsaid'
  | 'trusted-key.unproved';

/** What the operator asks of keys that approve. */
export interface TrustedKeyPolicy {
  /** Whether evidence must say that the hardware verifies the user; where it says nothing the key is refused. False when absent. */
  readonly requireAttestedUser?: boolean;
  /** Whether the key itself signed for this; without it only evidence that is bound to the key will do. False when absent. */
  readonly isProved?: boolean;
}

const spkiHead = fromHex('3059301306072a8648ce3d020106082a8648ce3d030107034200') ?? new Uint8Array(0);

/** Where the evidence has no word for it: an attested app sees to it; of a key that only software holds nobody knows who does. */
const unsaid = (
  { keyBinding, tier }: Verdict,
  { requireAttestedUser = false }: TrustedKeyPolicy,
): Result<TrustedKey['userBinding'], TrustedKeyCode> => {
  if (requireAttestedUser) return refuse('trusted-key.user-unsaid');
  return accept(keyBinding === 'none' || tier === 'software' ? 'nobody' : 'app');
};

const bindingOf = (verdict: Verdict, policy: TrustedKeyPolicy): Result<TrustedKey['userBinding'], TrustedKeyCode> => {
  // What other evidence says of users is about another key, such as the passkey beside a browser's own key.
  if (verdict.keyBinding !== 'attested') return unsaid(verdict, policy);
  const { userAuthentication, validSeconds } = verdict.facts.key ?? {};
  // A page may have asked for a key that asks nobody: only the evidence tells.
  if (userAuthentication === 'not-required') return refuse('trusted-key.user-not-required');
  // One proof of the user would then approve whatever comes after it.
  if (validSeconds !== undefined) return refuse('trusted-key.user-window', `${validSeconds} s`);
  return userAuthentication === 'required' ? accept('hardware') : unsaid(verdict, policy);
};

/** Admits a key for a purpose on a verdict about it. The verdict must have been asked for with this very key. */
export const admitTrustedKey = (
  purpose: TrustedKeyPurpose,
  publicKey: Uint8Array,
  verdict: Verdict,
  policy: TrustedKeyPolicy = {},
): Result<TrustedKey, TrustedKeyCode> => {
  if (!equalBytes(verdict.publicKey, concat(spkiHead, publicKey))) return refuse('trusted-key.other-key');
  // Else a device could name the public key of another one as its own, and take that one's statements for itself.
  if (verdict.keyBinding === 'none' && policy.isProved !== true) return refuse('trusted-key.unproved');
  const binding = purpose === 'approve' ? bindingOf(verdict, policy) : accept('nobody' as const);
  if (!binding.ok) return binding;
  return accept({ purpose, publicKey: Uint8Array.from(publicKey), tier: verdict.tier, userBinding: binding.value });
};

/** Whether a key of this purpose may make statements of a kind. */
export const mayState = ({ purpose }: Pick<TrustedKey, 'purpose'>, kind: string): boolean =>
  trustedKinds[purpose].some((allowed) => allowed === kind);
