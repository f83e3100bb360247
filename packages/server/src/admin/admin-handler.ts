/** Serves the admin API: limits, caller, right, input, operation, answer, one log line. The order is the security of it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TLSSocket } from 'node:tls';
import type { EpochMs } from '@hauberk/primitives';
import { plainAddress } from '../gateway/connection-trust.ts';
import { newRequestId, type RequestId } from '../observability/trace-context.ts';
import { StorageUnavailable } from '../storage/storage-refusal.ts';
import { type AdminLimits, createAdminLimits } from './admin-limits.ts';
import { type AdminRefusal, adminProblemDocument, adminProblems, deny } from './admin-problem.ts';
import type { AdminTokenReason } from './admin-token-reason.ts';
import type { Administration, Caller } from './administration.ts';
import { authenticate, noteUse } from './authenticate.ts';
import { openApiText } from './openapi.ts';
import { type AdminReply, matchPath, type Operation } from './operation.ts';
import type { OperationName } from './operation-names.ts';
import { operations } from './operations.ts';
import { readBody } from './read-body.ts';
import { type AdminTarget, judgeInput, judgePath, readIfMatch, readTarget } from './read-call.ts';
import { isAllowed, type Right, rightText } from './right.ts';
import { storageRefusal } from './storage-problem.ts';

/** Serves a request when it is of the admin API; answers whether it was. */
export type AdminHandler = (incoming: IncomingMessage, response: ServerResponse) => boolean;

/** One request on its way. */
interface Exchange {
  readonly administration: Administration;
  readonly limits: AdminLimits;
  readonly incoming: IncomingMessage;
  readonly address: string;
  readonly now: EpochMs;
  /** Filled in as it becomes known, for the log. */
  readonly told: { operation?: OperationName; caller?: Caller; reason?: AdminTokenReason };
}

type Answer = AdminReply | AdminRefusal;

