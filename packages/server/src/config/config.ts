/** The configuration of one gateway process, with every default filled in. `schema.ts` parses it, `rules.ts` judges it. */

import type { FourEyesAction, FourEyesRule } from '../admin/four-eyes.ts';
import type { Roles } from '../admin/right.ts';
import type { DefaultCoding } from '../sms/sms-coding.ts';
import type { JsonMembers } from '../sms/webhook-form.ts';
import type { BindingConfig } from './binding-config.ts';
import type { DecisionConfig } from './decision-config.ts';
import type { IntelligenceConfig } from './intelligence-schema.ts';
import type { PrivacyConfig } from './privacy-config.ts';
import type { RouteConfig } from './route-config.ts';
import type { SignalsConfig } from './signals-schema.ts';
import type { StorageConfig } from './storage-config.ts';

/** TLS termination. */
export interface TlsConfig {
  readonly certificateFile: string;
  readonly keyFile: string;
}

/** The public listener. */
export interface ListenConfig {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly tls?: TlsConfig | undefined;
  /** CIDR blocks whose `X-Forwarded-For` is believed. */
  readonly trustedProxies: readonly string[];
}

/** The operators' listener. */
export interface AdminConfig {
  readonly host: string;
  readonly port: number;
  readonly tls?: TlsConfig | undefined;
  /** Whether `/admin/v1` is served. */
  readonly api: boolean;
  /** Role → rights as `area:verb`, beside the built-in ones. */
  readonly roles: Roles;
  /** Longest life of an API token. */
  readonly tokenDays: number;
  /** How long a proposal waits for a second person. */
  readonly approvalHours: number;
  readonly fourEyes: Readonly<Record<FourEyesAction, FourEyesRule>>;
  /** From how many devices of one person within an hour on they are many. */
  readonly manyDevices: number;
  /** Of one token, on average. */
  readonly requestsPerSecond: number;
}

/**
 * The listener that nginx (`auth_request`) or Envoy (`ext_authz`) asks. Its peer is believed, so it is reached over a unix socket or by mutual
 * TLS and in no other way.
 */
export interface AuthzConfig {
  /** Path of the unix socket; the second worker thread appends `.1`, and so on. Absolute after loading. */
  readonly socket?: string | undefined;
  readonly tls?: AuthzTlsConfig | undefined;
}

/** Mutual TLS of the authz listener. */
export interface AuthzTlsConfig extends TlsConfig {
  readonly host: string;
  readonly port: number;
  /** PEM file of the authorities whose clients may ask. */
  readonly clientCaFile: string;
  /** Common names that may ask; any that the authorities vouch for when empty. */
  readonly clientNames: readonly string[];
}

/** What the client report keeps. */
export interface ReportConfig {
  /** Request header that names the version of the app, in lower case. */
  readonly versionHeader: string;
  /** Rows that one worker thread keeps for half a minute; beyond, clients are counted together. */
  readonly clientRows: number;
}

/** Cross-origin rules of one service. */
export interface CorsConfig {
  readonly origins: readonly string[];
  readonly maxAgeSeconds: number;
  readonly exposedHeaders: readonly string[];
  readonly allowedHeaders: readonly string[];
  readonly credentials: boolean;
}

/** One logical service. */
export interface ServiceConfig {
  readonly id: string;
  readonly hosts: readonly string[];
  readonly upstream: string;
  /** `proxy`: requests reach the upstream through nginx or Envoy, which ask here first. */
  readonly enforcement: 'gateway' | 'proxy';
  /** Origins in the order in which clients try them. */
  readonly endpoints: readonly string[];
  readonly suites: readonly ('HB1-P256' | 'HB1-X25519')[];
  readonly cors?: CorsConfig | undefined;
  readonly routes: readonly RouteConfig[];
}

/** One upstream. */
export interface UpstreamConfig {
  readonly origin: string;
  readonly connections: number;
  readonly connectTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
  /** Secret of the HMAC over the verified facts. */
  readonly factsKey: string;
  readonly preserveHost: boolean;
  readonly nameTtlSeconds: number;
}

