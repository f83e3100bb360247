/** The wire between gateway and bank: it counts what passes and can keep back either direction, so that a kill hits exactly there. */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** Which direction is kept back. */
export type HeldDirection = 'nothing' | 'requests' | 'replies';

/** A running link. */
export interface BankLink {
  readonly url: string;
  /** Where new connections lead; connections that are open stay where they are. */
  readonly leadTo: (bankUrl: string) => void;
  /** Keeps a direction back from now on; what is kept back is never delivered. */
  readonly hold: (direction: HeldDirection) => void;
  /** How many pieces were kept back since the last `hold`. */
  readonly held: () => number;
  readonly close: () => Promise<void>;
}

const carry = (from: Socket, to: Socket, keepsBack: () => boolean): void => {
  from.on('data', (chunk: Buffer) => {
    if (!keepsBack() && to.writable) to.write(chunk);
  });
  from.on('close', () => to.destroy());
  from.on('error', () => to.destroy());
};

/** Opens a link. */
export const openBankLink = async (bankUrl: string): Promise<BankLink> => {
  let upstream = new URL(bankUrl);
  let direction: HeldDirection = 'nothing';
  let held = 0;
  const sockets = new Set<Socket>();
  const keepsBack = (mine: HeldDirection) => (): boolean => {
    if (direction !== mine) return false;
    held += 1;
    return true;
  };
  const server = createServer((client) => {
    const bank = connect({ host: upstream.hostname, port: Number(upstream.port) });
    for (const socket of [client, bank]) {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
    }
    carry(client, bank, keepsBack('requests'));
    carry(bank, client, keepsBack('replies'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    leadTo: (next) => {
      upstream = new URL(next);
    },
    hold: (next) => {
      direction = next;
      held = 0;
    },
    held: () => held,
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
};
