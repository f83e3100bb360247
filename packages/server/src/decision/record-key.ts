/** The key under which identifiers become pseudonyms before anything of decisions is kept: the same on every thread, and after every restart. */
import { hkdfSync } from 'node:crypto';
import { createKeyedHash, type EpochMs, type HashValue } from '@hauberk/primitives';
import type { KeyReader } from '../keys/key-provider.ts';

/** UTF-16 text in which every character is a byte, so that a hash of bytes sees all of it. */
const asBytes = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

const word = (value: number): string => (value >>> 0).toString(16).padStart(8, '0');

/** What stands for an id of a kind in lists and records: 16 hexadecimal digits. */
export const pseudonyms = (key: Uint8Array): ((kind: string, id: string) => string) => {
  const hash = createKeyedHash(key);
  const value: HashValue = { low: 0, high: 0 };
  return (kind, id) => {
    hash(asBytes(`${kind}\n${id}`), value);
    return word(value.high) + word(value.low);
  };
};

/** 32 bytes: of a secret that the configuration names, so that several installations agree, otherwise of the keyring. */
export const decisionKey = (keys: KeyReader, secret: string | undefined, now: EpochMs): Uint8Array =>
  new Uint8Array(
    hkdfSync(
      'sha256',
      secret ?? keys.current('decision-entity', now).secret.reveal(),
      new Uint8Array(0),
      'hauberk decision entities 1',
      32,
    ),
  );
