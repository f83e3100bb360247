/** Directives as the client knows them. Their code is an entry of its own, so that apps without directives do not carry it. */
import type { TrustedConfig } from '@hauberk/channel/client';
import type { DirectiveBodies, DirectiveKind } from '@hauberk/rollout/client';
import type { CoreContext } from './core-context.ts';
import type { ReportOptions } from './report-queue.ts';

/** A directive that is in force here and now: signed, in time, for this installation, and read by its kind's own reader. */
export interface DirectiveInForce<Kind extends string = string> {
  readonly id: string;
  readonly kind: Kind;
  readonly kindVersion: number;
  readonly version: number;
  readonly expiresAtMs: number;
  readonly body: Kind extends DirectiveKind ? DirectiveBodies[Kind] : unknown;
}

/** How the directives of this client stand. */
export interface DirectiveStatus {
  /** Whether the stream is open: what is published arrives at once. */
  readonly isConnected: boolean;
  /** Place of the newest that the gateway told of; 0 before the first. */
  readonly revision: number;
  /** Kinds that something is in force of. */
  readonly kinds: readonly string[];
  /** Directives that were refused since the start, by reason. */
  readonly refused: Readonly<Record<string, number>>;
}

/** How a session of the app goes: what the guard of rollouts counts. Nothing is reported before `begin`. */
export interface HealthWatch {
  /** The app starts. An earlier session that was in front of its user and never ended counts as crashed. */
  readonly begin: () => Promise<void>;
  /** Nobody sees the app: from here on it may be ended by the system. */
  readonly background: () => void;
  readonly foreground: () => void;
  /** An error that nobody caught. */
  readonly error: () => void;
  /** The app goes down: reported at once, and at the next start if that fails. */
  readonly crashed: () => Promise<void>;
  /** The session is over. */
  readonly end: () => Promise<void>;
}

/** What apps, and parts of the SDK, do with directives. */
export interface Directives {
  /**
   * Calls back with what is in force of a kind, once it is known and at every change; undefined: nothing. Answers how to stop. What the
   * listener throws is its own.
   */
  readonly subscribe: <Kind extends string>(
    kind: Kind,
    listener: (directive: DirectiveInForce<Kind> | undefined) => void,
  ) => () => void;
  readonly status: () => DirectiveStatus;
  /** Asks for the present directives now. Rejects when nobody could be asked; what is held stays in force. */
  readonly refresh: () => Promise<void>;
  readonly health: HealthWatch;
  /** Ends the stream and every timer; what is in force stays. */
  readonly stop: () => void;
}

/** What the client itself does with them. */
export interface DirectiveKeeping extends Directives {
  /** A bound reply named this revision. */
  readonly announced: (revision: string) => void;
}

/** What a keeper works with. */
export interface DirectiveHost {
  readonly context: CoreContext;
  readonly config: () => Promise<TrustedConfig>;
  /** Fetches the config anew: it may name a newer directive key. */
  readonly refreshConfig: () => Promise<TrustedConfig>;
  /** The server's time as well as it can be known. */
  readonly now: () => Promise<number>;
  readonly report: (kind: string, body: Readonly<Record<string, unknown>>, options: ReportOptions) => void;
}

/** Makes the keeper of one client: `openDirectives(…)`. */
export type DirectivePlug = (host: DirectiveHost) => DirectiveKeeping;
