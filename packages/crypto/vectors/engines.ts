/** Everything that official vectors are run on. */
import { nobleAsyncCrypto } from '@hauberk/crypto/noble';
import { nodeAsyncCrypto } from '@hauberk/crypto/node';
import { webCrypto } from '@hauberk/crypto/webcrypto';
import type { Engine, Row } from './algorithm.ts';
import { hb1Engine } from './hb1-engine.ts';
import { nobleEngine } from './noble-engine.ts';
import { nodeAsymmetric } from './node-asymmetric.ts';
import { nodeLattice } from './node-lattice.ts';
import { nodeSymmetric } from './node-symmetric.ts';

/** node:crypto beyond what HB/1 asks of it. */
const nodeEngine: Engine = {
  name: 'node',
  algorithms: new Map<string, Row[1]>([...nodeSymmetric, ...nodeAsymmetric, ...nodeLattice]),
};

/** The three providers through their interface, then the engines beneath them. */
export const engines: readonly Engine[] = [
  hb1Engine(nodeAsyncCrypto),
  hb1Engine(webCrypto()),
  hb1Engine(nobleAsyncCrypto),
  nodeEngine,
  nobleEngine,
];
