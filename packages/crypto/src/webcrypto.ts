/** The provider of browsers and other hosts of WebCrypto. Private keys that it makes never leave the host's key store. */
import {
  type AsyncCrypto,
  type Bytes,
  CryptoInputError,
  concat,
  fromBase64Url,
  type Group,
  type KeyPair,
  type PrivateKey,
  type SecretKey,
} from '@hauberk/primitives';
import {
  hasPublicForm,
  requireAeadKey,
  requireExpandable,
  requireHandle,
  requireKeyUsage,
  requireNonce,
  requirePublicForm,
  requireScalar,
  requireSecretUse,
  requireUsage,
  tagLength,
} from './input-checks.ts';
import { randomInPieces } from './random-in-pieces.ts';

// The types of whatever host compiles this file: the DOM's or Node's.
type Host = typeof globalThis.crypto;
type Subtle = Host['subtle'];
type Key = Awaited<ReturnType<Subtle['importKey']>>;

interface Pair {
  readonly privateKey: Key;
  readonly publicKey: Key;
}

const hmacSha256 = { name: 'HMAC', hash: 'SHA-256' };
const ecdsaSha256 = { name: 'ECDSA', hash: 'SHA-256' };

/** PrivateKeyInfo up to the raw scalar: RFC 5915 without the public key, RFC 8410. */
const pkcs8Prefixes: { readonly [Name in Group]: string } = {
  p256: 'MEECAQAwEwYHKoZIzj0CAQYIKoZIzj0DAQcEJzAlAgEBBCA',
  x25519: 'MC4CAQAwBQYDK2VuBCIEIA',
};

/** WebCrypto's types want bytes that share no memory; callers hold no others. */
const own = (bytes: Uint8Array): Bytes => bytes as Bytes;
const bytesOf = (buffer: ArrayBuffer): Bytes => new Uint8Array(buffer);

const algorithmOf = (group: Group, usage: PrivateKey['usage']): { name: string; namedCurve?: string } => {
  requireUsage(group, usage);
  if (group === 'x25519') return { name: 'X25519' };
  return { name: usage === 'sign' ? 'ECDSA' : 'ECDH', namedCurve: 'P-256' };
};

const privateUses = (usage: PrivateKey['usage']): ('sign' | 'deriveBits')[] =>
  usage === 'sign' ? ['sign'] : ['deriveBits'];

// Not `instanceof`: a key may come from another realm, as out of a frame's IndexedDB.
const isOurs = (handle: unknown): handle is Key =>
  typeof handle === 'object' && handle !== null && 'extractable' in handle && 'usages' in handle;

const handleOf = (key: SecretKey, use: SecretKey['use']): Key => {
  requireSecretUse(key, use);
  return requireHandle(key.handle, isOurs);
};

const privateHandleOf = (key: PrivateKey, usage: PrivateKey['usage']): Key => {
  requireKeyUsage(key, usage);
  return requireHandle(key.handle, isOurs);
};

/** A zero-length key is none to WebCrypto, but HMAC pads keys with zeros: one zero byte is the same key. */
const importHmac = (subtle: Subtle, key: Uint8Array): Promise<Key> =>
  subtle.importKey('raw', key.length === 0 ? new Uint8Array(1) : own(key), hmacSha256, false, ['sign', 'verify']);

const hmac = async (subtle: Subtle, key: Uint8Array, input: Uint8Array): Promise<Bytes> =>
  bytesOf(await subtle.sign('HMAC', await importHmac(subtle, key), own(input)));

const hkdfExpand = async (
  subtle: Subtle,
  pseudoRandomKey: Uint8Array,
  label: Uint8Array,
  length: number,
): Promise<Bytes> => {
  requireExpandable(pseudoRandomKey, length);
  const key = await importHmac(subtle, pseudoRandomKey);
  const output = new Uint8Array(Math.ceil(length / 32) * 32);
  let block = new Uint8Array(0);
  for (let index = 0; index * 32 < length; index += 1) {
    block = bytesOf(await subtle.sign('HMAC', key, concat(block, label, Uint8Array.of(index + 1))));
    output.set(block, index * 32);
  }
  return output.subarray(0, length);
};

const seal = async (
  subtle: Subtle,
  key: SecretKey,
  nonce: Uint8Array,
  plaintext: Uint8Array,
  associated: Uint8Array,
): Promise<Bytes> => {
  requireNonce(nonce);
  const parameters = { name: 'AES-GCM', iv: own(nonce), additionalData: own(associated) };
  return bytesOf(await subtle.encrypt(parameters, handleOf(key, 'aead'), own(plaintext)));
};

const open = async (
  subtle: Subtle,
  key: SecretKey,
  nonce: Uint8Array,
  sealed: Uint8Array,
  associated: Uint8Array,
): Promise<Bytes | undefined> => {
  requireNonce(nonce);
  if (sealed.length < tagLength) return undefined;
  const parameters = { name: 'AES-GCM', iv: own(nonce), additionalData: own(associated) };
  try {
    return bytesOf(await subtle.decrypt(parameters, handleOf(key, 'aead'), own(sealed)));
  } catch (error) {
    if (error instanceof Error && error.name === 'OperationError') return undefined;
    throw error;
  }
};

