/** HTTP as an attacker speaks it: exact header lists, exact bytes, one connection a call unless an agent says otherwise. */
import { type Agent, request } from 'node:http';
import { connect } from 'node:net';

/** A request, names and values as they go on the wire. */
export interface Call {
  readonly method: string;
  /** Path with query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: Uint8Array;
}

/** A reply as received. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Uint8Array;
}

const timeoutMs = 15_000;

/** Sends a call and collects the reply. */
export const send = (base: string, call: Call, agent?: Agent): Promise<Reply> =>
  new Promise((resolve, reject) => {
    const url = new URL(base);
    const body = call.body ?? new Uint8Array(0);
    const headers: Record<string, string | string[]> = {};
    for (const [name, value] of Object.entries(call.headers))
      headers[name] = typeof value === 'string' ? value : [...value];
    if (body.length > 0 || !/^(GET|HEAD)$/.test(call.method)) headers['content-length'] = String(body.length);
    const outgoing = request(
      {
        host: url.hostname,
        port: url.port,
        method: call.method,
        path: call.path,
        headers,
        agent: agent ?? false,
        timeout: timeoutMs,
      },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('error', reject);
        incoming.on('end', () =>
          resolve({
            status: incoming.statusCode ?? 0,
            headers: incoming.headers as Readonly<Record<string, string | undefined>>,
            body: new Uint8Array(Buffer.concat(chunks)),
          }),
        );
      },
    );
    outgoing.on('timeout', () => outgoing.destroy(new Error('no reply in time')));
    outgoing.on('error', reject);
    outgoing.end(body);
  });

/** Writes raw bytes to the server and answers everything that comes back until it closes or `waitMs` passes. */
export const sendRaw = (
  base: string,
  pieces: readonly (Uint8Array | string)[],
  waitMs = 3000,
  pauseMs = 0,
): Promise<string> =>
  new Promise((resolve) => {
    const url = new URL(base);
    const socket = connect({ host: url.hostname, port: Number(url.port) });
    let received = '';
    const end = (): void => {
      socket.destroy();
      resolve(received);
    };
    const timer = setTimeout(end, waitMs);
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString('latin1');
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(received);
    });
    socket.on('connect', async () => {
      for (const piece of pieces) {
        if (socket.destroyed) return;
        socket.write(piece);
        if (pauseMs > 0) await new Promise((next) => setTimeout(next, pauseMs));
      }
    });
  });

/** The `code` of a problem document, or the status. */
export const problemOf = (reply: Reply): string => {
  try {
    const value: unknown = JSON.parse(Buffer.from(reply.body).toString('utf8'));
    const code = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)['code'] : undefined;
    return typeof code === 'string' ? code : String(reply.status);
  } catch {
    return String(reply.status);
  }
};
