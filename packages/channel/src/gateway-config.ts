/**
 * The gateway's signed key config: what a client pins its trust to. Versioned (a client never goes back), expiring, with overlapping
 * keys and emergency revocation; beside it the status statement, at most a day old, signed by a delegated key.
 */
import { accept, type Bytes, type EpochMs, epochMs, type Result, refuse, toBase64Url } from '@hauberk/primitives';
import { maxStatusLifeMs, protocolVersion } from './names.ts';
import type { DocumentReason } from './reasons.ts';
import { compilePattern, matchPattern, type PathPattern } from './route-pattern.ts';
import { booleanOf, bytesOf, countOf, isObject, type JsonObject, listOf, textEntry, textOf } from './shape.ts';
import { findSuite, type SuiteId } from './suites.ts';

/** How a route's messages travel. `plain` routes are outside HB/1. */
export type ProtectionMode = 'plain' | 'signed' | 'sealed';

/** A public verification key: P-256, raw uncompressed point. */
export interface NamedKey {
  readonly kid: string;
  readonly publicKey: Bytes;
}

/** A key-agreement key of the gateway for one suite. */
export interface AgreementKey extends NamedKey {
  readonly suite: SuiteId;
  readonly notBeforeMs: EpochMs;
  readonly expiresAtMs: EpochMs;
}

/** What a client must know of a route. The first route that matches counts. */
export interface ConfigRoute {
  /** Upper-case methods; empty for any. */
  readonly methods: readonly string[];
  readonly path: PathPattern;
  readonly mode: ProtectionMode;
  /** Lower-case request headers that are covered when present, beyond those that always are. */
  readonly coveredHeaders: readonly string[];
  /** Lower-case reply headers that are covered when present. */
  readonly coveredReplyHeaders: readonly string[];
  /** Query parameters that may travel readable on a sealed route. */
  readonly publicQuery: readonly string[];
  readonly idempotency: 'none' | 'optional' | 'required';
  /** Whether requests go as a stream of sealed chunks. */
  readonly chunked: boolean;
  /** `unbound` only where a proxy mode cannot bind replies. */
  readonly replies: 'bound' | 'unbound';
}

/** The config, read and not yet judged. */
export interface GatewayConfig {
  readonly signedBy: string;
  readonly organisation: string;
  readonly service: string;
  readonly version: number;
  readonly issuedAtMs: EpochMs;
  readonly expiresAtMs: EpochMs;
  readonly suites: readonly SuiteId[];
  readonly keys: readonly AgreementKey[];
  readonly revokedKeys: readonly string[];
  readonly statusKeys: readonly NamedKey[];
  readonly directiveKeys: readonly NamedKey[];
  readonly endpoints: readonly string[];
  readonly maxAgeSeconds: number;
  readonly routes: readonly ConfigRoute[];
  readonly defaultMode: ProtectionMode;
}

const modeOf = (value: unknown): ProtectionMode | undefined =>
  value === 'plain' || value === 'signed' || value === 'sealed' ? value : undefined;

const namedKeyEntry = (value: unknown): NamedKey | undefined => {
  if (!isObject(value)) return undefined;
  const kid = textOf(value, 'kid', 64);
  const publicKey = bytesOf(value, 'publicKey', 65);
  return kid === undefined || publicKey === undefined ? undefined : { kid, publicKey };
};

const agreementKeyEntry = (value: unknown): AgreementKey | undefined => {
  if (!isObject(value)) return undefined;
  const kid = textOf(value, 'kid', 64);
  const suite = findSuite(textOf(value, 'suite') ?? '');
  const notBefore = countOf(value, 'notBeforeMs');
  const expiresAt = countOf(value, 'expiresAtMs');
  if (kid === undefined || suite === undefined || notBefore === undefined || expiresAt === undefined) return undefined;
  const publicKey = bytesOf(value, 'publicKey', suite.shareLength);
  if (publicKey === undefined) return undefined;
  return { kid, suite: suite.id, publicKey, notBeforeMs: epochMs(notBefore), expiresAtMs: epochMs(expiresAt) };
};

/** One kid, one key: with two of a name both sides could pick different ones, and a revocation would be ambiguous. */
const haveDistinctKids = (keys: readonly NamedKey[] | undefined): boolean =>
  keys === undefined || new Set(keys.map(({ kid }) => kid)).size === keys.length;

