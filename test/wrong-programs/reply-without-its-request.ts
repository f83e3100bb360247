/** A reply opens against the request that was sent. */
import { type ClientKeys, openReply, type ReceivedReply } from '@hauberk/channel/client';
import type { AsyncCrypto } from '@hauberk/primitives';

declare const crypto: AsyncCrypto;
declare const keys: ClientKeys;
declare const reply: ReceivedReply;
// expect TS2554
openReply(crypto, keys, reply, new Uint8Array(0), []);
