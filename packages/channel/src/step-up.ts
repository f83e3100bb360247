/**
 * Step-up: a user-verified device key of purpose `step-up` signs `challenge ‖ transaction digest` under `hb1/step-up`. The digest names
 * device, customer, service, method, path, query and body, so an answer moved to another transaction does not verify.
 */
import {
  accept,
  type Bytes,
  concat,
  fromBase64Url,
  type Result,
  refuse,
  type SyncCrypto,
  toBase64Url,
  utf8,
} from '@hauberk/primitives';
import { context } from './names.ts';
import type { ProofReason } from './reasons.ts';
import type { RequestTarget } from './signature-base.ts';
import { bytesUnderContext } from './signed-document.ts';

/** Everything that a step-up approves. */
export interface Transaction {
  readonly deviceId: string;
  /** Empty when no customer is logged in. */
  readonly customerId: string;
  readonly service: string;
  readonly target: RequestTarget;
  /** SHA-256 of the plain body. */
  readonly bodyHash: Bytes;
}

/** The bytes whose SHA-256 is the transaction digest: each field with its length first, so no two transactions share them. */
export const transactionBytes = (transaction: Transaction): Bytes => {
  const { method, path, query } = transaction.target;
  const fields = [transaction.deviceId, transaction.customerId, transaction.service, method, path, query].map(utf8);
  const parts: Uint8Array[] = [];
  for (const field of [...fields, transaction.bodyHash]) {
    const length = new Uint8Array(4);
    new DataView(length.buffer).setUint32(0, field.length);
    parts.push(length, field);
  }
  return concat(...parts);
};

/** The bytes that a step-up key signs. */
export const stepUpBytes = (challenge: Uint8Array, transactionDigest: Uint8Array): Bytes =>
  bytesUnderContext(context.stepUp, challenge, transactionDigest);

/** A step-up answer as the `hauberk-step-up` header carries it. */
export interface StepUpAnswer {
  readonly challenge: Bytes;
  /** Thumbprint of the step-up key. */
  readonly keyThumbprint: Bytes;
  readonly signature: Bytes;
}

/** `challenge.thumbprint.signature`, each base64url. */
export const encodeStepUpAnswer = (answer: StepUpAnswer): string =>
  [answer.challenge, answer.keyThumbprint, answer.signature].map(toBase64Url).join('.');

/** Reads the header. */
export const readStepUpAnswer = (text: string): Result<StepUpAnswer, ProofReason> => {
  const [challenge, keyThumbprint, signature, ...rest] = text.length > 512 ? [] : text.split('.').map(fromBase64Url);
  if (rest.length > 0 || challenge?.length !== 32 || keyThumbprint?.length !== 32 || signature?.length !== 64) {
    return refuse('step-up.malformed');
  }
  return accept({ challenge, keyThumbprint, signature });
};

/** Whether the key signed this very transaction. The caller consumes the challenge first, exactly once. */
export const verifyStepUp = (
  crypto: SyncCrypto,
  publicKey: Uint8Array,
  answer: StepUpAnswer,
  transaction: Transaction,
): Result<true, ProofReason> => {
  const digest = crypto.sha256(transactionBytes(transaction));
  return crypto.verify(publicKey, stepUpBytes(answer.challenge, digest), answer.signature)
    ? accept(true)
    : refuse('step-up.signature');
};
