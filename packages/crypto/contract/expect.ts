/** The little that the suite needs to say no, in any engine: it runs in browsers too. */
import { type Bytes, CryptoInputError, fromHex, toHex } from '@hauberk/primitives';

/** A provider that breaks the contract. */
export class ContractError extends Error {
  override readonly name = 'ContractError';
}

/** Bytes of a known answer. */
export const hex = (text: string): Bytes => {
  const bytes = fromHex(text.replace(/\s+/g, ''));
  if (bytes === undefined) throw new TypeError('the suite itself holds malformed hexadecimal');
  return bytes;
};

/** Refuses unless it holds. */
export const expectThat = (holds: boolean, what: string): void => {
  if (!holds) throw new ContractError(what);
};

/** Refuses unless both have the same bytes. */
export const expectBytes = (actual: Uint8Array | undefined, expected: Uint8Array, what: string): void => {
  const text = actual === undefined ? 'nothing' : toHex(actual);
  if (text !== toHex(expected)) throw new ContractError(`${what}: ${text} instead of ${toHex(expected)}`);
};

/** Refuses unless the work rejects with CryptoInputError, and with that code when one is named. */
export const expectRefusal = async (
  work: () => Promise<unknown>,
  what: string,
  code?: CryptoInputError['code'],
): Promise<void> => {
  let refusal: unknown;
  try {
    await work();
  } catch (error) {
    refusal = error;
  }
  if (!(refusal instanceof CryptoInputError))
    throw new ContractError(`${what}: ${refusal instanceof Error ? refusal.message : 'accepted'}`);
  if (code !== undefined && refusal.code !== code) throw new ContractError(`${what}: ${refusal.code}`);
};

/** A copy with one bit turned over. */
export const flipped = (bytes: Uint8Array, bit: number): Bytes => {
  const copy = Uint8Array.from(bytes);
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return copy;
};

/** Bytes counting up from `start`. */
export const counting = (length: number, start = 0): Bytes =>
  Uint8Array.from({ length }, (_none, index) => (start + index) & 0xff);
