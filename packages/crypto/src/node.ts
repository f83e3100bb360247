/** The provider of the gateway: OpenSSL through node:crypto, synchronous, keys prepared once as KeyObjects. */
import {
  createCipheriv,
  createDecipheriv,
  createECDH,
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  diffieHellman,
  generateKeyPairSync,
  KeyObject,
  randomFillSync,
  sign,
  timingSafeEqual,
  verify,
} from 'node:crypto';
import {
  type AsyncCrypto,
  type Bytes,
  CryptoInputError,
  type DetachedSeal,
  type Group,
  type KeyPair,
  type PrivateKey,
  type SecretKey,
  type SyncCrypto,
} from '@hauberk/primitives';
import { asAsync } from './as-async.ts';
import {
  requireAeadKey,
  requireExpandable,
  requireHandle,
  requireKeyUsage,
  requireNonce,
  requireScalar,
  requireSecretUse,
  requireUsage,
  tagLength,
} from './input-checks.ts';
import { HmacKey, hmacSha256, hmacSha256Text, sha256 } from './node-hmac.ts';
import { publicKeyOf, signerKeyOf } from './public-key-cache.ts';
import { randomPool } from './random-pool.ts';

const gcm = 'aes-256-gcm';
const gcmOptions = { authTagLength: tagLength };

/** PrivateKeyInfo of RFC 8410 up to the raw scalar. */
const x25519Pkcs8Prefix = Buffer.from('302e020100300506032b656e04220420', 'hex');

/**
 * The plain view of a Buffer that owns its memory: 40 ns, and `slice` means a copy again, as everywhere else.
 * Never for pooled Buffers, whose memory is shared.
 */
const plain = (buffer: Buffer): Bytes =>
  new Uint8Array(buffer.buffer as ArrayBuffer, buffer.byteOffset, buffer.byteLength);

const hkdfExpand = (pseudoRandomKey: Uint8Array, label: Uint8Array, length: number): Bytes => {
  requireExpandable(pseudoRandomKey, length);
  const key = createSecretKey(pseudoRandomKey);
  const output = new Uint8Array(Math.ceil(length / 32) * 32);
  let block: Uint8Array = new Uint8Array(0);
  for (let index = 0; index * 32 < length; index += 1) {
    block = createHmac('sha256', key)
      .update(block)
      .update(label)
      .update(Uint8Array.of(index + 1))
      .digest();
    output.set(block, index * 32);
  }
  return output.subarray(0, length);
};

const isKeyObject = (handle: unknown): handle is KeyObject => handle instanceof KeyObject;
const isHmacKey = (handle: unknown): handle is HmacKey => handle instanceof HmacKey;

const aeadHandle = (key: SecretKey): KeyObject => {
  requireSecretUse(key, 'aead');
  return requireHandle(key.handle, isKeyObject);
};

const privateHandleOf = (key: PrivateKey, usage: PrivateKey['usage']): KeyObject => {
  requireKeyUsage(key, usage);
  return requireHandle(key.handle, isKeyObject);
};

const mac = (key: SecretKey, input: Uint8Array): Bytes => {
  requireSecretUse(key, 'mac');
  return hmacSha256(requireHandle(key.handle, isHmacKey), input);
};

const seal = (key: SecretKey, nonce: Uint8Array, plaintext: Uint8Array, associated: Uint8Array): Bytes => {
  requireNonce(nonce);
  const cipher = createCipheriv(gcm, aeadHandle(key), nonce, gcmOptions);
  cipher.setAAD(associated);
  const ciphertext = cipher.update(plaintext);
  cipher.final();
  const sealed = new Uint8Array(ciphertext.length + tagLength);
  sealed.set(ciphertext);
  sealed.set(cipher.getAuthTag(), ciphertext.length);
  return sealed;
};

const open = (key: SecretKey, nonce: Uint8Array, sealed: Uint8Array, associated: Uint8Array): Bytes | undefined => {
  requireNonce(nonce);
  if (sealed.length < tagLength) return undefined;
  const decipher = createDecipheriv(gcm, aeadHandle(key), nonce, gcmOptions);
  decipher.setAAD(associated);
  decipher.setAuthTag(sealed.subarray(sealed.length - tagLength));
  const plaintext = decipher.update(sealed.subarray(0, sealed.length - tagLength));
  try {
    decipher.final();
    return plain(plaintext);
  } catch {
    // With key, nonce and tag lengths checked, final fails for one reason only: the tag is not that of these bytes.
    return undefined;
  }
};

const macText = (key: SecretKey, text: string): Bytes => {
  requireSecretUse(key, 'mac');
  return hmacSha256Text(requireHandle(key.handle, isHmacKey), text);
};

const sealDetached = (key: SecretKey, nonce: Uint8Array, plaintext: Uint8Array, associated: string): DetachedSeal => {
  requireNonce(nonce);
  const cipher = createCipheriv(gcm, aeadHandle(key), nonce, gcmOptions);
  cipher.setAAD(Buffer.from(associated));
  const ciphertext = cipher.update(plaintext);
  cipher.final();
  return { ciphertext, tag: cipher.getAuthTag() };
};

