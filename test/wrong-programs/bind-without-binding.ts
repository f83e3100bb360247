/** A reply is bound to a request or it is not bound. */
import { protectReply } from '@hauberk/channel';
import type { EpochMs, SyncCrypto } from '@hauberk/primitives';

declare const crypto: SyncCrypto;
declare const now: EpochMs;
const reply = { status: 403, headers: {}, body: new Uint8Array(0) };
// expect TS2345
protectReply(crypto, undefined, reply, [], now);
