/** A head alone gives no right to answer. */
import { type PendingRequest, protectReply } from '@hauberk/channel';
import type { EpochMs, SyncCrypto } from '@hauberk/primitives';

declare const crypto: SyncCrypto;
declare const pending: PendingRequest;
declare const now: EpochMs;
// expect TS2739
protectReply(crypto, pending, { status: 200, headers: {}, body: new Uint8Array(0) }, [], now);
