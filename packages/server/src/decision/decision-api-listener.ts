/**
 * `POST /v1/decisions`, `GET /v1/decisions/{id}`, `POST /v1/labels` (docs/decision-api.md): a listener of each worker thread beside the gateway's, for those whose
 * requests do not pass the gateway. Bodies are one event, or one a line; bounds are strict, and a faulty line spoils no other.
 */
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerOptions, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { DecisionApiConfig } from '../config/decision-config.ts';
import type { Scope } from '../storage/scope.ts';
import type { ApiAnswers, ApiRefusal, DecisionApiDesk } from './decision-api-desk.ts';
import type { ApiCaller, ApiTokens } from './decision-api-tokens.ts';
import type { DecisionStore } from './record-rows.ts';

/** What the listener stands on. */
export interface ApiListenerParts {
  readonly desk: DecisionApiDesk;
  readonly tokens: ApiTokens;
  readonly store: Pick<DecisionStore, 'find'>;
  /** Whoever guesses tokens waits: milliseconds, 0 for none. */
  readonly failed: (address: string) => number;
  readonly onFault: (error: unknown) => void;
}

/** An open listener. */
export interface ApiListener {
  readonly port: number;
  readonly close: () => Promise<void>;
}

/** Largest body in bytes, and most lines of one. */
export const maxApiBody = 1_048_576;
/** See `maxApiBody`. */
export const maxApiLines = 256;
/** Requests of one thread that may be under way. */
const mostUnderWay = 512;

const problems = {
  'api.malformed': [400, 'The request is malformed'],
  'api.scene': [400, 'The scene of the event is not declared'],
  'api.attribute': [400, 'An attribute of the event is not what its scene declares'],
  'api.login-required': [401, 'A token is needed'],
  'api.right-missing': [403, 'The token may not ask for decisions of this app'],
  'api.not-found': [404, 'There is nothing here'],
  'api.method-not-allowed': [405, 'This method is not offered here'],
  'api.conflict': [409, 'Another event was decided by this id'],
  'api.too-large': [413, 'The request is too large'],
  'api.unsupported': [415, 'This way of sending is not supported'],
  'api.event': [422, 'This is no event or label'],
  'api.limited': [429, 'Too many requests'],
  'api.internal': [500, 'The gateway failed'],
  'api.overloaded': [503, 'Try again later'],
} as const;

/** Codes of the API. */
export type ApiProblemCode = keyof typeof problems;
/** Status and title of each code. */
export const apiProblems: Readonly<Record<ApiProblemCode, readonly [status: number, title: string]>> = problems;

interface Sent {
  readonly status: number;
  readonly type: string;
  readonly text: string;
  readonly extra?: Readonly<Record<string, string>>;
}

const problem = (code: ApiProblemCode, detail?: string, pointer?: string): Sent => {
  const [status, title] = problems[code];
  const body = {
    type: `urn:hauberk:problem:${code}`,
    title,
    status,
    code,
    ...(detail === undefined ? {} : { detail }),
    ...(pointer === undefined ? {} : { pointer }),
  };
  const extra: Readonly<Record<string, string>> =
    status === 401 ? { 'www-authenticate': 'Bearer' } : status === 503 || status === 429 ? { 'retry-after': '1' } : {};
  return { status, type: 'application/problem+json', text: `${JSON.stringify(body)}\n`, extra };
};

/** Lines that have a problem of their own when they come alone. */
const ownProblems: Readonly<Record<string, ApiProblemCode>> = {
  'event.scene': 'api.scene',
  'event.attribute': 'api.attribute',
  'event.conflict': 'api.conflict',
};

const refusalAlone = ({ code, detail, pointer }: ApiRefusal): Sent =>
  problem(ownProblems[code] ?? 'api.event', detail === null ? code : `${code}: ${detail}`, pointer);

const json = (value: unknown): Sent => ({ status: 200, type: 'application/json', text: `${JSON.stringify(value)}\n` });

const fixed = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' } as const;

const send = (response: ServerResponse, { status, type, text, extra }: Sent): void => {
  response.writeHead(status, { ...fixed, ...extra, 'content-type': type, 'content-length': Buffer.byteLength(text) });
  response.end(text);
};

/** The body, or undefined when it is too large; then the rest of it is not read. */
const readBody = (incoming: IncomingMessage): Promise<Buffer | undefined> =>
  new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    let length = 0;
    incoming.on('data', (piece: Buffer) => {
      length += piece.length;
      if (length <= maxApiBody) pieces.push(piece);
      else {
        incoming.pause();
        resolve(undefined);
      }
    });
    incoming.on('end', () => resolve(pieces.length === 1 ? pieces[0] : Buffer.concat(pieces)));
    incoming.on('error', reject);
    incoming.on('close', () => reject(new Error('the client went away')));
  });

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Lines of a body; undefined for what is no text. */
const linesOf = (body: Buffer, isLines: boolean): readonly string[] | undefined => {
  let text: string;
  try {
    text = decoder.decode(body);
  } catch {
    return undefined;
  }
  if (!isLines) return [text.trim()];
  return text.split('\n').filter((line) => line.trim() !== '');
};

