/** Signals of an app without a page (React Native, mini-programs, native shells): the native half senses, and the reports are those of a page. */
import { blankWorld } from './probes/blank-world.ts';
import { openSignalsOver, type Signals, type SignalsOptions, type SignalsStore } from './probes/signals.ts';
import type { NativeSignals } from './trusted/native-signals.ts';

export {
  type Collected,
  memorySignalsStore,
  type Signals,
  type SignalsOptions,
  type SignalsState,
  type SignalsStore,
} from './probes/signals.ts';
export type { NativeSignals } from './trusted/native-signals.ts';
export type { NativeAnswer } from './trusted/signal-contract.ts';

/** What they are opened with. */
export interface NativeSignalsOptions extends SignalsOptions {
  readonly native: NativeSignals;
  /** Where the installation's chain is kept; `memorySignalsStore()` forgets it with the process, and a forgotten chain begins anew. */
  readonly store: SignalsStore;
  /** Milliseconds since 1970, and milliseconds that never go back. */
  readonly clock: { readonly wall: () => number; readonly monotonic: () => number };
}

/** Opens them. Nothing is looked at before `collect`, and nothing that `mayCollect` does not allow. */
export const openNativeSignals = ({ store, clock, ...options }: NativeSignalsOptions): Signals =>
  openSignalsOver(options, { world: blankWorld, probes: [], store, ...clock });
