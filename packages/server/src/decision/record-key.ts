/** The key under which identifiers become pseudonyms before anything of decisions is kept: the same on every thread, and after every restart. */
import { hkdfSync } from 'node:crypto';
import { type IdHash, idHash, pseudonymOf } from '@hauberk/decision';
import type { EpochMs, HashValue } from '@hauberk/primitives';
import type { KeyReader } from '../keys/key-provider.ts';
import { canonicalId } from './canonical-id.ts';

/** What stands for an id of a kind in lists and records: 16 hexadecimal digits, the same as the engine's, however the id is spelled. */
export const pseudonyms = (key: Uint8Array): ((kind: string, id: string) => string) => {
  const hashes = new Map<string, IdHash>();
  const value: HashValue = { low: 0, high: 0 };
  return (kind, id) => {
    const hash = hashes.get(kind) ?? idHash(key, kind);
    // Kinds are few; those that an operator makes up must not pile up.
    if (hashes.size < 256) hashes.set(kind, hash);
    hash(canonicalId(id), value);
    return pseudonymOf(value.low, value.high);
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
