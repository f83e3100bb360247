/** The master key: 32 bytes that seal all others. Made at first start (mode 0600), or supplied by the environment. Never in a backup. */
import { createHash, hkdfSync, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Bytes, concat, fromBase64Url, fromHex, toBase64Url, toHex, utf8 } from '@hauberk/primitives';
import { writeFileDurably } from '../storage/durable-file.ts';
import { StateError } from '../storage/storage-refusal.ts';
import { SecretBytes } from './key-provider.ts';

/** A master key, and the name that wraps carry so that a wrong one is told from a damaged file. */
export interface MasterKey {
  readonly id: string;
  readonly wrapping: SecretBytes;
}

const nameOf = (bytes: Uint8Array): string => {
  const hash = createHash('sha256').update(concat(utf8('hb1/master-key-id\u0000'), bytes));
  return toHex(new Uint8Array(hash.digest()).subarray(0, 8));
};

const masterOf = (bytes: Uint8Array): MasterKey => ({
  id: nameOf(bytes),
  wrapping: new SecretBytes(new Uint8Array(hkdfSync('sha256', bytes, new Uint8Array(), utf8('hb1/key-wrap'), 32))),
});

/** Reads a master key from its text: 32 bytes as base64url or hexadecimal. `source` names it in the refusal. */
export const parseMasterKey = (text: string, source: string): MasterKey => {
  const trimmed = text.trim();
  const bytes: Bytes | undefined = trimmed.length === 64 ? fromHex(trimmed) : fromBase64Url(trimmed);
  if (bytes?.length !== 32) {
    const hint = 'a master key is 32 random bytes as base64url or hexadecimal';
    throw new StateError('master-key-malformed', `${source} holds no master key`, hint);
  }
  return masterOf(bytes);
};

const readSecretFile = (path: string, source: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const hint = 'check the path and its permissions';
    throw new StateError('master-key-missing', `${source} cannot be read`, hint, { cause });
  }
};

/** The master key that `NAME` or `NAME_FILE` of an environment supplies. */
export const suppliedMasterKey = (
  environment: Readonly<Record<string, string | undefined>>,
  name: 'HAUBERK_MASTER_KEY' | 'HAUBERK_PREVIOUS_MASTER_KEY' = 'HAUBERK_MASTER_KEY',
): MasterKey | undefined => {
  const path = environment[`${name}_FILE`];
  if (path !== undefined) return parseMasterKey(readSecretFile(path, `${name}_FILE`), `${name}_FILE`);
  const text = environment[name];
  return text === undefined ? undefined : parseMasterKey(text, name);
};

/** Where the default master key of a keys folder is. */
const masterKeyFile = (folder: string): string => join(folder, 'master.key');

/** The master key file of a keys folder, or undefined when there is none. One that others may read is refused. */
export const readMasterKeyFile = (folder: string): MasterKey | undefined => {
  const path = masterKeyFile(folder);
  if (!existsSync(path)) return undefined;
  if (process.platform !== 'win32' && (statSync(path).mode & 0o077) !== 0) {
    throw new StateError('keys-exposed', 'keys/master.key is readable by others', 'chmod 600 keys/master.key');
  }
  return parseMasterKey(readFileSync(path, 'utf8'), 'keys/master.key');
};

/** Makes a master key file. */
export const createMasterKeyFile = (folder: string): MasterKey => {
  const bytes = new Uint8Array(randomBytes(32));
  writeFileDurably(masterKeyFile(folder), `${toBase64Url(bytes)}\n`, 0o600);
  return masterOf(bytes);
};
