/** A transport of the SDK on bare sockets: ten thousand clients in one process would not leave room for as many of the host's own. */
import { connect } from 'node:net';
import type { nodePorts } from '@hauberk/sdk/node';

type Transport = ReturnType<typeof nodePorts>['transport'];
type Request = Parameters<Transport['send']>[0];
type Reply = Awaited<ReturnType<Transport['send']>>;

interface Head {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
}

const readHead = (text: string): Head => {
  const [line = '', ...rest] = text.split('\r\n');
  const headers = rest.map((header) => {
    const colon = header.indexOf(':');
    return [header.slice(0, colon).toLowerCase(), header.slice(colon + 1).trim()] as const;
  });
  return { status: Number(line.split(' ')[1]), headers: Object.fromEntries(headers) };
};

/** Takes the chunks that are complete out of what came (RFC 9112 section 7.1). */
const takeChunks = (
  held: Buffer,
): { readonly chunks: readonly Buffer[]; readonly rest: Buffer; readonly isOver: boolean } => {
  const chunks: Buffer[] = [];
  let rest = held;
  for (;;) {
    const end = rest.indexOf('\r\n');
    const size = end < 0 ? Number.NaN : Number.parseInt(rest.toString('latin1', 0, end), 16);
    if (Number.isNaN(size) || rest.length < end + 4 + size) return { chunks, rest, isOver: false };
    if (size === 0) return { chunks, rest, isOver: true };
    chunks.push(rest.subarray(end + 2, end + 2 + size));
    rest = rest.subarray(end + 4 + size);
  }
};

const requestText = ({ url, method, headers }: Request, close: boolean): string => {
  const { host, pathname, search } = new URL(url);
  const lines = Object.entries({ host, ...headers, ...(close ? { connection: 'close' } : {}) });
  return `${method} ${pathname}${search} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
};

/** One exchange on a connection of its own; only requests without a body. */
const send = (request: Request): Promise<Reply> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(request.url);
    const socket = connect({ host: hostname, port: Number(port) });
    let held: Buffer = Buffer.alloc(0);
    let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
    let left = Number.POSITIVE_INFINITY;
    let isChunked = false;
    const end = (): void => {
      try {
        controller?.close();
      } catch {
        // The reader has gone before.
      }
      socket.destroy();
    };
    const begin = (): void => {
      const at = held.indexOf('\r\n\r\n');
      if (at < 0) return;
      const head = readHead(held.toString('latin1', 0, at));
      held = held.subarray(at + 4);
      isChunked = head.headers['transfer-encoding'] === 'chunked';
      left = isChunked ? Number.POSITIVE_INFINITY : Number(head.headers['content-length'] ?? 0);
      const body = new ReadableStream<Uint8Array>({
        start: (made) => {
          controller = made;
        },
        cancel: () => void socket.destroy(),
      });
      resolve({ ...head, body });
    };
    const pass = (): void => {
      if (controller === undefined) return;
      const { chunks, rest, isOver } = isChunked
        ? takeChunks(held)
        : { chunks: [held], rest: Buffer.alloc(0), isOver: false };
      held = rest;
      for (const chunk of chunks) {
        left -= chunk.length;
        if (chunk.length > 0) controller.enqueue(new Uint8Array(chunk));
      }
      if (isOver || left <= 0) end();
    };
    request.signal.addEventListener('abort', () => socket.destroy(), { once: true });
    socket.on('connect', () => socket.write(requestText(request, request.headers['accept'] === undefined)));
    socket.on('data', (piece: Buffer) => {
      held = held.length === 0 ? piece : Buffer.concat([held, piece]);
      if (controller === undefined) begin();
      pass();
    });
    socket.on('error', (error) => reject(error));
    socket.on('close', () => {
      reject(new Error('the connection ended'));
      end();
    });
  });

/** The transport. */
export const lightTransport: Transport = { streamsRequests: false, send };
