/** The providers, as the contract and the matrix take them. */
import { nobleAsyncCrypto } from '@hauberk/crypto/noble';
import { nodeAsyncCrypto } from '@hauberk/crypto/node';
import { webCrypto } from '@hauberk/crypto/webcrypto';
import type { MatrixSubject } from './crypto-matrix.ts';

/** Everything that implements HB/1's cryptography. */
export const providers: readonly MatrixSubject[] = [
  {
    provider: nodeAsyncCrypto,
    door: '@hauberk/crypto/node',
    interfaces: 'SyncCrypto, AsyncCrypto',
    engine: 'OpenSSL through node:crypto',
    keyStore: 'KeyObjects in memory',
  },
  {
    provider: webCrypto(),
    door: '@hauberk/crypto/webcrypto',
    interfaces: 'AsyncCrypto',
    engine: 'the host: browser, WebView, Node',
    keyStore: 'CryptoKeys, never extractable, storable in IndexedDB',
  },
  {
    provider: nobleAsyncCrypto,
    door: '@hauberk/crypto/noble',
    interfaces: 'SyncCrypto, AsyncCrypto',
    engine: 'JavaScript (@noble)',
    keyStore: 'bytes in memory',
  },
];
