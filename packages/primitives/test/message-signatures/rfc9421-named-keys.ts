/** Which key and algorithm an example uses: the key id decides, never the message. */
import type { KeyObject } from 'node:crypto';
import { eccP256Public, ed25519Private, ed25519Public, rsaPssPublic, sharedSecret } from './rfc9421-keys.ts';
import { type SignatureAlgorithm, signatureAlgorithms } from './signature-algorithms.ts';

/** A verification key with its algorithm; a signing key where signatures are reproducible. */
export interface NamedKey {
  readonly algorithm: SignatureAlgorithm;
  readonly verifyWith: KeyObject;
  readonly signWith?: KeyObject;
}

/** `test-key-rsa-pss`. */
export const rsaPss: NamedKey = { algorithm: signatureAlgorithms['rsa-pss-sha512'], verifyWith: rsaPssPublic };
/** `test-key-ecc-p256`. */
export const ecc256: NamedKey = { algorithm: signatureAlgorithms['ecdsa-p256-sha256'], verifyWith: eccP256Public };
/** `test-key-ed25519`. */
export const ed25519: NamedKey = {
  algorithm: signatureAlgorithms.ed25519,
  verifyWith: ed25519Public,
  signWith: ed25519Private,
};
/** `test-shared-secret`. */
export const hmac: NamedKey = {
  algorithm: signatureAlgorithms['hmac-sha256'],
  verifyWith: sharedSecret,
  signWith: sharedSecret,
};
