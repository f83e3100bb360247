/** A request without a claim cannot be verified. */
import {
  type ArrivedHead,
  type ReadProtection,
  type SessionFacts,
  type SessionKeys,
  verifyRequest,
} from '@hauberk/channel';
import type { EpochMs, SyncCrypto } from '@hauberk/primitives';

declare const crypto: SyncCrypto;
declare const head: ArrivedHead;
declare const keys: SessionKeys;
declare const facts: SessionFacts;
declare const protection: ReadProtection;
declare const now: EpochMs;
// expect TS2741
verifyRequest(crypto, { head, keys, facts, ...protection, maxAgeSeconds: 120, early: false }, new Uint8Array(0), now);
