/** Randomness and keyed hashes by `node:crypto`, and the clocks of this machine. */
import { createHmac, createSecretKey, randomBytes } from 'node:crypto';
import { durationMs, epochMs } from '@hauberk/primitives';
import type { BindingClock, BindingSecrets } from './binding-ports.ts';

/** Secrets under one key of 32 bytes. With another key nothing that was kept is recognised: bindings must be made anew. */
export const bindingSecrets = (key: Uint8Array): BindingSecrets => {
  if (key.length !== 32) throw new RangeError('the key of binding takes 32 bytes');
  const secret = createSecretKey(key);
  return {
    random: (length) => new Uint8Array(randomBytes(length)),
    hash: (kind, text) => createHmac('sha256', secret).update(`hb1/binding/${kind}\u0000${text}`).digest('base64url'),
  };
};

/** The clocks of this machine. The monotonic one is the machine's, not the thread's: any worker may answer for an attempt of another. */
export const machineClock: BindingClock = {
  now: () => ({ wallMs: epochMs(Date.now()), monotonicMs: durationMs(Number(process.hrtime.bigint() / 1_000_000n)) }),
};
