/** Verification starts from an opened ticket, not from a head. */
import { type ArrivedHead, verifyRequest } from '@hauberk/channel';
import type { EpochMs, SyncCrypto } from '@hauberk/primitives';

declare const crypto: SyncCrypto;
declare const head: ArrivedHead;
declare const now: EpochMs;
// expect TS2740
verifyRequest(crypto, head, new Uint8Array(0), now);
