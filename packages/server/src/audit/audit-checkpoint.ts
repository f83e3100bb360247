/** Signed checkpoints of the audit log: how long it was and how its chain ended, under the audit key. */
import { createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { type Bytes, canonicalJson, concat, toBase64Url, utf8 } from '@hauberk/primitives';

/** A checkpoint without its signature. */
export interface CheckpointClaim {
  readonly size: number;
  readonly hash: Bytes;
  readonly atMs: number;
  readonly epoch: number;
  readonly boot: number;
  /** Id of the audit key. */
  readonly keyId: number;
}

/** A signed checkpoint. */
export interface AuditCheckpoint extends CheckpointClaim {
  /** ECDSA P-256 with SHA-256, r ‖ s. */
  readonly signature: Bytes;
}

/** The audit key as the writer holds it. */
export interface AuditSigner {
  readonly keyId: number;
  readonly privateKey: KeyObject;
}

const signedBytes = (claim: CheckpointClaim): Bytes =>
  concat(
    utf8('hb1/audit-checkpoint\u0000'),
    utf8(
      canonicalJson({
        size: claim.size,
        hash: toBase64Url(claim.hash),
        atMs: claim.atMs,
        epoch: claim.epoch,
        boot: claim.boot,
        keyId: claim.keyId,
      }),
    ),
  );

/** Signs a checkpoint. */
export const signCheckpoint = (signer: AuditSigner, claim: Omit<CheckpointClaim, 'keyId'>): AuditCheckpoint => {
  const whole = { ...claim, keyId: signer.keyId };
  const signature = sign('sha256', signedBytes(whole), { key: signer.privateKey, dsaEncoding: 'ieee-p1363' });
  return { ...whole, signature: new Uint8Array(signature) };
};

/** A P-256 public key from its raw uncompressed point. */
export const auditPublicKey = (point: Uint8Array): KeyObject =>
  createPublicKey({
    format: 'jwk',
    key: {
      kty: 'EC',
      crv: 'P-256',
      x: toBase64Url(point.subarray(1, 33)),
      y: toBase64Url(point.subarray(33, 65)),
    },
  });

/** Whether the audit key signed this checkpoint. */
export const isSignedCheckpoint = (key: KeyObject, checkpoint: AuditCheckpoint): boolean =>
  verify('sha256', signedBytes(checkpoint), { key, dsaEncoding: 'ieee-p1363' }, checkpoint.signature);
