/**
 * An operator behind CAMARA: Number Verification and SIM Swap over HTTP. An operation has one deadline over all of its calls, every answer a bound; what
 * goes wrong is a code, never an exception, and never a yes. An operator that fails half of its calls is not asked for a while.
 */
import { createPrivateKey, type KeyObject, randomUUID, sign } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { type CamaraCode, camaraPaths, type Msisdn, readSwapDate, readVerified } from '@hauberk/binding';
import { accept, type EpochMs, epochMs, type JsonValue, parseJson, type Result, refuse } from '@hauberk/primitives';
import { request } from 'undici';
import { createGuard, type Guard } from '../overload/guard.ts';

/** How the bank shows itself at the token endpoint: a shared secret, or a JWT that it signs (RFC 7523, `private_key_jwt`). */
export type CamaraClient =
  | { readonly clientSecret: string }
  | { readonly key: KeyObject; readonly keyId?: string | undefined };

/** Where an operator is, how long it may take, and how it lets the bank in. */
export interface CamaraPlace {
  /** Without a slash at the end. */
  readonly baseUrl: string;
  /** Of an operation, over all of its calls. */
  readonly timeoutMs: number;
  readonly clientId: string;
  readonly tokenPath?: string | undefined;
  /** Backchannel authentication (OpenID CIBA); then the operator asks for the subscriber's consent where its law wants one. */
  readonly cibaPath?: string | undefined;
  /** As in the request by which the device got its code, where the operator asks for it. */
  readonly redirectUri?: string | undefined;
  /** Why the data is asked for, of the vocabulary of CAMARA (`dpv:…`); none is named when absent. */
  readonly purpose?: string | undefined;
}

/** An operator's place and the bank's credentials there. */
export type CamaraOptions = CamaraPlace & CamaraClient;

/** An operator. */
export interface CamaraOperator {
  /**
   * Whether the connection over which `code` was obtained belongs to the number. The device fetched the code from the operator itself, over
   * its mobile data; it is good for one exchange.
   */
  verifyNumber(code: string, number: Msisdn): Promise<Result<boolean, CamaraCode>>;
  /** When the SIM of the number last changed; `leastDays` is how far back a `no` must reach. */
  swapDate(number: Msisdn, leastDays: number): Promise<Result<EpochMs | 'never' | 'silent', CamaraCode>>;
}

/** Reads a private key of P-256 or RSA. @throws Error when it is none. */
export const camaraKey = (pem: string): KeyObject => createPrivateKey(pem);

const longestBody = 16_384;
/** A token is used again until shortly before its end. */
const tokenMarginMs = 10_000;
const scopes = {
  swap: 'sim-swap:retrieve-date',
  swapOfSubscriber: 'openid sim-swap:retrieve-date',
} as const;

