/** A refusal has no value. */
import { type PendingRequest, type VerifiedRequest, verifyRequest } from '@hauberk/channel';
import type { EpochMs, SyncCrypto } from '@hauberk/primitives';

declare const forward: (request: VerifiedRequest) => void;
declare const crypto: SyncCrypto;
declare const pending: PendingRequest;
declare const now: EpochMs;
const verified = verifyRequest(crypto, pending, new Uint8Array(0), now);
// expect TS2339
forward(verified.value);
