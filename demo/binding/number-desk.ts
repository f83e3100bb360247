/** The bank's desk for numbers: tells the gateway which number a customer registered, and sends its one-time codes by SMS. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DEMO_CUSTOMERS, type DemoCustomer } from '@hauberk/example-bank';

/** The registered number of a customer. */
export const numberOf = ({ customerId }: DemoCustomer): string => registered(customerId);

const registered = (customerId: string): string => {
  const index = DEMO_CUSTOMERS.findIndex((customer) => customer.customerId === customerId);
  return `+9198${String(11_000_000 + index * 13).padStart(8, '0')}`;
};

/** A running desk. */
export interface NumberDesk {
  readonly url: string;
  readonly close: () => void;
}

const longestBody = 4096;

const readBody = async (incoming: IncomingMessage): Promise<Readonly<Record<string, unknown>>> => {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of incoming as AsyncIterable<Buffer>) {
    length += piece.length;
    if (length > longestBody) throw new RangeError('too long');
    pieces.push(piece);
  }
  return JSON.parse(Buffer.concat(pieces).toString('utf8')) as Readonly<Record<string, unknown>>;
};

/** Opens the desk for whoever shows the token. `sendSms` is the bank's own sender. */
export const startNumberDesk = async (
  token: string,
  sendSms: (number: string, text: string) => void,
): Promise<NumberDesk> => {
  const answer = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    response.setHeader('content-type', 'application/json');
    const isAllowed = incoming.method === 'POST' && incoming.headers.authorization === `Bearer ${token}`;
    const told = await readBody(incoming);
    if (!isAllowed) {
      response.writeHead(401).end('{}');
      return;
    }
    if (incoming.url === '/code') sendSms(String(told['number']), String(told['text']));
    const isKnown = DEMO_CUSTOMERS.some(({ customerId }) => customerId === told['profile']);
    response.end(JSON.stringify({ number: isKnown ? registered(String(told['profile'])) : null }));
  };
  const server = createServer((incoming, response) => {
    answer(incoming, response).catch(() => response.writeHead(400).end('{}'));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
};
