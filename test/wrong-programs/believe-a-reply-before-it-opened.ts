/** A reply is believed once its opening was awaited. */
import { type ClientKeys, openReply, type ReceivedReply, type SentRequest } from '@hauberk/channel/client';
import type { AsyncCrypto } from '@hauberk/primitives';

declare const crypto: AsyncCrypto;
declare const keys: ClientKeys;
declare const sent: SentRequest;
declare const reply: ReceivedReply;
// expect TS2339
export const body: Uint8Array = openReply(crypto, keys, sent, reply, new Uint8Array(0), []).value;
