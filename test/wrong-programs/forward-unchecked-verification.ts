/** What verification answers may be a refusal. */
import { type PendingRequest, type VerifiedRequest, verifyRequest } from '@hauberk/channel';
import type { EpochMs, SyncCrypto } from '@hauberk/primitives';

declare const forward: (request: VerifiedRequest) => void;
declare const crypto: SyncCrypto;
declare const pending: PendingRequest;
declare const now: EpochMs;
// expect TS2345
forward(verifyRequest(crypto, pending, new Uint8Array(0), now));