/** A page of another site may make a browser send requests; none of ours does, so all of those are refused. */
const isCrossSite = ({ headers }: IncomingMessage): boolean => {
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return true;
  const { origin, host } = headers;
  return origin !== undefined && origin.replace(/^https?:\/\//, '') !== host;
};

const limited = (waitMs: number): AdminRefusal => deny('limited', { retryAfterSeconds: Math.ceil(waitMs / 1000) });

interface Matched {
  readonly operation: Operation;
  readonly path: Readonly<Record<string, string>>;
}

const findOperation = (target: AdminTarget, method: string | undefined): Matched | AdminRefusal => {
  const candidates = operations.flatMap((operation) => {
    const path = matchPath(operation.path, target.segments);
    return path === undefined ? [] : [{ operation, path }];
  });
  const found = candidates.find(({ operation }) => operation.method === method);
  return found ?? deny(candidates.length === 0 ? 'not-found' : 'method-not-allowed');
};

const findCaller = async ({ administration, limits, incoming, address, now, told }: Exchange) => {
  const found = await authenticate(administration, incoming.headers.authorization, now);
  if (found.ok) {
    told.caller = found.value;
    const waitMs = limits.ofToken(found.value.token, administration.settings().requestsPerSecond, now);
    return waitMs > 0 ? limited(waitMs) : found;
  }
  told.reason = found.code;
  const waitMs = limits.failed(address, now);
  return waitMs > 0 ? limited(waitMs) : deny('login-required');
};

/** The right that an operation asks for, or undefined when a token is enough; an app that the organisation does not have is not there. */
const judgeRight = (
  { administration }: Exchange,
  { operation, path }: Matched,
  { organisation, grants }: Caller,
): AdminRefusal | undefined => {
  const { access } = operation;
  if (access.kind === 'open' || access.kind === 'token') return undefined;
  const app = access.kind === 'app' ? (path['app'] ?? '') : '*';
  if (access.kind === 'app' && !administration.appsOf(organisation).includes(app)) return deny('not-found');
  const right: Right = { app, area: access.area, verb: access.verb };
  const isGiven = isAllowed(grants, administration.settings().roles, right);
  return isGiven ? undefined : deny('right-missing', { right: rightText(right) });
};

const call = async (
  exchange: Exchange,
  matched: Matched,
  target: AdminTarget,
  caller: Caller | undefined,
): Promise<Answer> => {
  const { administration, incoming, now } = exchange;
  const { operation, path } = matched;
  if (!judgePath(operation, path)) return deny('not-found');
  const version = readIfMatch(operation, incoming.headers['if-match']);
  if (!version.ok) return version;
  const body = operation.body === undefined ? undefined : await readBody(incoming, operation.bodyLimits);
  if (body !== undefined && !body.ok) return body;
  const input = judgeInput(operation, path, target.query, body?.value);
  if (!input.ok) return input;
  const answer = await operation.run(
    { administration, now, path, query: input.query, body: input.body, ifMatch: version.version },
    caller,
  );
  // A failed login counts like any wrong token.
  if (caller === undefined && !answer.ok && answer.code === 'login-required') {
    const waitMs = exchange.limits.failed(exchange.address, now);
    if (waitMs > 0) return limited(waitMs);
  }
  return answer;
};

const answerTo = async (exchange: Exchange, target: AdminTarget): Promise<Answer> => {
  const { limits, incoming, address, now, told, administration } = exchange;
  const waitMs = limits.ofAddress(address, now);
  if (waitMs > 0) return limited(waitMs);
  if (isCrossSite(incoming)) return deny('cross-site');
  const matched = findOperation(target, incoming.method);
  if ('ok' in matched) return matched;
  told.operation = matched.operation.id;
  if (matched.operation.access.kind === 'open') return call(exchange, matched, target, undefined);
  const caller = await findCaller(exchange);
  if (!caller.ok) return caller;
  const denied = judgeRight(exchange, matched, caller.value);
  if (denied !== undefined) return denied;
  const answer = await call(exchange, matched, target, caller.value);
  // What was done is answered as done, whatever becomes of the note; a fault of the writer shows elsewhere.
  await noteUse(administration, caller.value, now).catch(() => undefined);
  return answer;
};

const securityHeaders = (isSecure: boolean): Readonly<Record<string, string>> => ({
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  ...(isSecure ? { 'strict-transport-security': 'max-age=31536000' } : {}),
});

interface Sent {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

const sentOf = (answer: Answer, instance: string): Sent => {
  if (answer.ok) {
    const version = answer.version === undefined ? {} : { etag: `"${answer.version}"` };
    const headers = { 'content-type': 'application/json', ...version };
    return { status: answer.status, headers, text: `${JSON.stringify(answer.body)}\n` };
  }
  const { retryAfterSeconds, code } = answer;
  const { status } = adminProblems[code];
  const headers = {
    'content-type': 'application/problem+json',
    ...(retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }),
    ...(status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
  };
  return { status, headers, text: `${JSON.stringify(adminProblemDocument(answer, instance))}\n` };
};

const send = (incoming: IncomingMessage, response: ServerResponse, { status, headers, text }: Sent): void => {
  const isSecure = (incoming.socket as TLSSocket).encrypted === true;
  // What of the body was not read must not be taken for the next request.
  const close = incoming.complete ? {} : { connection: 'close' };
  const length = { 'content-length': Buffer.byteLength(text) };
  response.writeHead(status, { ...securityHeaders(isSecure), ...headers, ...length, ...close });
  response.end(text);
  incoming.resume();
};

const settle = async (exchange: Exchange, target: AdminTarget | AdminRefusal): Promise<Answer> => {
  try {
    return 'ok' in target ? target : await answerTo(exchange, target);
  } catch (error) {
    if (error instanceof StorageUnavailable) return storageRefusal({ code: error.refusal });
    exchange.administration.log.error('admin.fault', { error });
    return deny('internal');
  }
};

const logAnswer = ({ told, administration }: Exchange, answer: Answer, request: RequestId): void => {
  const { log } = administration;
  const { operation, caller, reason } = told;
  const token = caller?.token;
  administration.calls.add(operation ?? 'none', answer.ok ? 'done' : answer.code);
  if (!answer.ok) log.warn('admin.refused', { request, operation, token, code: answer.code, reason });
  else log.info('admin.request', { request, operation, token, status: answer.status });
};

/** Serves the admin API of an administration. */
export const createAdminHandler = (administration: Administration): AdminHandler => {
  const limits = createAdminLimits(administration.now());
  const document = openApiText();
  return (incoming, response) => {
    const target = readTarget(incoming.url ?? '');
    if (target === undefined) return false;
    const isDocument = !('ok' in target) && target.segments.join('/') === 'openapi.json' && incoming.method === 'GET';
    if (isDocument) {
      send(incoming, response, { status: 200, headers: { 'content-type': 'application/json' }, text: document });
      return true;
    }
    const instance = newRequestId();
    const address = plainAddress(incoming.socket.remoteAddress ?? '');
    const exchange: Exchange = { administration, limits, incoming, address, now: administration.now(), told: {} };
    void settle(exchange, target).then((answer) => {
      logAnswer(exchange, answer, instance);
      send(incoming, response, sentOf(answer, instance));
    });
    return true;
  };
};
