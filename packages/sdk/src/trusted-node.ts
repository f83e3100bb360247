/** Trusted services in Node: software keys in memory, or in a file that only its owner may read. */
import type { KeyObject } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { nodeAsyncCrypto } from '@hauberk/crypto/node';
import { fromBase64Url, toBase64Url } from '@hauberk/primitives';
import { type TrustedOptions, type TrustedServices, trustedServices } from './trusted/services.ts';
import {
  type KeptKey,
  memoryTrustedStore,
  type SoftwareHost,
  softwareBackend,
  type TrustedStore,
} from './trusted/software-backend.ts';

export * from './trusted.ts';

/** A key as the file holds it; the secret is a scalar or a sealing key. */
interface WrittenKey {
  readonly about: Omit<KeptKey['about'], 'publicKey'> & { readonly publicKey: string };
  readonly secret: string;
}

const write = async ({ about, secret }: KeptKey): Promise<WrittenKey> => {
  const handle = ('pair' in secret ? secret.pair.privateKey.handle : secret.aead.handle) as KeyObject;
  const text = 'pair' in secret ? (handle.export({ format: 'jwk' }).d ?? '') : toBase64Url(handle.export());
  return { about: { ...about, publicKey: toBase64Url(about.publicKey) }, secret: text };
};

const read = async ({ about, secret }: WrittenKey): Promise<KeptKey> => {
  const [bytes, publicKey] = [fromBase64Url(secret), fromBase64Url(about.publicKey)];
  if (bytes === undefined || publicKey === undefined) throw new TypeError('the file of trusted keys is damaged');
  const known = { ...about, publicKey };
  return about.use === 'seal'
    ? { about: known, secret: { aead: await nodeAsyncCrypto.importAead(bytes) } }
    : { about: known, secret: { pair: await nodeAsyncCrypto.importPrivateKey('p256', 'sign', bytes) } };
};

type Written = Readonly<Record<string, WrittenKey>>;

const load = async (path: string): Promise<Written> => {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Written;
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ENOENT') return {};
    throw error;
  }
};

/** Keeps keys in a file, unsealed: guard it as the keys themselves. One process uses it at a time. */
export const fileTrustedStore = (path: string): TrustedStore => {
  let turn: Promise<unknown> = Promise.resolve();
  const change = (edit: (entries: Written) => Promise<Written> | Written): Promise<void> => {
    const next = turn.then(async () => {
      // Renamed into place: a crash leaves the old file or the new one, never half of either.
      await writeFile(`${path}.new`, JSON.stringify(await edit(await load(path))), { mode: 0o600 });
      await rename(`${path}.new`, path);
    });
    turn = next.catch(() => undefined);
    return next;
  };
  return {
    read: async (alias) => {
      await turn;
      const entries = await load(path);
      return Object.hasOwn(entries, alias) && entries[alias] !== undefined ? read(entries[alias]) : undefined;
    },
    write: (alias, key) => change(async (entries) => ({ ...entries, [alias]: await write(key) })),
    remove: (alias) =>
      change((entries) => Object.fromEntries(Object.entries(entries).filter(([name]) => name !== alias))),
  };
};

/** What differs from software keys in memory that ask nobody. */
export type NodeTrustedOptions = Pick<TrustedOptions, 'organisation' | 'app' | 'service' | 'prefix'> &
  Partial<Pick<SoftwareHost, 'store' | 'now' | 'verifyUser' | 'camera' | 'attester'>>;

/** The services of this process. */
export const nodeTrustedServices = (options: NodeTrustedOptions): TrustedServices => {
  const { organisation, app, service, prefix, now = Date.now, store = memoryTrustedStore(), ...ports } = options;
  const host = { crypto: nodeAsyncCrypto, store, platform: 'node', name: 'openssl', now, ...ports };
  const scope = { organisation, app, service, crypto: nodeAsyncCrypto, now };
  return trustedServices(softwareBackend(host), prefix === undefined ? scope : { ...scope, prefix });
};
