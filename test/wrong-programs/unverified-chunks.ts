/** Chunks open through the opener of a verified head. */
import { openChunkedRequest, type PendingRequest } from '@hauberk/channel';
import type { EpochMs, SyncCrypto } from '@hauberk/primitives';

declare const crypto: SyncCrypto;
declare const pending: PendingRequest;
declare const now: EpochMs;
// expect TS2339
openChunkedRequest(crypto, pending, now).value.opener.open(new Uint8Array(4), new Uint8Array(16));
