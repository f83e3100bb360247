/** The listener of the TAXII server: partners reach it, so it is neither the public one nor the operators'. */
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { maxTaxiiBytes, type TaxiiAnswer, taxiiError, taxiiMediaType } from './taxii-protocol.ts';
import type { TaxiiServer } from './taxii-server.ts';

/** Where it listens. */
export interface TaxiiListenerOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly tls: { readonly certificateFile: string; readonly keyFile: string } | undefined;
  readonly onFault: (error: unknown) => void;
}

/** An open listener. */
export interface TaxiiListener {
  readonly url: string;
  readonly close: () => Promise<void>;
}

/** Requests in work at a time; more are asked to come again. */
const mostAtOnce = 32;

/** The text of a body; undefined when it is too long. */
const readBody = async (incoming: IncomingMessage): Promise<string | undefined> => {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of incoming as AsyncIterable<Buffer>) {
    length += piece.length;
    if (length > maxTaxiiBytes) return undefined;
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
};

const textOf = (value: string | readonly string[] | undefined): string | undefined =>
  typeof value === 'string' ? value : value?.join(', ');

const send = (incoming: IncomingMessage, response: ServerResponse, { status, headers, body }: TaxiiAnswer): void => {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': taxiiMediaType,
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...(incoming.complete ? {} : { connection: 'close' }),
    ...headers,
  });
  response.end(text);
};

/** Opens the listener. */
export const listenTaxii = async (
  taxii: TaxiiServer,
  { host, port, tls, onFault }: TaxiiListenerOptions,
): Promise<TaxiiListener> => {
  let inWork = 0;
  const serve = async (incoming: IncomingMessage): Promise<TaxiiAnswer> => {
    if (inWork >= mostAtOnce) return taxiiError(503, 'Too many requests at once', { 'retry-after': '1' });
    inWork += 1;
    try {
      const { method = 'GET', url = '/', headers } = incoming;
      const known = Object.fromEntries(
        ['accept', 'authorization', 'content-type'].map((name) => [name, textOf(headers[name])]),
      );
      return await taxii.answer({ method, url, headers: known, body: () => readBody(incoming) });
    } catch (error) {
      onFault(error);
      return taxiiError(500, 'Something went wrong here');
    } finally {
      inWork -= 1;
    }
  };
  const listener = (incoming: IncomingMessage, response: ServerResponse): void => {
    void serve(incoming).then((answer) => send(incoming, response, answer), onFault);
  };
  const server: Server =
    tls === undefined
      ? createServer(listener)
      : createSecureServer({ cert: readFileSync(tls.certificateFile), key: readFileSync(tls.keyFile) }, listener);
  server.headersTimeout = 10_000;
  server.requestTimeout = 30_000;
  server.maxConnections = 256;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const { port: taken } = server.address() as AddressInfo;
  const named = host.includes(':') ? `[${host}]` : host;
  return {
    url: `${tls === undefined ? 'http' : 'https'}://${named}:${taken}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};
