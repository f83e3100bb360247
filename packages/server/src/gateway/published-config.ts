/**
 * The signed gateway config as this installation publishes it: what clients pin their trust to. A new version appears only when its content
 * changes or its life runs out; versions never go back. The status statement beside it is signed anew all the time.
 */
import {
  type AgreementKey,
  type ConfigRoute,
  configStatusPayload,
  context,
  type GatewayConfig,
  gatewayConfigPayload,
  maxStatusLifeMs,
  type NamedKey,
  readDocument,
  readGatewayConfig,
  type SuiteId,
  signDocument,
} from '@hauberk/channel';
import {
  after,
  type Bytes,
  type DurationMs,
  type EpochMs,
  elapsed,
  epochMs,
  type KeyPair,
  type SyncCrypto,
  utf8,
} from '@hauberk/primitives';
import type { Route } from './route.ts';

/** A key pair that signs documents, by its name. */
export interface SigningKey {
  readonly kid: string;
  readonly pair: KeyPair;
}

/** What a config says, apart from version and times. */
export interface ConfigContent {
  readonly organisation: string;
  readonly service: string;
  readonly suites: readonly SuiteId[];
  readonly keys: readonly AgreementKey[];
  readonly revokedKeys: readonly string[];
  readonly statusKeys: readonly NamedKey[];
  readonly directiveKeys: readonly NamedKey[];
  readonly endpoints: readonly string[];
  readonly maxAgeSeconds: number;
  readonly routes: readonly Route[];
}

/** A published document. */
export interface PublishedDocument {
  readonly version: number;
  readonly document: string;
  readonly hash: Bytes;
}

const configRoute = (route: Route): ConfigRoute => ({
  methods: route.methods,
  path: route.pattern,
  mode: route.protection === 'none' ? 'plain' : route.mode,
  coveredHeaders: route.coveredHeaders,
  coveredReplyHeaders: route.coveredReplyHeaders,
  publicQuery: route.publicQuery,
  idempotency: route.idempotency.demand,
  chunked: route.stream,
  replies: route.enforcement === 'proxy' ? 'unbound' : 'bound',
});

const configOf = (
  content: ConfigContent,
  signedBy: string,
  version: number,
  now: EpochMs,
  life: DurationMs,
): GatewayConfig => ({
  ...content,
  routes: content.routes.map(configRoute),
  signedBy,
  version,
  issuedAtMs: now,
  expiresAtMs: after(now, life),
  // What no route names is not served: a client that asks for it all the same must not tell anybody on the way.
  defaultMode: 'sealed',
});

const withoutTimes = (config: GatewayConfig): string =>
  JSON.stringify(gatewayConfigPayload({ ...config, version: 0, issuedAtMs: epochMs(0), expiresAtMs: epochMs(0) }));

const readBack = (document: string): GatewayConfig | undefined => {
  const read = readDocument(context.config, document);
  const config = read.ok ? readGatewayConfig(read.value.payload) : undefined;
  return config?.ok === true ? config.value : undefined;
};

/** Until when a published document counts; undefined when it is none of ours. */
export const expiryOf = (document: string): EpochMs | undefined => readBack(document)?.expiresAtMs;

/** The latest document when it still says the same and has half its life left, otherwise the next version, newly signed. */
export const nextDocument = (
  crypto: SyncCrypto,
  key: SigningKey,
  content: ConfigContent,
  latest: { readonly version: number; readonly document: string } | undefined,
  life: DurationMs,
  now: EpochMs,
): PublishedDocument & { readonly isNew: boolean } => {
  const held = latest === undefined ? undefined : readBack(latest.document);
  const config = configOf(content, key.kid, (latest?.version ?? 0) + 1, now, life);
  const stillGood =
    held !== undefined && withoutTimes(held) === withoutTimes(config) && elapsed(now, held.expiresAtMs) > life / 2;
  const document =
    stillGood && latest !== undefined
      ? latest.document
      : signDocument(crypto, key.pair.privateKey, context.config, gatewayConfigPayload(config));
  const version = stillGood ? held.version : config.version;
  return { version, document, hash: crypto.sha256(utf8(document)), isNew: !stillGood };
};

/** A status statement for a published config. At most a day old, so that a withdrawn config dies with its last statement. */
export const statusOf = (
  crypto: SyncCrypto,
  key: SigningKey,
  published: PublishedDocument,
  life: DurationMs,
  now: EpochMs,
): string =>
  signDocument(
    crypto,
    key.pair.privateKey,
    context.status,
    configStatusPayload({
      signedBy: key.kid,
      configHash: published.hash,
      configVersion: published.version,
      issuedAtMs: now,
      expiresAtMs: epochMs(now + Math.min(life, maxStatusLifeMs)),
    }),
  );
