/** Phone numbers in their one spelling: E.164 with a plus, so that two spellings of one number are never two numbers. */
import { accept, type Result, refuse } from '@hauberk/primitives';

declare const mark: unique symbol;

/** A number in E.164: `+`, then 8 to 15 digits that do not begin with 0. */
export type Msisdn = string & { readonly [mark]: 'Msisdn' };

/** Reads a number as links and people write it: `+91…`, `0091…` or bare digits with the country code; no other sign. */
export const readMsisdn = (text: string): Result<Msisdn, 'binding.number-mismatch'> => {
  const found = /^(?:\+|00)?([1-9][0-9]{7,14})$/.exec(text);
  return found === null
    ? refuse('binding.number-mismatch', 'no number in E.164')
    : accept(`+${found[1] ?? ''}` as Msisdn);
};
