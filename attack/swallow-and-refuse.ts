import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Attack } from './attack.ts';
import { sdkFor, sdkLogIn, sdkTransfer } from './sdk-customer.ts';
import { bareCall, bareLogin, nextCustomer, nextReference, timesBooked, transferBody } from './victim.ts';
import type { World } from './world.ts';

const refusal =
  '{"type":"urn:hauberk:problem:refused","title":"The request is refused","status":403,"code":"refused","execution":"none"}';

/** A proxy that lets every payment through, swallows its reply and answers with a refusal of its own that promises "nothing happened". */
const startRefusingProxy = async (upstream: string) => {
  const url = new URL(upstream);
  let swallowed = 0;
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const forwarded = request(
        { host: url.hostname, port: url.port, method: incoming.method, path: incoming.url, headers: incoming.headers },
        (reply) => {
          if (incoming.url === '/api/transfers') {
            swallowed += 1;
            reply.resume();
            response.writeHead(403, { 'content-type': 'application/problem+json' });
            response.end(refusal);
            return;
          }
          response.writeHead(reply.statusCode ?? 502, reply.rawHeaders);
          reply.pipe(response);
        },
      );
      forwarded.end(Buffer.concat(chunks));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    swallowed: () => swallowed,
    close: () => server.close(),
  };
};

const outcomeOf = async (transfer: Promise<Response>): Promise<string> => {
  try {
    return `reply ${(await transfer).status}`;
  } catch (error) {
    const execution = (error as { execution?: unknown }).execution;
    return `error, execution ${String(execution)}`;
  }
};

const attackSdk = async (
  world: World,
): Promise<{ readonly outcome: string; readonly booked: number; readonly swallowed: number }> => {
  const proxy = await startRefusingProxy(world.target().gateway);
  const customer = await sdkLogIn(sdkFor(world.target(), proxy.url));
  const reference = nextReference();
  const outcome = await outcomeOf(sdkTransfer(customer, reference));
  proxy.close();
  return { outcome, booked: await timesBooked(world.bank, reference), swallowed: proxy.swallowed() };
};

/** The real reply is swallowed and an unsigned refusal injected, to make the app pay again. */
export const attack: Attack = {
  id: 'swallow-and-refuse',
  title: 'an unsigned refusal is injected after the real reply was swallowed',
  expected: 'the app is told that the outcome is unknown; one booking',
  run: async (world) => {
    const { outcome, booked, swallowed } = await attackSdk(world);
    return {
      observed: `${outcome}, ${swallowed} replies swallowed, booked ${booked} times`,
      held: outcome === 'error, execution unknown' && booked === 1,
    };
  },
  control: async (world) => {
    const proxy = await startRefusingProxy(world.bareBank.url);
    const customer = nextCustomer();
    const reference = nextReference();
    const authorization = await bareLogin(world.bareBank, customer);
    // A plain client that believes "nothing happened" pays again.
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const reply = await bareCall(
        { ...world.bareBank, url: proxy.url },
        'POST',
        '/api/transfers',
        { authorization },
        transferBody(customer, reference),
      );
      if (reply.status < 300) break;
    }
    proxy.close();
    return (await timesBooked(world.bareBank, reference)) === 2;
  },
};
