/**
 * What nginx (`auth_request`) and Envoy (HTTP `ext_authz`) ask: the head of a request that they hold back, in their own dress. Both are believed
 * about it, so both are reached over a unix socket or mutual TLS only. The target is what the client sent, never a normalised form of it.
 */
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { accept, type EpochMs, type Result, refuse } from '@hauberk/primitives';
import { plainAddress } from '../gateway/connection-trust.ts';
import { factPrefix } from '../gateway/facts.ts';
import type { AuthzReason } from '../gateway/reasons.ts';
import { type HeadReason, type RequestHead, readHead } from '../gateway/request-head.ts';
import { type StartTrace, startPlainTrace } from '../observability/trace-context.ts';

/** `whole`: the question carries it. `none`: the proxy says that there is none. `unseen`: the proxy keeps it. */
export type SeenBody = 'whole' | 'none' | 'unseen';

/** A question. */
export interface AuthzQuestion {
  /** Of the original request. */
  readonly head: RequestHead;
  readonly body: SeenBody;
}

/** Headers that the proxy adds; a client's own of these names are replaced by the configurations in `examples/`. */
export const authzHeader = {
  method: 'hauberk-authz-method',
  uri: 'hauberk-authz-uri',
  address: 'hauberk-authz-address',
  /** nginx: length of the original body where it is known. */
  length: 'hauberk-authz-length',
  /** Envoy: `passed` when it is configured to pass whole bodies. */
  body: 'hauberk-authz-body',
} as const;

/** Path under which nginx asks. */
export const nginxPath = '/nginx';
/** Path prefix under which Envoy asks. */
export const envoyPrefix = '/envoy';

type Reason = HeadReason | AuthzReason;
type Asked = Pick<IncomingMessage, 'method' | 'url' | 'rawHeaders'>;

/** When the question came, and what names it. */
interface Reading {
  readonly at: EpochMs;
  readonly startTrace: StartTrace;
}

const ours = 'hauberk-authz-';

/** Names and values of the proxy's own headers; undefined when one comes twice. */
const proxyHeaders = (raw: readonly string[]): ReadonlyMap<string, string> | undefined => {
  const found = new Map<string, string>();
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = (raw[index] ?? '').toLowerCase();
    if (!name.startsWith(ours)) continue;
    if (found.has(name)) return undefined;
    found.set(name, raw[index + 1] ?? '');
  }
  return found;
};

/** The client's headers: without the proxy's own and without what belongs to the connection between the two of us. */
const clientHeaders = (raw: readonly string[], dropped: ReadonlySet<string>): string[] => {
  const kept: string[] = [];
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = (raw[index] ?? '').toLowerCase();
    if (!name.startsWith(ours) && !dropped.has(name)) kept.push(raw[index] ?? '', raw[index + 1] ?? '');
  }
  return kept;
};

/** A proxy cannot be trusted to strip them in every spelling, and no honest client sends them. */
const bringsFacts = (raw: readonly string[]): boolean =>
  raw.some((name, index) => index % 2 === 0 && name.toLowerCase().replace(/[_.]/g, '-').startsWith(factPrefix));

const readOriginal = (
  asked: Asked,
  address: string | undefined,
  { at, startTrace }: Reading,
): Result<RequestHead, Reason> => {
  const client = plainAddress((address ?? '').trim());
  if (isIP(client) === 0) return refuse('authz.malformed', 'address');
  // Whether the client's connection is TLS nobody here asks: the proxy forwards by itself.
  // What the proxy hands over is what the client sent: its trace headers are the client's own.
  return readHead(asked, at, { isProxy: false, clientOf: () => ({ address: client, secure: true }) }, startTrace);
};

const nginxDrops: ReadonlySet<string> = new Set(['connection', 'content-length', 'transfer-encoding']);

const readNginx = (
  asked: Asked,
  added: ReadonlyMap<string, string>,
  reading: Reading,
): Result<AuthzQuestion, Reason> => {
  const method = added.get(authzHeader.method);
  const url = added.get(authzHeader.uri);
  if (method === undefined || url === undefined) return refuse('authz.malformed', 'target');
  const rawHeaders = clientHeaders(asked.rawHeaders, nginxDrops);
  const head = readOriginal({ method, url, rawHeaders }, added.get(authzHeader.address), reading);
  if (!head.ok) return head;
  return accept({ head: head.value, body: added.get(authzHeader.length) === '0' ? 'none' : 'unseen' });
};

const envoyDrops: ReadonlySet<string> = new Set(['connection', 'x-envoy-auth-partial-body']);

const valuesOf = (raw: readonly string[], wanted: string): readonly string[] =>
  raw.filter((_, index) => index % 2 === 1 && (raw[index - 1] ?? '').toLowerCase() === wanted);

const envoyBody = (asked: Asked, added: ReadonlyMap<string, string>): SeenBody => {
  if (added.get(authzHeader.body) !== 'passed') return 'unseen';
  const partial = valuesOf(asked.rawHeaders, 'x-envoy-auth-partial-body');
  if (partial.length === 0) return 'none';
  return partial.length === 1 && partial[0] === 'false' ? 'whole' : 'unseen';
};

const readEnvoy = (
  asked: Asked,
  added: ReadonlyMap<string, string>,
  reading: Reading,
): Result<AuthzQuestion, Reason> => {
  const url = (asked.url ?? '').slice(envoyPrefix.length);
  const rawHeaders = clientHeaders(asked.rawHeaders, envoyDrops);
  // The last hop is the one that Envoy itself added.
  const address = valuesOf(asked.rawHeaders, 'x-forwarded-for').join(',').split(',').at(-1);
  const head = readOriginal({ method: asked.method, url, rawHeaders }, address, reading);
  return head.ok ? accept({ head: head.value, body: envoyBody(asked, added) }) : head;
};

/** Reads a question. */
export const readQuestion = (
  asked: Asked,
  at: EpochMs,
  startTrace: StartTrace = startPlainTrace,
): Result<AuthzQuestion, Reason> => {
  const added = proxyHeaders(asked.rawHeaders);
  if (added === undefined) return refuse('authz.malformed', 'twice');
  if (bringsFacts(asked.rawHeaders)) return refuse('authz.forged-facts');
  const reading = { at, startTrace };
  if (asked.url === nginxPath) return readNginx(asked, added, reading);
  return (asked.url ?? '').startsWith(`${envoyPrefix}/`)
    ? readEnvoy(asked, added, reading)
    : refuse('authz.malformed', 'path');
};
