/** A TCP proxy in the attacker's hands: it records both directions, and may change, swallow or replace what it carries. */

import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** What the attacker does to bytes on their way; answering undefined swallows them. */
export interface Tap {
  readonly toServer?: (chunk: Buffer) => Buffer | undefined;
  readonly toClient?: (chunk: Buffer) => Buffer | undefined;
}

/** A running proxy. */
export interface TcpProxy {
  readonly url: string;
  /** Everything that passed, both directions, as latin-1 text. */
  readonly captured: () => string;
  readonly close: () => Promise<void>;
}

const pipe = (
  from: Socket,
  to: Socket,
  change: (chunk: Buffer) => Buffer | undefined,
  record: (chunk: Buffer) => void,
): void => {
  from.on('data', (chunk: Buffer) => {
    record(chunk);
    const changed = change(chunk);
    if (changed !== undefined && to.writable) to.write(changed);
  });
  from.on('close', () => to.destroy());
  from.on('error', () => to.destroy());
};

const unchanged = (chunk: Buffer): Buffer => chunk;

/** Starts a proxy in front of a URL. */
export const startTcpProxy = async (upstream: string, tap: Tap = {}): Promise<TcpProxy> => {
  const { hostname, port } = new URL(upstream);
  const pieces: Buffer[] = [];
  const sockets = new Set<Socket>();
  const server: Server = createServer((client) => {
    const remote = connect({ host: hostname, port: Number(port) });
    for (const socket of [client, remote]) sockets.add(socket);
    pipe(client, remote, tap.toServer ?? unchanged, (chunk) => pieces.push(chunk));
    pipe(remote, client, tap.toClient ?? unchanged, (chunk) => pieces.push(chunk));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    captured: () => Buffer.concat(pieces).toString('latin1'),
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
};
