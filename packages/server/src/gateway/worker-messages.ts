/** What main thread and workers say to each other. Everything here crosses a thread, so it is plain data. */
import type { Config } from '../config/config.ts';
import type { DecisionSeed, DecisionText } from '../decision/decision-seed.ts';
import type { DirectiveSet } from '../directive/directive-sets.ts';
import type { OnceMemory } from '../migration/once-register.ts';
import type { StateConnection } from '../storage/index.ts';
import type { ChannelKeys, ChannelSeed } from './channel-state.ts';
import type { MetricsSnapshot } from './metrics.ts';

/** What a worker starts with. */
export interface WorkerSeed {
  readonly index: number;
  readonly config: Config;
  readonly channel: ChannelSeed;
  readonly directives: readonly DirectiveSet[];
  /** The shared table of rate limits, and the key of its hash. */
  readonly rateCells: SharedArrayBuffer;
  readonly rateKey: Uint8Array<ArrayBuffer>;
  /** What is decided by; undefined where nothing decides. */
  readonly decisions: DecisionSeed | undefined;
  /** Signals in force. */
  readonly signals: SharedArrayBuffer;
  /** What migration credentials were used up. */
  readonly once: OnceMemory;
  /** The `OTEL_*` variables of the process. */
  readonly telemetry: Readonly<Record<string, string>>;
  readonly version: string;
  readonly storage: StateConnection;
  /** The port that the first worker got; its own choice for the first. */
  readonly port: number;
  /** Whether several workers listen on one port; false where the platform cannot. */
  readonly reusePort: boolean;
}

/** To a worker. */
export type ToWorker =
  | { readonly kind: 'keys'; readonly keys: ChannelKeys }
  | { readonly kind: 'config'; readonly config: Config }
  | { readonly kind: 'directives'; readonly sets: readonly DirectiveSet[] }
  | { readonly kind: 'decisions'; readonly text: DecisionText }
  | { readonly kind: 'metrics'; readonly ticket: number }
  /** The access log was moved away: go on in a new file. */
  | { readonly kind: 'reopen' }
  | { readonly kind: 'drain'; readonly deadlineMs: number };

/** From a worker. */
export type FromWorker =
  | { readonly kind: 'listening'; readonly port: number }
  | { readonly kind: 'refused'; readonly code: string; readonly message: string }
  | { readonly kind: 'metrics'; readonly ticket: number; readonly snapshot: MetricsSnapshot };
