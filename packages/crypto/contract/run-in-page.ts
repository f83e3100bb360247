/** The contract as a page runs it: bundled, over the page's own WebCrypto. */
import { webCrypto } from '@hauberk/crypto/webcrypto';
import { cryptoContract } from './crypto-contract.ts';

/** Runs all rules; answers one line for each that is broken. */
export const runContract = async (): Promise<readonly string[]> => {
  const provider = webCrypto();
  const failures: string[] = [];
  for (const rule of cryptoContract) {
    try {
      await rule.check(provider);
    } catch (error) {
      failures.push(`${rule.algorithm} ${rule.rule}: ${String(error)}`);
    }
  }
  return failures;
};
