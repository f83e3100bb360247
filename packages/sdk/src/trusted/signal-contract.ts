/** The signals half of the native bridge contract, from version 3 on: what only the native half of an app can sense. */
import type { EvidenceKind, SensedSignal, SkippedSignal } from '@hauberk/device/client';

/** What the native half answers. */
export interface NativeAnswer {
  /** Checks that ran to their end, of those that were asked for. */
  readonly ran: readonly string[];
  readonly skipped: readonly SkippedSignal[];
  /** What was found; a flag that is not set is not told. */
  readonly signals: readonly Omit<SensedSignal, 'source'>[];
  /** What two phones may share, as digests under the app's salt. */
  readonly evidence: readonly { readonly kind: EvidenceKind; readonly digest: string }[];
  /** `nativeCanary` over the nonce and these signals, made where they were sensed. */
  readonly canary: string;
}

/** The method: what it takes and what it answers. */
export interface SignalMethods {
  readonly readSignals: {
    /** Codes of the registry, and the gateway's nonce; empty before there is one. */
    params: { readonly codes: readonly string[]; readonly nonce: string };
    result: NativeAnswer;
  };
}

/** All of them. */
export const signalMethods: readonly (keyof SignalMethods)[] = ['readSignals'];
