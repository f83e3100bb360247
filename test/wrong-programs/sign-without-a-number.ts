/** A request has a sequence number of its own. */
import { type ClientKeys, type OutgoingRequest, signRequest } from '@hauberk/channel/client';
import type { AsyncCrypto } from '@hauberk/primitives';

declare const crypto: AsyncCrypto;
declare const keys: ClientKeys;
declare const request: OutgoingRequest;
// expect TS2741
signRequest(crypto, keys, request, new Uint8Array(0), { created: 1_790_000_000 });
