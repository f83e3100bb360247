/** A hello is made from a trusted config, not from one that was merely read. */
import { createHello, type GatewayConfig, type HelloInput } from '@hauberk/channel/client';
import type { AsyncCrypto } from '@hauberk/primitives';

declare const crypto: AsyncCrypto;
declare const config: GatewayConfig;
declare const input: HelloInput;
// expect TS2739
createHello(crypto, { ...input, trusted: config });
