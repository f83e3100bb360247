/** The keyring file: what is known of each key in clear, its secret sealed under the master key with all of that as associated bytes. */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import {
  type Bytes,
  canonicalJson,
  concat,
  type EpochMs,
  epochMs,
  fromBase64Url,
  toBase64Url,
  utf8,
} from '@hauberk/primitives';
import { StateError } from '../storage/storage-refusal.ts';
import { type KeyFacts, type KeyPurpose, keyRules, type ManagedKey, SecretBytes } from './key-provider.ts';
import type { MasterKey } from './master-key.ts';

/** A key as the file holds it. */
export interface SealedKey extends KeyFacts {
  /** Id of the master key that sealed it. */
  readonly master: string;
  /** Nonce ‖ ciphertext ‖ tag; null once the secret is destroyed and only the public key is left. */
  readonly wrap: Bytes | null;
}

const clearJson = (key: KeyFacts) => ({
  id: key.id,
  purpose: key.purpose,
  activeFromMs: key.activeFromMs,
  retiresAtMs: key.retiresAtMs,
  expiresAtMs: key.expiresAtMs,
  publicKey: key.publicKey === null ? null : toBase64Url(key.publicKey),
});

// Times are associated too: otherwise whoever can write the file could bring an expired key back.
const associatedBytes = (key: KeyFacts): Bytes => utf8(`hb1/key-wrap\u0000${canonicalJson(clearJson(key))}`);

/** Seals a key. */
export const sealKey = (master: MasterKey, key: ManagedKey): SealedKey => {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', master.wrapping.reveal(), nonce);
  cipher.setAAD(associatedBytes(key));
  const sealed = [cipher.update(key.secret.reveal()), cipher.final()];
  const { secret: _secret, ...facts } = key;
  return { ...facts, master: master.id, wrap: concat(nonce, ...sealed, cipher.getAuthTag()) };
};

const malformed = (message: string, cause?: unknown): StateError =>
  new StateError('keys-malformed', message, 'restore keys/keyring.json from a backup', { cause });

const newer = (message: string): StateError =>
  new StateError(
    'state-newer-than-program',
    message,
    'start the newer program, or restore a backup that this one made',
  );

const openWrap = (master: MasterKey, key: SealedKey, wrap: Bytes): Bytes => {
  const decipher = createDecipheriv('aes-256-gcm', master.wrapping.reveal(), wrap.subarray(0, 12));
  decipher.setAAD(associatedBytes(key));
  decipher.setAuthTag(wrap.subarray(-16));
  return concat(decipher.update(wrap.subarray(12, -16)), decipher.final());
};

/** Opens a key; undefined when its secret was destroyed. */
export const openKey = (masters: readonly MasterKey[], key: SealedKey): ManagedKey | undefined => {
  const { master: masterId, wrap, ...facts } = key;
  if (wrap === null) return undefined;
  const master = masters.find(({ id }) => id === masterId);
  if (master === undefined) {
    throw new StateError(
      'master-key-mismatch',
      `key ${key.id} (${key.purpose}) is sealed under another master key`,
      'supply the master key that this state was made with (HAUBERK_MASTER_KEY_FILE)',
    );
  }
  try {
    return { ...facts, secret: new SecretBytes(openWrap(master, key, wrap)) };
  } catch (cause) {
    throw malformed(`key ${key.id} (${key.purpose}) was changed`, cause);
  }
};

const instantOf = (value: unknown): EpochMs | null => {
  if (value === null) return null;
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw malformed('an instant is no number');
  return epochMs(value);
};

const bytesOf = (value: unknown): Bytes | null => {
  if (value === null) return null;
  const bytes = typeof value === 'string' ? fromBase64Url(value) : undefined;
  if (bytes === undefined) throw malformed('bytes are not base64url');
  return bytes;
};

const membersOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? { ...value } : {};

const readKey = (value: unknown): SealedKey => {
  const entry = membersOf(value);
  const { id, purpose, master } = entry as { id?: unknown; purpose?: unknown; master?: unknown };
  if (typeof id !== 'number' || !Number.isSafeInteger(id)) throw malformed('a key has no id');
  if (typeof purpose !== 'string' || !/^[a-z][a-z0-9-]{0,63}$/.test(purpose))
    throw malformed(`key ${id} has no purpose`);
  if (!Object.hasOwn(keyRules, purpose)) throw newer(`key ${id} is for ${purpose}, which this program does not know`);
  const activeFromMs = instantOf(entry['activeFromMs']);
  if (typeof master !== 'string' || activeFromMs === null) throw malformed(`key ${id} is incomplete`);
  const known = purpose as KeyPurpose;
  return {
    id,
    purpose: known,
    algorithm: keyRules[known].algorithm,
    activeFromMs,
    retiresAtMs: instantOf(entry['retiresAtMs']),
    expiresAtMs: instantOf(entry['expiresAtMs']),
    publicKey: bytesOf(entry['publicKey']),
    master,
    wrap: bytesOf(entry['wrap']),
  };
};

/** Reads a keyring. */
export const parseKeyring = (text: string): readonly SealedKey[] => {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw malformed('keys/keyring.json is no JSON', cause);
  }
  const { v, keys } = membersOf(parsed) as { v?: unknown; keys?: unknown };
  if (typeof v === 'number' && v > 1) throw newer(`keys/keyring.json has version ${v}`);
  if (v !== 1 || !Array.isArray(keys)) throw malformed('keys/keyring.json is no keyring of version 1');
  return keys.map(readKey);
};

/** Writes a keyring. */
export const keyringText = (keys: readonly SealedKey[]): string => {
  const entries = keys.map((key) => ({
    ...clearJson(key),
    master: key.master,
    wrap: key.wrap === null ? null : toBase64Url(key.wrap),
  }));
  return `${JSON.stringify({ v: 1, keys: entries }, null, 2)}\n`;
};

/** The keys of a keyring that a backup takes along. */
export const backupKeys = (keys: readonly SealedKey[]): readonly SealedKey[] =>
  keys.filter((key) => keyRules[key.purpose].inBackup);