interface Call {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

interface Answer {
  readonly status: number;
  readonly value: JsonValue | undefined;
}

const readBounded = async (body: AsyncIterable<Buffer>): Promise<string | undefined> => {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of body) {
    length += part.length;
    if (length > longestBody) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
};

const ask = async (
  { baseUrl }: CamaraPlace,
  call: Call,
  signal: AbortSignal,
): Promise<Result<Answer, 'camara.silent'>> => {
  try {
    const { statusCode, body } = await request(`${baseUrl}${call.path}`, {
      method: 'POST',
      headers: { accept: 'application/json', ...call.headers },
      body: call.body,
      signal,
    });
    const text = await readBounded(body);
    const parsed = text === undefined ? undefined : parseJson(text);
    return accept({ status: statusCode, value: parsed?.ok === true ? parsed.value : undefined });
  } catch (error) {
    return refuse('camara.silent', error instanceof Error ? error.name : 'unknown');
  }
};

const judged = (answer: Result<Answer, CamaraCode>): Result<JsonValue, CamaraCode> => {
  if (!answer.ok) return answer;
  const { status, value } = answer.value;
  // An operator that does not know the number, or the connection, answers 4xx: nothing was verified.
  if (status >= 400 && status < 500) return refuse('camara.refused', String(status));
  return status === 200 && value !== undefined ? accept(value) : refuse('camara.malformed', String(status));
};

const base64url = (bytes: Uint8Array | string): string => Buffer.from(bytes).toString('base64url');

/** RFC 7523: who we are, to whom, once, and for a minute. */
const assertion = (
  options: CamaraPlace,
  { key, keyId }: Extract<CamaraClient, { readonly key: KeyObject }>,
): string => {
  const { clientId, baseUrl, tokenPath = camaraPaths.token } = options;
  const seconds = Math.floor(Date.now() / 1000);
  const isEc = key.asymmetricKeyType === 'ec';
  const head = { alg: isEc ? 'ES256' : 'RS256', typ: 'JWT', ...(keyId === undefined ? {} : { kid: keyId }) };
  const claims = {
    iss: clientId,
    sub: clientId,
    aud: `${baseUrl}${tokenPath}`,
    jti: randomUUID(),
    iat: seconds,
    exp: seconds + 60,
  };
  const signed = `${base64url(JSON.stringify(head))}.${base64url(JSON.stringify(claims))}`;
  return `${signed}.${base64url(sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' }))}`;
};

/** A form at an endpoint of the authorisation server, with the bank's credentials. */
const form = (options: CamaraOptions, path: string, members: Readonly<Record<string, string>>): Call => {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  if ('clientSecret' in options) {
    const basic = Buffer.from(`${options.clientId}:${options.clientSecret}`).toString('base64');
    return {
      path,
      headers: { ...headers, authorization: `Basic ${basic}` },
      body: String(new URLSearchParams(members)),
    };
  }
  const shown = {
    client_id: options.clientId,
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: assertion(options, options),
  };
  return { path, headers, body: String(new URLSearchParams({ ...members, ...shown })) };
};

const memberOf = (value: JsonValue | undefined, name: string): JsonValue | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, JsonValue>>)[name]
    : undefined;

interface Token {
  readonly text: string;
  readonly untilMs: EpochMs;
}

const readToken = (value: JsonValue): Result<Token, CamaraCode> => {
  const [text, life] = [memberOf(value, 'access_token'), memberOf(value, 'expires_in')];
  if (typeof text !== 'string' || !/^[!-~]{1,4096}$/.test(text)) return refuse('camara.malformed', 'access_token');
  const seconds = typeof life === 'number' && life > 0 ? Math.min(life, 86_400) : 0;
  return accept({ text, untilMs: epochMs(Date.now() + seconds * 1000 - tokenMarginMs) });
};

const withPurpose = (scope: string, { purpose }: CamaraPlace): string =>
  purpose === undefined ? scope : `${purpose} ${scope}`;

