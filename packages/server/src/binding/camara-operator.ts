/**
 * An operator behind CAMARA: Number Verification and SIM Swap over HTTP. Every call has a deadline, every answer a bound; what goes wrong is
 * a code, never an exception, and never a yes.
 */
import { type CamaraCode, camaraPaths, type Msisdn, readSwapDate, readVerified } from '@hauberk/binding';
import { accept, type EpochMs, type JsonValue, parseJson, type Result, refuse } from '@hauberk/primitives';
import { request } from 'undici';

/** Where an operator is and how long it may take. */
export interface CamaraOptions {
  /** Without a slash at the end. */
  readonly baseUrl: string;
  readonly timeoutMs: number;
  /** The credentials of the bank at the operator's token endpoint (client credentials). */
  readonly clientId: string;
  readonly clientSecret: string;
}

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

const longestBody = 16_384;

interface Call {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
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

const send = async ({ baseUrl, timeoutMs }: CamaraOptions, call: Call): Promise<Result<JsonValue, CamaraCode>> => {
  try {
    const { statusCode, body } = await request(`${baseUrl}${call.path}`, {
      method: 'POST',
      headers: { accept: 'application/json', ...call.headers },
      body: call.body,
      signal: AbortSignal.timeout(timeoutMs),
    });
    const text = await readBounded(body);
    // An operator that does not know the number, or the connection, answers 4xx: nothing was verified.
    if (statusCode >= 400 && statusCode < 500) return refuse('camara.refused', String(statusCode));
    const parsed = text === undefined || statusCode !== 200 ? undefined : parseJson(text);
    return parsed?.ok === true ? accept(parsed.value) : refuse('camara.malformed', String(statusCode));
  } catch (error) {
    return refuse('camara.silent', error instanceof Error ? error.name : 'unknown');
  }
};

const form = (members: Readonly<Record<string, string>>): string => new URLSearchParams(members).toString();

const accessToken = async (options: CamaraOptions, grant: Readonly<Record<string, string>>) => {
  const basic = Buffer.from(`${options.clientId}:${options.clientSecret}`).toString('base64');
  const headers = { authorization: `Basic ${basic}`, 'content-type': 'application/x-www-form-urlencoded' };
  const answer = await send(options, { path: '/oauth2/token', headers, body: form(grant) });
  if (!answer.ok) return answer;
  const { value } = answer;
  const token =
    typeof value === 'object' && value !== null && 'access_token' in value ? value['access_token'] : undefined;
  return typeof token === 'string' && token !== '' && token.length <= 4096
    ? accept(token)
    : refuse<CamaraCode>('camara.malformed', 'access_token');
};

const post = async (options: CamaraOptions, token: string, path: string, members: JsonValue) =>
  send(options, {
    path,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(members),
  });

/** Opens an operator; nothing is sent yet. */
export const camaraOperator = (options: CamaraOptions): CamaraOperator => ({
  verifyNumber: async (code, number) => {
    const token = await accessToken(options, { grant_type: 'authorization_code', code });
    if (!token.ok) return token;
    const answer = await post(options, token.value, camaraPaths.verify, { phoneNumber: number });
    return answer.ok ? readVerified(answer.value) : answer;
  },
  swapDate: async (number, leastDays) => {
    const token = await accessToken(options, { grant_type: 'client_credentials', scope: 'sim-swap:retrieve-date' });
    if (!token.ok) return token;
    const answer = await post(options, token.value, camaraPaths.retrieveSwapDate, { phoneNumber: number });
    return answer.ok ? readSwapDate(answer.value, leastDays) : answer;
  },
});
