/** Storage in one file that only its owner may read. One process uses it at a time. */
import type { KeyObject } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { nodeAsyncCrypto } from '@hauberk/crypto/node';
import { fromBase64Url, type SecretKey, toBase64Url } from '@hauberk/primitives';
import type { ClientStorage, StoredEntries, StoredKey } from './core/storage.ts';

/** A device key as the file holds it. */
interface WrittenKey {
  readonly scalar: string;
  readonly deviceId: string | null;
}

type Written = Record<string, unknown>;

const isKeyName = (name: string): boolean => ['identity', 'step-up', 'successor'].includes(name);

const writeKey = ({ keyPair, deviceId }: StoredKey): WrittenKey => {
  const { d = '' } = (keyPair.privateKey.handle as KeyObject).export({ format: 'jwk' });
  return { scalar: d, deviceId };
};

const readKey = async ({ scalar, deviceId }: WrittenKey): Promise<StoredKey> => {
  const bytes = fromBase64Url(scalar);
  if (bytes === undefined) throw new TypeError('the storage file holds no key under a key name');
  return { keyPair: await nodeAsyncCrypto.importPrivateKey('p256', 'sign', bytes), deviceId };
};

/** The journal's key rests in a file of its own: a copy of the entries alone opens none of them. */
const keyPath = (path: string): string => `${path}.key`;

const readSecret = async (path: string): Promise<SecretKey | undefined> => {
  try {
    const bytes = fromBase64Url(await readFile(keyPath(path), 'utf8'));
    return bytes?.length === 32 ? await nodeAsyncCrypto.importAead(bytes) : undefined;
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ENOENT') return undefined;
    throw error;
  }
};

const writeSecret = async (path: string, { handle }: SecretKey): Promise<void> => {
  const text = toBase64Url((handle as KeyObject).export());
  await writeFile(`${keyPath(path)}.new`, text, { mode: 0o600 });
  await rename(`${keyPath(path)}.new`, keyPath(path));
};

const load = async (path: string): Promise<Written> => {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Written;
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ENOENT') return {};
    throw error;
  }
};

/** Keeps the entries in a file. */
export const fileStorage = (path: string): ClientStorage => {
  let turn: Promise<unknown> = Promise.resolve();
  const inTurn = <Value>(work: () => Promise<Value>): Promise<Value> => {
    const next = turn.then(work, work);
    turn = next.catch(() => undefined);
    return next;
  };
  const save = async (entries: Written): Promise<void> => {
    // Renamed into place: a crash leaves the old file or the new one, never half of either.
    await writeFile(`${path}.new`, JSON.stringify(entries), { mode: 0o600 });
    await rename(`${path}.new`, path);
  };
  const decode = async <Name extends keyof StoredEntries>(entries: Written, name: Name) => {
    if (name === 'journal-key') return (await readSecret(path)) as StoredEntries[Name] | undefined;
    const value = entries[name];
    const decoded = value !== undefined && isKeyName(name) ? await readKey(value as WrittenKey) : value;
    return decoded as StoredEntries[Name] | undefined;
  };
  return {
    isPersistent: () => true,
    read: (name) => inTurn(async () => decode(await load(path), name)),
    update: (name, change) =>
      inTurn(async () => {
        const entries = await load(path);
        const next = change(await decode(entries, name));
        if (name === 'journal-key') {
          await writeSecret(path, next as SecretKey);
          return next;
        }
        entries[name] = isKeyName(name) ? writeKey(next as StoredKey) : next;
        await save(entries);
        return next;
      }),
    remove: (name) =>
      inTurn(async () => {
        if (name === 'journal-key') return rm(keyPath(path), { force: true });
        const entries = await load(path);
        delete entries[name];
        await save(entries);
      }),
  };
};