const fetchToken = async (
  options: CamaraOptions,
  grant: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Result<Token, CamaraCode>> => {
  const answer = judged(await ask(options, form(options, options.tokenPath ?? camaraPaths.token, grant), signal));
  return answer.ok ? readToken(answer.value) : answer;
};

const longestIntervalMs = 5000;

/** OpenID CIBA, poll mode: the subscriber is named, the operator decides, and the token stands for that subscriber alone. */
const subscriberToken = async (
  options: CamaraOptions,
  cibaPath: string,
  number: Msisdn,
  signal: AbortSignal,
): Promise<Result<Token, CamaraCode>> => {
  const scope = withPurpose(scopes.swapOfSubscriber, options);
  const begun = judged(await ask(options, form(options, cibaPath, { scope, login_hint: `tel:${number}` }), signal));
  if (!begun.ok) return begun;
  const [id, interval] = [memberOf(begun.value, 'auth_req_id'), memberOf(begun.value, 'interval')];
  if (typeof id !== 'string' || id === '' || id.length > 1024) return refuse('camara.malformed', 'auth_req_id');
  let waitMs = typeof interval === 'number' && interval > 0 ? Math.min(interval * 1000, longestIntervalMs) : 1000;
  const grant = { grant_type: 'urn:openid:params:grant-type:ciba', auth_req_id: id };
  for (;;) {
    const asked = await ask(options, form(options, options.tokenPath ?? camaraPaths.token, grant), signal);
    const error = asked.ok && asked.value.status === 400 ? memberOf(asked.value.value, 'error') : undefined;
    if (error !== 'authorization_pending' && error !== 'slow_down') {
      const answer = judged(asked);
      return answer.ok ? readToken(answer.value) : answer;
    }
    if (error === 'slow_down') waitMs += longestIntervalMs;
    try {
      await pause(waitMs, undefined, { signal });
    } catch {
      return refuse('camara.silent', 'no consent in time');
    }
  }
};

const api = async (
  options: CamaraOptions,
  token: Token,
  path: string,
  members: JsonValue,
  signal: AbortSignal,
): Promise<Result<JsonValue, CamaraCode>> =>
  judged(
    await ask(
      options,
      {
        path,
        headers: {
          authorization: `Bearer ${token.text}`,
          'content-type': 'application/json',
          'x-correlator': randomUUID(),
        },
        body: JSON.stringify(members),
      },
      signal,
    ),
  );

/** Runs an operation under its deadline, unless the breaker is open. A refusal is the operator's answer, not its failure. */
const guarded = async <Value>(
  guard: Guard,
  timeoutMs: number,
  run: (signal: AbortSignal) => Promise<Result<Value, CamaraCode>>,
): Promise<Result<Value, CamaraCode>> => {
  if (!guard.admits()) return refuse('camara.silent', 'not asked after failures');
  const answer = await run(AbortSignal.timeout(timeoutMs));
  if (answer.ok || answer.code === 'camara.refused') guard.succeeded();
  else guard.failed();
  return answer;
};

/** The token of the bank itself, kept until shortly before its end. */
class BankToken {
  readonly #options: CamaraOptions;
  #held: Token | undefined;

  constructor(options: CamaraOptions) {
    this.#options = options;
  }

  async get(signal: AbortSignal): Promise<Result<Token, CamaraCode>> {
    if (this.#held !== undefined && this.#held.untilMs > Date.now()) return accept(this.#held);
    const scope = withPurpose(scopes.swap, this.#options);
    const fresh = await fetchToken(this.#options, { grant_type: 'client_credentials', scope }, signal);
    this.#held = fresh.ok ? fresh.value : undefined;
    return fresh;
  }

  get isHeld(): boolean {
    return this.#held !== undefined;
  }

  forget(): void {
    this.#held = undefined;
  }
}

/** Opens an operator; nothing is sent yet. `guard` is told how its operations end. */
export const camaraOperator = (options: CamaraOptions, guard: Guard = createGuard()): CamaraOperator => {
  const { timeoutMs, cibaPath, redirectUri } = options;
  const bank = new BankToken(options);
  const redirect = redirectUri === undefined ? {} : { redirect_uri: redirectUri };
  const swapOf = async (number: Msisdn, signal: AbortSignal): Promise<Result<JsonValue, CamaraCode>> => {
    if (cibaPath !== undefined) {
      const token = await subscriberToken(options, cibaPath, number, signal);
      // The token names the subscriber, so the call must not (422 UNNECESSARY_IDENTIFIER).
      return token.ok ? api(options, token.value, camaraPaths.retrieveSwapDate, {}, signal) : token;
    }
    const byBank = async (): Promise<Result<JsonValue, CamaraCode>> => {
      const token = await bank.get(signal);
      return token.ok
        ? api(options, token.value, camaraPaths.retrieveSwapDate, { phoneNumber: number }, signal)
        : token;
    };
    const wasHeld = bank.isHeld;
    const answer = await byBank();
    // A token that the operator forgot before its end is fetched anew, once.
    if (answer.ok || answer.detail !== '401' || !wasHeld) return answer;
    bank.forget();
    return byBank();
  };
  return {
    verifyNumber: (code, number) =>
      guarded(guard, timeoutMs, async (signal) => {
        const token = await fetchToken(options, { grant_type: 'authorization_code', code, ...redirect }, signal);
        if (!token.ok) return token;
        const answer = await api(options, token.value, camaraPaths.verify, { phoneNumber: number }, signal);
        return answer.ok ? readVerified(answer.value) : answer;
      }),
    swapDate: (number, leastDays) =>
      guarded(guard, timeoutMs, async (signal) => {
        const answer = await swapOf(number, signal);
        return answer.ok ? readSwapDate(answer.value, leastDays) : answer;
      }),
  };
};
