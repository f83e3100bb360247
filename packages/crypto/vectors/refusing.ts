import { CryptoInputError } from '@hauberk/primitives';

/** Runs engine code on foreign input: whatever it throws is a refusal of that input. */
export const refusing = <Value>(what: string, work: () => Value): Value => {
  try {
    return work();
  } catch (cause) {
    throw cause instanceof CryptoInputError ? cause : new CryptoInputError(what, { cause });
  }
};

/** The same where a refusal is a value. */
export const quietly = <Value>(work: () => Value): Value | undefined => {
  try {
    return work();
  } catch {
    return undefined;
  }
};