const openDetached = (
  key: SecretKey,
  nonce: Uint8Array,
  { ciphertext, tag }: DetachedSeal,
  associated: string,
): Bytes | undefined => {
  requireNonce(nonce);
  if (tag.length !== tagLength) return undefined;
  const decipher = createDecipheriv(gcm, aeadHandle(key), nonce, gcmOptions);
  decipher.setAAD(Buffer.from(associated));
  decipher.setAuthTag(tag);
  const plaintext = decipher.update(ciphertext);
  try {
    decipher.final();
    return plain(plaintext);
  } catch {
    // As in `open`: only the tag is left to be wrong.
    return undefined;
  }
};

/** The raw form of a public key, from its JWK: exporting that is the fastest export, and members have a fixed length. */
const rawOf = (key: KeyObject): Bytes => {
  const { x = '', y } = key.export({ format: 'jwk' });
  if (y === undefined) return Uint8Array.from(Buffer.from(x, 'base64url'));
  const point = Buffer.allocUnsafeSlow(65);
  point[0] = 4;
  point.write(x, 1, 'base64url');
  point.write(y, 33, 'base64url');
  return plain(point);
};

const generateKeyPair = (group: Group, usage: PrivateKey['usage']): KeyPair => {
  requireUsage(group, usage);
  const { privateKey, publicKey } =
    group === 'p256' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('x25519');
  return { privateKey: { group, usage, handle: privateKey }, publicKey: rawOf(publicKey) };
};

const base64Url = (bytes: Buffer, start: number, end: number): string => bytes.toString('base64url', start, end);

const p256PrivateKey = (scalar: Uint8Array): KeyObject => {
  const curve = createECDH('prime256v1');
  curve.setPrivateKey(scalar);
  const point = curve.getPublicKey();
  const d = Buffer.from(scalar).toString('base64url');
  const key = { kty: 'EC', crv: 'P-256', d, x: base64Url(point, 1, 33), y: base64Url(point, 33, 65) };
  return createPrivateKey({ key, format: 'jwk' });
};

const x25519PrivateKey = (scalar: Uint8Array): KeyObject =>
  createPrivateKey({ key: Buffer.concat([x25519Pkcs8Prefix, scalar]), format: 'der', type: 'pkcs8' });

const importPrivateKey = (group: Group, usage: PrivateKey['usage'], scalar: Uint8Array): KeyPair => {
  requireUsage(group, usage);
  requireScalar(scalar);
  try {
    const handle = group === 'p256' ? p256PrivateKey(scalar) : x25519PrivateKey(scalar);
    return { privateKey: { group, usage, handle }, publicKey: rawOf(createPublicKey(handle)) };
  } catch (cause) {
    throw new CryptoInputError(`no ${group} private scalar`, { cause });
  }
};

const agree = (privateKey: PrivateKey, peerPublicKey: Uint8Array): Bytes => {
  const ours = privateHandleOf(privateKey, 'agree');
  const publicKey = publicKeyOf(privateKey.group, peerPublicKey);
  try {
    return plain(diffieHellman({ privateKey: ours, publicKey }));
  } catch (cause) {
    // OpenSSL refuses an all-zero X25519 secret (RFC 7748 section 6.1): the peer sent a point of low order.
    throw new CryptoInputError('no shared secret with this peer', { cause });
  }
};

const signMessage = (privateKey: PrivateKey, message: Uint8Array): Bytes =>
  plain(sign('sha256', message, { key: privateHandleOf(privateKey, 'sign'), dsaEncoding: 'ieee-p1363' }));

const verifySignature = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean => {
  if (signature.length !== 64) return false;
  const key = signerKeyOf(publicKey);
  return key !== undefined && verify('sha256', message, { key, dsaEncoding: 'ieee-p1363' }, signature);
};

/** Everything of HB/1 in node:crypto. */
export const nodeCrypto: SyncCrypto = {
  name: 'node',
  random: randomPool((target) => randomFillSync(target)),
  sha256,
  hkdfExtract: (salt, keyMaterial) => hmacSha256(new HmacKey(salt), keyMaterial),
  hkdfExpand,
  importMac: (key) => ({ use: 'mac', handle: new HmacKey(key) }),
  importAead: (key) => {
    requireAeadKey(key);
    return { use: 'aead', handle: createSecretKey(key) };
  },
  mac,
  verifyMac: (key, input, tag) => tag.length === 32 && timingSafeEqual(mac(key, input), tag),
  seal,
  open,
  macText,
  verifyMacText: (key, text, tag) => tag.length === 32 && timingSafeEqual(macText(key, text), tag),
  sealDetached,
  openDetached,
  generateKeyPair,
  importPrivateKey,
  agree,
  sign: signMessage,
  verify: verifySignature,
};

/** The same for callers that await. */
export const nodeAsyncCrypto: AsyncCrypto = asAsync(nodeCrypto);
