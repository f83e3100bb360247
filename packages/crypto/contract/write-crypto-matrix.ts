/** Writes docs/crypto-matrix.md anew. */
import { writeFileSync } from 'node:fs';
import { cryptoMatrix } from './crypto-matrix.ts';
import { providers } from './providers.ts';

writeFileSync(new URL('../../../docs/crypto-matrix.md', import.meta.url), await cryptoMatrix(providers));
