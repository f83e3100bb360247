/** What the configuration says of one route, with every default filled in. `route-schema.ts` parses it. */
import type { Priority } from '../overload/priority.ts';
import type { RouteDecisionConfig } from './decision-config.ts';
import type { MigrationConfig } from './migration-config.ts';

/** A GCRA limit: `requests` in `perSeconds` on average, at most `burst` at once. */
export interface RateConfig {
  readonly requests: number;
  readonly perSeconds: number;
  readonly burst?: number | undefined;
}

/** Where requests show the credential of a login. */
export type CredentialConfig = { readonly kind: 'authorization' } | { readonly kind: 'cookie'; readonly name: string };

/** JSON Pointers by object kind; `*` walks every element of an array. */
export type GrantsConfig = Readonly<Record<string, string>>;

/** What a successful reply (2xx) does to the login. */
export interface LoginConfig {
  readonly credential: CredentialConfig;
  /** Opens a login. */
  readonly opens?:
    | {
        /** Where the reply holds the credential: what later stands after `Bearer `, or the cookie's value. */
        readonly credentialPointer: string;
        readonly customerPointer: string;
        readonly objects: GrantsConfig;
        readonly lifeSeconds: number;
      }
    | undefined;
  /** Adds objects to the live login. */
  readonly grants?: GrantsConfig | undefined;
  /** Where the reply holds the credential that replaces the present one. */
  readonly refreshPointer?: string | undefined;
  readonly endsLogin: boolean;
  /** A step of the login that the reply has passed. */
  readonly passesStep?: string | undefined;
  /** How many attempts may fail. */
  readonly failures?:
    | {
        readonly namePointer?: string | undefined;
        readonly name?: RateConfig | undefined;
        readonly device?: RateConfig | undefined;
        readonly address?: RateConfig | undefined;
      }
    | undefined;
}

/** A value of the request that must be among the objects granted to its login. */
export interface ObjectConfig {
  readonly kind: string;
  readonly from:
    | { readonly in: 'path'; readonly parameter: string }
    | { readonly in: 'query'; readonly parameter: string }
    | { readonly in: 'body'; readonly pointer: string };
}

/** The plausible answer of the outcome `trap`. */
export interface DecoyConfig {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** One route. */
export interface RouteConfig {
  /** `METHOD,METHOD /pattern` when absent. */
  readonly id?: string | undefined;
  readonly methods: readonly string[];
  readonly path: string;
  readonly class: 'read' | 'login' | 'money' | 'bind';
  /** By class when absent. */
  readonly priority?: Priority | undefined;
  readonly protection: 'required' | 'observe' | 'none';
  /** What clients that do not speak HB/1 yet may show instead. */
  readonly migration: readonly MigrationConfig[];
  readonly mode: 'signed' | 'sealed';
  readonly publicQuery: readonly string[];
  readonly coveredHeaders: readonly string[];
  readonly coveredReplyHeaders: readonly string[];
  readonly stream: boolean;
  readonly idempotency: {
    readonly demand: 'none' | 'optional' | 'required';
    readonly upstreamIsIdempotent: boolean;
    readonly lifeSeconds: number;
    readonly outcomeCapBytes: number;
  };
  readonly stepUp: boolean;
  readonly minTier: number;
  /** Name of the lowest trust tier that may call; the higher of both counts. */
  readonly tier?: string | undefined;
  readonly maxAgeSeconds?: number | undefined;
  readonly bodyCapBytes?: number | undefined;
  readonly replyCapBytes?: number | undefined;
  readonly deadlineMs: number;
  readonly failMode?: 'open' | 'closed' | undefined;
  readonly outcome: 'allow' | 'observe' | 'challenge' | 'slow' | 'deny' | 'trap';
  readonly decoy?: DecoyConfig | undefined;
  readonly requiresLogin?: CredentialConfig | undefined;
  readonly requiresSteps: readonly string[];
  readonly login?: LoginConfig | undefined;
  readonly objects: readonly ObjectConfig[];
  /** Only the bound device of the login's customer may call; `amount` is a JSON Pointer into the body. */
  readonly bound?: { readonly amount?: string | undefined } | undefined;
  /** Judged by the policies of its scene; only what is declared here is read. */
  readonly decision?: RouteDecisionConfig | undefined;
  readonly limits: {
    readonly device?: RateConfig | undefined;
    readonly address?: RateConfig | undefined;
    readonly route?: RateConfig | undefined;
  };
}
