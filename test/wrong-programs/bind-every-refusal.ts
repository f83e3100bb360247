/** A replayed request was refused without a binding: whoever claimed the number holds it. */
import { type PendingRequest, protectReply, verifyRequest } from '@hauberk/channel';
import type { EpochMs, SyncCrypto } from '@hauberk/primitives';

declare const crypto: SyncCrypto;
declare const pending: PendingRequest;
declare const now: EpochMs;
const refused = verifyRequest(crypto, pending, new Uint8Array(0), now);
const reply = { status: 409, headers: {}, body: new Uint8Array(0) };
// expect TS2345
if (!refused.ok) protectReply(crypto, refused.binding, reply, [], now);
