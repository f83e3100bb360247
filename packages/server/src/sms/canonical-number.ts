/** Numbers as links write them, in the one spelling E.164. */
import { type Msisdn, readMsisdn } from '@hauberk/binding';
import { accept, type Result, refuse } from '@hauberk/primitives';

/** Type of number (SMPP 3.4, 5.2.5). */
const ton = { unknown: 0, international: 1, national: 2, alphanumeric: 5 } as const;

/**
 * A number of a link. National ones, by their type or their one leading 0, take the link's country code; without one they are refused, for
 * a guess would make two numbers one.
 */
export const canonicalNumber = (
  text: string,
  type: number = ton.unknown,
  countryCode?: string,
): Result<Msisdn, 'sms.number'> => {
  const isNational = type === ton.national || /^0[1-9]/.test(text);
  if (type === ton.alphanumeric || (isNational && countryCode === undefined))
    return refuse('sms.number', 'no number in E.164');
  const read = readMsisdn(isNational ? `+${countryCode ?? ''}${text.replace(/^0/, '')}` : text);
  return read.ok ? accept(read.value) : refuse('sms.number', 'no number in E.164');
};
