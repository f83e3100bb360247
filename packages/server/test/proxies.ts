/** The proxies of the mode tests: real nginx with the example's configuration, and a forwarder that asks as Envoy's documentation says. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** A running proxy. */
export interface RunningProxy {
  readonly url: string;
  readonly close: () => Promise<void>;
}

/** Where the proxy's parts are. */
export interface ProxyParts {
  readonly folder: string;
  readonly socket: string;
  readonly gateway: string;
  readonly upstream: string;
}

/** Whether nginx is here, with what the example needs. */
export const hasNginx = (): boolean => {
  const { stderr, error } = spawnSync('nginx', ['-V'], { encoding: 'utf8' });
  return error === undefined && stderr.includes('http_auth_request_module');
};

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
};

const isOpen = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });

/** Everything of the example stays but paths and ports; what nginx writes goes below the folder. */
const nginxConfig = ({ folder, socket, gateway, upstream }: ProxyParts, port: number): string => {
  const example = readFileSync(fileURLToPath(new URL('../../../examples/nginx/nginx.conf', import.meta.url)), 'utf8');
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder}/nginx;`,
  );
  return [
    process.getuid?.() === 0 ? 'user root;' : '',
    `daemon off; pid ${folder}/nginx.pid; error_log ${folder}/nginx.log warn; worker_processes 1;`,
    example
      .replace('http {', `http {\naccess_log off; ${paths.join(' ')}`)
      .replaceAll('/run/hauberk/authz.sock', socket)
      .replace('127.0.0.1:8443', new URL(gateway).host)
      .replace('127.0.0.1:9000', new URL(upstream).host)
      .replace('127.0.0.1:8080', `127.0.0.1:${port}`),
  ].join('\n');
};

/** Starts nginx with the example's configuration. */
export const startNginx = async (parts: ProxyParts): Promise<RunningProxy> => {
  const port = await freePort();
  const file = join(parts.folder, 'nginx.conf');
  mkdirSync(join(parts.folder, 'nginx'));
  writeFileSync(file, nginxConfig(parts, port));
  const child = spawn('nginx', ['-p', parts.folder, '-c', file, '-e', join(parts.folder, 'nginx.log')], {
    stdio: 'inherit',
  });
  const ended = once(child, 'exit');
  for (let turn = 0; turn < 200 && !(await isOpen(port)); turn += 1) {
    if (child.exitCode !== null) throw new Error(readFileSync(join(parts.folder, 'nginx.log'), 'utf8'));
    await wait(25);
  }
  return {
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
};

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

const ask = (options: object, body: Buffer): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const outgoing = request(options, (incoming) => {
      const pieces: Buffer[] = [];
      incoming.on('data', (piece: Buffer) => pieces.push(piece));
      incoming.on('end', () =>
        resolve({
          status: incoming.statusCode ?? 0,
          headers: incoming.headers as Record<string, string>,
          body: Buffer.concat(pieces),
        }),
      );
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });

/** `allowed_headers` of the example, with what Envoy always sends. */
const isAllowed = (name: string): boolean =>
  /^(?:host|authorization|signature|signature-input|content-digest|content-type|idempotency-key|user-agent|x-app-version|hauberk-service|hauberk-ticket|hauberk-verified.*)$/.test(
    name,
  );

const forwardAsEnvoy = async (
  parts: ProxyParts,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  const pieces: Buffer[] = [];
  for await (const piece of incoming) pieces.push(piece as Buffer);
  const body = Buffer.concat(pieces);
  const client = incoming.headers as Record<string, string>;
  const { method = '' } = incoming;
  const headers: Record<string, string> = Object.fromEntries(
    Object.entries(client).filter(([name]) => isAllowed(name)),
  );
  headers['x-forwarded-for'] = incoming.socket.remoteAddress ?? '';
  headers['hauberk-authz-body'] = 'passed';
  headers['content-length'] = String(body.length);
  if (body.length > 0) headers['x-envoy-auth-partial-body'] = 'false';
  const asked = await ask({ socketPath: parts.socket, path: `/envoy${incoming.url}`, method, headers }, body);
  if (asked.status !== 200) {
    response.writeHead(asked.status, { 'content-type': asked.headers['content-type'] ?? 'text/plain' }).end(asked.body);
    return;
  }
  const facts = Object.entries(asked.headers).filter(([name]) => name.startsWith('hauberk-verified-'));
  const { hostname, port } = new URL(parts.upstream);
  const sent = { ...client, ...Object.fromEntries(facts) };
  const reply = await ask({ hostname, port, path: incoming.url, method, headers: sent }, body);
  response.writeHead(reply.status, reply.headers).end(reply.body);
};

/** Starts a forwarder that asks as Envoy does (HTTP ext_authz with `path_prefix`, `headers_to_add`, `with_request_body`). */
export const startEnvoyLike = async (parts: ProxyParts): Promise<RunningProxy> => {
  const server = createHttpServer((incoming, response) => {
    forwardAsEnvoy(parts, incoming, response).catch((error: unknown) => response.destroy(error as Error));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
};
