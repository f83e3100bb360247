/** A route as the data plane uses it: the configuration compiled once, with nothing left to look up or parse per request. */
import type { PathPattern } from '@hauberk/channel';
import type { DurationMs } from '@hauberk/primitives';
import type { DecisionRule } from '../decision/decision-rule.ts';
import type { MigrationVerifier } from '../migration/migration-request.ts';
import type { Priority } from '../overload/priority.ts';

/** What is at stake on a route; fail modes follow it, and shedding where no priority is named. */
export type RouteClass = 'read' | 'login' | 'money' | 'bind';

/** `required`: nothing unverified passes. `observe`: failing plain requests are forwarded and marked. `none`: outside HB/1. */
export type RouteProtection = 'required' | 'observe' | 'none';

/** The static outcome of a route. */
export type StaticOutcome = 'allow' | 'observe' | 'challenge' | 'slow' | 'deny' | 'trap';

/** A plausible answer for whoever must not notice; earns labels. */
export interface Decoy {
  readonly status: number;
  readonly contentType: string;
  readonly body: Uint8Array;
}

/** Where a login's credential stands in a request. */
export type CredentialSource = { readonly kind: 'authorization' } | { readonly kind: 'cookie'; readonly name: string };

/** Where a value stands in a JSON body: the reference tokens of an RFC 6901 pointer; `*` takes every element of an array. */
export type JsonPointer = readonly string[];

/** What a successful reply of this route means for the login. */
export interface LoginRule {
  readonly credential: CredentialSource;
  /** Opens a login: where the reply says which credential, which customer, which objects. */
  readonly opens:
    | {
        readonly credentialPointer: JsonPointer;
        readonly customerPointer: JsonPointer;
        /** Grant kind → where the ids stand in the reply. */
        readonly objects: Readonly<Record<string, JsonPointer>>;
        readonly life: DurationMs;
      }
    | undefined;
  /** Adds objects to the live login, e.g. when an account is opened. */
  readonly grants: Readonly<Record<string, JsonPointer>> | undefined;
  /** Moves the login to a refreshed credential. */
  readonly refreshPointer: JsonPointer | undefined;
  readonly endsLogin: boolean;
  /** Marks a step (`otp`) of the login as passed. */
  readonly passesStep: string | undefined;
  /** Limits of failed attempts. */
  readonly failures: LoginFailureRule | undefined;
}

/** How many attempts may fail. */
export interface LoginFailureRule {
  /** Where the request names who logs in; a login that is there names its customer. */
  readonly namePointer: JsonPointer | undefined;
  readonly name: RateLimit | undefined;
  readonly device: RateLimit | undefined;
  readonly address: RateLimit | undefined;
}

/** An object that a request names and that must be among the login's grants. */
export interface ObjectRule {
  readonly kind: string;
  readonly from:
    | { readonly in: 'path'; readonly parameter: string }
    | { readonly in: 'query'; readonly parameter: string }
    | { readonly in: 'body'; readonly pointer: JsonPointer };
}

/** Only the bound device of the login's customer may call. */
export interface BoundRule {
  /** Where the body has the amount that moves, in minor units: it counts in the first day of a binding (B19). */
  readonly amount: JsonPointer | undefined;
}

/** How idempotency keys are honoured. */
export interface IdempotencyRule {
  readonly demand: 'none' | 'optional' | 'required';
  readonly upstreamIsIdempotent: boolean;
  readonly life: DurationMs;
  /** Larger outcomes keep digest and status only. */
  readonly outcomeCapBytes: number;
}

/** GCRA: `perSecond` on average, `burst` at once. */
export interface RateLimit {
  readonly perSecond: number;
  readonly burst: number;
}

/** One route. */
export interface Route {
  /** `METHOD,METHOD /pattern`: stable over reloads, names the route in logs, metrics and idempotency scopes. */
  readonly id: string;
  readonly methods: readonly string[];
  readonly pattern: PathPattern;
  readonly organisation: string;
  readonly service: string;
  readonly upstream: string;
  readonly class: RouteClass;
  /** What is kept longest under overload. */
  readonly priority: Priority;
  /** Goes on without a login when the record cannot be asked; closed when absent, and wherever an object or a step depends on it. */
  readonly failsOpen?: boolean;
  readonly protection: RouteProtection;
  /** `proxy`: nginx or Envoy forwards and asks; replies pass them unbound. The gateway itself when absent. */
  readonly enforcement?: 'gateway' | 'proxy';
  /** What clients that do not speak HB/1 yet may show instead, in this order; nothing when absent. */
  readonly migration?: readonly MigrationVerifier[];
  readonly mode: 'signed' | 'sealed';
  /** Chunked requests and event-stream replies are allowed; bodies are forwarded as they come. */
  readonly stream: boolean;
  readonly coveredHeaders: readonly string[];
  readonly coveredReplyHeaders: readonly string[];
  readonly publicQuery: readonly string[];
  readonly maxAgeSeconds: number;
  readonly idempotency: IdempotencyRule;
  readonly stepUp: boolean;
  readonly login: LoginRule | undefined;
  /** Demands a live login, found by this credential. */
  readonly requiresLogin: CredentialSource | undefined;
  readonly requiresSteps: readonly string[];
  readonly objects: readonly ObjectRule[];
  /** For every device when absent. */
  readonly bound?: BoundRule | undefined;
  /** Judged by policies; by its static outcome alone when absent. */
  readonly decision?: DecisionRule | undefined;
  /** Lowest trust tier that may call. */
  readonly minTier: number;
  /** Its name, for clients that are told what they lack. */
  readonly tierName?: string | undefined;
  readonly bodyCapBytes: number;
  readonly replyCapBytes: number;
  readonly deadline: DurationMs;
  readonly outcome: StaticOutcome;
  readonly decoy: Decoy | undefined;
  readonly limits: {
    readonly device: RateLimit | undefined;
    readonly address: RateLimit | undefined;
    readonly route: RateLimit | undefined;
  };
}
