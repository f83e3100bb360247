/**
 * A working operator: CAMARA's token endpoint, Number Verification and SIM Swap over HTTP. It knows which subscriber a mobile connection
 * belongs to, gives out codes over that connection only, and each code and token serves once or for a while, as a real one's do.
 */
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A subscriber. */
export interface Subscriber {
  readonly number: string;
  /** RFC 3339; null for what the operator may not tell. */
  readonly swapped?: string | null;
  readonly monitoredDays?: number;
}

/** What goes wrong on purpose. */
export type Trouble = 'none' | 'silent' | 'garbage' | 'oversize' | 'error';

/** The running operator. */
export interface FakeOperator {
  readonly url: string;
  trouble: Trouble;
  /** What a device fetches over its own mobile data; undefined for a connection that is no subscriber's. */
  codeFor(number: string): string | undefined;
  readonly calls: readonly string[];
  close(): Promise<void>;
}

interface Grant {
  readonly scope: 'number-verification' | 'sim-swap';
  /** Whose connection the code came over. */
  readonly number: string | undefined;
}

const readText = async (incoming: IncomingMessage): Promise<string> => {
  let text = '';
  for await (const part of incoming) text += String(part);
  return text;
};

class Operator {
  readonly subscribers: ReadonlyMap<string, Subscriber>;
  readonly codes = new Map<string, string>();
  readonly tokens = new Map<string, Grant>();
  constructor(subscribers: readonly Subscriber[]) {
    this.subscribers = new Map(subscribers.map((each) => [each.number, each]));
  }

  token(authorization: string, body: string): [number, unknown] {
    if (authorization !== `Basic ${Buffer.from('bank:secret').toString('base64')}`)
      return [401, problem(401, 'UNAUTHENTICATED')];
    const asked = new URLSearchParams(body);
    const number = this.codes.get(asked.get('code') ?? '');
    this.codes.delete(asked.get('code') ?? '');
    const isCode = asked.get('grant_type') === 'authorization_code';
    if (isCode && number === undefined) return [400, { error: 'invalid_grant' }];
    const token = randomBytes(16).toString('hex');
    this.tokens.set(
      token,
      isCode ? { scope: 'number-verification', number } : { scope: 'sim-swap', number: undefined },
    );
    return [200, { access_token: token, token_type: 'Bearer', expires_in: 60 }];
  }

  verify(grant: Grant | undefined, number: string): [number, unknown] {
    if (grant?.scope !== 'number-verification') return [403, problem(403, 'PERMISSION_DENIED')];
    return [200, { devicePhoneNumberVerified: grant.number === number }];
  }

  swap(grant: Grant | undefined, number: string): [number, unknown] {
    if (grant?.scope !== 'sim-swap') return [403, problem(403, 'PERMISSION_DENIED')];
    const found = this.subscribers.get(number);
    if (found === undefined) return [404, problem(404, 'NOT_FOUND')];
    const monitored = found.monitoredDays === undefined ? {} : { monitoredPeriod: found.monitoredDays };
    return [200, { latestSimChange: found.swapped ?? null, ...monitored }];
  }
}

const problem = (status: number, code: string) => ({ status, code, message: code.toLowerCase() });

const answer = (operator: Operator, path: string, authorization: string, body: string): [number, unknown] => {
  if (path === '/oauth2/token') return operator.token(authorization, body);
  const grant = operator.tokens.get(authorization.replace('Bearer ', ''));
  const { phoneNumber } = JSON.parse(body) as { phoneNumber: string };
  if (path === '/number-verification/v2/verify') return operator.verify(grant, phoneNumber);
  return path === '/sim-swap/v2/retrieve-date' ? operator.swap(grant, phoneNumber) : [404, problem(404, 'NOT_FOUND')];
};

const spoil = (trouble: Trouble, response: ServerResponse): boolean => {
  if (trouble === 'garbage') response.end('<html>');
  if (trouble === 'oversize') response.end(`"${'x'.repeat(100_000)}"`);
  if (trouble === 'error') response.writeHead(503).end('{}');
  return trouble !== 'none';
};

/** Starts an operator on a free port. */
export const startOperator = async (subscribers: readonly Subscriber[]): Promise<FakeOperator> => {
  const operator = new Operator(subscribers);
  const calls: string[] = [];
  const state: { trouble: Trouble } = { trouble: 'none' };
  const server = createServer((incoming, response) => {
    void readText(incoming).then((body) => {
      calls.push(incoming.url ?? '');
      if (spoil(state.trouble, response)) return;
      const [status, value] = answer(operator, incoming.url ?? '', incoming.headers.authorization ?? '', body);
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get trouble() {
      return state.trouble;
    },
    set trouble(trouble) {
      state.trouble = trouble;
    },
    codeFor: (number) => {
      if (!operator.subscribers.has(number)) return undefined;
      const code = randomBytes(16).toString('hex');
      operator.codes.set(code, number);
      return code;
    },
    calls,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};