/** Limits of the listener, of bodies and of shared tables. */
export interface LimitsConfig {
  readonly headerBytes: number;
  readonly headers: number;
  readonly bodyCapBytes: number;
  readonly replyCapBytes: number;
  readonly headersTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
  readonly bodyPaceBytesPerSecond: number;
  readonly connections: number;
  readonly connectionsPerAddress: number;
  readonly enrolmentsPerSecond: number;
  readonly enrolmentBurst: number;
  readonly heldRequests: number;
  readonly slowMs: number;
  readonly decompressedBytes: number;
  readonly decompressionRatio: number;
  /** Clients that may wait for directives at one worker thread, and of one address. */
  readonly directiveStreams: number;
  readonly directiveStreamsPerAddress: number;
  readonly rateCells: number;
  /** Most clock skew that a migration scheme may allow. */
  readonly migrationSkewSeconds: number;
  /** Migration credentials remembered per span of twice that skew. */
  readonly migrationUses: number;
  readonly drainMs: number;
}

/** Sessions and the tables that hold them. */
export interface SessionsConfig {
  readonly tiers: readonly { readonly name: string; readonly sessions: number }[];
  readonly devices: number;
  readonly strikes: number;
  readonly hellosPerSecond: number;
  readonly ticketLifeSeconds: number;
  readonly resumeLifeDays: number;
  readonly maxAgeSeconds: number;
}

/** The published, signed gateway config. */
export interface SignedConfigConfig {
  readonly lifeDays: number;
  readonly statusHours: number;
  /** Agreement keys, by their kid, that no client may use any more. */
  readonly revokedKeys: readonly string[];
}

/** Where the log goes. */
export interface LogConfig {
  readonly access: 'none' | 'stdout' | 'file';
  /** Relative to the state folder. */
  readonly accessFile: string;
  /** How the access log tells a client's address. */
  readonly addresses: 'full' | 'shortened' | 'none';
  /** `pattern`: as the route has it; `full`: as the client sent it, without the query. */
  readonly paths: 'pattern' | 'full';
  readonly level: 'debug' | 'info' | 'warn' | 'error';
}

/** Protection against more requests than can be served. */
export interface OverloadConfig {
  /** Age of a standing queue that counts as an overload; 0 sheds nothing. */
  readonly queueTargetMs: number;
  /** Longest wait for the storage writer while a request is served. */
  readonly storageDeadlineMs: number;
}

/** An app that may enrol. */
export interface AppConfig {
  readonly id: string;
  /** Whether devices may enrol with keys that no hardware vouches for. */
  readonly software: 'allowed' | 'refused';
  /** Apple's environment of this app's deployment. */
  readonly environment: 'production' | 'development';
  /** Evidence of hardware counts for so long; for ever when absent. */
  readonly reattestDays?: number | undefined;
  /** Who must see to it that a user is verified before a key of purpose `approve` signs; the attested app will do when absent. */
  readonly approval?: 'app' | 'hardware' | undefined;
  /** Tokens of Play Integrity; not opened when absent. */
  readonly playIntegrity?: PlayIntegrityConfig | undefined;
}

/** How tokens of the classic Play Integrity API are opened and judged. */
export interface PlayIntegrityConfig {
  /** Response keys of the app as the Play Console gives them, base64: 32 bytes, and a SubjectPublicKeyInfo on P-256. */
  readonly decryptionKey: string;
  readonly verificationKey: string;
  /** Whether evidence of Androids must come with a token; `if-present` judges those that do. */
  readonly use: 'required' | 'if-present';
  readonly leastLabel: 'MEETS_BASIC_INTEGRITY' | 'MEETS_DEVICE_INTEGRITY' | 'MEETS_STRONG_INTEGRITY';
}

/** What a revocation list that is too old does to evidence. */
export type StaleRule = 'refuse' | 'note';