type Work = (scope: Scope, lines: readonly string[], caller: ApiCaller) => Promise<ApiAnswers<object>>;

/** Serves the API over a desk. */
export const decisionApi = (
  parts: ApiListenerParts,
): ((incoming: IncomingMessage, response: ServerResponse) => void) => {
  const { desk, tokens, store, failed, onFault } = parts;
  let underWay = 0;

  const callerOf = async (incoming: IncomingMessage): Promise<ApiCaller | Sent> => {
    const { authorization } = incoming.headers;
    if (authorization === undefined) return problem('api.login-required');
    const caller = tokens.known(authorization) ?? (await tokens.find(authorization));
    if (caller !== undefined) return caller;
    return failed(incoming.socket.remoteAddress ?? '') > 0 ? problem('api.limited') : problem('api.login-required');
  };

  const post = async (incoming: IncomingMessage, caller: ApiCaller, scope: Scope, work: Work): Promise<Sent> => {
    const type = /^application\/(json|x-ndjson)(?:[ \t]*;[ \t]*charset="?utf-8"?)?$/i.exec(
      incoming.headers['content-type'] ?? '',
    );
    if (type === null || incoming.headers['content-encoding'] !== undefined)
      return problem('api.unsupported', 'send application/json or application/x-ndjson without a coding');
    const isLines = type[1]?.toLowerCase() === 'x-ndjson';
    const body = await readBody(incoming);
    if (body === undefined) return problem('api.too-large', `at most ${maxApiBody} bytes`);
    const lines = linesOf(body, isLines);
    if (lines === undefined) return problem('api.malformed', 'is not UTF-8');
    if (lines.length > maxApiLines) return problem('api.too-large', `at most ${maxApiLines} lines`);
    const answered = await work(scope, lines, caller);
    if (!answered.ok) return problem('api.overloaded', answered.code);
    const { answers } = answered;
    if (isLines)
      return {
        status: 200,
        type: 'application/x-ndjson',
        text: answers.map((answer) => `${JSON.stringify(answer)}\n`).join(''),
      };
    const [answer] = answers;
    if (answer === undefined) return problem('api.event');
    if ('line' in answer) return refusalAlone(answer);
    return json(answer);
  };

  const find = async (scope: Scope, id: string): Promise<Sent> => {
    const found = await store.find(scope, id);
    if (found === undefined) return problem('api.not-found');
    const { position: _position, entities: _entities, ...shown } = found;
    return json(shown);
  };

  const works: Readonly<Record<string, Work>> = {
    '/v1/decisions': (scope, lines) => desk.decide(scope, lines),
    '/v1/labels': (scope, lines, { subject }) => desk.label(scope, lines, subject),
  };

  const answer = async (incoming: IncomingMessage): Promise<Sent> => {
    const url = incoming.url ?? '';
    const id = /^\/v1\/decisions\/([0-9a-f]{16})$/.exec(url)?.[1];
    const work = Object.hasOwn(works, url) ? works[url] : undefined;
    if (work === undefined && id === undefined) return problem('api.not-found');
    if (incoming.method !== (work === undefined ? 'GET' : 'POST')) return problem('api.method-not-allowed');
    const caller = await callerOf(incoming);
    if ('status' in caller) return caller;
    const named = incoming.headers['hauberk-app'];
    const scope = tokens.appOf(caller, typeof named === 'string' ? named : undefined);
    if (scope === undefined) return problem('api.right-missing', 'name the app in hauberk-app');
    return work === undefined ? find(scope, id ?? '') : post(incoming, caller, scope, work);
  };

  return (incoming, response) => {
    if (underWay >= mostUnderWay) {
      send(response, problem('api.overloaded'));
      incoming.resume();
      return;
    }
    underWay += 1;
    answer(incoming)
      .catch((error: unknown) => {
        if (!incoming.complete && incoming.destroyed) return undefined;
        onFault(error);
        return problem('api.internal');
      })
      .then((sent) => {
        underWay -= 1;
        if (sent === undefined) return;
        // What of a body was not read must not be taken for the next request.
        if (!incoming.complete) response.setHeader('connection', 'close');
        send(response, sent);
      })
      .catch(onFault);
  };
};

const options: ServerOptions = {
  connectionsCheckingInterval: 1000,
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 60_000,
  maxHeaderSize: 16_384,
  requireHostHeader: true,
  noDelay: true,
  insecureHTTPParser: false,
};

/** Opens the listener of one thread. Where a port cannot be shared, the first thread alone listens on it. */
export const openDecisionApi = async (
  { host, port, tls }: DecisionApiConfig,
  thread: { readonly worker: number; readonly reusePort: boolean },
  parts: ApiListenerParts,
): Promise<ApiListener | undefined> => {
  if (!thread.reusePort && thread.worker > 0) return undefined;
  const handle = decisionApi(parts);
  const server: Server =
    tls === undefined
      ? createServer(options, handle)
      : createSecureServer(
          {
            ...options,
            cert: readFileSync(tls.certificateFile),
            key: readFileSync(tls.keyFile),
            minVersion: 'TLSv1.2',
          },
          handle,
        );
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, reusePort: thread.reusePort && port !== 0 }, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
      }),
  };
};
