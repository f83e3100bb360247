/** Signals of a page: `openSignals({ hauberk, mayCollect })`, then `collect('login')` where a scene begins. */
import { newReportChain } from '@hauberk/device/client';
import {
  openSignalsOver,
  type Signals,
  type SignalsOptions,
  type SignalsState,
  type SignalsStore,
} from '../probes/signals.ts';
import { webProbes } from '../probes/web-probes.ts';
import { pageWorld } from './probe-world.ts';
import { watchPageHands } from './watch-hands.ts';

export type { Finding, Probe } from '../probes/probe.ts';
export type { ProbeWorld } from '../probes/probe-world.ts';
export type { Collected, Signals, SignalsOptions, SignalsState, SignalsStore } from '../probes/signals.ts';
export type { NativeSignals } from '../trusted/native-signals.ts';
export type { NativeAnswer } from '../trusted/signal-contract.ts';

/** What signals of a page are opened with. */
export interface PageSignalsOptions extends SignalsOptions {
  /** Names the installation's chain in the page's storage; `hauberk-signals` unless told. One client, one name. */
  readonly store?: string;
  /** Functions and attributes that the app itself stands in front of, by path, such as `fetch`. */
  readonly own?: readonly string[];
  /** Scripts of the release with their SHA-256 as base64, by address: what the build knows. */
  readonly release?: Readonly<Record<string, string>>;
  /** What the app's own web view puts into the user agent; any other web view is then a signal. */
  readonly webView?: string;
}

/** Signals of a page. */
export interface PageSignals extends Signals {
  /** Stops counting what hands do. */
  readonly close: () => void;
}

const readState = (text: string | null): SignalsState | undefined => {
  if (text === null) return undefined;
  try {
    const { chain, lastLooks } = JSON.parse(text) as Partial<SignalsState>;
    const isWhole = Number.isSafeInteger(chain?.counter) && typeof chain?.previous === 'string';
    return isWhole && chain !== undefined ? { chain, lastLooks: lastLooks ?? {} } : undefined;
  } catch {
    return undefined;
  }
};

/** The page's storage; where it has none, memory. Two tabs take turns where the browser has locks. */
const pageStore = (name: string): SignalsStore => {
  let held: SignalsState | undefined;
  const read = (): SignalsState | undefined => {
    try {
      return readState(localStorage.getItem(name)) ?? held;
    } catch {
      return held;
    }
  };
  const write = (state: SignalsState): void => {
    held = state;
    try {
      localStorage.setItem(name, JSON.stringify(state));
    } catch {
      // Full, or forbidden: the chain then ends with the page.
    }
  };
  return {
    read: async () => read(),
    update: async (change) => {
      const work = async (): Promise<void> => write(change(read() ?? { chain: newReportChain, lastLooks: {} }));
      const { locks } = navigator as { locks?: LockManager };
      await (locks === undefined ? work() : locks.request(name, work));
    },
  };
};

/** Begins to watch this page. Nothing is looked at before `collect`, and nothing is looked at that `mayCollect` does not allow. */
export const openSignals = (options: PageSignalsOptions): PageSignals => {
  const watch = watchPageHands();
  const world = pageWorld({
    watch,
    serverMs: () => options.hauberk.status().serverTimeMs,
    own: new Set(options.own ?? []),
    release: options.release ?? {},
    webView: options.webView,
  });
  const signals = openSignalsOver(options, {
    world,
    probes: webProbes,
    store: pageStore(options.store ?? 'hauberk-signals'),
    wall: () => Date.now(),
    monotonic: () => performance.now(),
  });
  return { collect: signals.collect, close: watch.stop };
};
