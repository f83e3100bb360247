import type { AsyncCrypto, SyncCrypto } from '@hauberk/primitives';

/** The asynchronous face of a synchronous provider; what it throws becomes a rejection. */
export const asAsync = (sync: SyncCrypto): AsyncCrypto => ({
  name: sync.name,
  random: (length) => sync.random(length),
  sha256: async (input) => sync.sha256(input),
  hkdfExtract: async (salt, keyMaterial) => sync.hkdfExtract(salt, keyMaterial),
  hkdfExpand: async (pseudoRandomKey, label, length) => sync.hkdfExpand(pseudoRandomKey, label, length),
  importMac: async (key) => sync.importMac(key),
  importAead: async (key) => sync.importAead(key),
  mac: async (key, input) => sync.mac(key, input),
  verifyMac: async (key, input, tag) => sync.verifyMac(key, input, tag),
  seal: async (key, nonce, plaintext, associated) => sync.seal(key, nonce, plaintext, associated),
  open: async (key, nonce, sealed, associated) => sync.open(key, nonce, sealed, associated),
  generateKeyPair: async (group, usage) => sync.generateKeyPair(group, usage),
  importPrivateKey: async (group, usage, scalar) => sync.importPrivateKey(group, usage, scalar),
  agree: async (privateKey, peerPublicKey) => sync.agree(privateKey, peerPublicKey),
  sign: async (privateKey, message) => sync.sign(privateKey, message),
  verify: async (publicKey, message, signature) => sync.verify(publicKey, message, signature),
});
