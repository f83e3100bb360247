/** The SMS token: its alphabet, its making from random bytes, the text that carries it and the reader of what comes back (B08, B12). */
import { accept, type Bytes, type Result, refuse } from '@hauberk/primitives';

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const digits = '0123456789';
/**
 * Specials that every data coding carries unchanged. `$ @ [ \ ] ^ _ { | } ~` and the backtick change silently where GSM 7-bit meets ASCII;
 * quotes, `&`, `<`, `>` and `,` are left out because links escape them.
 */
const specials = '!#%()*+-./:;=?';
const alphabet = letters + digits + specials;

/** Characters of a token. */
export const tokenLength = 36;
/** Random bytes that the making of one token takes; more than enough for the rejected ones. */
export const tokenRandomBytes = 96;
/** What a guess is up against, in bits. */
export const tokenBits: number = Math.floor(tokenLength * Math.log2(alphabet.length));
/** Longest text that is read; a concatenated SMS of four parts. */
export const longestSms = 640;

const holdsOneOf = (text: string, set: string): boolean => Array.from(text).some((sign) => set.includes(sign));

/** Whether a text has the shape of a token: length, alphabet, and a letter, a digit and a special at least. */
export const isTokenShaped = (text: string): boolean =>
  text.length === tokenLength &&
  Array.from(text).every((sign) => alphabet.includes(sign)) &&
  [letters, digits, specials].every((set) => holdsOneOf(text, set));

/** The largest multiple of the alphabet that a byte can count to: above it, some characters would be likelier. */
const fair = 256 - (256 % alphabet.length);

/**
 * A token from fresh random bytes; undefined when these happen to lack a kind of character, or too many were rejected: draw again.
 * Rejecting whole draws keeps the rest uniform; it costs less than a hundredth of a bit.
 */
export const tokenFrom = (random: Bytes): string | undefined => {
  let token = '';
  for (const byte of random) {
    if (token.length === tokenLength) break;
    if (byte < fair) token += alphabet.charAt(byte % alphabet.length);
  }
  return isTokenShaped(token) ? token : undefined;
};

/** Draws until a token comes out. The source must be a secure one. */
export const drawToken = (random: (length: number) => Bytes): string => {
  for (let tries = 0; tries < 64; tries += 1) {
    const token = tokenFrom(random(tokenRandomBytes));
    if (token !== undefined) return token;
  }
  throw new Error('the source of randomness is broken');
};

/** The text that the app sends: names who asks and what must never be done with it. One SMS (160 characters) for brands up to 40. */
export const smsText = (brand: string, token: string): string =>
  `${brand} phone check ${token} Never forward this message. ${brand} never asks for it.`;

/** Why a text carries no token. */
export type SmsTextCode = 'binding.token-shape';

/**
 * The token in an SMS. Links add prefixes and keywords, so it is looked for among the words; two candidates are refused, for then two
 * readers could take different ones.
 */
export const readToken = (text: string): Result<string, SmsTextCode> => {
  if (text.length > longestSms) return refuse('binding.token-shape', 'longer than any SMS of ours');
  const found = new Set(text.split(/\s+/).filter(isTokenShaped));
  const [token] = found;
  if (token === undefined) return refuse('binding.token-shape', 'no token');
  return found.size === 1 ? accept(token) : refuse('binding.token-shape', 'more than one token');
};
