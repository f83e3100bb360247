/** The gateway never awaits its cryptography. */
import { openTicket, type TicketKeyRing } from '@hauberk/channel';
import type { AsyncCrypto, EpochMs } from '@hauberk/primitives';

declare const crypto: AsyncCrypto;
declare const ring: TicketKeyRing;
declare const now: EpochMs;
// expect TS2739
openTicket(crypto, ring, { node: 1, boot: 1 }, '', now);
