/** What the upgrade fixture's maker and the upgrade test share: a service behind the gateway, and the gateway as a process. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { redeemSecret } from '../../packages/server/test/operator-token.ts';
import { type ReadyProcess, startProcess } from './ready-process.ts';

const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** Where the fixture lies. */
export const upgradeFolder: string = at('test/upgrade');

/** A transfer that the service booked. */
export interface Booking {
  readonly reference: string;
  readonly customer: string;
}

/** The service: logs in whoever asks, books transfers, and breaks off where the reference says so. */
export interface CoreService {
  readonly url: string;
  readonly bookings: readonly Booking[];
  readonly close: () => Promise<void>;
}

const bodyOf = async (incoming: IncomingMessage): Promise<Record<string, unknown>> => {
  const pieces: Buffer[] = [];
  for await (const piece of incoming) pieces.push(piece as Buffer);
  const text = Buffer.concat(pieces).toString();
  return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
};

const customerOf = (incoming: IncomingMessage): string => {
  const named = incoming.headers['hauberk-verified-customer'];
  return typeof named === 'string' ? named : '';
};

const answer = async (incoming: IncomingMessage, response: ServerResponse, bookings: Booking[]): Promise<void> => {
  const { url = '' } = incoming;
  const body = await bodyOf(incoming);
  const reply = (value: unknown): void =>
    void response.setHeader('content-type', 'application/json').end(JSON.stringify(value));
  if (url === '/api/login') {
    const user = String(body['user']);
    return reply({ authorization: `${user}-${String(body['password'])}`, customerId: user, accountIds: [`${user}-1`] });
  }
  if (url.startsWith('/api/transfers')) {
    const reference = String(body['reference']);
    bookings.push({ reference, customer: customerOf(incoming) });
    if (reference.startsWith('lost')) return void response.destroy();
    return reply({ transferId: `t-${reference}` });
  }
  return reply({ url, customer: customerOf(incoming) });
};

/** Starts the service. */
export const startCore = async (): Promise<CoreService> => {
  const bookings: Booking[] = [];
  const server = createServer((incoming, response) => void answer(incoming, response, bookings));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    bookings,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
};

/** Starts the gateway of this source tree with the fixture's configuration, its clock moved by `shiftMs`. */
export const startUpgradeGateway = (
  config: string,
  state: string,
  core: string,
  shiftMs: number,
): Promise<ReadyProcess> =>
  startProcess(
    [
      '--import',
      `${pathToFileURL(at('test/support/shifted-clock.ts')).href}?shift=${shiftMs}`,
      at('packages/server/src/main.ts'),
      'serve',
      '--config',
      config,
    ],
    {
      HAUBERK__state: state,
      HAUBERK__listen__port: '0',
      HAUBERK__admin__port: '0',
      HAUBERK__upstreams__core__origin: core,
      HAUBERK__log__access: 'none',
      HAUBERK__log__level: 'error',
    },
  );

const tokens = new WeakMap<ReadyProcess, Promise<string>>();

/** A call of the admin API on the app, by the local administrator; answers the JSON of a 2xx. */
export const askOperator = async (gateway: ReadyProcess, path: string, body?: object): Promise<unknown> => {
  const admin = String(gateway.ready['admin']);
  const token = tokens.get(gateway) ?? redeemSecret(admin, gateway.errors);
  tokens.set(gateway, token);
  const reply = await fetch(`${admin}/admin/v1/apps/upgrade-app${path}`, {
    headers: { authorization: `Bearer ${await token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
  });
  if (!reply.ok) throw new Error(`${path}: ${reply.status} ${await reply.text()}`);
  return reply.json();
};
