/**
 * The bank behind the binding, over HTTP: `POST /number` tells the registered number of a profile, `POST /code` sends a one-time code. Each call
 * has a deadline and a bound. Silence is told apart from having no number: a bank that is down must not end the bindings of its customers.
 */
import { type Msisdn, readMsisdn } from '@hauberk/binding';
import { type JsonValue, parseJson } from '@hauberk/primitives';
import { request } from 'undici';
import type { BindingBankConfig } from '../config/binding-config.ts';
import type { CustomerDirectory } from './binding-ports.ts';

const longestBody = 4096;

/** The bank did not answer, or not with what was agreed. */
export class BankSilent extends Error {
  override readonly name = 'BankSilent';
}

/** The bank. */
export interface BankDirectory extends CustomerDirectory {
  /** Hands a code to the bank's sender; false when it did not take it. */
  sendCode(number: Msisdn, text: string): Promise<boolean>;
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

interface Answer {
  readonly status: number;
  readonly value: JsonValue | undefined;
}

const silent: Answer = { status: 0, value: undefined };

const post = async (
  { url, token, timeoutMs }: BindingBankConfig,
  path: string,
  members: JsonValue,
  onFault: (error: unknown) => void,
): Promise<Answer> => {
  try {
    const { statusCode, body } = await request(`${url}${path}`, {
      method: 'POST',
      headers: { accept: 'application/json', 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify(members),
      signal: AbortSignal.timeout(timeoutMs),
    });
    const text = await readBounded(body);
    const parsed = text === undefined ? undefined : parseJson(text);
    return { status: statusCode, value: parsed?.ok === true ? parsed.value : undefined };
  } catch (error) {
    onFault(error);
    return silent;
  }
};

/** The directory of a bank. Nobody's number is kept here. */
export const bankDirectory = (bank: BindingBankConfig, onFault: (error: unknown) => void): BankDirectory => ({
  registeredNumber: async (profile) => {
    const { status, value } = await post(bank, '/number', { profile }, onFault);
    const isObject = typeof value === 'object' && value !== null && 'number' in value;
    if (status !== 200 || !isObject) throw new BankSilent(`status ${status}`);
    const { number } = value;
    // The bank has none.
    if (number === null) return undefined;
    const read = typeof number === 'string' ? readMsisdn(number) : undefined;
    if (read?.ok !== true) throw new BankSilent('no number in E.164');
    return read.value;
  },
  sendCode: async (number, text) => {
    const { status } = await post(bank, '/code', { number, text }, onFault);
    return status >= 200 && status < 300;
  },
});
