/** The key that apps of one maker share on a phone: a keychain group of iOS, or the bridge of a phone's maker. */
import { nodeAsyncCrypto } from '@hauberk/crypto/node';
import { type KeyPair, utf8 } from '@hauberk/primitives';
import { type TrustedBackend, TrustedError } from '@hauberk/sdk/trusted';

/** Apps that are given the same one share its key. */
export interface SharedKeychain {
  readonly pair: () => Promise<KeyPair>;
}

/** Makes one; its key comes to be when it is first asked for. */
export const sharedKeychain = (): SharedKeychain => {
  let made: Promise<KeyPair> | undefined;
  return {
    pair: () => {
      made ??= nodeAsyncCrypto.generateKeyPair('p256', 'sign');
      return made;
    },
  };
};

const head = utf8('hb1/link\u0000');

/** Signs joint proofs and nothing else. */
export const signSharedOn =
  (keychain: SharedKeychain, offered: 'keychain-group' | 'vendor-bridge'): TrustedBackend['signShared'] =>
  async ({ route, message }) => {
    if (route !== offered) throw new TrustedError('unsupported', route);
    if (!head.every((byte, at) => message[at] === byte)) throw new TrustedError('use-mismatch');
    const { publicKey, privateKey } = await keychain.pair();
    return { publicKey, signature: await nodeAsyncCrypto.sign(privateKey, message) };
  };
