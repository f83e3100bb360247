/** A request becomes a record: read as `fetch` would, with its key for good and without credentials. */
import { header } from '@hauberk/channel/client';
import { toBase64Url } from '@hauberk/primitives';
import { isSafeMethod } from './call.ts';
import type { CoreContext } from './core-context.ts';
import { JournalError } from './journal-error.ts';
import type { EnqueueOptions, QueuedRequest } from './journal-port.ts';
import type { RequestRecord } from './journal-record.ts';

/** How long a request that changes something may wait, in milliseconds: nobody expects a payment from an hour ago. */
const unsafeLifeMs = 900_000;
const safeLifeMs = 86_400_000;
const longestLifeMs = 604_800_000;
/** Largest body of a queued request, in bytes. */
const maxBodyBytes = 262_144;
const maxDescribe = 500;

const credentialHeaders = ['authorization', 'cookie', 'proxy-authorization'];

const readRequest = (context: CoreContext, { url, method = 'GET', headers = {}, body }: QueuedRequest) => {
  const { origins } = context.endpoints;
  const target = new URL(url, origins[0]);
  if (!origins.includes(target.origin)) throw new JournalError('foreign-endpoint');
  const init: RequestInit = { method, headers: { ...headers } };
  if (body !== undefined) init.body = body as NonNullable<RequestInit['body']>;
  return { request: new Request(target, init), path: target.pathname + target.search };
};

const readHeaders = (context: CoreContext, request: Request): Record<string, string> => {
  const headers: Record<string, string> = Object.fromEntries(request.headers);
  // A credential outlives its login on the disk, and would be stale when it is needed.
  if (credentialHeaders.some((name) => name in headers)) throw new JournalError('credential');
  // Fixed now: whatever happens until the outcome is known, every attempt is the same operation.
  if (!isSafeMethod(request.method)) headers[header.idempotencyKey] ??= toBase64Url(context.ports.crypto.random(16));
  return headers;
};

/** Reads a request that an owner queues. */
export const takeIn = async (
  context: CoreContext,
  owner: string,
  queued: QueuedRequest,
  { expiresInMs, describe = '' }: EnqueueOptions,
): Promise<RequestRecord> => {
  const { request, path } = readRequest(context, queued);
  const { method } = request;
  const headers = readHeaders(context, request);
  const body = new Uint8Array(await request.arrayBuffer());
  if (body.length > maxBodyBytes) throw new JournalError('too-large');
  const lifeMs = Math.min(longestLifeMs, expiresInMs ?? (isSafeMethod(method) ? safeLifeMs : unsafeLifeMs));
  return {
    owner,
    method,
    path,
    headers,
    body: body.length === 0 ? null : toBase64Url(body),
    describe: describe.slice(0, maxDescribe),
    queuedWallMs: context.ports.clock.wall(),
    queuedServerMs: context.serverClock?.now() ?? null,
    lifeMs,
    state: 'waiting',
    reason: '',
    attempts: 0,
    mayHaveRun: false,
    reply: null,
  };
};