/** The raw form of the public key in a JWK. */
const rawOf = ({ x = '', y }: { readonly x?: string; readonly y?: string }): Bytes => {
  const parts = y === undefined ? [fromBase64Url(x)] : [Uint8Array.of(4), fromBase64Url(x), fromBase64Url(y)];
  return concat(...parts.filter((part) => part !== undefined));
};

const generateKeyPair = async (subtle: Subtle, group: Group, usage: PrivateKey['usage']): Promise<KeyPair> => {
  const pair = (await subtle.generateKey(
    algorithmOf(group, usage),
    false,
    usage === 'sign' ? ['sign', 'verify'] : ['deriveBits'],
  )) as Pair;
  const publicKey = bytesOf(await subtle.exportKey('raw', pair.publicKey));
  return { privateKey: { group, usage, handle: pair.privateKey }, publicKey };
};

/** The host computes the public key: it reads the scalar as extractable, tells the whole key, and reads that for good. */
const importPrivateKey = async (
  subtle: Subtle,
  group: Group,
  usage: PrivateKey['usage'],
  scalar: Uint8Array,
): Promise<KeyPair> => {
  const algorithm = algorithmOf(group, usage);
  requireScalar(scalar);
  const uses = privateUses(usage);
  try {
    const encoded = concat(fromBase64Url(pkcs8Prefixes[group]) ?? scalar, scalar);
    const jwk = await subtle.exportKey('jwk', await subtle.importKey('pkcs8', encoded, algorithm, true, uses));
    const handle = await subtle.importKey('jwk', jwk, algorithm, false, uses);
    return { privateKey: { group, usage, handle }, publicKey: rawOf(jwk) };
  } catch (cause) {
    throw new CryptoInputError(`no ${group} private scalar`, { cause });
  }
};

const agree = async (subtle: Subtle, privateKey: PrivateKey, peerPublicKey: Uint8Array): Promise<Bytes> => {
  const handle = privateHandleOf(privateKey, 'agree');
  const { group } = privateKey;
  requirePublicForm(group, peerPublicKey);
  const algorithm = algorithmOf(group, 'agree');
  try {
    const peer = await subtle.importKey('raw', own(peerPublicKey), algorithm, true, []);
    return bytesOf(await subtle.deriveBits({ name: algorithm.name, public: peer }, handle, 256));
  } catch (cause) {
    throw new CryptoInputError('no shared secret with this peer', { cause });
  }
};

/** A key to verify with; undefined when the point is none. */
const importSigner = (subtle: Subtle, raw: Uint8Array): Promise<Key | undefined> =>
  subtle.importKey('raw', own(raw), algorithmOf('p256', 'sign'), true, ['verify']).catch(() => undefined);

const verify = async (
  subtle: Subtle,
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> => {
  if (signature.length !== 64 || !hasPublicForm('p256', publicKey)) return false;
  const key = await importSigner(subtle, publicKey);
  return key !== undefined && subtle.verify(ecdsaSha256, key, own(signature), own(message));
};

/**
 * Everything of HB/1 in WebCrypto. The handle of a private key is a CryptoKey that IndexedDB stores as it is.
 * @throws CryptoInputError when the host has no `subtle`, as on pages that were not loaded securely.
 */
export const webCrypto = (host: Host = globalThis.crypto): AsyncCrypto => {
  // Typed as always there, absent outside secure contexts.
  const subtle = host?.subtle as Subtle | undefined;
  if (subtle === undefined) throw new CryptoInputError('this host has no WebCrypto', { code: 'unsupported-parameter' });
  return {
    name: 'webcrypto',
    random: (length) => randomInPieces(length, (piece) => host.getRandomValues(piece)),
    sha256: async (input) => bytesOf(await subtle.digest('SHA-256', own(input))),
    hkdfExtract: (salt, keyMaterial) => hmac(subtle, salt, keyMaterial),
    hkdfExpand: (pseudoRandomKey, label, length) => hkdfExpand(subtle, pseudoRandomKey, label, length),
    importMac: async (key) => ({ use: 'mac', handle: await importHmac(subtle, key) }),
    importAead: async (key) => {
      requireAeadKey(key);
      const handle = await subtle.importKey('raw', own(key), 'AES-GCM', false, ['encrypt', 'decrypt']);
      return { use: 'aead', handle };
    },
    mac: async (key, input) => bytesOf(await subtle.sign('HMAC', handleOf(key, 'mac'), own(input))),
    verifyMac: async (key, input, tag) => subtle.verify('HMAC', handleOf(key, 'mac'), own(tag), own(input)),
    seal: (key, nonce, plaintext, associated) => seal(subtle, key, nonce, plaintext, associated),
    open: (key, nonce, sealed, associated) => open(subtle, key, nonce, sealed, associated),
    generateKeyPair: (group, usage) => generateKeyPair(subtle, group, usage),
    importPrivateKey: (group, usage, scalar) => importPrivateKey(subtle, group, usage, scalar),
    agree: (privateKey, peerPublicKey) => agree(subtle, privateKey, peerPublicKey),
    sign: async (privateKey, message) =>
      bytesOf(await subtle.sign(ecdsaSha256, privateHandleOf(privateKey, 'sign'), own(message))),
    verify: (publicKey, message, signature) => verify(subtle, publicKey, message, signature),
  };
};
