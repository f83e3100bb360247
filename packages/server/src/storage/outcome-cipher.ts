/** Stored outcomes and SMS are sealed: the record holds replies of the bank and tokens, and must not show them to whoever copies it. */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { type Bytes, concat, type EpochMs, utf8 } from '@hauberk/primitives';
import type { KeyReader, ManagedKey } from '../keys/key-provider.ts';

const headLength = 16;

/** What may be sealed, each under keys of its own. */
type SealedPurpose = 'idempotency-outcome' | 'sms-content';

const associatedBytes = (purpose: string, entry: string, head: Uint8Array): Bytes =>
  concat(utf8(`hb1/${purpose}\u0000${entry}\u0000`), head);

const sealWith = (key: ManagedKey, entry: string, content: Uint8Array): Bytes => {
  const head = new Uint8Array(headLength);
  new DataView(head.buffer).setUint32(0, key.id);
  head.set(randomBytes(12), 4);
  const cipher = createCipheriv('aes-256-gcm', key.secret.reveal(), head.subarray(4));
  cipher.setAAD(associatedBytes(key.purpose, entry, head));
  return concat(head, cipher.update(content), cipher.final(), cipher.getAuthTag());
};

const openWith = (key: ManagedKey, entry: string, sealed: Uint8Array): Bytes | undefined => {
  const head = sealed.subarray(0, headLength);
  const decipher = createDecipheriv('aes-256-gcm', key.secret.reveal(), head.subarray(4));
  decipher.setAAD(associatedBytes(key.purpose, entry, head));
  decipher.setAuthTag(sealed.subarray(-16));
  try {
    return concat(decipher.update(sealed.subarray(headLength, -16)), decipher.final());
  } catch {
    return undefined;
  }
};

/** Seals and opens outcomes, each bound to its entry: an outcome that is moved to another entry does not open. */
export interface OutcomeCipher {
  seal(entry: string, content: Uint8Array, now: EpochMs): Bytes;
  /** The content, or undefined when its key is gone or it is not authentic. */
  open(entry: string, sealed: Uint8Array): Bytes | undefined;
}

/** A cipher under the keys of a purpose. */
export const outcomeCipher = (keys: KeyReader, purpose: SealedPurpose = 'idempotency-outcome'): OutcomeCipher => ({
  seal: (entry, content, now) => sealWith(keys.current(purpose, now), entry, content),
  open: (entry, sealed) => {
    if (sealed.length < headLength + 16) return undefined;
    const id = new DataView(sealed.buffer, sealed.byteOffset).getUint32(0);
    const key = keys.find(purpose, id);
    return key === undefined ? undefined : openWith(key, entry, sealed);
  },
});
