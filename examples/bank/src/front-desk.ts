/** The bank's HTTP side: takes a request in, caps its body, writes the answer out. */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { type AppFiles, appAnswer } from './app-files.ts';
import { type Answer, type Bank, type Call, refusalAnswer } from './call.ts';
import { JournalFault } from './journal.ts';
import { refused } from './problem.ts';
import { readBody } from './request-body.ts';
import { answerCall } from './router.ts';
import { UPLOAD_CAP_BYTES } from './upload.ts';

const BODY_CAP_BYTES = 64 * 1024;

/** A request as it reached the bank: shows an attack suite what came through and what did not. */
export interface ReceivedRequest {
  readonly method: string;
  /** Path and query exactly as sent. */
  readonly target: string;
  /** Names and values in turn, exactly as sent. */
  readonly rawHeaders: readonly string[];
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
  readonly receivedAtMs: number;
}

/** What the desk stands in front of. */
export interface FrontDesk {
  readonly bank: Bank;
  readonly appFiles: AppFiles;
  readonly onRequest: (received: ReceivedRequest) => void;
  readonly onFault: (fault: unknown) => void;
}

/** The listener for `node:http`. */
export const frontDesk =
  (desk: FrontDesk): RequestListener =>
  (request, response) => {
    serve(desk, request, response).catch((fault: unknown) => {
      desk.onFault(fault);
      if (response.headersSent) response.destroy();
      else write(response, refusalAnswer(refused(fault instanceof JournalFault ? 'not-durable' : 'fault')));
    });
  };

async function serve(desk: FrontDesk, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method = '', url: target = '', headers, rawHeaders } = request;
  const [rawPath = '', query = ''] = target.split('?', 2);
  const path = desk.bank.guards.exactPaths ? rawPath : resolvePath(rawPath);
  const body = await readBody(request, path === '/api/upload' ? UPLOAD_CAP_BYTES : BODY_CAP_BYTES);
  if (body === 'gone') return;
  if (!body.ok) return write(response, refusalAnswer(body));
  desk.onRequest({ method, target, rawHeaders, headers, body: body.value, receivedAtMs: desk.bank.now() });
  const call = { method, path, target, query: new URLSearchParams(query), headers, rawHeaders, body: body.value };
  write(response, await answer(desk, call));
}

async function answer({ bank, appFiles }: FrontDesk, call: Omit<Call, 'params'>): Promise<Answer> {
  const file = call.method === 'GET' || call.method === 'HEAD' ? appFiles.get(call.path) : undefined;
  return file === undefined ? answerCall(bank, call) : appAnswer(file, bank.trust());
}

/** The hole of many frameworks: several spellings lead to one endpoint, so what was judged outside is not what is served. */
function resolvePath(path: string): string {
  const resolved: string[] = [];
  for (const segment of unescapePath(path).split(/[/\\]+/)) {
    if (segment === '..') resolved.pop();
    else if (segment !== '.' && segment !== '') resolved.push(segment);
  }
  return `/${resolved.join('/')}`;
}

function unescapePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** `node:http` keeps the body of an answer to HEAD back by itself. */
function write(response: ServerResponse, answered: Answer): void {
  if (answered.kind === 'stream') return answered.open(response);
  const framing = answered.status === 204 ? {} : { 'content-length': String(answered.body.length) };
  response.writeHead(answered.status, { ...answered.headers, ...framing });
  response.end(answered.body);
}
