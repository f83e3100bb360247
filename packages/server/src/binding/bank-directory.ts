/**
 * The bank behind the binding, over HTTP: `POST /number` tells the registered number of a profile, `POST /code` sends a one-time code. Each call
 * has a deadline and a bound; what goes wrong is no number, never an exception to the caller.
 */
import { type Msisdn, readMsisdn } from '@hauberk/binding';
import { type JsonValue, parseJson } from '@hauberk/primitives';
import { request } from 'undici';
import type { BindingBankConfig } from '../config/binding-config.ts';
import type { CustomerDirectory } from './binding-ports.ts';

const longestBody = 4096;

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
    const number = status === 200 && isObject ? value['number'] : undefined;
    const read = typeof number === 'string' ? readMsisdn(number) : undefined;
    return read?.ok === true ? read.value : undefined;
  },
  sendCode: async (number, text) => {
    const { status } = await post(bank, '/code', { number, text }, onFault);
    return status >= 200 && status < 300;
  },
});
