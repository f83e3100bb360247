/** The one suite that every provider of HB/1 passes. Names nothing of Node, so that it runs in a browser's page as it is. */
import { aeadContract } from './aead-rules.ts';
import type { CryptoRule } from './crypto-rule.ts';
import { hashContract } from './hash-rules.ts';
import { keyContract } from './key-rules.ts';

export type { CryptoAlgorithm, CryptoRule } from './crypto-rule.ts';

/** All rules. Run each with `rule.check(provider)`; it rejects when the provider breaks the rule. */
export const cryptoContract: readonly CryptoRule[] = [...hashContract, ...aeadContract, ...keyContract];
