/** The listener of webhooks: who may call, one link a path, and an answer of success only once the message is on the disk. */
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { SmsListenConfig, WebhookConfig } from '../config/config.ts';
import { plainAddress, proxyList } from '../gateway/connection-trust.ts';
import type { ArrivedSms } from './arrived-sms.ts';
import { longestBody, readWebhook, type WebhookCode } from './webhook-form.ts';

/** A link that is called. */
export interface WebhookLink {
  readonly webhook: WebhookConfig;
  readonly countryCode?: string | undefined;
  /** Answers the HTTP status once the message is durable, or not taken. */
  readonly take: (sms: ArrivedSms) => Promise<number>;
  readonly refused: (code: WebhookCode | 'sms.caller') => void;
}

/** An open listener. */
export interface WebhookListener {
  readonly port: number;
  readonly close: () => Promise<void>;
}

const readBody = async (incoming: IncomingMessage): Promise<Uint8Array<ArrayBuffer> | undefined> => {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of incoming.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    length += piece.length;
    if (length > longestBody) return undefined;
    pieces.push(piece);
  }
  return new Uint8Array(Buffer.concat(pieces));
};

const mayCall = ({ webhook }: WebhookLink, incoming: IncomingMessage): boolean => {
  const { socket } = incoming;
  if (webhook.addresses.length > 0 && !proxyList(webhook.addresses)(plainAddress(socket.remoteAddress ?? '')))
    return false;
  if (webhook.clientNames.length === 0) return webhook.addresses.length > 0;
  if (!(socket instanceof TLSSocket) || !socket.authorized) return false;
  const name: unknown = socket.getPeerCertificate().subject?.CN;
  return typeof name === 'string' && webhook.clientNames.includes(name);
};

const answer = async (links: ReadonlyMap<string, WebhookLink>, incoming: IncomingMessage): Promise<number> => {
  const [path = '/', ...rest] = (incoming.url ?? '/').split('?');
  const link = links.get(path);
  if (link === undefined) return 404;
  if (!mayCall(link, incoming)) {
    link.refused('sms.caller');
    return 403;
  }
  const { method = '' } = incoming;
  if (method !== 'POST' && (method !== 'GET' || link.webhook.form !== 'kannel')) return 405;
  const body = await readBody(incoming);
  if (body === undefined) return 413;
  const call = { method, query: rest.join('?'), headers: incoming.headers, body };
  const read = readWebhook(call, { ...link.webhook, countryCode: link.countryCode });
  if (read.ok) return link.take(read.value);
  link.refused(read.code);
  return 400;
};

const serverOf = ({ tls }: SmsListenConfig): Server => {
  const limits = {
    headersTimeout: 5000,
    requestTimeout: 10_000,
    maxHeaderSize: 16_384,
    connectionsCheckingInterval: 1000,
  };
  if (tls === undefined) return createServer(limits);
  const { certificateFile, keyFile, clientCaFile } = tls;
  return createSecureServer({
    ...limits,
    cert: readFileSync(certificateFile),
    key: readFileSync(keyFile),
    minVersion: 'TLSv1.2',
    ...(clientCaFile === undefined
      ? {}
      : { ca: readFileSync(clientCaFile), requestCert: true, rejectUnauthorized: true }),
  });
};

/** An empty body: what a gateway gets back here it would send to the customer. */
const send = (response: ServerResponse, status: number): void => {
  const retry = status === 429 || status === 503 ? { 'retry-after': '1' } : {};
  response.writeHead(status, { 'content-length': 0, 'cache-control': 'no-store', ...retry });
  response.end();
};

/** Opens the listener; `failed` is told of faults, which answer 500 so that the caller comes again. */
export const openWebhooks = async (
  listen: SmsListenConfig,
  links: readonly WebhookLink[],
  failed: (error: unknown) => void,
): Promise<WebhookListener> => {
  const byPath = new Map(links.map((link) => [link.webhook.path, link]));
  const server = serverOf(listen);
  server.maxConnections = 1024;
  server.on('request', (incoming, response) => {
    answer(byPath, incoming).then(
      (status) => send(response, status),
      (error: unknown) => {
        failed(error);
        send(response, 500);
      },
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: listen.host, port: listen.port }, resolve);
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
