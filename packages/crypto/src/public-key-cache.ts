import { createPublicKey, type KeyObject } from 'node:crypto';
import { CryptoInputError, type Group } from '@hauberk/primitives';
import { hasPublicForm, requirePublicForm } from './input-checks.ts';

/** SubjectPublicKeyInfo of RFC 5480 and RFC 8410 up to the raw key. */
const spkiPrefixes: { readonly [Name in Group]: Buffer } = {
  p256: Buffer.from('3059301306072a8648ce3d020106082a8648ce3d030107034200', 'hex'),
  x25519: Buffer.from('302a300506032b656e032100', 'hex'),
};

/**
 * Reading a point costs as much as the operation on it (it is checked to be on its curve), and a handshake names its peer
 * twice and its device again at step-up. Keys are public, so a lookup may take its time from them.
 */
const known = new Map<string, KeyObject>();
const mostKnown = 1024;

const readPoint = (group: Group, raw: Uint8Array): KeyObject => {
  try {
    return createPublicKey({ key: Buffer.concat([spkiPrefixes[group], raw]), format: 'der', type: 'spki' });
  } catch (cause) {
    throw new CryptoInputError(`no ${group} public key`, { cause });
  }
};

const remember = (spelling: string, key: KeyObject): void => {
  // A Map keeps its order of insertion: the first key is the oldest.
  const oldest = known.size < mostKnown ? undefined : known.keys().next().value;
  if (oldest !== undefined) known.delete(oldest);
  known.set(spelling, key);
};

/** The public key of a raw point; throws CryptoInputError when it is none. */
export const publicKeyOf = (group: Group, raw: Uint8Array): KeyObject => {
  requirePublicForm(group, raw);
  // The groups' raw forms differ in length, so the bytes alone name the key.
  const spelling = Buffer.from(raw.buffer, raw.byteOffset, raw.length).toString('latin1');
  const found = known.get(spelling);
  if (found !== undefined) return found;
  const key = readPoint(group, raw);
  remember(spelling, key);
  return key;
};

/** The public key of a raw P-256 point, or undefined when it is none. */
export const signerKeyOf = (raw: Uint8Array): KeyObject | undefined => {
  if (!hasPublicForm('p256', raw)) return undefined;
  try {
    return publicKeyOf('p256', raw);
  } catch (error) {
    if (error instanceof CryptoInputError) return undefined;
    throw error;
  }
};
