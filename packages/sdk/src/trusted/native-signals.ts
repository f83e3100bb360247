/** The native half of an app, as signals ask it. */
import type { TrustedBackend } from './backend.ts';
import type { NativeAnswer } from './signal-contract.ts';

/** What `openSignals` takes as `native`. */
export interface NativeSignals {
  readonly readSignals: (codes: readonly string[], nonce: string) => Promise<NativeAnswer>;
}

/** Signals through the bridge: `nativeSignals(bridgeBackend(bridge))`. A bridge of an older version has none; its checks are told as failed. */
export const nativeSignals = (backend: Pick<TrustedBackend, 'readSignals'>): NativeSignals => ({
  readSignals: (codes, nonce) => backend.readSignals({ codes, nonce }),
});
