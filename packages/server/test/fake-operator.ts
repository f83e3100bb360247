/**
 * A working operator: CAMARA's token endpoint, Number Verification and SIM Swap over HTTP. It knows which subscriber a mobile connection
 * belongs to, gives out codes over that connection only, and each code and token serves once or for a while, as a real one's do.
 */
import { type KeyObject, randomBytes, verify } from 'node:crypto';
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
  /** How often the bank is told to wait for a subscriber's consent; Infinity for one who never answers. */
  consentAfter: number;
  /** Whose signatures stand for the bank, beside its secret. */
  trustKey(key: KeyObject): void;
  /** Purposes and scopes that were asked for. */
  readonly scopes: readonly string[];
  /** Makes every token worthless, as a restart of the operator does. */
  forgetTokens(): void;
  close(): Promise<void>;
}

interface Grant {
  readonly scope: 'number-verification' | 'sim-swap';
  /** Whose connection the code came over, or who consented; nobody's where the bank asks for itself. */
  readonly number: string | undefined;
}

/** A subscriber who is asked for consent. */
interface Consent {
  readonly number: string;
  /** How often the bank is told to wait. */
  pending: number;
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

  readonly consents = new Map<string, Consent>();
  readonly scopes: string[] = [];
  consentAfter = 0;
  key: KeyObject | undefined;
  url = '';
  readonly #assertions = new Set<string>();

  /** RFC 7523: signed by the bank's key, for this endpoint, in time, and never twice. */
  #isAsserted(asked: URLSearchParams): boolean {
    const [head = '', claims = '', signature = ''] = (asked.get('client_assertion') ?? '').split('.');
    if (this.key === undefined || signature === '') return false;
    const given = Buffer.from(signature, 'base64url');
    const isSigned = verify(
      'sha256',
      Buffer.from(`${head}.${claims}`),
      { key: this.key, dsaEncoding: 'ieee-p1363' },
      given,
    );
    const { iss, sub, aud, jti, exp } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as Record<
      string,
      unknown
    >;
    const isFresh = typeof jti === 'string' && !this.#assertions.has(jti) && Number(exp) * 1000 > Date.now();
    this.#assertions.add(String(jti));
    return isSigned && isFresh && iss === 'bank' && sub === 'bank' && aud === `${this.url}/oauth2/token`;
  }

  #isBank(authorization: string, asked: URLSearchParams): boolean {
    return (
      authorization === `Basic ${Buffer.from('bank:secret').toString('base64')}` ||
      (asked.get('client_id') === 'bank' && this.#isAsserted(asked))
    );
  }

  #issue(grant: Grant): [number, unknown] {
    const token = randomBytes(16).toString('hex');
    this.tokens.set(token, grant);
    return [200, { access_token: token, token_type: 'Bearer', expires_in: 60 }];
  }

  token(authorization: string, body: string): [number, unknown] {
    const asked = new URLSearchParams(body);
    if (!this.#isBank(authorization, asked)) return [401, { error: 'invalid_client' }];
    this.scopes.push(asked.get('scope') ?? '');
    switch (asked.get('grant_type') ?? '') {
      case 'authorization_code': {
        const number = this.codes.get(asked.get('code') ?? '');
        this.codes.delete(asked.get('code') ?? '');
        return number === undefined
          ? [400, { error: 'invalid_grant' }]
          : this.#issue({ scope: 'number-verification', number });
      }
      case 'client_credentials':
        return this.#issue({ scope: 'sim-swap', number: undefined });
      case 'urn:openid:params:grant-type:ciba': {
        const consent = this.consents.get(asked.get('auth_req_id') ?? '');
        if (consent === undefined) return [400, { error: 'invalid_grant' }];
        if (consent.pending > 0) {
          consent.pending -= 1;
          return [400, { error: 'authorization_pending' }];
        }
        this.consents.delete(asked.get('auth_req_id') ?? '');
        return this.#issue({ scope: 'sim-swap', number: consent.number });
      }
      default:
        return [400, { error: 'unsupported_grant_type' }];
    }
  }

  authorise(authorization: string, body: string): [number, unknown] {
    const asked = new URLSearchParams(body);
    if (!this.#isBank(authorization, asked)) return [401, { error: 'invalid_client' }];
    this.scopes.push(asked.get('scope') ?? '');
    const number = (asked.get('login_hint') ?? '').replace(/^tel:/, '');
    if (!this.subscribers.has(number)) return [400, { error: 'unknown_user_id' }];
    const id = randomBytes(16).toString('hex');
    this.consents.set(id, { number, pending: this.consentAfter });
    return [200, { auth_req_id: id, expires_in: 120, interval: 0.001 }];
  }

  verify(grant: Grant | undefined, number: string | undefined): [number, unknown] {
    if (grant?.scope !== 'number-verification') return [403, problem(403, 'PERMISSION_DENIED')];
    return [200, { devicePhoneNumberVerified: grant.number === number }];
  }

  swap(grant: Grant | undefined, asked: string | undefined): [number, unknown] {
    if (grant === undefined) return [401, problem(401, 'UNAUTHENTICATED')];
    if (grant.scope !== 'sim-swap') return [403, problem(403, 'PERMISSION_DENIED')];
    if (grant.number !== undefined && asked !== undefined) return [422, problem(422, 'UNNECESSARY_IDENTIFIER')];
    const number = grant.number ?? asked;
    if (number === undefined) return [422, problem(422, 'MISSING_IDENTIFIER')];
    const found = this.subscribers.get(number);
    if (found === undefined) return [404, problem(404, 'IDENTIFIER_NOT_FOUND')];
    const monitored = found.monitoredDays === undefined ? {} : { monitoredPeriod: found.monitoredDays };
    return [200, { latestSimChange: found.swapped ?? null, ...monitored }];
  }
}

const problem = (status: number, code: string) => ({ status, code, message: code.toLowerCase() });

const answer = (operator: Operator, path: string, authorization: string, body: string): [number, unknown] => {
  if (path === '/oauth2/token') return operator.token(authorization, body);
  if (path === '/bc-authorize') return operator.authorise(authorization, body);
  const grant = operator.tokens.get(authorization.replace('Bearer ', ''));
  const { phoneNumber } = JSON.parse(body) as { phoneNumber?: string };
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
  operator.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: operator.url,
    scopes: operator.scopes,
    get consentAfter() {
      return operator.consentAfter;
    },
    set consentAfter(turns) {
      operator.consentAfter = turns;
    },
    trustKey: (key) => {
      operator.key = key;
    },
    forgetTokens: () => operator.tokens.clear(),
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