/** What evidence of devices is measured against. File names are absolute after loading. */
export interface AttestationConfig {
  /** PEM files of certificates; a kind without its roots is refused. */
  readonly roots: {
    readonly android?: string | undefined;
    readonly apple?: string | undefined;
    readonly appleReceipts?: string | undefined;
    readonly huks?: string | undefined;
    readonly webauthn?: string | undefined;
  };
  /** JSON file: which builds of which app may run. */
  readonly approvedBuilds?: string | undefined;
  /** Google's list of attestation certificates that are no longer believed, as a JSON file. */
  readonly androidRevocations?: string | undefined;
  readonly maxRevocationHours: number;
  /** Roots of an older snapshot are stale. */
  readonly maxSnapshotDays: number;
  readonly staleRevocations: StaleRule | { readonly enrol: StaleRule; readonly reattest: StaleRule };
  readonly unlocked: 'allowed' | 'refused';
  /** YYYYMM. */
  readonly leastPatchLevel?: number | undefined;
}

/** Several nodes of one installation. */
export interface ClusterConfig {
  readonly relay: {
    readonly host: string;
    readonly port: number;
    readonly certificateFile: string;
    readonly keyFile: string;
    readonly caFile: string;
    readonly connectTimeoutMs: number;
  };
  /** Every node, this one included, as the others reach its relay listener. */
  readonly nodes: readonly { readonly id: number; readonly origin: string }[];
}

/** A link that we open to an SMSC. File names are absolute after loading. */
export interface SmppConfig {
  readonly host: string;
  readonly port: number;
  readonly tls?:
    | {
        readonly caFile?: string | undefined;
        readonly certificateFile?: string | undefined;
        readonly keyFile?: string | undefined;
        readonly serverName?: string | undefined;
      }
    | undefined;
  readonly bind: 'receiver' | 'transceiver';
  readonly systemId: string;
  readonly secret: string;
  readonly systemType: string;
  /** What the SMSC means by data coding 0. */
  readonly defaultCoding: DefaultCoding;
  readonly window: number;
  readonly enquireSeconds: number;
}

/** A link that calls us. */
export interface WebhookConfig {
  readonly path: string;
  readonly form: 'kannel' | 'json';
  /** CIDR blocks that may call. */
  readonly addresses: readonly string[];
  /** Common names of client certificates that may call. */
  readonly clientNames: readonly string[];
  readonly members: JsonMembers;
}

/** A link of the SMS plane; it has either `smpp` or `webhook`. */
export interface SmsLinkConfig {
  readonly id: string;
  readonly smpp?: SmppConfig | undefined;
  readonly webhook?: WebhookConfig | undefined;
  readonly countryCode?: string | undefined;
  readonly messagesPerSecond: number;
  readonly redeliverySeconds: number;
}

/** The listener of webhooks. File names are absolute after loading. */
export interface SmsListenConfig {
  readonly host: string;
  readonly port: number;
  readonly tls?: (TlsConfig & { readonly clientCaFile?: string | undefined }) | undefined;
}

/** Inbound SMS. */
export interface SmsConfig {
  readonly listen?: SmsListenConfig | undefined;
  readonly links: readonly SmsLinkConfig[];
  readonly mostWaiting: number;
}

/** The whole file. */
export interface Config {
  readonly organisation: string;
  readonly apps: readonly AppConfig[];
  readonly attestation: AttestationConfig;
  readonly node: number;
  /** Absolute after loading. */
  readonly state: string;
  /** 0 takes one per processor. */
  readonly workers: number;
  readonly listen: ListenConfig;
  readonly admin: AdminConfig;
  readonly authz?: AuthzConfig | undefined;
  readonly services: readonly ServiceConfig[];
  readonly upstreams: Readonly<Record<string, UpstreamConfig>>;
  readonly limits: LimitsConfig;
  readonly sessions: SessionsConfig;
  readonly overload: OverloadConfig;
  readonly signedConfig: SignedConfigConfig;
  readonly log: LogConfig;
  readonly report: ReportConfig;
  readonly binding?: BindingConfig | undefined;
  /** Nothing is judged beyond its signature when absent. */
  readonly decision?: DecisionConfig | undefined;
  readonly intelligence?: IntelligenceConfig | undefined;
  readonly storage?: StorageConfig | undefined;
  readonly privacy: PrivacyConfig;
  readonly signals: SignalsConfig;
  readonly cluster?: ClusterConfig | undefined;
  readonly sms?: SmsConfig | undefined;
}
