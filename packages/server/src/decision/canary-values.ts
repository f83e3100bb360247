/**
 * Canary values: identifiers that a trap hands out and nobody else has. One that comes back in a request tells that what was told to a thief is in use,
 * and which touch it was told at. They carry their own proof, so nothing is stored for them.
 */
import type { SecretKey, SyncCrypto } from '@hauberk/primitives';

/** Where a decoy's body wants one. */
export const canaryPlace = '{{canary}}';

const digits = 18;
const noteDigits = 8;
const half = 10 ** noteDigits;

const numberOf = (bytes: Uint8Array, at: number): number =>
  new DataView(bytes.buffer, bytes.byteOffset + at).getUint32(0);

const proofOf = (crypto: SyncCrypto, key: SecretKey, note: string): string => {
  const tag = crypto.macText(key, `hauberk/canary\n${note}`);
  // Ten digits of proof: whoever guesses has one chance in ten thousand millions a try.
  return (BigInt(numberOf(tag, 0)) * 4_294_967_296n + BigInt(numberOf(tag, 4)))
    .toString()
    .padStart(20, '0')
    .slice(-(digits - noteDigits));
};

/** Mints the canary of a touch: 18 digits, as account numbers have. The same device gets the same one. */
export const mintCanary = (crypto: SyncCrypto, key: SecretKey, deviceId: string): string => {
  const seed = crypto.macText(key, `hauberk/canary-note\n${deviceId}`);
  // No leading zero, which a form that reads numbers would lose.
  const note = String((numberOf(seed, 0) % (half - half / 10)) + half / 10);
  return note + proofOf(crypto, key, note);
};

/** Whether a text is a canary that was minted here. */
export const isCanary = (crypto: SyncCrypto, key: SecretKey, text: string): boolean => {
  if (text.length !== digits || !/^[1-9]\d{17}$/.test(text)) return false;
  const note = text.slice(0, noteDigits);
  return text === note + proofOf(crypto, key, note);
};