const lowerCaseToken = /^[a-z0-9!#$%&'*+.^_`|~-]{1,128}$/;
const upperCaseToken = /^[A-Z][A-Z-]{0,31}$/;

/** A header name in any other spelling would never be found in a message, and so silently never covered. */
const headerEntry = (value: unknown): string | undefined =>
  typeof value === 'string' && lowerCaseToken.test(value) ? value : undefined;

const methodEntry = (value: unknown): string | undefined =>
  typeof value === 'string' && upperCaseToken.test(value) ? value : undefined;

/** An agreement key of a suite that this side does not know is passed over: it is for newer clients. */
const knownAgreementKeys = (payload: JsonObject): readonly AgreementKey[] | undefined =>
  listOf(payload, 'keys', (value) =>
    isObject(value) && findSuite(textOf(value, 'suite') ?? '') === undefined ? 'unknown' : agreementKeyEntry(value),
  )?.filter((key) => key !== 'unknown');

const routeEntry = (value: unknown): ConfigRoute | undefined => {
  if (!isObject(value)) return undefined;
  const path = compilePattern(textOf(value, 'path', 1024) ?? '');
  const methods = listOf(value, 'methods', methodEntry);
  const mode = modeOf(value['mode']);
  const coveredHeaders = listOf(value, 'coveredHeaders', headerEntry);
  const coveredReplyHeaders = listOf(value, 'coveredReplyHeaders', headerEntry);
  const publicQuery = listOf(value, 'publicQuery', textEntry);
  const idempotency = value['idempotency'];
  const chunked = booleanOf(value, 'chunked');
  const replies = value['replies'];
  if (path === undefined || methods === undefined || mode === undefined || coveredHeaders === undefined)
    return undefined;
  if (coveredReplyHeaders === undefined || publicQuery === undefined || chunked === undefined) return undefined;
  if (idempotency !== 'none' && idempotency !== 'optional' && idempotency !== 'required') return undefined;
  if (replies !== 'bound' && replies !== 'unbound') return undefined;
  return { methods, path, mode, coveredHeaders, coveredReplyHeaders, publicQuery, idempotency, chunked, replies };
};

const configLists = (payload: JsonObject) => {
  const suites = listOf(payload, 'suites', textEntry)?.flatMap((id) => findSuite(id)?.id ?? []);
  const keys = knownAgreementKeys(payload);
  const revokedKeys = listOf(payload, 'revokedKeys', textEntry);
  const statusKeys = listOf(payload, 'statusKeys', namedKeyEntry);
  const directiveKeys = listOf(payload, 'directiveKeys', namedKeyEntry);
  const endpoints = listOf(payload, 'endpoints', textEntry);
  const routes = listOf(payload, 'routes', routeEntry);
  if (suites === undefined || keys === undefined || revokedKeys === undefined || statusKeys === undefined)
    return undefined;
  if (directiveKeys === undefined || endpoints === undefined || routes === undefined) return undefined;
  if (![keys, statusKeys, directiveKeys].every(haveDistinctKids)) return undefined;
  return { suites, keys, revokedKeys, statusKeys, directiveKeys, endpoints, routes };
};

/** Reads a config payload. Unknown members are left alone: a newer gateway may say more to newer clients. */
export const readGatewayConfig = (payload: JsonObject): Result<GatewayConfig, DocumentReason> => {
  if (payload['v'] !== protocolVersion) return refuse('document.version');
  const signedBy = textOf(payload, 'kid', 64);
  const organisation = textOf(payload, 'organisation', 64);
  const service = textOf(payload, 'service', 64);
  const version = countOf(payload, 'version');
  const issuedAt = countOf(payload, 'issuedAtMs');
  const expiresAt = countOf(payload, 'expiresAtMs');
  const maxAgeSeconds = countOf(payload, 'maxAgeSeconds');
  const defaultMode = modeOf(payload['defaultMode']);
  const lists = configLists(payload);
  if (signedBy === undefined || organisation === undefined || service === undefined || version === undefined)
    return refuse('document.malformed');
  if (issuedAt === undefined || expiresAt === undefined || maxAgeSeconds === undefined)
    return refuse('document.malformed');
  if (defaultMode === undefined || lists === undefined) return refuse('document.malformed');
  const times = { issuedAtMs: epochMs(issuedAt), expiresAtMs: epochMs(expiresAt) };
  return accept({ signedBy, organisation, service, version, maxAgeSeconds, defaultMode, ...times, ...lists });
};

/** The payload of a config, ready to be signed under `hb1/config`. */
export const gatewayConfigPayload = (config: GatewayConfig): JsonObject => ({
  v: protocolVersion,
  kid: config.signedBy,
  organisation: config.organisation,
  service: config.service,
  version: config.version,
  issuedAtMs: config.issuedAtMs,
  expiresAtMs: config.expiresAtMs,
  suites: config.suites,
  keys: config.keys.map((key) => ({ ...key, publicKey: toBase64Url(key.publicKey) })),
  revokedKeys: config.revokedKeys,
  statusKeys: config.statusKeys.map(({ kid, publicKey }) => ({ kid, publicKey: toBase64Url(publicKey) })),
  directiveKeys: config.directiveKeys.map(({ kid, publicKey }) => ({ kid, publicKey: toBase64Url(publicKey) })),
  endpoints: config.endpoints,
  maxAgeSeconds: config.maxAgeSeconds,
  routes: config.routes.map((route) => ({ ...route, path: route.path.text })),
  defaultMode: config.defaultMode,
});

/** The first route that matches a request, or undefined: then the config's default mode holds. */
export const findConfigRoute = (config: GatewayConfig, method: string, path: string): ConfigRoute | undefined =>
  config.routes.find(
    (route) =>
      (route.methods.length === 0 || route.methods.includes(method)) && matchPattern(route.path, path) !== undefined,
  );

/**
 * The agreement key that a client uses: of its first own suite with an unrevoked key that has not expired at the time floor, the newest
 * that is valid by its own clock. Where that clock finds none it is wrong, not the config: then the newest, and the gateway judges.
 */
export const chooseAgreementKey = (
  config: GatewayConfig,
  suites: readonly SuiteId[],
  now: EpochMs,
  timeFloor: EpochMs = epochMs(0),
): AgreementKey | undefined => {
  const usable = config.keys
    .filter((key) => config.suites.includes(key.suite) && !config.revokedKeys.includes(key.kid))
    .filter((key) => timeFloor < key.expiresAtMs)
    .toSorted((left, right) => right.notBeforeMs - left.notBeforeMs);
  const suite = suites.find((id) => usable.some((key) => key.suite === id));
  const ofSuite = usable.filter((key) => key.suite === suite);
  return ofSuite.find((key) => key.notBeforeMs <= now && now < key.expiresAtMs) ?? ofSuite[0];
};

/** A statement that a config is the one in force; stapled to every handshake answer. */
export interface ConfigStatus {
  readonly signedBy: string;
  readonly configHash: Bytes;
  readonly configVersion: number;
  readonly issuedAtMs: EpochMs;
  readonly expiresAtMs: EpochMs;
}

/** The payload of a status statement, ready to be signed under `hb1/status`. */
export const configStatusPayload = (status: ConfigStatus): JsonObject => ({
  v: protocolVersion,
  kid: status.signedBy,
  configHash: toBase64Url(status.configHash),
  configVersion: status.configVersion,
  issuedAtMs: status.issuedAtMs,
  expiresAtMs: status.expiresAtMs,
});

/** Reads a status statement; one that lives longer than a day is refused whoever signed it. */
export const readConfigStatus = (payload: JsonObject): Result<ConfigStatus, DocumentReason> => {
  if (payload['v'] !== protocolVersion) return refuse('document.version');
  const signedBy = textOf(payload, 'kid', 64);
  const configHash = bytesOf(payload, 'configHash', 32);
  const configVersion = countOf(payload, 'configVersion');
  const issuedAt = countOf(payload, 'issuedAtMs');
  const expiresAt = countOf(payload, 'expiresAtMs');
  if (signedBy === undefined || configHash === undefined || configVersion === undefined)
    return refuse('document.malformed');
  if (issuedAt === undefined || expiresAt === undefined) return refuse('document.malformed');
  if (expiresAt - issuedAt > maxStatusLifeMs) return refuse('document.life-too-long');
  return accept({
    signedBy,
    configHash,
    configVersion,
    issuedAtMs: epochMs(issuedAt),
    expiresAtMs: epochMs(expiresAt),
  });
};
